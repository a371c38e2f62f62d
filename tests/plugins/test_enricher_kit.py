"""The kit for enrichers: one that is right holds every law, and each law has an enricher that fails it."""

import itertools
from typing import ClassVar

import attrs
import pytest
from _pytest.outcomes import Failed

from tactful import Derived, enriching
from tactful.errors import TactfulError
from tactful.testing.enrichers import EnricherConformance

SHOP = """
channels: {web: private}
placements: {home: {channel: web, slots: 3}}
topics: {food: {}}
purposes: {offers: consent, orders: contract}
profile:
  crm:
    all: {owner: crm, purpose: offers}
    postcode: {type: text, max_age: 90d, say: where you live}
    tags: {type: list of text}
    town: {type: text, source: derived, derived_from: postcode, say: your town}
    stated: {type: text, source: stated, derived_from: postcode}
    loose: {type: text, source: derived}
    wide: {type: text, purpose: [offers, orders], source: derived, derived_from: postcode}
offers:
  all: {intent: sell, purpose: offers, topic: food}
  fair: {when: 'profile.town == "Berlin"', treatments: The fair}
  olives: {treatments: Olives}
"""


@attrs.frozen
class Town:
    name: ClassVar[str] = "town"
    town: str = "Berlin"

    def reads(self):
        return ("postcode",)

    def gives(self):
        return ("town",)

    def enrich(self, known):
        return {"town": Derived(self.town, 0.9)} if known["postcode"].startswith("10") else {}

    def sentence(self):
        return f"The town {self.town} is told by the postcode."


def laws(enricher, settings=({}, {"town": "Bonn"})):
    names = {"enricher": enricher, "settings": settings, "policy": SHOP, "known": {"postcode": "10115"}}
    return type("Laws", (EnricherConformance,), {**names, "examples": 20})()


LAWS = [name for name in dir(EnricherConformance) if name.startswith("test_")]


@pytest.mark.parametrize("law", LAWS)
def test_one_that_is_right_holds_each_law(law):
    getattr(laws(Town), law)()


def gives(*names):
    return lambda _: names


class Silent(Town):
    def sentence(self):
        return ""


class Vague(Town):
    def sentence(self):
        return "It does something."


class Idle(Town):
    def enrich(self, known):
        return {}


class Moody(Town):
    asked = itertools.count()

    def enrich(self, known):
        return {"town": f"the answer number {next(self.asked)}"}


class Fragile(Town):
    def enrich(self, known):
        return {"town": {"10115": "Berlin"}[known["postcode"]]}


class Meddling(Town):
    def enrich(self, known):
        known["postcode"] = "99999"
        return {"town": "Berlin"}


class Swallowing(Town):
    """It cannot be seen to break: `enrich` is never the broken one."""

    def __getattribute__(self, name):
        return object.__getattribute__(self, name) if name != "enrich" else Town().enrich


NAMED = "test_a_policy_can_name_it_and_its_settings_are_taken"
WRONG = [
    (Silent, "test_it_says_in_a_sentence_what_it_does"),
    (Vague, "test_it_says_in_a_sentence_what_it_does"),
    (Idle, "test_it_gives_what_it_says"),
    (Moody, "test_asked_again_it_says_the_same"),
    (Fragile, "test_it_copes_with_whoever_comes"),
    (Meddling, "test_it_changes_nothing_of_what_it_is_shown"),
    (Swallowing, "test_if_it_breaks_what_it_gives_is_unknown"),
    (type("Stating", (Town,), {"gives": gives("stated")}), NAMED),
    (type("Loose", (Town,), {"gives": gives("loose")}), NAMED),
    (type("Wide", (Town,), {"gives": gives("wide")}), NAMED),
    (type("Absent", (Town,), {"gives": gives("nowhere")}), NAMED),
    (type("Nothing", (Town,), {"gives": gives()}), NAMED),
    (type("Circle", (Town,), {"reads": gives("town")}), NAMED),
]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A busy machine is no reason to take an answer for none: then a law would not notice who breaks it."""
    monkeypatch.setattr(enriching, "PATIENCE_S", 10.0)


@pytest.mark.parametrize(("enricher", "law"), WRONG, ids=lambda one: getattr(one, "__name__", None))
def test_each_law_catches_who_breaks_it(enricher, law):
    with pytest.raises((AssertionError, TactfulError, Failed)):
        getattr(laws(enricher), law)()


def test_a_setting_that_any_takes_is_caught():
    @attrs.frozen
    class Greedy(Town):
        misspelt: int = 0

    with pytest.raises(Failed):
        laws(Greedy).test_a_setting_that_is_none_is_refused()


@pytest.mark.parametrize(
    "field", [{"at_us": 2**60}, {"confidence": 1.0}, {"first_party": True}], ids=lambda one: next(iter(one))
)
def test_a_value_that_claims_too_much_is_caught(monkeypatch, field):
    """No enricher can do it; so what sees to it is broken."""
    from tactful.enriching import Enriching  # noqa: PLC0415 - of this test alone

    honest = Enriching._observed
    monkeypatch.setattr(Enriching, "_observed", lambda *asked: attrs.evolve(honest(*asked), **field))
    with pytest.raises(AssertionError):
        laws(Town).test_what_it_gives_is_no_younger_nor_surer_than_what_it_read()


def test_a_schema_that_need_not_say_where_it_is_from_is_caught(monkeypatch):
    monkeypatch.setattr("tactful.enriching.misfit", lambda *_: None)
    with pytest.raises(Failed):
        laws(Town).test_it_may_give_only_what_the_schema_derives_from_what_it_reads()
