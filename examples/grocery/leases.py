"""What a lease does over the year: for whom what they told of children is still used, and what its end changes.

Who agreed to offers counts alone: of the others nothing is used anyway. Whether a value is used is not worked out here:
tactful says it, by an offer for whoever has one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

import tactful
from tactful import Policy
from tactful.authoring import compile_files, read_files

from .consents import agreed
from .households import Household, Households, spread
from .journey import YEAR_START, date_of, moment_of
from .rounds import Progress, look
from .variants import COUNTING, FOLDER, is_offers, without

#: The days that are looked at: the first of each month.
DAYS: Sequence[int] = tuple((YEAR_START.replace(month=month) - YEAR_START).days for month in range(1, 13))
#: So many households are looked at, at most, so that the demo stays quick.
HOUSEHOLDS = 200
#: What households told, and the policy leases.
LEASED = "kids"
#: The channels on which lapsed households are decided for, with the lease and without.
CHANNELS = ("web", "email")


@attrs.define
class Month:
    """
    What became of what households told us, on one day.

    Attributes:
        day: The day.
        fresh: It is used, and nothing was due for it yet.
        valued: It is used, as something was given for it.
        ended: It is not used any more.
        decisions: Decisions for those for whom it ended.
        changed: How many of them would show something else had it not.
    """

    day: int
    fresh: int = 0
    valued: int = 0
    ended: int = 0
    decisions: int = 0
    changed: int = 0

    def figures(self) -> dict[str, object]:
        """Return it as plain values."""
        return {**attrs.asdict(self), "day": date_of(self.day)}


def months(policy: Policy, households: Households, numbers: Sequence[int], progress: Progress) -> Iterator[Month]:
    """Yield, for each month, what became of what at most `HOUSEHOLDS` of some households told us."""
    told = spread([one for one in numbers if agreed(one, "offers") and households.told(one)], HOUSEHOLDS)
    free = without_leases(policy)
    for done, day in enumerate(DAYS, 1):
        month = Month(day)
        ended = list(_counted(month, policy, [households.as_of(number, day) for number in told]))
        kept, loose = (_slates(one, ended, day) for one in (policy, free))
        month.decisions, month.changed = len(kept), sum(a != b for a, b in zip(kept, loose, strict=True))
        yield month
        progress(done, len(DAYS))


def looked_at(month: Mapping[str, Any]) -> int:
    """Return of how many households something is on record that they told, in the figures of a month."""
    return int(month["fresh"] + month["valued"] + month["ended"])


def without_leases(policy: Policy) -> Policy:
    """Return a policy whose attributes are used as long as they are known."""
    return attrs.evolve(policy, attributes=tuple(attrs.evolve(one, lease_s=None) for one in policy.attributes))


def _counted(month: Month, policy: Policy, told: Sequence[Household]) -> Iterator[Household]:
    """Count for whom it is used, and yield those for whom it is not."""
    asking = attrs.evolve(_asking(), attributes=policy.attributes)
    with tactful.open(asking, clock=lambda: moment_of(month.day)) as edge:
        for one in told:
            decision = edge.decide(COUNTING, one.id, profile=one.snapshot, consents=one.consents, contacts=())
            if not decision.picks:
                month.ended += 1
                yield one
            elif one.snapshot.attributes[LEASED].gave_us is not None:
                month.valued += 1
            else:
                month.fresh += 1


def _asking() -> Policy:
    """Return a policy with one offer, for those of whom what they told is used. No guardrail counts."""
    files = {name: raw for name, raw in read_files(FOLDER).items() if not is_offers(name)}
    offer = f"{{intent: inform, topic: store, purpose: offers, when: has(profile.{LEASED}), treatments: counted}}"
    files["offers.yaml"] = f"offers:\n  told: {offer}\n".encode()
    files["placements.yaml"] = f"placements: {{{COUNTING}: {{channel: email, slots: 1}}}}\n".encode()
    return without(compile_files(files))


def _slates(policy: Policy, households: Sequence[Household], day: int) -> list[tuple[object, ...]]:
    with tactful.open(policy, clock=lambda: moment_of(day)) as edge:
        return [
            tuple((pick.offer, pick.treatment) for pick in look(edge, one, channel).picks)
            for one in households
            for channel in CHANNELS
        ]
