"""The kit for guardrails: tactful's own hold every law, and each law has a guardrail that fails it."""

from typing import ClassVar

import attrs
import pytest
from _pytest.outcomes import Failed

import tactful
from tactful import Scope, UpTo, When, Withhold
from tactful.errors import TactfulError
from tactful.familiarity import Familiarity
from tactful.testing.guardrails import GuardrailConformance

SHOP = """
channels: {web: private, email: {privacy: private, outbound: true}, kiosk: exposed}
placements: {home: {channel: web, slots: 3}, letter: email, screen: kiosk}
identifiers: {card: person}
topics:
  food: {}
  wine: {under: food}
  health: {sensitivity: sensitive, blend: 0.5}
  service: {}
  hats: {}
purposes:
  offers: {basis: consent, say: choose offers for you}
  orders: {basis: contract, say: look after your order}
  bank: {basis: consent, partner: bank, under: offers, say: show you our bank's offers}
profile:
  shop:
    all: {owner: crm, purpose: [offers, orders, bank]}
    visits: {type: int, say: how often you visit}
    diet: {type: text, topic: health, source: modelled, say: what you eat}
    bakes: {type: bool, topic: food, say: that you bake}
    bought_elsewhere: {type: bool, source: third-party, collected: broker}
    place: {type: text, location: precise, say: where you are}
    open_case: {type: bool, protect: true, say: that a question of yours is open}
    muted: {type: list of text, protect: true, say: what you asked to leave out}
    paused: {type: bool, absent: false, protect: true}
offers:
  all: {intent: sell, purpose: offers, topic: food, owner: kitchen}
  bread: {treatments: [Bread, {title: "{profile.visits} visits", lift: 2}]}
  wine: {topic: wine, when: profile.visits > 2, value: 2, treatments: Wine}
  tea: {topic: health, when: 'profile.diet == "light"', value: 3, treatments: Tea}
  near: {when: 'profile.place == "here"', treatments: Around the corner}
  car: {when: profile.bought_elsewhere, treatments: Car mats}
  apron: {topic: hats, when: profile.bakes, treatments: An apron}
  card: {purpose: bank, treatments: A card}
  order: {intent: inform, topic: service, purpose: orders, treatments: Your order}
  help: {intent: help, topic: service, purpose: orders, treatments: How may we help}
"""
#: An offer with a tactic, which only a guardrail of tactics knows.
HURRY = "  hurry: {tactics: countdown, treatments: Two hours left}\n"
#: What tactful's own are given, where they do nothing without.
SETTINGS = {
    "category_jumping": ({"distance": 1},),
    "help_first": ({"open": "open_case"},),
    "overcrowding": ({"after_purchase": "7d"}, {"after_purchase": "7d", "after_complaint": "3d"}),
    "preferences": ({"muted_topics": "muted"},),
}


def laws(guardrail, settings=({},), examples=10):
    shop = SHOP + (HURRY if guardrail.name == "moral_hazards" else "")
    names = {"guardrail": guardrail, "settings": settings, "policy": shop, "examples": examples}
    return type("Laws", (GuardrailConformance,), names)()


def names_of(kit):
    return [name for name in dir(kit) if name.startswith("test_")]


@pytest.mark.parametrize("name", sorted(tactful.Registry.installed().guardrails))
@pytest.mark.parametrize("law", names_of(GuardrailConformance))
def test_each_installed_guardrail_holds_each_law(name, law):
    guardrail = tactful.Registry.installed().guardrails[name].cls

    getattr(laws(guardrail, SETTINGS.get(name, ({},))), law)()


@attrs.frozen
class Good:
    name: ClassVar[str] = "good"
    topic: str = "wine"

    def scope(self, catalog):
        return catalog.topic(self.topic)

    def limits(self, catalog):
        yield When("protective.paused", Withhold(self.scope(catalog)), "a pause", "paused", "You asked for a pause.")

    def sentence(self):
        return f"About {self.topic} we are silent."


class Silent(Good):
    def sentence(self):
        return ""


class Vague(Good):
    def sentence(self):
        return "It does something."


class Unreasoned(Good):
    def limits(self, catalog):
        yield When("protective.paused", Withhold(self.scope(catalog)), " ")


class Idle(Good):
    def limits(self, catalog):
        return iter(())


class Moody(Good):
    times = 0

    def limits(self, catalog):
        type(self).times += 1
        yield When("protective.paused", Withhold(self.scope(catalog)), f"the answer number {self.times}")


class Wordy(Good):
    tiers = ("values", "vibes")


class Loose(Good):
    looser: ClassVar[dict] = {"misnamed": "more"}


class Dialled(Good):
    dial: ClassVar[dict] = {"bold": {"misnamed": 1}}


class Grasping(Good):
    def limits(self, catalog):
        yield When("protective.paused", Withhold(catalog.all), "more than its scope")


class Unreadable(Good):
    def limits(self, catalog):
        yield When("protective.no_such", Withhold(self.scope(catalog)), "it reads what is not there")


class Forgiving(Good):
    """Its scope is empty: it limits nothing, and nothing is withheld if it breaks."""

    def scope(self, catalog):
        return Scope()


class Lying(Good):
    """It says one scope when it works and another when it is broken."""

    def scope(self, catalog):
        broken = type(self).limits.__name__ == "_raising"
        return Scope() if broken else catalog.topic(self.topic)


TWO = ({}, {"topic": "food"})
WRONG = [
    (Silent, "test_it_says_in_a_sentence_what_it_does", ({},)),
    (Vague, "test_it_says_in_a_sentence_what_it_does", TWO),
    (Unreasoned, "test_each_limit_has_a_reason", ({},)),
    (Idle, "test_each_limit_has_a_reason", ({},)),
    (Moody, "test_asked_again_it_says_the_same", ({},)),
    (Wordy, "test_its_words_are_those_of_governance", ({},)),
    (Loose, "test_its_words_are_those_of_governance", ({},)),
    (Dialled, "test_its_words_are_those_of_governance", ({},)),
    (Grasping, "test_a_policy_can_name_it_and_its_settings_are_taken", ({},)),
    (Unreadable, "test_a_policy_can_name_it_and_its_settings_are_taken", ({},)),
    (Forgiving, "test_each_limit_has_a_reason", ({},)),
    (Lying, "test_if_it_breaks_its_scope_is_withheld", ({"topic": "food"},)),
]


@pytest.mark.parametrize(("guardrail", "law", "settings"), WRONG, ids=lambda one: getattr(one, "__name__", None))
def test_each_law_catches_who_breaks_it(guardrail, law, settings):
    getattr(laws(Good, settings), law)()

    with pytest.raises((AssertionError, TactfulError, Failed)):
        getattr(laws(guardrail, settings), law)()


def test_a_setting_that_any_guardrail_takes_is_caught():
    @attrs.frozen
    class Greedy(Good):
        misspelt: int = 0

    with pytest.raises(Failed):
        laws(Greedy).test_a_setting_that_is_none_is_refused()


def test_what_is_shown_with_and_not_without_is_caught():
    """No guardrail can do it: the engine has no limit that allows. So the law is held the other way round."""
    kit = laws(Good, examples=60)
    with pytest.raises(AssertionError, match="with the guardrail these are shown"):
        kit._compare(kit._wide(kit._compiled({"topic": "food"})), lambda ours, free: kit._loosens(free, ours))


def test_a_decision_that_fails_is_caught(monkeypatch):
    kit = laws(Good, examples=3)
    monkeypatch.setattr("tactful.engine.middle.decide", lambda *_: 1 / 0)
    with pytest.raises(AssertionError, match="failed"):
        kit.test_it_costs_no_mistake_whatever_is_known()


def test_a_limit_of_familiarity_passes_the_laws_too():
    @attrs.frozen
    class Modest(Good):
        name: ClassVar[str] = "modest"

        def limits(self, catalog):
            level = Familiarity.GENERIC
            yield When("protective.paused", UpTo(self.scope(catalog), level, level), "a pause")

    for law in names_of(GuardrailConformance):
        getattr(laws(Modest, ({"topic": "food"},)), law)()
