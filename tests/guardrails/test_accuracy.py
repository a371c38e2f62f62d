"""Accuracy: no fact is better than a wrong one. Unsure, bought, guessed and aged values do not exist."""

import sys

import attrs
import pytest

from tactful import Observation, PluginError, Source
from tactful.clock import DAY_US, SKEW_US
from tactful_plugins import accuracy

from . import mutants
from .houses import NOON_US, House, demo, dialled, hidden, named, reasons, shop, shown, without

NAME = "accuracy"
YEARS_2_US = 730 * DAY_US
STATED = Source.STATED


def alone(**settings):
    return named(shop(), NAME, **settings)


ALONE = alone()
#: An attribute with a value, and an offer that is shown if the value exists.
TELLS = {
    "tier": ("gold", "tier"),
    "visits": (9, "thanks"),
    "born": (1950, "elder"),
    "income": ("high", "pearls"),
    "affluent": (True, "gems"),
    "tidy": (True, "crowns"),
    "likes_bread": (True, "rolls"),
    "toasting": (True, "jam"),
    "test": (True, "prams"),
    "unscented": (True, "cushions"),
    "expecting": (True, "arrival"),
    "trimester": (True, "quiet"),
}


def exists(house, attribute, source=STATED, confidence=1.0, age_us=0, policy=ALONE):
    value, offer = TELLS[attribute]
    seen = Observation(value, source, NOON_US - age_us, confidence)
    return offer in shown(house.decide(policy, "inbox.letter", profile={attribute: seen}))


# The story, and its counter-story.


def test_a_guess_about_a_family_is_not_used(house):
    # What was bought is kept out twice: here the other guardrail is off.
    bare = without(demo().policy, "digging_too_deep")
    wrong = house.persona(without(bare, NAME), "email.letter", "nina")
    right = house.persona(demo().policy, "email.letter", "nina")

    assert {"new_arrival", "premium", "lunch_boxes"} <= set(shown(wrong))
    assert not {"new_arrival", "premium", "lunch_boxes"} & set(shown(right))
    assert {
        ("expecting", "accuracy.sensitive"),
        ("income_band", "accuracy.sure"),
        ("kids", "accuracy.sure"),
    } <= hidden(right)
    assert "when:profile.expecting" in reasons(right, "new_arrival")
    assert "What we are not sure of we did not use." in right.why()


def test_what_she_told_us_herself_is_used(house):
    assert "lunch_boxes" in shown(house.persona(demo().policy, "email.letter", "kim"))
    decision = house.decide(ALONE, "web.page", profile={"visits": 9, "tier": "gold"})
    assert {"thanks", "tier", "named"} <= set(shown(decision))
    assert "not sure" not in decision.why()


# Hostile variants.


def test_a_value_is_sure_enough_from_its_confidence_on(house):
    for attribute, least in (("tier", 0.6), ("test", 0.9)):
        assert exists(house, attribute, confidence=least)
        assert not exists(house, attribute, confidence=least - 1e-9)
        assert not exists(house, attribute, confidence=0.0)


def test_a_sensitive_value_is_never_less_sure_than_an_ordinary_one(house):
    strict = alone(confidence=0.95, sensitive_confidence=0.5)
    assert exists(house, "test", confidence=0.95, policy=strict)
    assert not exists(house, "test", confidence=0.94, policy=strict)


def test_where_a_value_comes_from_decides(house):
    ordinary = {source for source in Source if exists(house, "tier", source)}
    sensitive = {source for source in Source if exists(house, "test", source)}
    assert ordinary == set(Source) - {Source.THIRD_PARTY}
    assert sensitive == {Source.STATED, Source.OBSERVED, Source.DERIVED}


def test_sensitive_values_are_never_bought_or_guessed_whatever_is_set(house):
    lax = alone(third_party=True, modelled=True, confidence=0.0, sensitive_confidence=0.0)
    for attribute in ("test", "expecting", "unscented"):
        for source in (Source.THIRD_PARTY, Source.MODELLED):
            assert not exists(house, attribute, source, policy=lax)
    assert exists(house, "tier", Source.THIRD_PARTY, policy=lax)
    assert not exists(house, "likes_bread", Source.MODELLED, policy=alone(modelled=False))


def test_what_is_derived_from_something_sensitive_is_sensitive(house):
    assert not exists(house, "unscented", confidence=0.89)
    assert exists(house, "unscented", confidence=0.9)


def test_what_is_computed_from_a_value_is_no_better_than_the_value(house):
    for attribute in ("affluent", "tidy", "trimester"):
        assert not exists(house, attribute, Source.DERIVED)
    assert exists(house, "toasting", Source.DERIVED)  # from a guess, and guesses are used
    guessing = alone(third_party=True, modelled=False)
    assert exists(house, "affluent", Source.DERIVED, policy=guessing)
    assert exists(house, "tidy", Source.DERIVED, policy=guessing)
    assert not exists(house, "toasting", Source.DERIVED, policy=guessing)
    decision = house.decide(ALONE, "web.page", profile={"tidy": True})
    assert ("tidy", "accuracy.derived") in hidden(decision)


def test_a_circle_of_derived_values_ends(house):
    attributes = tuple(attrs.evolve(a, derived_from=("tidy",)) if a.name == "affluent" else a for a in ALONE.attributes)
    circular = attrs.evolve(ALONE, attributes=attributes)
    assert house.rules(circular, NAME).broken is None
    assert "bread" in shown(house.decide(circular, "web.page"))


def test_facts_age(house):
    assert exists(house, "visits", age_us=YEARS_2_US)
    assert not exists(house, "visits", age_us=YEARS_2_US + 1)
    assert not exists(house, "visits", age_us=61 * DAY_US, policy=alone(max_age_s=60 * 86_400))


def test_a_value_lasts_as_long_as_its_schema_says(house):
    assert exists(house, "born", age_us=5 * YEARS_2_US)  # a year of birth does not change
    assert not exists(house, "tier", age_us=60 * DAY_US + 1)


def test_a_value_from_a_time_to_come_is_of_unknown_age(house):
    assert exists(house, "visits", age_us=-SKEW_US)
    assert not exists(house, "visits", age_us=-SKEW_US - 1)


def test_affinities_must_be_as_sure_as_anything(house):
    def first(confidence):
        scores = Observation({"wine": 9.0}, Source.OBSERVED, NOON_US, confidence)
        return house.decide(ALONE, "web.page", profile={"scores": scores}).picks[1].offer

    assert (first(0.6), first(0.59)) == ("wine", "bread")


def test_a_text_does_not_name_what_is_not_sure(house):
    def greeting(confidence):
        tier = Observation("gold", Source.OBSERVED, NOON_US, confidence)
        picks = house.decide(ALONE, "web.page", profile={"tier": tier}).picks
        return next(pick.content["title"] for pick in picks if pick.offer == "named")

    assert (greeting(0.6), greeting(0.59)) == ("Hello, gold", "Hello")


def test_of_something_sensitive_the_customer_hears_nothing(house):
    unsure = Observation(True, Source.OBSERVED, NOON_US, 0.5)  # noqa: FBT003 - the value
    decision = house.decide(ALONE, "web.page", profile={"test": unsure})
    assert ("test", "accuracy.sensitive") in hidden(decision)
    assert "not sure" not in decision.why()


# Settings, the dial, and the words.


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"confidence": 1.1}, "confidence must be a share from 0 to 1, not 1.1"),
        ({"confidence": -0.1}, "confidence must be a share from 0 to 1"),
        ({"confidence": float("nan")}, "confidence must be a share from 0 to 1"),
        ({"sensitive_confidence": "90%"}, "sensitive_confidence must be a share from 0 to 1, not '90%'"),
        ({"third_party": 1}, "third_party must be true or false, not 1"),
        ({"modelled": "no"}, "modelled must be true or false, not 'no'"),
        ({"max_age_s": 0}, "max_age_s must be a whole number of 1 or more, not 0"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(settings, words):
    with pytest.raises(PluginError, match=f"settings: {words}"):
        House().guardrail(NAME, **settings)


DIAL = {
    "conservative": {
        "confidence": 0.8,
        "sensitive_confidence": 0.95,
        "third_party": False,
        "modelled": False,
        "max_age_s": 365 * 86_400,
    },
    "balanced": {
        "confidence": 0.6,
        "sensitive_confidence": 0.9,
        "third_party": False,
        "modelled": True,
        "max_age_s": 730 * 86_400,
    },
    "bold": {
        "confidence": 0.4,
        "sensitive_confidence": 0.8,
        "third_party": True,
        "modelled": True,
        "max_age_s": 1095 * 86_400,
    },
}


def test_the_dial_sets_how_sure_a_value_must_be(house):
    for position, expected in DIAL.items():
        made, policy = house.guardrail(NAME, position), dialled(ALONE, position)
        assert {name: getattr(made, name) for name in expected} == expected
        assert exists(house, "tier", confidence=expected["confidence"], policy=policy)
        assert not exists(house, "tier", confidence=expected["confidence"] - 0.01, policy=policy)
        assert exists(house, "income", Source.THIRD_PARTY, policy=policy) is expected["third_party"]
        assert exists(house, "likes_bread", Source.MODELLED, policy=policy) is expected["modelled"]


def test_its_sentence_tells_its_settings(house):
    balanced, other = house.guardrail(NAME).sentence(), house.guardrail(NAME, "bold", modelled=False).sentence()

    assert (
        "less than 60% sure of is not used, nor a sensitive fact below 90%, nor what is older than 730 days" in balanced
    )
    assert "Bought data is not used. Sensitive facts" in balanced
    assert "Bought data is used like our own. Nor is what a model guesses. Sensitive facts" in other


def test_it_knows_every_offer(house):
    assert house.rules(ALONE, NAME).scope.bits.bit_count() == len(house.edge(ALONE).plan.catalog.entries)


MUTANTS = {
    "the confidence is ignored": ("confidence=self.confidence, sources=self._usable", "sources=self._usable"),
    "sensitive values need no more": (
        "max(self.confidence, self.sensitive_confidence) if is_sensitive",
        "self.confidence if is_sensitive",
    ),
    "sensitive values may need less": (
        "max(self.confidence, self.sensitive_confidence) if is_sensitive",
        "self.sensitive_confidence if is_sensitive",
    ),
    "sensitive values may be bought": (
        "is_sensitive=True), sources=_SURE)",
        "is_sensitive=True), sources=self._usable)",
    ),
    "ordinary values may come from anywhere": (
        "confidence=self.confidence, sources=self._usable)",
        "confidence=self.confidence)",
    ),
    "bought values are always used": ("if self.third_party else set[Source]()", "if True else set()"),
    "bought values are never used": ("if self.third_party else set[Source]()", "if False else set()"),
    "guesses are always used": ("if self.modelled else set()", "if True else set()"),
    "guesses are never used": ("if self.modelled else set()", "if False else set()"),
    "sensitive is what is intimate": (
        "catalog.sensitivity(a.name) > Sensitivity.ORDINARY",
        "catalog.sensitivity(a.name) > Sensitivity.SENSITIVE and a.derived_from",
    ),
    "sensitive is what says so itself": (
        "catalog.sensitivity(a.name) > Sensitivity.ORDINARY",
        "catalog.topics.sensitivity(a.topic) > Sensitivity.ORDINARY",
    ),
    "no fact ages": ('yield Always(limit, f"the value is older', '0 and Always(limit, f"the value is older'),
    "the age of the setting is ignored": (
        "Require(tuple(ageless), max_age_s=self.max_age_s)",
        "Require(tuple(ageless), max_age_s=63072000)",
    ),
    "all facts age alike": ("if a.max_age_s is None]", "]"),
    "what is computed is as good as anything": ("yield Always(Hide(tuple(unfit))", "0 and Always(Hide(tuple(unfit))"),
    "what is computed is bad a step far": ("waiting += specs[origin].derived_from", "pass"),
    "what is computed is always bad": ("specs[origin].source not in usable", "True"),
    "what is computed of something sensitive is ordinary": (
        "usable, least = _SURE if sensitive else",
        "usable, least =",
    ),
    "derived values are not sure": ("Source.OBSERVED, Source.DERIVED})", "Source.OBSERVED})"),
    "the dial does nothing": ('"confidence": 0.8,', '"confidence": 0.6,'),
    "the bold buy nothing": ('"third_party": True,', ""),
    "customers hear nothing of it": ('say="What we are not sure of we did not use."', 'say=""'),
    "customers hear of what is sensitive": ('id="sensitive")', 'id="sensitive", say="What we are not sure of.")'),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], accuracy, *MUTANTS[mutant])
