"""The kit for rankers: one that is right holds every law, and each law has a ranker that fails it."""

from typing import ClassVar

import attrs
import pytest
from _pytest.outcomes import Failed

from tactful import Factor, Scope
from tactful.errors import TactfulError
from tactful.testing.rankers import RankerConformance

SHOP = """
channels: {web: private}
placements: {home: {channel: web, slots: 3}}
topics: {food: {}, tools: {}}
context: {weather: text}
purposes: {offers: consent}
profile: {crm: {all: {owner: crm, purpose: offers}, visits: int}}
offers:
  all: {intent: sell, purpose: offers}
  olives: {topic: food, value: 2, when: profile.visits > 2, treatments: Olives}
  saw: {topic: tools, treatments: A saw}
  bread: {topic: food, treatments: Bread}
  hours: {intent: help, topic: food, value: 0.1, treatments: Open until 8}
"""


@attrs.frozen
class Rainy:
    name: ClassVar[str] = "rainy"
    topic: str = "tools"
    times: float = 3.0

    def factors(self, catalog):
        yield Factor('context.weather == "rain"', self.times, catalog.topic(self.topic))

    def sentence(self):
        return f"When it rains, {self.topic} counts {self.times:g} times."


def laws(ranker, settings=({}, {"topic": "food"}), policy=SHOP):
    names = {"ranker": ranker, "settings": settings, "policy": policy, "examples": 10}
    return type("Laws", (RankerConformance,), names)()


LAWS = [name for name in dir(RankerConformance) if name.startswith("test_")]


@pytest.mark.parametrize("law", LAWS)
def test_one_that_is_right_holds_each_law(law):
    getattr(laws(Rainy), law)()


def yields(*made):
    return lambda _, catalog: iter([one(catalog) for one in made])


class Silent(Rainy):
    def sentence(self):
        return ""


class Vague(Rainy):
    def sentence(self):
        return "It does something."


class Idle(Rainy):
    factors = yields()


class Vain(Rainy):
    factors = yields(lambda catalog: Factor("true", 1.0, catalog.topic("food")))


class All(Rainy):
    factors = yields(lambda catalog: Factor("true", 2.0, catalog.all))


class Moody(Rainy):
    times_asked = 0

    def factors(self, catalog):
        type(self).times_asked += 1
        yield Factor("true", 1.0 + type(self).times_asked, catalog.topic("food"))


class Swallowing(Rainy):
    """It cannot be seen to break: `factors` is found anew in each look, and never the broken one."""

    def __getattribute__(self, name):
        return object.__getattribute__(self, name) if name != "factors" else Rainy().factors


WRONG = [
    (Silent, "test_it_says_in_a_sentence_what_it_does"),
    (Vague, "test_it_says_in_a_sentence_what_it_does"),
    (Idle, "test_a_policy_can_name_it_and_carries_what_it_asks"),
    (Moody, "test_asked_again_it_says_the_same"),
    (Vain, "test_it_changes_an_order"),
    (All, "test_it_changes_an_order"),
    (Swallowing, "test_if_it_breaks_the_policy_is_refused"),
]


@pytest.mark.parametrize(("ranker", "law"), WRONG, ids=lambda one: getattr(one, "__name__", None))
def test_each_law_catches_who_breaks_it(ranker, law):
    with pytest.raises((AssertionError, TactfulError, Failed)):
        getattr(laws(ranker), law)()


def test_a_setting_that_any_takes_is_caught():
    @attrs.frozen
    class Greedy(Rainy):
        misspelt: int = 0

    with pytest.raises(Failed):
        laws(Greedy).test_a_setting_that_is_none_is_refused()


def test_what_is_shown_besides_is_caught():
    """No ranker can do it. So the law is held between two shops, one of which lacks an offer."""
    kit, fewer = laws(Rainy), laws(Rainy, policy=SHOP.replace("  bread:", "  loaf:"))
    with pytest.raises(AssertionError, match="shown or not shown besides"):
        kit._compare(kit._wide(kit._compiled({})), fewer._wide(fewer._compiled(None)))


def test_help_that_comes_later_is_caught(monkeypatch):
    kit = laws(Rainy)
    monkeypatch.setattr("tactful.testing.rankers.RankerConformance._wide", lambda _, policy: _selling(policy))
    with pytest.raises(AssertionError):
        kit.test_help_comes_first_all_the_same()


def _selling(policy):
    """Return a policy whose help is told as such, and ranked as what sells."""
    offers = tuple(attrs.evolve(one, intent=_Disguised) if one.id == "hours" else one for one in policy.offers)
    wide = tuple(attrs.evolve(one, slots=9) for one in policy.placements)
    return attrs.evolve(policy, offers=offers, placements=wide)


class _Disguised:
    value = "help"


def test_an_edge_that_needs_the_ranker_is_caught(monkeypatch):
    monkeypatch.setattr("tactful.plan.plan.Plan.careful", lambda *_: ("a ranker is not installed",))
    with pytest.raises(AssertionError):
        laws(Rainy).test_an_edge_needs_no_ranker()


BAD = {
    "no Factor": lambda catalog: ("true", 2.0, catalog.all),
    "when= is no rule in one line": lambda catalog: Factor("true\n", 2.0, catalog.all),
    "times= is not from 0.01 to 100": lambda catalog: Factor("true", float("inf"), catalog.all),
    "times= is not from 0.01": lambda catalog: Factor("true", 0.0, catalog.all),
    "times= is not": lambda catalog: Factor("true", True, catalog.all),  # noqa: FBT003 - what is wrong
    "scope= is no Scope of this catalog": lambda catalog: Factor("true", 2.0, Scope(catalog.all.bits + 1 << 1)),
    "the rule of factor 1: ": lambda catalog: Factor("profile.visits > 2", 2.0, catalog.topic("food")),
}


@pytest.mark.parametrize(("told", "made"), BAD.items())
def test_what_is_no_factor_is_a_mistake_of_the_policy(told, made):
    wrong = type("Rainy", (Rainy,), {"factors": yields(made)})
    with pytest.raises(TactfulError, match=r"ranker 'rainy' of local 0, factors\(\): .*") as refused:
        laws(wrong)._compiled({})
    (mistake,) = refused.value.mistakes
    assert told in mistake.message
    assert (mistake.line, mistake.column, mistake.code) == (SHOP.count("\n") + 3, 3, "ranker")


def test_more_factors_than_a_decision_can_bear_are_refused():
    many = type("Rainy", (Rainy,), {"factors": yields(*[lambda c: Factor("true", 2.0, c.all)] * 17)})
    with pytest.raises(TactfulError, match="more than 16 factors"):
        laws(many)._compiled({})


def test_one_that_asks_nothing_of_a_policy_that_names_it_is_a_mistake():
    with pytest.raises(TactfulError, match="none of its factors concerns an offer"):
        laws(type("Rainy", (Rainy,), {"factors": yields(lambda _: Factor("true", 2.0, Scope()))}))._compiled({})


def test_one_about_a_topic_that_is_not_there_is_a_mistake():
    with pytest.raises(TactfulError, match="there is no topic 'tool'; did you mean 'tools'") as refused:
        laws(Rainy)._compiled({"topic": "tool"})
    (mistake,) = refused.value.mistakes
    assert (mistake.line, mistake.column, mistake.code) == (SHOP.count("\n") + 3, 3, "ranker")
