"""The value matrix: what promises most comes first, gaps are marked, and holdouts show what is true."""

import json
import random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tactful import Contact, MemoryStore, Registry
from tactful.authoring import compile_files
from tactful.cli.app import app
from tactful.governance import matrix_of, measured
from tactful.holdouts import key_of
from tactful.offers import MomentKind

POLICY = """\
name: corner shop
values: {holdout_key: 00112233445566778899aabbccddeeff}
channels: {web: semi-private, email: {privacy: private, outbound: true}}
placements: {home: web, letter: email}
topics: {food: {}}
purposes: {offers: consent}
profile: {all_of: {visits: int, tier: text}}
identifiers: {card: person, cookie: device}
segments:
  regulars: {when: profile.visits >= 6, size: 1000}
  gold: {when: 'segment.regulars && profile.tier == "gold"', size: 100}
  new: {when: profile.visits < 2, size: 400}
  away: {when: profile.visits == 0}
offers:
  all: {topic: food, intent: sell}
  olives: {when: segment.regulars, treatments: Olives}
  bread: {when: "segment.regulars || segment.gold", channels: [web], treatments: Bread}
  wine: {when: "!segment.new", treatments: Wine}
matrix:
  regulars:
    olives: {satisfaction: 60%, retention: 20%}
  new:
    bread: {retention: 10%}
holdouts:
  tasters: {share: 10%, offers: olives}
"""
REGISTRY = Registry.installed()


@pytest.fixture(scope="module")
def policy():
    return compile_files({"policy.yaml": POLICY.encode()}, registry=REGISTRY)


def test_the_most_promising_comes_first_and_what_cannot_be_told_last(policy):
    found = [(one.offer, one.segment, one.promise) for one in matrix_of(policy).opportunities]

    assert found == [
        ("olives", "regulars", 1000 * 0.4 * 1.0),
        ("bread", "new", 400 * 0.05 * 0.5),  # on one of two channels
        ("bread", "gold", None),
        ("bread", "regulars", None),
    ]


def test_segments_are_nested_as_their_rules_say(policy):
    rows = [(row.segment, row.within) for row in matrix_of(policy).rows]

    assert rows == [("away", ()), ("new", ()), ("regulars", ()), ("gold", ("regulars",))]


def test_gaps_are_marked(policy):
    found = matrix_of(policy)

    assert found.unaddressed == ("away",)
    assert found.uncounted == ("away",)
    assert found.unexpected == (("gold", "bread"), ("regulars", "bread"))
    none = matrix_of(attrs.evolve(policy, offers=policy.offers[2:], expectations=()))
    assert none.unaddressed == ("away", "new", "regulars", "gold")


def test_a_segment_within_one_that_is_spoken_to_is_spoken_to(policy):
    only = matrix_of(attrs.evolve(policy, offers=policy.offers[:1], expectations=()))

    assert [one.offer for one in only.opportunities] == ["olives"]
    assert "gold" not in only.unaddressed


def test_what_a_cell_does_not_say_is_what_the_offer_says(policy):
    bread = attrs.evolve(policy.offers[1], satisfaction=0.5, retention=0.4)
    changed = attrs.evolve(policy, offers=(policy.offers[0], bread, policy.offers[2]))
    found = {(one.segment, one.offer): (one.satisfaction, one.retention) for one in matrix_of(changed).opportunities}

    assert found["gold", "bread"] == (0.5, 0.4)
    assert found["new", "bread"] == (0.5, 0.1)  # the cell says so
    assert found["regulars", "olives"] == (0.6, 0.2)
    assert matrix_of(changed).unexpected == ()


def test_a_place_for_other_kinds_of_moment_is_no_reach(policy):
    note = attrs.evolve(policy.placements[0], moments=(MomentKind.ALERT,))
    changed = attrs.evolve(policy, placements=(note, policy.placements[1]))
    (reach,) = (one.reach for one in matrix_of(changed).opportunities if one.offer == "olives")

    assert reach == 0.5


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 10**6), st.integers(0, 10**6))
def test_more_customers_and_more_expected_promise_no_less(policy, glad, more, size, others):
    def promise(satisfaction, count):
        cell = attrs.evolve(policy.expectations[0], satisfaction=satisfaction)
        segments = (attrs.evolve(policy.segments[0], size=count), *policy.segments[1:])
        made = matrix_of(attrs.evolve(policy, expectations=(cell,), segments=segments))
        return next(one.promise for one in made.opportunities if one.offer == "olives")

    low, high = sorted((glad, more))
    assert promise(low, size) <= promise(high, size) <= promise(high, size + others)


def simulated(policy, treated, held, count=6000):
    """A ledger of customers who buy with one chance if they are held out, and with another if not."""
    chance, key = random.Random(7), key_of(policy.values.holdout_key)  # noqa: S311 - the same ones each time
    store, contacts = MemoryStore(), []
    for number in range(count):
        name = f"customer-{number}"
        contacts.append(Contact(f"seen-{number}", name, "visit", number))
        if chance.random() < (held if policy.holdouts[0].holds(key, name) else treated):
            contacts += [Contact(f"bought-{number}-{n}", name, "purchase", number) for n in range(2)]
    store.record(contacts)
    return store


def test_holdouts_show_the_difference_that_is_there(policy):
    (found,) = measured(policy, simulated(policy, 0.3, 0.2), "purchase")

    assert found.treated + found.held == 6000
    assert 450 < found.held < 750
    assert 0 < found.low < 0.1 < found.high
    assert abs(found.difference - 0.1) < 0.06


def test_where_there_is_no_difference_it_may_be_chance(policy):
    (found,) = measured(policy, simulated(policy, 0.25, 0.25), "purchase")

    assert found.low < 0 < found.high


def test_the_interval_holds_as_often_as_it_says(policy):
    """Over many draws without any difference, few intervals leave out nought: about 5 of 100."""
    from tactful.governance.measured import _compared  # noqa: PLC0415 - without a ledger it is quick

    chance = random.Random(1)  # noqa: S311 - the same ones each time
    missed = 0
    for _ in range(400):
        one, other = (sum(chance.random() < 0.2 for _ in range(200)) for _ in "ab")
        found = _compared("a", "purchase", (one, 200), (other, 200))
        missed += not found.low <= 0 <= found.high

    assert 5 <= missed <= 40


def test_with_few_customers_or_without_holdouts_nothing_is_told(policy):
    assert measured(policy, simulated(policy, 0.5, 0.5, count=200), "purchase") == ()
    assert measured(attrs.evolve(policy, holdouts=()), MemoryStore(), "purchase") == ()


def test_devices_are_compared_with_nobody(policy):
    store = simulated(policy, 0.3, 0.2)
    before = measured(policy, store, "purchase")
    store.record([Contact(f"d{number}", f"cookie:{number}", "purchase", number) for number in range(2000)])

    assert measured(policy, store, "purchase") == before


def test_no_customer_is_in_it(policy):
    assert "customer-" not in repr(measured(policy, simulated(policy, 0.3, 0.2), "purchase"))


def test_the_command(tmp_path, policy):
    folder, page = tmp_path / "policy", tmp_path / "matrix.html"
    folder.mkdir()
    (folder / "policy.yaml").write_text(POLICY)
    told = CliRunner().invoke(app, ["matrix", str(folder), "--json"])
    words = CliRunner().invoke(app, ["matrix", str(folder)])
    drawn = CliRunner().invoke(app, ["matrix", str(folder), "--html", str(page)])

    assert told.exit_code == words.exit_code == drawn.exit_code == 0
    assert json.loads(told.stdout)["opportunities"][0]["offer"] == "olives"
    assert "olives for regulars: 400 customers (1,000 in it, 60% glad, 20% stay, 100% of channels)" in words.stdout
    assert "nothing speaks to away" in words.stdout
    assert "<td" in page.read_text()
    assert "400" in page.read_text()
    assert CliRunner().invoke(app, ["matrix", str(tmp_path / "none")]).exit_code == 2


def test_the_command_tells_what_holdouts_show(tmp_path, policy):
    from tactful.opening import store_of  # noqa: PLC0415 - for this test alone

    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "policy.yaml").write_text(POLICY)
    url = f"sqlite:///{tmp_path / 'edge.db'}"
    store = store_of(url)
    store.record([contact for _, contact in simulated(policy, 0.4, 0.1).tail(0, 100_000)])
    store.close()
    told = CliRunner().invoke(app, ["matrix", str(tmp_path / "policy"), "--store", url])

    assert told.exit_code == 0
    assert "tasters: purchase by" in told.stdout
    assert "it helps" in told.stdout
