"""Digging too deep: what customers do elsewhere is not ours to know."""

import sys

import attrs
import pytest

from tactful import Familiarity, Observation, PluginError, Source
from tactful.catalog import Catalog
from tactful.policy import PluginUse
from tactful_plugins import digging_too_deep

from . import mutants
from .houses import NOON_US, House, demo, dialled, hidden, named, reasons, shop_with, shown, without

NAME = "digging_too_deep"
ELSEWHERE = shop_with("elsewhere")
#: What everybody has in whom all is true, with the offers that are built on it.
TELLS = {
    "cars": (True, {"car", "whisper"}),
    "motor": (True, {"mats", "seats"}),
    "driver": (True, {"seats"}),
    "commuter": (True, {"pass"}),
    "letters": (("stamps",), {"stamps"}),
    "household": ("house", {"garden"}),
    "symptoms": (True, {"cure"}),
    "audience": (True, {"gown"}),
}
EVERYTHING = {name: value for name, (value, _) in TELLS.items()}
BUILT = set().union(*(offers for _, offers in TELLS.values()), {"tolls"})
EVERYWHERE = ("sister_shop", "mail", "broker", "third-party")
PAGES = ("web.page", "inbox.letter", "kiosk.page", "wall.page")


def alone(**settings):
    return named(ELSEWHERE, NAME, **settings)


ALONE = alone()
SISTER = alone(allow={"offers": ["sister_shop"]})
ALL = alone(allow={"offers": list(EVERYWHERE)})
UNSEEN = without(ALONE, NAME)


def decided(house, place="inbox.letter", profile=None, policy=ALONE):
    return set(shown(house.decide(policy, place, profile=EVERYTHING if profile is None else profile)))


def titled(house, place, policy):
    return {pick.content["title"] for pick in house.decide(policy, place, profile=EVERYTHING).picks}


# The story, and its counter-story.


def test_a_car_that_was_looked_at_elsewhere_is_not_brought_up(house):
    wrong = house.persona(without(demo().policy, NAME), "web.home", "eva")
    right = house.persona(demo().policy, "web.home", "eva")

    assert "car_wash" in shown(wrong)
    assert "car_wash" not in shown(right)
    assert ("cars_elsewhere", "digging_too_deep.offers.outside") in hidden(right)
    assert "What others know of you we did not use." in right.why()


def test_what_was_bought_here_may_select(house):
    assert "thank_regulars" in shown(house.persona(demo().policy, "web.home", "eva"))
    own = {"visits": 9, "tier": "gold", "bought": ("baby",), "favourite": "bread"}
    for place in PAGES:
        assert {"thanks", "tier", "bread"} <= decided(house, place, own)


# Hostile variants.


def test_nothing_that_was_collected_elsewhere_selects_on_any_channel(house):
    for place in PAGES:
        assert decided(house, place, policy=UNSEEN) >= BUILT
        assert not decided(house, place) & BUILT


def test_what_is_computed_from_it_is_of_elsewhere_however_far_round(house):
    for name, (value, offers) in TELLS.items():
        assert offers <= decided(house, profile={name: value}, policy=UNSEEN)
        assert not offers & decided(house, profile={name: value})


def test_a_value_from_elsewhere_does_not_pass_for_our_own(house):
    for seen in (
        Observation("gold", Source.OBSERVED, NOON_US, first_party=False),
        Observation("gold", Source.THIRD_PARTY, NOON_US),
        Observation("gold", Source.STATED, NOON_US, first_party=False),
    ):
        assert "tier" in decided(house, profile={"tier": seen}, policy=UNSEEN)
        for policy in (ALONE, ALL):
            decision = house.decide(policy, "web.page", profile={"tier": seen})
            assert "tier" not in shown(decision)
            assert ("tier", "digging_too_deep.own") in hidden(decision)
    assert "tier" in decided(house, profile={"tier": Observation("gold", Source.STATED, NOON_US)})


def test_what_was_bought_does_not_pass_for_what_a_sister_shop_saw(house):
    seen = Observation(value=True, source=Source.OBSERVED, at_us=NOON_US, first_party=False)
    assert "car" in decided(house, profile={"cars": seen}, policy=SISTER)
    bought = attrs.evolve(seen, source=Source.THIRD_PARTY)
    decision = house.decide(SISTER, "web.page", profile={"cars": bought})
    assert "car" not in shown(decision)
    assert ("cars", "digging_too_deep.unbought") in hidden(decision)


def test_what_is_bought_stays_so_whatever_a_value_says(house):
    seen = Observation(value=True, source=Source.OBSERVED, at_us=NOON_US)
    assert "gown" in decided(house, profile={"audience": seen}, policy=UNSEEN)
    assert "gown" not in decided(house, profile={"audience": seen})


def test_of_something_sensitive_it_keeps_silent(house):
    seen = Observation(value=True, source=Source.OBSERVED, at_us=NOON_US, first_party=False)
    decision = house.decide(without_outside(), "web.page", profile={"test": seen})
    assert ("test", "digging_too_deep.own_sensitive") in hidden(decision)
    assert "others know" not in decision.why()
    gold = attrs.evolve(seen, value="gold")
    ordinary = house.decide(without_outside(), "web.page", profile={"tier": gold})
    assert ("tier", "digging_too_deep.own") in hidden(ordinary)
    assert "others know" in ordinary.why()


def without_outside():
    own = tuple(attrs.evolve(a, collected="", source=Source.OBSERVED) for a in ALONE.attributes)
    return attrs.evolve(ALONE, attributes=own)


# What a policy may allow.


def test_it_is_used_where_and_for_what_it_was_allowed(house):
    assert decided(house, policy=SISTER) & BUILT == {"car", "mats", "seats", "whisper"}  # not for news: tolls
    mail = alone(allow={"offers": "mail", "news": "sister_shop"})
    assert decided(house, policy=mail) & BUILT == {"stamps", "tolls"}
    both = alone(allow={"offers": ["mail", "sister_shop"]})
    assert "pass" in decided(house, policy=both)  # it is made of both
    assert "garden" in decided(house, policy=alone(allow={"offers": ["broker"]}))
    assert "garden" not in decided(house, policy=alone(allow={"offers": ["third-party"]}))  # a broker is named


def test_what_is_sensitive_is_never_allowed(house):
    assert decided(house, policy=ALL) & BUILT == BUILT - {"cure", "gown", "tolls"}
    catalog = Catalog(ELSEWHERE)
    assert catalog.sensitivity("audience") > catalog.sensitivity("household") == catalog.sensitivity("heir")


def test_even_so_it_is_never_told_personally(house):
    for place in PAGES:
        assert any("You looked at cars" in title for title in titled(house, place, without(ALL, NAME)))
        assert not any("You looked at cars" in title for title in titled(house, place, ALL))
        tones = {p.offer: p.tone for p in house.decide(ALL, place, profile=EVERYTHING).picks}
        assert max(tones[offer] for offer in BUILT & set(tones)) is Familiarity.SEGMENT
    decision = house.decide(ALL, "inbox.letter", profile=EVERYTHING)
    assert "digging_too_deep.tone" in reasons(decision, "spoken")
    assert "named" in shown(house.decide(ALL, "inbox.letter", profile={"tier": "gold"}))


def test_our_own_may_be_told_personally(house):
    titles = {p.content["title"] for p in house.decide(ALL, "inbox.letter", profile={"tier": "gold"}).picks}
    assert "Hello, gold" in titles


def first(house, policy):
    """Return what leads, and the tone of the greeting and its basis, for one whose tastes were seen elsewhere."""
    picks = house.decide(policy, "inbox.letter", profile={"tastes": {"pets": 9.0, "home": 9.0}, "tier": "gold"}).picks
    lead = next(pick.offer for pick in picks if pick.offer in ("leash", "bread"))
    return lead, {p.offer: p.basis for p in picks}["named"]


def test_affinities_from_elsewhere_rank_nothing_personal(house):
    ranked = attrs.evolve(ELSEWHERE.ranking, affinity="tastes")
    free, strict, allowed = (attrs.evolve(one, ranking=ranked) for one in (without(ALL, NAME), ALONE, SISTER))
    assert first(house, free)[1] is Familiarity.PERSONAL
    assert first(house, strict) == ("bread", Familiarity.GENERIC)
    assert first(house, allowed) == ("leash", Familiarity.GENERIC)


def test_what_nobody_declared_is_of_nowhere_and_not_allowed(house):
    lost = attrs.evolve(
        ALL,
        attributes=tuple(attrs.evolve(a, derived_from=("gone",)) if a.name == "tier" else a for a in ALL.attributes),
    )
    assert "tier" in decided(house, profile={"tier": "gold"}, policy=without(lost, NAME))
    assert "tier" not in decided(house, profile={"tier": "gold"}, policy=lost)


# Settings, the dial, and the words.


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tone": "personal"}, "tone must be one of generic, context, segment, not 'personal'"),
        ({"allow": "offers"}, "allow must be names by purpose"),
        ({"allow": {"offers": 5}}, "expected a list of texts, not 5"),
        ({"allow": {"offers": [5]}}, "expected a list of texts"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(settings, words):
    with pytest.raises(PluginError, match=words):
        House().guardrail(NAME, **settings)


def test_a_permission_for_what_is_not_there_is_refused(house):
    for allow, words in (
        ({"ofers": ["mail"]}, "there is no purpose 'ofers'"),
        ({"offers": ["male"]}, "nothing is collected at 'male'"),
    ):
        broken = house.registry.rules(PluginUse(NAME, "", {"allow": allow}), Catalog(ELSEWHERE)).broken
        assert words in (broken or "")


DIAL = {"conservative": "context", "balanced": "segment", "bold": "segment"}


def test_the_dial_sets_how_it_may_be_told(house):
    for position, tone in DIAL.items():
        assert house.guardrail(NAME, position).tone == tone
        assert house.guardrail(NAME, position).allow == {}
        told = decided(house, policy=dialled(SISTER, position)) & BUILT
        assert told == ({"seats"} if tone == "context" else {"car", "mats", "seats", "whisper"})


def test_its_sentence_tells_its_settings(house):
    assert house.guardrail(NAME).sentence() == (
        "What customers do elsewhere, and what is bought or computed from that, is not used, without exception."
    )
    allowed = house.guardrail(NAME, allow={"offers": ["mail", "broker"]}, tone="context").sentence()
    assert allowed.endswith("but offers may use mail and broker, which is never told beyond context.")


MUTANTS = {
    "nothing is hidden": ("            if hidden:\n", "            if 0:\n"),
    "it is hidden from all or none": ("Hide(tuple(hidden), (purpose.name,))", "Hide(tuple(hidden))"),
    "one place is enough": ("ordinary and found <=", "ordinary and found &"),
    "all is allowed to whom anything is": ("found <= frozenset(self.allow.get(purpose, ()))", "purpose in self.allow"),
    "the purpose does not matter": ("self.allow.get(purpose, ())", "sum(self.allow.values(), ())"),
    "the sensitive is allowed too": ("return ordinary and found", "return found"),
    "derived is our own": ("catalog.origins(name)", "(name,)"),
    "what is bought is our own": ("elif spec.collected or spec.source is Source.THIRD_PARTY:", "elif spec.collected:"),
    "what a sister shop saw is our own": (
        "elif spec.collected or spec.source is Source.THIRD_PARTY:",
        "elif spec.source is Source.THIRD_PARTY:",
    ),
    "what is bought has no broker": ("found.add(spec.collected or _BOUGHT)", "found.add(_BOUGHT)"),
    "what is lost is our own": ('found.add("")', "pass"),
    "told personally": ("yield Always(UpTo(built, _TONES[self.tone])", "0 and Always(UpTo(built, _TONES[self.tone])"),
    "the tone is ignored": ("_TONES[self.tone]), told", "Familiarity.SEGMENT), told"),
    "all is told so": ("UpTo(built,", "UpTo(catalog.all,"),
    "what selects is told": ("entry.labels.evidence | entry.labels.shows", "entry.labels.shows"),
    "what shows is told": ("entry.labels.evidence | entry.labels.shows", "entry.labels.evidence"),
    "affinities rank": ("if catalog.policy.ranking.affinity in outside:", "if 0:"),
    "affinities rank nothing": ("RankBlind(personal)", "RankBlind(catalog.all)"),
    "a value from elsewhere passes": ("sources=_NOT_BOUGHT, first_party=True", "sources=_NOT_BOUGHT"),
    "a bought value passes": (
        "Require(names, sources=_NOT_BOUGHT, first_party=True)",
        "Require(names, first_party=True)",
    ),
    "bought for seen": ("Require(names, sources=_NOT_BOUGHT), reason", "Require(names), reason"),
    "it tells of the sensitive": ('yield "_sensitive", "", sensitive', 'yield "_sensitive", _SAY, sensitive'),
    "purposes are not checked": ("if purpose not in purposes:", "if 0:"),
    "places are not checked": ("if one not in places:", "if 0:"),
    "the conservative tone": ('{"conservative": {"tone": "context"}}', "{}"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], digging_too_deep, *MUTANTS[mutant])
