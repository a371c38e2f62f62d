"""What the boundaries change: all is decided again as if one guardrail were off, and both are laid side by side."""

from collections import Counter
from collections.abc import Iterator, Sequence

import attrs

from tactful import Policy, Snapshot

from .households import Household, Households
from .journey import moment_of
from .rounds import PLACEMENTS, Progress, shown
from .variants import without

#: So long does the policy let such a purchase be known [days].
_KNOWN_DAYS = 90


def changes(
    policy: Policy, households: Sequence[Household], now_us: int, progress: Progress
) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield for each guardrail on how many decisions, by channel, something else would be shown without it."""
    names = [use.name for use in policy.guardrails]
    kept = list(shown(policy, households, now_us))
    for done, name in enumerate(names, 1):
        loose = shown(without(policy, name), households, now_us)
        changed = Counter(channel for (channel, before), (_, after) in zip(kept, loose, strict=True) if before != after)
        yield name, {channel: changed[channel] for channel in PLACEMENTS}
        progress(done, len(names))


def pregnancy_test(policy: Policy, households: Households, known: Sequence[Household], day: int) -> dict[str, object]:
    """
    Return on how many screens something else is shown because a household bought a pregnancy test.

    Each household that bought one within 90 days is decided for as it is, and as if it had not: with all guardrails,
    and without `boudoir`, so that the comparison can fail.
    """
    bought = [one for one in known if households.bought_test(one.number, day, _KNOWN_DAYS)]
    others = [_without_test(one) for one in bought]
    return {
        "households": len(bought),
        "differ": _differ(policy, bought, others, moment_of(day)),
        "differ_without_boudoir": _differ(without(policy, "boudoir"), bought, others, moment_of(day)),
    }


def _differ(policy: Policy, some: Sequence[Household], others: Sequence[Household], now_us: int) -> dict[str, int]:
    pairs = zip(shown(policy, some, now_us), shown(policy, others, now_us), strict=True)
    differing = Counter(channel for (channel, before), (_, after) in pairs if before != after)
    return {channel: differing[channel] for channel in PLACEMENTS}


def _without_test(one: Household) -> Household:
    """Return a household as if it had not bought the test."""
    snapshot = one.snapshot
    test = attrs.evolve(snapshot.attributes["bought_pregnancy_test"], value=False)
    seen = {**snapshot.attributes, "bought_pregnancy_test": test}
    contacts = tuple(contact for contact in one.contacts if contact.topic != "family_planning")
    return attrs.evolve(one, snapshot=Snapshot(snapshot.customer, snapshot.at_us, seen), contacts=contacts)
