"""What each command does, how it ends, and that its JSON tells the same."""

import re
import shlex
from importlib.metadata import version
from pathlib import Path

import tactful
from tactful.authoring import load_suite
from tactful.cli.output import bullets


def test_the_steps_that_init_prints_work_as_printed(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = run("init", "my shop")
    assert ended.code == 0
    written = [line for line in ended.out.split("\n\n")[0].splitlines() if line]
    assert [line for line in written if not Path(line).is_file()] == []
    steps = re.findall(r"^  tactful (.*)$", ended.out, re.MULTILINE)
    assert [shlex.split(step)[0] for step in steps] == ["check", "test", "decide", "explain"]
    for step in steps:
        assert run(*shlex.split(step)).code == 0, step


def test_a_new_policy_goes_all_the_way(run, shop):
    assert run("build", shop, "--out", "shop.bundle").code == 0
    assert run("status", "shop.bundle", "--key", shop / "keys/development.public").code == 0
    decided = run("decide", "shop.bundle", "home.hero", "--key", (shop / "keys/development.public").read_text().strip())
    assert decided.out == run("decide", shop, "home.hero").out
    assert run("policy", shop).out.startswith("# How corner shop treats its customers\n")


def test_init_tells_programs_what_it_wrote(run, tmp_path):
    written = run("init", tmp_path / "shop", "--json").json["written"]
    assert sorted(written) == sorted(str(path) for path in (tmp_path / "shop").rglob("*") if path.is_file())


def test_check_ends_by_what_it_found(run, shop):
    ended = run("check", shop)
    assert (ended.code, ended.out) == (0, "no mistakes in 8 offers and 4 tests; 0 findings\n")
    assert run("check", shop, "--json").json == {"mistakes": [], "findings": []}

    (shop / "more.yaml").write_text("segments: {new: profile.visits > 1}\n")
    ended, twin = run("check", shop), run("check", shop, "--json")
    assert (ended.code, twin.code) == (1, 1)
    assert twin.json["mistakes"] == []
    assert [finding["code"] for finding in twin.json["findings"]] == ["segment-not-counted", "segment-unused"]
    for finding in twin.json["findings"]:
        assert f"{finding['about']}: {finding['reason']}; {finding['way_out']} [{finding['code']}]" in ended.out
    assert ended.out.endswith("; 2 findings\n")

    (shop / "more.yaml").write_text("segments: {new: profile.visit > 1}\nofers: {}\n")
    ended, twin = run("check", shop), run("check", shop, "--json")
    assert (ended.code, twin.code, ended.out, twin.err) == (2, 2, "", "")
    assert ended.err.splitlines() == [
        "more.yaml:1:17: there is no variable 'profile.visit'; did you mean profile.visits? [rule-name]",
        "more.yaml:2:1: there is no section 'ofers'; did you mean 'offers'? [unknown-key]",
        "2 mistakes",
    ]
    for line, mistake in zip(ended.err.splitlines(), twin.json["mistakes"], strict=False):
        place = "{file}:{line}:{column}: {message}; {hint} [{code}]".format(**mistake)
        assert line == place


def test_test_ends_by_what_failed(run, shop):
    ended, twin = run("test", shop), run("test", shop, "--json")
    assert (ended.code, twin.code) == (0, 0)
    assert ended.out.splitlines()[-1] == "4 passed, 0 failed"
    assert [test["title"] for test in twin.json["tests"]] == [line[2:] for line in ended.out.splitlines()[:-1]]

    (shop / "tests" / "more.yaml").write_text("wine for all: {place: home.hero, expect: {offers: [wine]}}\n")
    ended, twin = run("test", shop), run("test", shop, "--json")
    assert (ended.code, twin.code) == (1, 1)
    (failed,) = [test for test in twin.json["tests"] if test["failures"]]
    assert f"✗ wine for all\n    {failed['failures'][0]}  ({failed['file']}:{failed['line']})\n" in ended.out
    assert ended.out.splitlines()[-1] == f"4 passed, {twin.json['failed']} failed"


def test_decide_tells_what_and_why(run, shop):
    ended = run("decide", shop, "home.hero", "--persona", "ann", "-c", "page=home")
    told = run("decide", shop, "home.hero", "--persona", "ann", "-c", "page=home", "--json").json
    (pick,) = told["picks"]
    assert (pick["offer"], pick["tone"], told["content"]) == (
        "regulars_bread",
        "GENERIC",
        {"title": "A loaf on the house"},
    )
    head, row, _, why = ended.out.splitlines()
    assert head.split() == ["place", "title", "offer", "tone", "worth"]
    assert re.split(r" {2,}", row.strip()) == ["home.hero", pick["content"]["title"], pick["offer"], pick["tone"], "2"]
    assert why == told["why"]


def test_decide_is_what_the_library_decides(run, shop):
    suite = load_suite(shop)
    with tactful.open(suite.policy) as edge:
        expected = edge.decide(["newsletter"], None, {"page": "home"})
    told = run("decide", shop, "newsletter", "--context", "page=home", "--json").json
    assert [pick["offer"] for pick in told["picks"]] == [pick.offer for pick in expected.picks]
    assert told["limits"] == dict(expected.limits())


def test_nothing_chosen_shows_the_fallback(run, shop):
    (shop / "more.yaml").write_text(
        "placements: {empty: {channel: web, topics: service, intents: sell, fallback: {title: Hi}}}"
    )
    ended = run("decide", shop, "empty")
    assert (ended.code, ended.out.splitlines()[0]) == (0, "nothing is chosen; the fallback is shown (title: Hi)")
    assert run("decide", shop, "empty", "--json").json["content"] == {"title": "Hi"}


def test_the_context_has_the_types_of_the_policy(run, shop):
    (shop / "more.yaml").write_text(
        "context: {zip: text, degrees: number, since: time, tags: list of text}\n"
        "offers:\n"
        "  a: {intent: help, topic: food, when: context.zip == '01234', treatments: A}\n"
        "  b: {intent: help, topic: food, when: context.degrees > 20.5, treatments: B}\n"
        "  c: {intent: help, topic: food, when: now > context.since, treatments: C}\n"
        "  d: {intent: help, topic: food, when: '\"x\" in context.tags', treatments: D}\n"
    )
    for given, offer in (
        ("zip=01234", "a"),
        ("degrees=21", "b"),
        ("since=2020-01-01T00:00:00Z", "c"),
        ("tags=y,x", "d"),
    ):
        told = run("decide", shop, "home.hero", "-c", given, "--json").json
        assert [pick["offer"] for pick in told["picks"]] == [offer]


def test_the_moment_can_be_said(run, shop):
    (shop / "more.yaml").write_text(
        "offers: {snow: {intent: help, topic: food, run: 2026-12-01 to 2026-12-08, treatments: Snow}}\n"
    )
    for at, offer in (("2026-12-01", "snow"), ("2026-11-30 23:59", "olives"), ("2026-12-01T00:30+01:00", "olives")):
        (pick,) = run("decide", shop, "home.hero", "--at", at, "--json").json["picks"]
        assert pick["offer"] == offer


def test_explain_tells_what_counts_in_the_long_term(run, shop):
    (shop / "more.yaml").write_text(
        "ranking: {retention: 8}\n"
        "offers: {club: {intent: sell, topic: food, value: 2, retention: 75%, treatments: Club}}\n"
    )
    ended = run("explain", shop, "home.hero")
    assert "+ club/t1  worth 8, 75% of it in the long term\n" in ended.out
    assert run("explain", shop, "home.hero", "--json").json["long_term"] == {"club": 0.75}


def test_explain_tells_every_loss(run, shop):
    ended = run("explain", shop, "home.hero", "--persona", "bob")
    told = run("explain", shop, "home.hero", "--persona", "bob", "--json").json
    assert told["losses"]
    for loss in told["losses"]:
        assert f"- {loss['offer']}/{loss['treatment']}\n" in ended.out
        for reason in loss["reasons"]:
            assert f"    {reason['id']}: {reason['text']}\n" in ended.out
    for value in told["hidden"]:
        assert f"~ profile.{value['attribute']} " in ended.out
    assert {loss["offer"] for loss in told["losses"]} | {pick["offer"] for pick in told["picks"]} == {
        offer.id for offer in load_suite(shop).policy.offers
    }


def test_policy_prints_the_document(run, shop):
    ended = run("policy", shop)
    assert ended.code == 0
    told = run("policy", shop, "--json").json
    assert [tier["name"] for tier in told["tiers"]] == ["values", "strategy", "execution", "infrastructure"]
    assert [f"# {told['title']}", *told["about"]] == ended.out.split("\n\n")[:3]


def test_policy_tells_of_a_bundle_since_when_it_holds(run, shop):
    assert run("build", shop, "--out", "shop.bundle", "--epoch", "12").code == 0
    about, since = run("policy", "shop.bundle", "--json").json["about"]
    assert since.startswith("It is epoch 12, in force since 2")
    assert about == run("policy", shop, "--json").json["about"][0]


def test_policy_writes_a_page(run, shop):
    ended = run("policy", shop, "--html", "policy.html")
    assert (ended.code, ended.out) == (0, "policy.html: open it in a browser, or print it\n")
    assert Path("policy.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    ended = run("policy", shop, "--html", "nowhere/policy.html")
    assert (ended.code, ended.out) == (2, "")
    assert "nowhere/policy.html: No such file or directory" in ended.err


def test_diff_ends_by_whether_anything_is_looser(run, shop):
    assert run("build", shop, "--out", "shop.bundle").code == 0
    ended = run("diff", "shop.bundle", shop)
    assert (ended.code, ended.out) == (0, "no difference\n")

    (shop / "more.yaml").write_text("guardrails: {staleness: off, boudoir: {blend: 10%}}\n")
    ended, twin = run("diff", "shop.bundle", shop), run("diff", "shop.bundle", shop, "--json")
    assert (ended.code, twin.code) == (1, 1)
    assert ended.out == (
        "Looser (1)\n- guardrail staleness: gone\n\nTighter (1)\n- guardrail boudoir: blend was 0.2, is 0.1\n"
    )
    assert list(twin.json) == ["looser", "unknown", "tighter", "neither"]
    assert twin.json["looser"] == [
        {"kind": "looser", "about": "guardrail staleness", "what": "", "old": "there", "new": ""}
    ]
    back = run("diff", shop, "shop.bundle")
    assert (back.code, back.out.startswith("Looser (1)\n- guardrail boudoir: blend was 0.1, is 0.2\n")) == (1, True)


def test_diff_fits_into_eighty_columns_and_keeps_colours_for_terminals(run, shop):
    assert run("build", shop, "--out", "shop.bundle").code == 0
    (shop / "more.yaml").write_text(
        f"segments: {{long: {{when: 'profile.visits in [{', '.join(map(str, range(100)))}]', say: x}}}}\n"
        f"guardrails: {{overcrowding: {{after_purchase_topics: [food, wine, garden, service]}}}}\n"
    )
    ended = run("diff", "shop.bundle", shop)
    assert max(map(len, ended.out.splitlines())) <= 80
    assert "\x1b" not in ended.out


def named(told, before=""):
    """Yield the rows that tell a state."""
    for name, value in told.items():
        if isinstance(value, dict) and value:
            yield from named(value, f"{before}{name}_")
        else:
            yield f"{before}{name}", value


def test_status_tells_the_state_and_what_waits_in_the_store(run, shop, tmp_path):
    url = f"sqlite:///{tmp_path}/edge.db"
    assert run("status", shop, "--json").json["outbox_waiting"] == 0
    with tactful.open(str(shop), store=url) as edge:
        edge.observe("ann", "purchase", topic="food")
    ended, told = run("status", shop, "--store", url), run("status", shop, "--store", url, "--json").json
    assert (told["policy"], told["careful"]) == ("corner shop", [])
    assert (told["outbox_waiting"], told["outbox_dropped"]) == (1, 0)
    table = re.sub(r" *\n {4,}", " ", ended.out)  # what takes more than one line, in one
    *lines, left_out = table.splitlines()
    rows = dict(re.split(r" {2,}", line.strip(), maxsplit=1) for line in lines[2:])
    nothing = {name for name, value in named(told) if value in (None, "", [], {})}
    assert {name.replace(" ", "_") for name in rows} == {name for name, _ in named(told)} - nothing | {"wrong"}
    assert left_out == f"{len(nothing - {'wrong'})} more are none; --json has all"
    assert rows["guardrails"] == ", ".join(told["guardrails"])
    assert (rows["offers"], rows["outbox waiting"], rows["wrong"]) == (str(told["offers"]), "1", "nothing")


def test_status_of_a_centre_tells_ages_and_what_waits_and_follows_nothing(run, shop, tmp_path):
    url, centre = f"sqlite:///{tmp_path}/edge.db", f"file://{tmp_path}/centre"
    (tmp_path / "centre").mkdir()
    asked = ("status", shop, "--store", url, "--centre", centre)
    with tactful.open(str(shop), store=url, centre=centre, sync=tactful.SyncOptions(threads=False)):
        pass
    ended = run(*asked)
    assert ended.code == 1  # the centre was never heard
    assert re.search(r"^centre ready +False *$", ended.out, re.MULTILINE)
    with tactful.open(str(shop), store=url, centre=centre, sync=tactful.SyncOptions(threads=False)) as edge:
        edge.sync()
        edge.observe("ann", "purchase", topic="food")
    ended, told = run(*asked), run(*asked, "--json").json["centre"]
    assert (ended.code, told["ready"], told["events"]["waiting"]["outcome"]) == (0, True, 1)
    assert 0 <= told["consents"]["age_s"] < told["ready_left_s"] <= 300
    assert re.search(r"^centre events waiting outcome +1 *$", ended.out, re.MULTILINE)


def test_status_ends_with_1_if_a_guardrail_is_broken(run, shop, monkeypatch):
    assert run("build", shop, "--out", "shop.bundle").code == 0
    key = shop / "keys/development.public"
    full = tactful.Registry.installed()
    monkeypatch.setattr(
        tactful.Registry,
        "installed",
        lambda: tactful.Registry({name: it for name, it in full.guardrails.items() if name != "boudoir"}),
    )
    ended = run("status", "shop.bundle", "--key", key)
    assert ended.code == 1
    assert "boudoir" in run("status", "shop.bundle", "--key", key, "--json").json["careful"][0]


def test_plugins_lists_what_policies_can_name(run):
    told = run("plugins", "--json").json
    assert [one["name"] for one in told] == sorted(tactful.Registry.installed().guardrails)
    assert {one["kind"] for one in told} == {"guardrail"}
    for one, line in zip(told, run("plugins").out.splitlines()[1:], strict=True):
        assert line.split() == list(one.values())[:4]


def test_the_version(run):
    assert run("--version").out == f"tactful {version('tactful')}\n"


def test_a_list_shows_no_codes_that_a_bundle_brings(capsys):
    bullets(["policy: name was a, is \x1b[2Jx"])
    assert capsys.readouterr().out == "- policy: name was a, is  [2Jx\n"


def test_review_ends_by_what_waits(run, shop):
    ended = run("review", shop)
    assert (ended.code, ended.out) == (0, "nothing to review\n")
    assert run("review", shop, "--json").json == {"question": "would we print this?", "waiting": []}

    offer = "{intent: sell, topic: food, purpose: offers, tactics: [countdown], treatments: Ten minutes left}"
    (shop / "more.yaml").write_text(f"offers: {{hurry: {offer}}}\n")
    ended, twin = run("review", shop), run("review", shop, "--json")
    assert (ended.code, twin.code) == (1, 1)
    (one,) = twin.json["waiting"]
    assert one["about"] == "offer hurry (countdown)"
    assert ended.out.splitlines() == [
        "Of each, ask: would we print this?",
        "{about}: {reason}; {way_out} [{code}]".format(**one),
        "1 to review",
    ]

    (shop / "more.yaml").write_text(f"offers: {{hurry: {offer.replace('countdown', 'countdwn')}}}\n")
    ended = run("review", shop)
    assert (ended.code, ended.out) == (2, "")
    assert "there is no tactic 'countdwn'; did you mean 'countdown'? [unknown-tactic]" in ended.err
