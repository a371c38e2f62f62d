"""Staleness: what was known long ago is not known now, and a clock that was set back makes nothing young."""

import sys

import pytest

from tactful import Familiarity, PluginError, Snapshot
from tactful.clock import DAY_US, SKEW_US
from tactful_plugins import staleness

from . import mutants
from .houses import NOON_US, House, demo, dialled, named, reasons, shop, shown, without

NAME = "staleness"
ALONE = named(shop(), NAME)
MONTH_US = 30 * DAY_US


def decide(house, age_us, policy=ALONE, place="web.page", context=None):
    """Decide for a regular whose snapshot is so old."""
    values = {"visits": 9, "tier": "gold", "scores": {"wine": 9.0}}
    plain = house.edge(policy).decide(place, "ann", profile=values, preview=True)
    observations = plain._moment.customer.snapshot.attributes
    return house.decide(policy, place, "ann", context, profile=Snapshot("ann", NOON_US - age_us, observations))


def is_known(house, age_us, policy=ALONE):
    return {"tier", "thanks"} <= set(shown(decide(house, age_us, policy)))


# The story, and its counter-story.


def test_an_old_profile_says_nothing(house):
    wrong = house.persona(without(demo().policy, NAME), "web.home", "olga")
    right = house.persona(demo().policy, "web.home", "olga")

    assert "thank_regulars" in shown(wrong)
    assert not {"thank_regulars", "gold_lane"} & set(shown(right))
    assert "staleness.old_snapshot" in reasons(right, "thank_regulars")
    assert "What we know of you is old; we did not use it." in right.why()


def test_a_fresh_profile_is_used_and_an_old_one_still_gets_something_good(house):
    assert "thank_regulars" in shown(house.persona(demo().policy, "web.home", "grace"))
    old = decide(house, 10 * MONTH_US, context={"rain": True})
    assert {"bread", "soap", "parcel", "umbrella"} <= set(shown(old))
    assert all(pick.tone <= Familiarity.CONTEXT and pick.basis <= Familiarity.CONTEXT for pick in old.picks)


# Hostile variants.


def test_a_snapshot_is_old_at_thirty_days(house):
    assert is_known(house, MONTH_US - 1)
    assert not is_known(house, MONTH_US)
    assert not is_known(house, 1000 * MONTH_US)


def test_a_snapshot_from_a_time_to_come_is_of_unknown_age(house):
    assert is_known(house, -SKEW_US)
    assert not is_known(house, -SKEW_US - 1)


def test_an_old_snapshot_does_not_even_rank(house):
    def first(age_us):
        return decide(house, age_us, place="inbox.letter").picks[1]

    assert (first(0).offer, first(0).basis) == ("wine", Familiarity.PERSONAL)
    assert (first(MONTH_US).offer, first(MONTH_US).basis) == ("bread", Familiarity.GENERIC)


def test_a_text_that_needs_no_value_takes_the_place_of_one_that_does(house):
    def greeting(age_us):
        return next(pick.content["title"] for pick in decide(house, age_us).picks if pick.offer == "named")

    assert greeting(0) == "Hello, gold"
    assert greeting(MONTH_US) == "Hello"


def test_without_a_snapshot_nothing_is_known_either_way(house):
    decision = house.decide(ALONE, "web.page", "ann")
    assert "bread" in shown(decision)
    assert {"core.missing", "staleness.old_snapshot"} <= reasons(decision, "tier")


def test_it_looks_at_the_snapshot_on_every_channel(house):
    for place in ("web.page", "inbox.letter", "kiosk.page", "wall.page"):
        assert "tier" in shown(decide(house, 0, place=place))
        assert "tier" not in shown(decide(house, MONTH_US, place=place))


# Settings, the dial, and the words.


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "30d", None])
def test_a_wrong_setting_is_refused_in_words(wrong):
    with pytest.raises(PluginError, match="settings: max_age_s must be a whole number of 1 or more, not "):
        House().guardrail(NAME, max_age_s=wrong)


DIAL = {"conservative": 7, "balanced": 30, "bold": 90}


def test_the_dial_sets_how_long_a_snapshot_lasts(house):
    for position, days in DIAL.items():
        assert house.guardrail(NAME, position).max_age_s == days * 86_400
        policy = dialled(ALONE, position)
        assert is_known(house, days * DAY_US - 1, policy)
        assert not is_known(house, days * DAY_US, policy)
    assert not is_known(house, 5_400_000_000, named(shop(), NAME, max_age_s=5_400))


def test_its_words_tell_its_settings(house):
    assert house.guardrail(NAME).sentence() == (
        "What we knew 30 days ago is not used: a customer of old is treated as a visitor."
    )
    assert "90 minutes" in house.guardrail(NAME, max_age_s=5_400).sentence()
    told = [reason.text for loss in decide(house, MONTH_US).explain().of("tier") for reason in loss.reasons]
    assert told == ["the snapshot is 30 days old or older, or of unknown age"]


def test_it_knows_every_offer(house):
    assert house.rules(ALONE, NAME).scope.bits.bit_count() == len(house.edge(ALONE).plan.catalog.entries)


MUTANTS = {
    "it is old a moment later": ("snapshot.at < duration", "snapshot.at <= duration"),
    "what is old is fresh": ("snapshot.at < duration", "snapshot.at > duration"),
    "the setting is ignored": ('duration("{self.max_age_s}s")', 'duration("2592000s")'),
    "consents are looked at": ("now - snapshot.at", "now - consents.at"),
    "segments may select": (
        "UpTo(catalog.all, Familiarity.CONTEXT, Familiarity.CONTEXT)",
        "UpTo(catalog.all, Familiarity.CONTEXT, Familiarity.PERSONAL)",
    ),
    "a segment is context enough": (
        "UpTo(catalog.all, Familiarity.CONTEXT, Familiarity.CONTEXT)",
        "UpTo(catalog.all, Familiarity.SEGMENT, Familiarity.SEGMENT)",
    ),
    "texts may be personal": (
        "UpTo(catalog.all, Familiarity.CONTEXT, Familiarity.CONTEXT)",
        "UpTo(catalog.all, Familiarity.PERSONAL, Familiarity.CONTEXT)",
    ),
    "not even context is left": (
        "UpTo(catalog.all, Familiarity.CONTEXT, Familiarity.CONTEXT)",
        "UpTo(catalog.all, Familiarity.GENERIC, Familiarity.GENERIC)",
    ),
    "selling alone is limited": ("UpTo(catalog.all,", 'UpTo(catalog.intent("sell"),'),
    "the dial does nothing": ('"conservative": {"max_age_s": 7 * DAY_S}', '"conservative": {}'),
    "customers hear nothing of it": ('say="What we know of you is old; we did not use it."', 'say=""'),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], staleness, *MUTANTS[mutant])
