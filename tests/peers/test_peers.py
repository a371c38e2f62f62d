"""The peers do the same work: rules mean the same everywhere, and a difference is found before anything is timed."""

import re
from functools import partial
from pathlib import Path

import pytest

import tactful
from peers import contest
from peers.answers import AnswersDifferError, check, check_one
from peers.own import SLOTS, WAYS, Shop
from peers.peer import PACKAGES, opened
from peers.rules import Condition, Rule, customers, rules
from peers.told import NAMES, figures, markdown

ROOT = Path(__file__).parents[2]
GIVEN = rules(60)
ASKED = customers(40, seed=3)


@pytest.fixture(scope="module")
def shop():
    made = Shop(GIVEN, ASKED)
    yield made
    made.close()


@pytest.fixture(params=PACKAGES)
def peer(request):
    try:
        made = opened(request.param, GIVEN)
    except ImportError as error:
        pytest.skip(str(error))
    yield made
    made.close()


class Plain:
    """Answers as plain Python does, but for one rule and one customer."""

    def __init__(self, given, wrong=(None, None)):
        self._given, self._wrong = given, wrong

    def one(self, customer, rule):
        return lambda: rule.holds(customer.attributes) is not ((rule.key, customer.id) == self._wrong)

    def every(self, customer):
        return lambda: [self.one(customer, rule)() for rule in self._given]

    def close(self):
        pass


# the rules


def test_a_number_at_its_threshold_is_enough_and_a_text_must_be_equal():
    both = Rule("r", (Condition("visits", 5), Condition("tier", "gold")))
    assert both.holds({"visits": 5, "tier": "gold"})
    assert not both.holds({"visits": 4, "tier": "gold"})
    assert not both.holds({"visits": 5, "tier": "Gold"})


def test_rules_come_in_three_kinds_and_every_one_divides_the_customers():
    kinds = [tuple(one.at_least for one in rule.conditions) for rule in rules(6)]
    assert kinds == [(True,), (False,), (True, False)] * 2
    many = customers(2000)
    assert all(0 < sum(rule.holds(one.attributes) for one in many) < len(many) for rule in rules(200))


def test_the_same_seed_makes_the_same_customers():
    assert customers(3) == customers(3) != customers(3, seed=2)


# equal answers


def test_tactful_answers_as_plain_python_does(shop):
    check("tactful", shop, GIVEN, ASKED)


def test_tactful_with_another_rule_is_found():
    condition = Condition(GIVEN[6].conditions[0].attribute, GIVEN[6].conditions[0].value - 1)
    made = Shop((*GIVEN[:6], Rule(GIVEN[6].key, (condition,)), *GIVEN[7:]), ASKED)
    with pytest.raises(AnswersDifferError, match="tactful answers True to the rule offer-6 "):
        check("tactful", made, GIVEN, ASKED)
    made.close()


def test_a_peer_answers_as_plain_python_does(peer):
    check("it", peer, GIVEN, ASKED)
    for rule in GIVEN[:3]:
        check_one("it", peer, rule, ASKED)


@pytest.mark.parametrize("number", [0, 17, len(ASKED) - 1])
def test_one_wrong_answer_is_found_and_its_place_named(number):
    wrong = Plain(GIVEN, (GIVEN[4].key, ASKED[number].id))
    told = rf"^it answers (True|False) to the rule offer-4 for customer number {number}; right is (?!\1)(True|False)$"
    with pytest.raises(AnswersDifferError, match=told):
        check("it", wrong, GIVEN, ASKED)
    with pytest.raises(AnswersDifferError, match=told):
        check_one("it", wrong, GIVEN[4], ASKED)
    check("it", Plain(GIVEN), GIVEN, ASKED)


def test_an_answer_too_few_is_found():
    with pytest.raises(AnswersDifferError, match="59 answers to 60 rules"):
        check("it", Plain(GIVEN[1:]), GIVEN, ASKED)


def test_an_answer_that_is_no_boolean_is_none():
    class Ones(Plain):
        def every(self, customer):
            return lambda: [int(answer) for answer in Plain.every(self, customer)()]

    with pytest.raises(AnswersDifferError):
        check("it", Ones(GIVEN), GIVEN, ASKED)


# what tactful does besides


def test_every_installed_guardrail_takes_part(shop):
    assert set(shop.guardrails) == set(tactful.Registry.installed().guardrails)


@pytest.mark.parametrize("way", WAYS)
def test_decisions_fill_their_slots_with_nothing_amiss_and_keep_to_the_rules(shop, way):
    held = {one.id: {rule.key for rule in GIVEN if rule.holds(one.attributes)} for one in ASKED}
    made = [call() for call in getattr(shop, way)()]
    assert [len(decision.picks) for decision in made] == [SLOTS] * len(ASKED)
    assert {decision.careful for decision in made} == {()}
    for decision, may in zip(made, held.values(), strict=True):
        assert {pick.offer for pick in decision.picks} <= may


# the contest


@pytest.fixture
def found(monkeypatch):
    """A contest of plain Python with a package that is not installed."""
    monkeypatch.setattr(contest, "PACKAGES", {"plain": "plain-sdk", "gone": "gone-sdk"})
    monkeypatch.setattr(contest, "named", "{} 1.0".format)
    monkeypatch.setattr(contest, "opened", partial(open_plain, (None, None)))
    return contest.hold(6, 1)


def open_plain(wrong, name, given):
    if name == "gone":
        raise ModuleNotFoundError("No module named 'gone'")
    return Plain(given, wrong)


def test_whoever_is_there_is_timed_and_whoever_is_not_is_named_with_the_reason(found):
    assert found.absent == {"gone-sdk": "ModuleNotFoundError: No module named 'gone'"}
    assert set(found.every) == {*WAYS, contest.FLOOR, "plain 1.0"}
    assert set(found.one) == {"decide", contest.FLOOR, "plain 1.0"}
    assert {one.calls for one in (*found.every.values(), *found.one.values())} == {contest.CUSTOMERS}
    assert "gone-sdk is not here: ModuleNotFoundError" in markdown(found, 6)


def test_ratios_are_to_a_whole_decision(found):
    for part in ("every", "one"):
        table = figures(found, 6, 1)[part]
        (ours,) = (row["median_us"] for row in table if row["name"] == NAMES["decide"])
        assert [row["ratio"] for row in table] == [row["median_us"] / ours for row in table]
        assert [row["median_us"] for row in table] == sorted(row["median_us"] for row in table)


def test_nothing_is_timed_if_an_answer_differs(monkeypatch):
    monkeypatch.setattr(contest, "PACKAGES", {"plain": "plain-sdk"})
    monkeypatch.setattr(contest, "named", "{} 1.0".format)
    monkeypatch.setattr(contest, "opened", partial(open_plain, ("offer-2", "customer-400")))
    monkeypatch.setattr(contest, "on_processor", lambda *_: pytest.fail("timed"))
    with pytest.raises(AnswersDifferError, match=r"plain 1\.0 .* offer-2 for customer number 400"):
        contest.hold(6, 1)


# the pages


def test_the_pages_name_every_peer():
    readme, page = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/speed.md"))
    table = readme.partition("<!-- peers: ")[2].partition("<!-- peers end -->")[0]
    assert all(re.search(rf"^(\| )?{package} ", table, re.MULTILINE) for package in PACKAGES.values())
    assert all(name in table for name in NAMES.values())
    assert all(f"| `{package}` |" in page for package in PACKAGES.values())
