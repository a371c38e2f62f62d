"""Accuracy, measured: no value is surer than its source was right, and none is used from one worse than a guess."""

import sys
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import MeasuredSource, Observation, PluginError, PolicyError, Source
from tactful.authoring import compile_files, diff
from tactful.policy import PluginUse
from tactful_plugins import accuracy, measured

from . import mutants
from .houses import NOON_US, SHOP, House, demo, dialled, hidden, installed, named, said, shop_with, shown, without

NAME: Final = "accuracy"
WALKERS = shop_with("measured")
DERIVED, MODELLED, OBSERVED, STATED = Source.DERIVED, Source.MODELLED, Source.OBSERVED, Source.STATED
TELLS = {
    "walks": "boots",
    "walking": "socks",
    "hikes": "tents",
    "feet": "baths",
    "sore": "balm",
    "roams": "maps",
    "says_walks": "paths",
}


def counts(right, of=100, guess=60):
    return {"right": right, "of": of, "guess": guess}


def walkers(found=None, **settings):
    return named(WALKERS, NAME, measured={} if found is None else found, **settings)


def walks(right, of=100, guess=60, source="modelled"):
    return walkers({"walks": {source: counts(right, of, guess)}})


def exists(house, policy, attribute="walks", source=MODELLED, confidence=1.0):
    seen = Observation(True, source, NOON_US, confidence)  # noqa: FBT003 - the value
    return TELLS[attribute] in shown(house.decide(policy, "inbox.letter", profile={attribute: seen}))


def guessed(**found):
    """The demo's policy as of a grocer whose `kids` is a guess that can be checked by what families say."""
    policy = demo().policy
    kids = next(a for a in policy.attributes if a.name == "kids")
    stated = attrs.evolve(kids, name="said_kids")
    guess = attrs.evolve(kids, source=MODELLED, checked_by="said_kids")
    others = [attribute for attribute in policy.attributes if attribute.name != "kids"]
    uses = [
        attrs.evolve(use, settings={**use.settings, "measured": {"kids": found}}) if use.name == NAME else use
        for use in policy.guardrails
    ]
    return attrs.evolve(policy, attributes=(*others, guess, stated), guardrails=tuple(uses))


WRONG = guessed(modelled=counts(110, 300, 190))
RIGHT = guessed(modelled=counts(270, 300, 190))


def lunch(house, policy, source):
    """What a customer sees of whom somebody says, and is very sure, that there are children."""
    kids = Observation(True, source, NOON_US, 0.99)  # noqa: FBT003 - the value
    visits = Observation(8, OBSERVED, NOON_US)
    consents = said(*demo().personas["kim"].consents_at(NOON_US))
    profile = {"kids": kids, "visits_90d": visits}
    return house.decide(policy, "email.letter", {"card": "4711"}, profile=profile, consents=consents)


# The story, and its counter-story.


def test_a_source_that_is_wrong_more_often_than_a_guess_is_not_used(house):
    off = lunch(house, without(WRONG, NAME), MODELLED)
    on = lunch(house, WRONG, MODELLED)
    assert "lunch_boxes" in shown(off)
    assert "lunch_boxes" not in shown(on)
    assert ("kids", "accuracy.worse.kids.modelled") in hidden(on)
    assert told(on) == {"this source is wrong more often than a guess"}
    assert "What is wrong more often than a guess we did not use." in on.why()


def told(decision):
    """What the guardrail says of the guess."""
    found = [one.reason for one in decision.explain().hidden if one.attribute == "kids"]
    return {reason.text for reason in found if reason.id.startswith(NAME)}


def test_a_source_that_was_found_right_is_used_and_so_is_what_she_said_herself(house):
    assert "lunch_boxes" in shown(lunch(house, RIGHT, MODELLED))
    assert "lunch_boxes" in shown(lunch(house, guessed(), MODELLED))  # nobody measured it
    assert "lunch_boxes" in shown(lunch(house, WRONG, STATED))


# Hostile variants.


def test_a_source_that_praises_itself_is_no_surer_than_it_was_right(house):
    # Half of what is claimed is right, and 60 % must be: how sure the source says it is changes nothing.
    assert exists(house, walkers())
    assert not exists(house, walks(55, guess=50))
    for right, there in ((59, False), (60, True), (61, True)):
        assert exists(house, walks(right, guess=55)) is there
    decision = house.decide(walks(59, guess=55), "inbox.letter", profile={"walks": True})
    assert ("walks", "accuracy.unsure.walks.modelled") in hidden(decision)
    assert ("walks", "accuracy.sure") not in hidden(decision)
    assert "What we are not sure of we did not use." in decision.why()


def test_a_source_that_was_found_right_is_no_surer_than_it_says(house):
    assert not exists(house, walks(95), confidence=0.59)
    assert exists(house, walks(95), confidence=0.6)


def test_without_a_measurement_all_is_as_it_was(house):
    for policy in (walkers(), walkers({"walks": {}}), walkers({})):
        assert exists(house, policy)
        assert not exists(house, policy, confidence=0.59)


def test_few_customers_tell_nothing(house):
    assert exists(house, walks(0, 49, 49))
    assert not exists(house, walks(0, 50, 49))
    assert exists(house, walks(0, 0, 0))


def test_where_all_state_the_same_a_source_is_held_to_what_it_was_right_alone(house):
    assert exists(house, walks(99, 100, 100))
    assert not exists(house, walks(59, 100, 100))


def test_worse_than_a_guess_is_worse_however_little_must_be_sure(house):
    lax = walkers({"walks": {"modelled": counts(50)}}, confidence=0.0)
    better = walkers({"walks": {"modelled": counts(51)}}, confidence=0.0)
    assert not exists(house, lax)
    assert exists(house, better)


def test_a_source_that_is_mostly_right_can_be_worse_than_a_guess(house):
    """Of a rare thing: nine in ten are right, and who says of nobody that they walk is right of 97 in a hundred."""
    rare = walks(900, 1000, 970)
    assert not exists(house, rare)
    decision = house.decide(rare, "inbox.letter", profile={"walks": True})
    assert ("walks", "accuracy.worse.walks.modelled") in hidden(decision)
    assert ("walks", "accuracy.unsure.walks.modelled") not in hidden(decision)


def test_each_source_is_judged_for_itself(house):
    policy = walkers({"walks": {"modelled": counts(10), "observed": counts(99), "derived": counts(58)}})
    there = {source for source in Source if exists(house, policy, "walks", source)}
    assert there == {STATED, OBSERVED}
    assert exists(house, policy, "says_walks", STATED)


def test_what_is_computed_from_a_source_that_fails_is_not_used(house):
    for right, there in ((10, False), (59, False), (60, True)):
        policy = walks(right, guess=50)
        for attribute in ("walking", "hikes"):
            assert exists(house, policy, attribute, DERIVED) is there
    # Of another source of the same attribute, nothing follows.
    assert exists(house, walks(10, source="observed"), "walking", DERIVED)


def test_what_is_sensitive_must_have_been_right_more_often(house):
    for right, there in ((89, False), (90, True)):
        policy = walkers({"feet": {"observed": counts(right)}})
        assert exists(house, policy, "feet", OBSERVED) is there
        assert exists(house, policy, "sore", DERIVED) is there
    # Right enough for what is ordinary, and not for what is computed from it and sensitive.
    of_walks = walkers({"walks": {"observed": counts(70, guess=50)}})
    observed = attrs.evolve(of_walks, attributes=tuple(_observed(a) for a in of_walks.attributes))
    assert exists(house, observed, "walking", DERIVED)
    assert not exists(house, observed, "roams", DERIVED)


def _observed(attribute):
    return attrs.evolve(attribute, source=OBSERVED) if attribute.name == "walks" else attribute


def test_of_something_sensitive_the_customer_hears_nothing(house):
    for right in (10, 89):
        policy = walkers({"feet": {"observed": counts(right)}})
        decision = house.decide(policy, "inbox.letter", profile={"feet": True})
        assert any(id_.endswith(".feet.observed") for _, id_ in hidden(decision))
        assert "not sure" not in decision.why()
        assert "a guess" not in decision.why()


def test_what_customers_state_is_the_measure_and_cannot_be_measured(house):
    assert house.rules(walkers({"walks": {"stated": counts(99)}}), NAME).broken is not None
    assert house.rules(walkers({"walks": {"modelled": counts(99)}}), NAME).broken is None


# Settings, the dial, and the words.


def test_the_dial_sets_how_many_customers_are_enough(house):
    for dial, enough in (("conservative", 30), ("balanced", 50), ("bold", 100)):
        assert house.guardrail(NAME, dial).smallest == enough
        for of, there in ((enough - 1, True), (enough, False)):
            policy = dialled(walkers({"walks": {"observed": counts(0, of, of - 1)}}), dial)
            assert exists(house, policy, "walks", OBSERVED) is there


def test_its_sentence_tells_what_was_measured(house):
    plain, found = house.guardrail(NAME), house.guardrail(NAME, measured={"walks": {"modelled": counts(10)}})
    better = house.guardrail(NAME, measured={"walks": {"modelled": counts(55, guess=50)}})
    capped = " Nothing counts as surer than its source was measured to be right."
    assert better.sentence() == plain.sentence() + capped
    assert found.sentence() == better.sentence() + " Wrong more often than a guess, and so not used: walks (modelled)."


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ("high", "measured must be counts by attribute and source, not 'high'"),
        ({1: {}}, "measured must be counts by attribute and source"),
        ({"walks": 0.9}, "walks must be counts by attribute and source, not 0.9"),
        ({"walks": {"stated": counts(1)}}, "measured: walks: stated: the source must be one of observed, derived"),
        ({"walks": {"model": counts(1)}}, "measured: walks: model: the source must be one of observed, derived"),
        ({"walks": {"modelled": 0.9}}, "measured: walks: modelled: it must have right, of, guess, and nothing else"),
        ({"walks": {"modelled": {"right": 1, "of": 2}}}, "it must have right, of, guess, and nothing else"),
        ({"walks": {"modelled": {**counts(1), "sure": 1}}}, "it must have right, of, guess, and nothing else"),
        ({"walks": {"modelled": counts("1")}}, "measured: walks: modelled: expected a count, not '1'"),
        ({"walks": {"modelled": counts(bool(1))}}, "measured: walks: modelled: expected a count, not True"),
        ({"walks": {"modelled": counts(-1)}}, "measured: walks: modelled: 'right' must be >= 0"),
        ({"walks": {"modelled": counts(101)}}, "right and guess must be at most 100"),
        ({"walks": {"modelled": counts(50, guess=0)}}, "and guess not 0 where anybody is compared"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(found, words):
    with pytest.raises(PluginError, match=words.replace("(", r"\(")):
        House().guardrail(NAME, measured=found)


def test_too_few_customers_cannot_be_called_enough():
    with pytest.raises(PluginError, match="smallest must be a whole number of 10 or more, not 9"):
        House().guardrail(NAME, smallest=9)


def test_what_was_measured_of_what_nothing_checks_is_refused(house):
    for name in ("walk", "walking"):
        broken = house.rules(walkers({name: {"modelled": counts(1)}}), NAME).broken
        assert f"measured: there is no attribute '{name}' that has `checked_by`" in str(broken)


def test_a_measurement_that_is_gone_is_looser():
    use = PluginUse(NAME, "", {"measured": {"walks": {"modelled": counts(10), "derived": counts(99)}}})
    old = attrs.evolve(WALKERS, guardrails=(use,))
    less = attrs.evolve(use, settings={"measured": {"walks": {"derived": counts(99)}}})
    other = attrs.evolve(use, settings={"measured": {"walks": {"modelled": counts(99), "derived": counts(99)}}})
    about = "guardrail accuracy, measured walks modelled"
    assert [str(c) for c in diff(old, attrs.evolve(WALKERS, guardrails=(less,))).of("looser")] == [f"{about}: gone"]
    assert [str(c) for c in diff(attrs.evolve(WALKERS, guardrails=(less,)), old).of("tighter")] == [f"{about}: new"]
    changed = diff(old, attrs.evolve(WALKERS, guardrails=(other,)))
    assert [str(c) for c in changed.of("unknown")] == [f"{about}: right was 10, is 99"]
    gone = diff(old, attrs.evolve(WALKERS, guardrails=(PluginUse(NAME),)))
    assert [str(c) for c in gone.of("looser")] == ["guardrail accuracy, measured walks: gone"]


SHARES = st.floats(0, 1)


@given(st.integers(0, 299), st.integers(1, 300), st.integers(1, 300), SHARES, SHARES, st.integers(10, 200))
def test_who_is_right_more_often_or_must_be_less_sure_never_fails_for_it(right, of, guess, least, other, smallest):
    right, guess = min(right, of - 1), min(guess, of)
    less, more = sorted((least, other))

    def fails(right, least):
        found = {"walks": {"modelled": MeasuredSource(right, of, guess)}}
        return [how for _, how in measured.failing(found, "walks", least, smallest)]

    assert len(fails(right + 1, more)) <= len(fails(right, more)) <= 1
    assert len(fails(right, less)) <= len(fails(right, more))
    assert of >= smallest or not fails(right, more)
    if right / of < more and of >= smallest:
        assert fails(right, more) in (["worse"], ["unsure"])
    if fails(right, 0.0):
        assert (fails(right, 0.0), right < guess) == (["worse"], True)


# The section of the policy.

SECTION = "sources:\n  walks:\n    modelled: {right: 10, of: 100, guess: 60}\n"


def compiled(more):
    files = [SHOP, SHOP.with_name("measured.yaml")]
    return compile_files(
        {**{f.name: f.read_bytes() for f in files}, "sources.yaml": more.encode()}, registry=installed()
    )


def test_the_section_is_the_guardrail_s_setting(house):
    policy = compiled(SECTION)
    (use,) = [use for use in policy.guardrails if use.name == NAME]
    assert use.settings == {"measured": {"walks": {"modelled": counts(10)}}}
    made = house.registry.guardrail(use, policy.values.dial)
    assert made.measured == {"walks": {"modelled": MeasuredSource(10, 100, 60)}}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("sources: {§walk: {}}", "there is no attribute 'walk'"),
        ("sources: {walks: {modelled: §{right: 1, of: 2}}}", "measurement needs 'guess'"),
        ("sources: {walks: {modelled: {right: §-1, of: 2, guess: 1}}}", "expected a whole number of 0 or more"),
        ("sources: {§walks: {model: {right: 1, of: 2, guess: 1}}}", "model: the source must be one of"),
        ("sources: {§walks: {modelled: {right: 3, of: 2, guess: 1}}}", "right and guess must be at most 2"),
        ("§sources: {tier: {modelled: {right: 1, of: 2, guess: 1}}}", "no attribute 'tier' that has `checked_by`"),
        ("§sources: {walks: {}}\nguardrails: {accuracy: off}", "sources need the guardrail 'accuracy', which is off"),
        ("guardrails: {accuracy: {§measured: {}}}", "guardrail 'accuracy' has no setting 'measured'"),
    ],
)
def test_a_wrong_section_is_told_at_its_place(more, told):
    with pytest.raises(PolicyError) as refused:
        compiled(more.replace("§", ""))
    (mistake,) = refused.value.mistakes
    assert told in mistake.message
    assert (mistake.file, mistake.line, mistake.column) == ("sources.yaml", 1, more.index("§") + 1)


MUTANTS = {
    "nothing is measured": (
        accuracy,
        "for name in self.measured:\n            yield",
        "for name in ():\n            yield",
    ),
    "one measurement is for all sources": (accuracy, "frozenset(Source) - {source}", "frozenset({Source.STATED})"),
    "a measured source must be surer": (accuracy, "frozenset(Source) - {source}", "frozenset({source})"),
    "what is sensitive need not be right more often": (
        accuracy,
        "least = self._least(is_sensitive=is_sensitive)",
        "least = self.confidence",
    ),
    "what is computed from what fails is used": (
        accuracy,
        "in dict(failing(self.measured, origin, least, self.smallest))",
        "in ()",
    ),
    "what is computed from a source that is judged for another": (
        accuracy,
        "if specs[origin].source in dict(",
        "if dict(",
    ),
    "what is computed and sensitive needs no more": (
        accuracy,
        "self._usable, self._least(is_sensitive=sensitive)",
        "self._usable, self.confidence",
    ),
    "customers hear of what is sensitive": (accuracy, '"" if is_sensitive else say', "say"),
    "customers hear nothing": (accuracy, '"" if is_sensitive else say', '""'),
    "no reason tells of a guess": (
        accuracy,
        'if how == "worse":\n                reason',
        "if False:\n                reason",
    ),
    "the dial asks as many": (accuracy, '"smallest": 30,', ""),
    "the bold ask as few": (accuracy, '"smallest": 100,', ""),
    "what nothing checks can be measured": (accuracy, "if name not in checked:", "if False:"),
    "worse than a guess is nothing": (measured, "if verdict is Verdict.WORSE:", "if False:"),
    "not better than a guess is worse": (
        measured,
        "if verdict is Verdict.WORSE:",
        "if verdict in {Verdict.WORSE, Verdict.NOT_SHOWN}:",
    ),
    "few customers are enough": (measured, "verdict is not Verdict.TOO_FEW and", ""),
    "a source is as sure as it says": (measured, "one.share < least", "False"),
    "just enough is too little": (measured, "one.share < least", "one.share <= least"),
    "the interval's end must be enough": (measured, "one.share < least", "one.interval[0] < least"),
    "how many are enough is fixed": (measured, "one.verdict(smallest)", "one.verdict()"),
    "stated values are measured": (measured, " if source is not Source.STATED}", "}"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    module, old, new = MUTANTS[mutant]
    mutants.assert_caught(sys.modules[__name__], accuracy, old, new, None if module is accuracy else module)
