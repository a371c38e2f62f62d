"""Reached budgets: which caps are reached for which values, looked at where a count has changed. It counts nothing."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from heapq import heappop, heappush

from ..clock import NEVER_US
from ..plan.caps import CapPlan
from .budget_count import BudgetCount
from .limited import Limited, Reached, reached_wholly, waiting
from .room import CapKey
from .used_up import UsedUp

#: When it may be otherwise whether a cap is reached for a value, without an event [us since 1970]; the cap's number.
_Change = tuple[int, int, str]


class ReachedBudgets:
    """What the budgets that are used up ask of each channel; a moment costs as much as has changed since the last."""

    __slots__ = ("_caps", "_changed", "_changing", "_channels", "_counts", "_due", "_used_up", "_zone")

    def __init__(self, caps: Sequence[CapPlan], counts: Mapping[CapKey, BudgetCount], zone: tzinfo | None) -> None:
        self._caps = caps
        self._counts = counts
        self._zone = zone
        self._used_up = {cap.number: UsedUp(cap) for cap in caps}
        self._channels: dict[str, Limited] = {}
        #: Counts that may be reached, or no longer be reached, since an event; and those that time alone changes, as a
        #: heap and as a set.
        self._changed: set[BudgetCount] = set()
        self._changing: list[_Change] = []
        self._due: set[_Change] = set()

    def note(self, count: BudgetCount) -> None:
        """Note that a count is another; whether its cap is reached is looked at when next asked."""
        if count.left <= 0 or count.used_until_us is not None or count.cap.weighted:
            self._changed.add(count)

    def settle(self, now_us: int) -> Sequence[BudgetCount]:
        """Look at what may be otherwise at a moment; return the counts whose caps are no longer reached."""
        if not self._changed and (not self._changing or self._changing[0][0] > now_us):
            return ()
        while self._changing and self._changing[0][0] <= now_us:
            change = heappop(self._changing)
            self._due.discard(change)
            self._changed.add(self._counts[change[1:]])
        freed = [count for count in self._changed if self._look(count, now_us)]
        self._changed.clear()
        return freed

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what is asked of a channel, as settled: the same until something is."""
        limited = self._channels.get(channel)
        if limited is None:
            limited = self._channels[channel] = self._work_out(channel, now_us)
        return limited

    def _look(self, count: BudgetCount, now_us: int) -> bool:
        """Look whether a cap is reached; return whether it was and is no longer."""
        before_us, until_us = count.used_until_us, count.frees_us(now_us)
        if until_us != before_us:
            count.used_until_us = until_us
            self._channels = {}
            used_up = self._used_up[count.cap.number]
            if until_us is None:
                used_up.drop(count.value)
            else:
                used_up.put(count.value, until_us)
        change = (count.fills_us() if until_us is None else until_us, count.cap.number, count.value)
        if change[0] < NEVER_US and change not in self._due:
            self._due.add(change)
            heappush(self._changing, change)
            self._channels = {}
        return until_us is None and before_us is not None

    def _work_out(self, channel: str, now_us: int) -> Limited:
        parts = []
        alone: list[Reached] = []
        for cap in self._caps:
            here = not cap.cap.channels or channel in cap.cap.channels
            seen = self._used_up[cap.number].seen(channel)
            if seen is not None:
                parts.append(seen)
            if here and not cap.knows_its_clock(self._zone):
                alone += reached_wholly(cap, channel)
            elif here and cap.cap.instead.bits and seen is None:
                alone.append(waiting(cap, NEVER_US))
        changes_us = self._changing[0][0] if self._changing else NEVER_US
        return Limited(alone, now_us, changes_us, tuple(parts))
