"""Figures of a replay: which decisions change, by what, and how often customers are reached."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from .decision_log import LoggedDecision
from .replaying import Replayed

_EXAMPLES_MAX: Final = 20
#: How often a customer was reached, from a number to another.
BINS: Final[Sequence[tuple[int, int]]] = ((0, 0), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, 2**62))


@attrs.define
class Turn:
    """How many decisions there were, and how many of them show something else."""

    decisions: int = 0
    changed: int = 0

    def count(self, *, changed: bool) -> None:
        """Count one."""
        self.decisions += 1
        self.changed += changed


@attrs.define
class Figures:
    """
    What a replay came to.

    Attributes:
        repeated: Decisions by the policy of then.
        differing: The first of those that came out differently: id, and what differs.
        different: How many came out differently.
        again: Decisions by another policy, and how many of them changed.
        unlinked: Decisions whose customer was erased.
        without: Decisions of which there is no evidence, or not any more.
        damaged: Decisions whose evidence cannot be read.
        boundaries: By guardrail, in how many changed decisions it keeps something else away than it did.
        segments: By segment.
        channels: By channel.
        offers: By offer, in how many slots it was before and is after.
        reached: By channel and "all", how often each customer was reached: before, and after.
    """

    repeated: int = 0
    differing: list[tuple[str, tuple[str, ...]]] = attrs.field(factory=list)
    different: int = 0
    again: Turn = attrs.field(factory=Turn)
    unlinked: int = 0
    without: int = 0
    damaged: int = 0
    boundaries: Counter[str] = attrs.field(factory=Counter)
    segments: dict[str, Turn] = attrs.field(factory=dict)
    _members: dict[str, set[bytes]] = attrs.field(factory=dict)
    channels: dict[str, Turn] = attrs.field(factory=dict)
    offers: dict[str, list[int]] = attrs.field(factory=dict)
    reached: dict[str, dict[bytes, list[int]]] = attrs.field(factory=dict)

    def count(self, one: Replayed) -> None:
        """Count what became of a decision."""
        if one.after is None:
            self.unlinked += one.before.unlinked
            self.damaged += one.damaged
            self.without += not one.before.unlinked and not one.damaged
        elif one.repeats:
            self.repeated += 1
            if one.differs:
                self.different += 1
                self.differing += [(one.before.id, one.differs)][: _EXAMPLES_MAX - len(self.differing)]
        else:
            self._compare(one, one.after)

    def _compare(self, one: Replayed, after: LoggedDecision) -> None:
        before = one.before
        self.again.count(changed=one.changed)
        self.channels.setdefault(before.channel, Turn()).count(changed=one.changed)
        for segment in one.segments:
            self.segments.setdefault(segment, Turn()).count(changed=one.changed)
            self._members.setdefault(segment, set()).add(before.who)
        if one.changed:
            self.boundaries.update(_boundaries(before, after, one.held))
        for turn, record in enumerate((before, after)):
            for pick in record.picks:
                self.offers.setdefault(pick.offer, [0, 0])[turn] += 1
            if before.who:
                for name in ("all", before.channel):
                    self.reached.setdefault(name, {}).setdefault(before.who, [0, 0])[turn] += bool(record.picks)

    def large_segments(self, least: int) -> Mapping[str, Turn]:
        """Return the segments with at least so many customers: of a smaller one, a figure would tell of its members."""
        return {name: turn for name, turn in self.segments.items() if len(self._members[name]) >= least}

    def frequencies(self, channel: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return how many customers were reached how often on a channel, before and after, in `BINS`."""
        times = self.reached.get(channel, {}).values()
        before, after = (binned(pair[turn] for pair in times) for turn in (0, 1))
        return before, after

    def mean(self, channel: str, turn: int) -> float:
        """Return how often a customer was reached on a channel on average, before (0) or after (1)."""
        times = [pair[turn] for pair in self.reached.get(channel, {}).values()]
        return sum(times) / len(times) if times else 0.0


def binned(times: Iterable[int]) -> Sequence[int]:
    """
    Return how many numbers there are in each of `BINS`.

    >>> binned([0, 0, 4, 100])
    [2, 0, 0, 1, 0, 0, 1]
    """
    counts = Counter(times)
    return [sum(count for number, count in counts.items() if low <= number <= high) for low, high in BINS]


def bin_name(low: int, high: int) -> str:
    """
    Return a bin in words.

    >>> bin_name(0, 0), bin_name(3, 5), bin_name(21, 2**62)
    ('never', '3 to 5', '21 or more')
    """
    if low == high:
        return "never" if low == 0 else str(low)
    return f"{low} or more" if high == BINS[-1][1] else f"{low} to {high}"


def _boundaries(before: LoggedDecision, after: LoggedDecision, held: Sequence[str]) -> set[str]:
    """Return the guardrails that keep something else away than they did; if none does, what else there is."""
    counts: dict[str, list[int]] = {}
    for turn, record in enumerate((before, after)):
        for limit, count in record.limits:
            guardrail = limit.partition(".")[0]
            counts.setdefault(guardrail, [0, 0])[turn] += count
    changed = {name for name, pair in counts.items() if pair[0] != pair[1]}
    return changed | {limit.partition(".")[0] for limit in held} or {"offers, rules or ranking"}
