"""`tactful export` and `tactful erase`: what is held of one customer, to read and for programs; and its end."""

import json

import pytest

from tactful import Consent, Consents, ConsentState, Contact, Disclosure, How, Observation, Passed, Snapshot, Source
from tactful.clock import DAY_US, wall_clock
from tactful.opening import store_of

POLICY = """\
name: shop
channels: {web: private}
placements: {page: {channel: web, slots: 1}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
profile: {seen: {guests: {type: int, source: stated}, taste: {type: text, source: modelled}}}
offers:
  bread: {intent: sell, topic: food, purpose: offers, when: profile.guests > 2, treatments: Bread}
"""


@pytest.fixture
def shop(tmp_path):
    """A folder with a policy, and a store with Ann, of whom a bank was told, and Bob of the same household."""
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "shop.yaml").write_text(POLICY, encoding="utf-8")
    url, now_us = f"sqlite:///{tmp_path / 'edge.db'}", wall_clock()
    kept = store_of(url)
    yes = Consent("offers", ConsentState.GIVEN, How.DOUBLE_OPT_IN, now_us)
    for who in ("ann", "bob"):
        kept.link({"card": f"card of {who}", "household": "home"}, customer=who)
        values = {
            "guests": Observation(4, Source.STATED, now_us),
            "taste": Observation(f"<b>rye | {who}</b>", Source.MODELLED, now_us, 0.5),
        }
        kept.put_profile(Snapshot(who, now_us, values))
        kept.put_consents(who, Consents((yes,), now_us))
        passed = Passed("citybank", "bank", "consent", ("guests",))
        kept.record(
            [Contact(f"1 {who}", who, "shown", now_us, offer="bread", channel="web")],
            [Disclosure(f"d {who}", 0, who, now_us, now_us + DAY_US, "card", "web", passed)],
        )
    kept.close()
    return tmp_path / "policy", url


def test_people_get_a_page_with_everything(run, shop):
    policy, url = shop
    ended = run("export", policy, "ann", "--store", url)
    assert ended.code == 0
    for words in (
        "card of ann",
        "citybank",
        "double_opt_in",
        "ConsentGiven",
        "guests",
        "bread",
        "modelled",
        "How long",
    ):
        assert words in ended.out
    assert "\\<b\\>rye \\| ann" in ended.out
    assert "bob" not in ended.out
    assert run("export", policy, "--who", "card=card of ann", "--store", url).out.partition("under")[2]


def test_the_page_is_html_that_runs_nothing(run, shop, tmp_path):
    policy, url = shop
    page = tmp_path / "ann.html"
    assert run("export", policy, "ann", "--store", url, "--html", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;rye | ann" in text
    assert "<b>rye" not in text
    assert "bob" not in text


def test_programs_get_it_as_json(run, shop):
    policy, url = shop
    told = run("export", policy, "ann", "--store", url, "--json").json
    assert told["ids"] == ["ann"]
    assert {one["attribute"]: one["is_inferred"] for one in told["profile"]} == {"guests": False, "taste": True}
    assert [one["partner"] for one in told["recipients"]] == ["citybank"]
    assert "bob" not in json.dumps(told)


def test_without_yes_nothing_is_erased(run, shop):
    policy, url = shop
    ended = run("erase", "ann", "--store", url)
    assert ended.code == 0
    assert "nothing was erased; with --yes it is" in ended.out
    would = run("erase", "ann", "--store", url, "--json").json
    assert (would["erased"], would["would_go"]["contacts"], would["would_stay"]) == (False, 1, {"withdrawals": 0})
    assert run("export", policy, "ann", "--store", url, "--json").json["contacts"]


def test_an_erasure_gives_a_receipt(run, shop):
    policy, url = shop
    would = run("erase", "ann", "--store", url, "--json").json["would_go"]
    receipt = run("erase", "--who", "card=card of ann", "--store", url, "--yes", "--json").json
    assert receipt["erased"]
    assert receipt["gone"] == would
    assert receipt["kept"] == {"disclosures": 1}
    assert receipt["pending"]
    assert "ann" not in json.dumps(receipt)
    told = run("export", policy, "ann", "--store", url, "--json").json
    assert not any(told[part] for part in ("profile", "consents", "contacts", "identifiers", "recipients", "waiting"))
    assert run("export", policy, "bob", "--store", url, "--json").json["contacts"]
    again = run("erase", "ann", "--store", url, "--yes")
    assert (again.code, "nothing was held of this customer" in again.out) == (0, True)


def test_people_get_the_receipt_in_words(run, shop):
    _, url = shop
    ended = run("erase", "ann", "--store", url, "--yes")
    for words in ("erased 20", "contacts", "What stays:", "1 disclosures: that something", "Who has still to forget:"):
        assert words in ended.out


REFUSED = {
    "nobody": ((), "give the customer's id or --who"),
    "two at once": (("ann", "--who", "card=1"), "give the customer's id or --who"),
    "a stranger": (("--who", "card=1"), "the identifiers stand for nobody"),
}


@pytest.mark.parametrize(("words", "told"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("command", ["export", "erase"])
def test_what_cannot_be_used_is_refused(run, shop, command, words, told):
    policy, url = shop
    ended = run(command, *([policy] if command == "export" else []), *words, "--store", url)
    assert ended.code == 2
    assert told in ended.err


def test_who_exports_a_customer_of_whom_nothing_is_held_is_told_so(run, shop):
    policy, url = shop
    for way in ((), ("--json",)):
        known, unknown = (
            run("export", policy, "ann", "--store", url, *way),
            run("export", policy, "an", "--store", url, *way),
        )
        assert (known.code, known.err) == (0, "")
        assert unknown.code == 0  # as with an erasure: it is a whole answer, that nothing is held
        assert "nothing is held of this customer here; see to the id and to --store" in unknown.err
        assert "nothing is held" not in unknown.out
    assert unknown.json["ids"] == ["an"]
