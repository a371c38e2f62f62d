"""Counter: what one cap counts for one value of one customer or household. It reads events only once they can matter.

Counting an event takes one subtraction. Which events they are, and when each leaves, is looked up among all that is
kept when they may have become as many as the cap allows.
"""

from bisect import insort
from collections.abc import Mapping
from datetime import tzinfo
from itertools import islice

from ..clock import NEVER_US
from ..contacts import Contact
from ..plan.caps import CapPlan
from .limited import Reached, State, state_of
from .own import Own
from .reached import Event
from .room import CapKey, Kept, Room


class Counter:
    """
    What is counted under one cap for one value. `Counters` counts it down, in its quickest loop.

    Attributes:
        key: The cap's number and the value.
        cap: The cap.
        allowed: How many events it allows.
        left: With fewer events than this it cannot be reached, whatever leaves and lapses; 0 or less if it may be now.
        alone: Whether it counts what is shown, for each offer alone.
        fills: Whether picks of one page fill the cap together.
        state: What the events came to when that was last worked out; None if events came since.
        unread: So many of those that were kept last and count here were not looked at yet.
    """

    __slots__ = ("_events", "allowed", "alone", "cap", "fills", "key", "left", "state", "unread")

    def __init__(self, key: CapKey, cap: CapPlan, allowed: int) -> None:
        self.key = key
        self.cap = cap
        self.allowed = self.left = allowed
        self.fills = cap.fills
        self.alone = cap.counts_shown and not cap.fills
        self.state: State | None = None
        self._events: list[Event] = []
        self.unread = 0

    def most(self, what: Contact | Room) -> int:
        """Return how much nearer to the cap something comes at most: what speaks against it may be gone before."""
        return max(weight_of(self.cap, what), 0)

    def discount(self, kept: Kept) -> None:
        """Count no longer what is kept no more."""
        before = len(self._events)
        self._events = [one for one in self._events if one[3] != kept.id]
        self.unread -= before == len(self._events)
        self.state = None
        self.left += self.most(kept.what)

    def events(self, kept: dict[str, Kept], zone: tzinfo | None) -> list[Event]:
        """
        Return the events, oldest first.

        Args:
            kept: All that counts, by id, in the order in which it came.
            zone: The customer's time zone, if it is known.
        """
        if self.unread:
            cap, found = self.cap, self._events
            mine = (one for one in reversed(kept.values()) if self.key in one.counting)
            for one in reversed(list(islice(mine, self.unread))):
                leaves_us = cap.leaves_us(one.at_us, zone) if cap.rolling_us is None else one.at_us + cap.rolling_us
                event = (one.at_us, leaves_us, one.until_us, one.id, weight_of(cap, one.what))
                if not found or found[-1] < event:
                    found.append(event)
                else:
                    insort(found, event)
            self.unread = 0
        return self._events


def weight_of(cap: CapPlan, what: Contact | Room) -> int:
    """Return as how many a cap counts what concerns it: an exposure to come, as one."""
    return cap.cap.counted.weight(what.event) if cap.weighted and isinstance(what, Contact) else 1


def counted_out(
    many: Mapping[CapKey, Counter], kept: dict[str, Kept], own: Own, channel: str, now_us: int
) -> tuple[list[Reached], int]:
    """
    Return for which values caps are reached on a channel, and until when that cannot change.

    Args:
        many: The counters that may have as many events as their cap allows.
        kept: All that counts, by id, in the order in which it came.
        own: What caps count it by.
        channel: The channel's name.
        now_us: The moment [us since 1970].
    """
    found: list[Reached] = []
    changes_us = NEVER_US
    for (_, value), one in many.items():
        if not one.cap.limits_on(channel, value):
            continue
        state = one.state
        if state is None or not state[0] <= now_us < state[2]:
            events = one.events(kept, own.zone)
            state = one.state = state_of(one.cap, value, events, own, now_us)
        changes_us = min(changes_us, state[2])
        if state[1] is not None:
            found.append(state[1])
    return found, changes_us


def some_unfilled(many: Mapping[CapKey, Counter], channel: str, now_us: int) -> bool:
    """Return whether one that picks of a page fill together is not known to be reached; `counted_out` finds it out."""
    for (_, value), one in many.items():
        state = one.state
        is_reached = state is not None and state[1] is not None and state[0] <= now_us < state[2]
        if one.fills and not is_reached and one.cap.limits_on(channel, value):
            return True
    return False
