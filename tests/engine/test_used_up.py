"""What used-up budgets ask, kept as counts change, is what a loop over all counts says; mistakes are caught."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.differential.mutating import Mutant, mutated

from tactful.authoring import compile_files
from tactful.clock import DAY_US, SECOND_US
from tactful.contacts import Contact
from tactful.engine.budgets import Budgets
from tactful.engine.limited import reached_by, waiting
from tactful.engine.room import room_for, shown_id
from tactful.plan.plan import Plan
from tactful.registry import Registry

HOUR_US = 3_600 * SECOND_US
START_US = 20_000 * DAY_US
POLICY = b"""
values: {zone: UTC}
channels: {web: private, mail: private}
placements: {home: {channel: web, slots: 3}}
topics: {food: {}, bread: {under: food}, toys: {}}
purposes: {offers: consent}
profile: {shop: {all: {owner: crm, purpose: offers}, name: {type: text, say: your name}}}
offers:
  all: {intent: sell, topic: food, purpose: offers}
  a: {treatments: [A]}
  b: {topic: bread, treatments: [B, {title: "{profile.name}'s bread"}]}
  c: {topic: toys, treatments: [C]}
  d: {topic: toys, treatments: [D]}
  e: {treatments: [E]}
caps:
  each: {of: offer, per: everyone, count: 2, within: 2d, exempt: []}
  softer: {of: offer, per: everyone, count: 1, within: 1d, then: downgrade, exempt: []}
  topics: {of: topic, per: everyone, count: 4, within: 1 day, exempt: []}
  by_mail: {of: channel, per: everyone, count: 3, within: 3d, channels: [mail], exempt: []}
  other: {of: topic, per: everyone, count: 5, within: 1d, then: replace, instead: e, exempt: []}
"""
#: What is clicked speaks against this one; how near it is, is not followed.
WEIGHED = b"  weighed: {of: topic, per: everyone, count: 3, within: 3d, weights: {click: -2}, exempt: []}\n"
PLANS = [Plan.build(compile_files({"policy.yaml": text}), Registry.installed()) for text in (POLICY, POLICY + WEIGHED)]
OFFERS = {one.offer.id: one.offer for one in PLANS[0].offers}
CHANNELS = ("web", "mail")
HAPPENING = ("shown", "click", "take", "take", "show", "release", "wait", "wait")
events = st.tuples(
    st.sampled_from(PLANS),
    st.lists(
        st.tuples(
            st.sampled_from(HAPPENING), st.sampled_from(tuple(OFFERS)), st.sampled_from(CHANNELS), st.integers(0, 40)
        ),
        max_size=40,
    ),
)


def recorded(id_, event, offer, channel, at_us):
    return Contact(id_, "", event, at_us, topic=offer.topic, offer=offer.id, channel=channel, intent="sell")


def happen(budgets, number, what, offer, channel, size, now_us):
    """Let one thing happen to budgets, at a moment."""
    id_ = shown_id(f"d{number}", 0, offer.id)
    match what:
        case "shown" | "click":
            budgets.add(recorded(f"r{number}", what, offer, channel, now_us - size * HOUR_US))
        case "take":  # room for longer than some windows
            until_us = now_us + (1 + size) * HOUR_US
            budgets.reserve(f"d{number}", [room_for(budgets.plan, offer, channel)], now_us, until_us)
        case "show":
            for one in [one for one in budgets.reservations() if one.offer == offer.id][:1]:
                budgets.add(recorded(one.id, "shown", offer, channel, now_us))
        case "release":
            budgets.release([one.id for one in budgets.reservations() if one.offer == offer.id][:1] or [id_])


def looped(budgets, channel, now_us):
    """What a loop over all counts says: what each reached cap does, as often as a value of it is reached."""
    found, reached = [], set()
    for cap, value, _, frees_us in budgets.used(now_us):
        if frees_us is not None and cap.limits_on(channel, value):
            found.append(reached_by(cap, value, frees_us))
            reached.add(cap.number)
    for cap in budgets.plan.caps:
        if cap.cap.instead.bits and cap.number not in reached and (not cap.cap.channels or channel in cap.cap.channels):
            found.append(waiting(cap, found and max(one.until_us for one in found)))
    return found


def said(acting):
    """What acts, in an order of its own; when what waits ends is not a moment."""
    return sorted(
        (one.id, one.withheld, one.blind, one.then, "" if "instead" in one.id else one.until_us) for one in acting
    )


def same(plan, happened):
    """Return whether budgets say at each step what a loop says, and what they said before stays as it was."""
    budgets, now_us, before = Budgets(plan), START_US, []
    budgets.find()
    for number, (what, offer, channel, size) in enumerate(happened):
        now_us += size * HOUR_US if what == "wait" else 1
        happen(budgets, number, what, OFFERS[offer], channel, size, now_us)
        if size % 3 == 0 and what != "wait":
            continue  # several things happen before anybody asks
        for page in CHANNELS:
            limited = budgets.limited(page, now_us)
            expected = looped(budgets, page, now_us)
            withheld = blind = 0
            for one in expected:
                withheld |= one.withheld
                blind |= one.blind
            if (limited.withheld, limited.blind) != (withheld, blind):
                return False
            before.append((limited, said(expected)))
        assert len(budgets._reached._due) == len(budgets._reached._changing)
        filled = [cap.cap.count - inside for cap, _, inside, _ in budgets.used(now_us) if cap.fills]
        if budgets.nearest > min((left for left in filled if left > 0), default=budgets.nearest):
            return False
    return all(said(limited.acting) == expected for limited, expected in before)


@settings(max_examples=300, deadline=None)
@given(events)
def test_budgets_say_what_a_loop_over_all_counts_says(happened):
    assert same(*happened)


def life(seed):
    """Forty things that happen under one of the plans, by chance."""
    chance = Random(seed)  # noqa: S311 - no secret
    choices = (HAPPENING, tuple(OFFERS), CHANNELS, range(41))
    return PLANS[seed % 2], [tuple(map(chance.choice, choices)) for _ in range(40)]


#: What speaks against a cap leaves, and nothing else happens.
LEAVES = [("click", "c", "web", 40), *[("shown", "c", "web", 1)] * 4, ("wait", "c", "web", 40)]
LIVES = [*(life(seed) for seed in range(30)), (PLANS[1], LEAVES)]
MUTANTS = [
    ("used_up", "self._withheld &= ~reach.withheld", "pass"),
    ("used_up", "self._blind &= ~reach.blind", "pass"),
    ("used_up", "self._known = False", "pass"),
    ("used_up", "self._cap, self._parts)", "self._cap, ())"),
    ("used_up", "reach.withheld, reach.blind, self._cap, ({channel: until_us},)", "0, 0, self._cap, ()"),
    ("reached_budgets", "count.used_until_us is not None or", ""),
    ("reached_budgets", "or count.cap.weighted", ""),
    ("reached_budgets", "count.fills_us() if until_us is None else until_us", "NEVER_US"),
    ("reached_budgets", "used_up.drop(count.value)", "pass"),
    ("reached_budgets", "self._due.discard(change)", "pass"),
    ("reached_budgets", "and seen is None", ""),
    (
        "budgets",
        "count.reserved -= 1\n                    self._note(count)",
        "count.reserved -= 1",
    ),
    (
        "budgets",
        "for count in self._reached.settle(now_us):\n            self._near(count)",
        "self._reached.settle(now_us)",
    ),
]


def test_they_do_in_the_lives_by_which_mistakes_are_caught():
    assert all(same(*one) for one in LIVES)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1][:60]}")
def test_a_mutant_is_caught(mutant):
    module, right, wrong = mutant
    with mutated(Mutant(f"engine.{module}", right, wrong)):
        assert not all(noticed(*one) for one in LIVES), "nobody noticed"


def noticed(plan, happened):
    try:
        return same(plan, happened)
    except AssertionError:
        return False
