"""Counter: what one cap counts for one value of one customer or household. It reads events only once they can matter.

Counting an event takes one subtraction. Which events they are, and when each leaves, is looked up among all that is
kept when they may have become as many as the cap allows.
"""

from bisect import insort
from datetime import tzinfo
from itertools import islice

from ..contacts import Contact
from ..plan.caps import CapPlan
from .limited import State
from .reached import Event
from .room import CapKey, Kept, Room


class Counter:
    """
    What is counted under one cap for one value.

    Attributes:
        key: The cap's number and the value.
        cap: The cap.
        allowed: How many events it allows.
        left: With fewer events than this it cannot be reached, whatever leaves and lapses; 0 or less if it may be now.
        alone: Whether it counts what is shown, for each offer alone.
        fills: Whether picks of one page fill the cap together.
        state: What the events came to when that was last worked out; None if events came since.
    """

    __slots__ = ("_events", "_unread", "allowed", "alone", "cap", "fills", "key", "left", "state")

    def __init__(self, key: CapKey, cap: CapPlan, allowed: int) -> None:
        self.key = key
        self.cap = cap
        self.allowed = self.left = allowed
        self.fills = cap.fills
        self.alone = cap.counts_shown and not cap.fills
        self.state: State | None = None
        self._events: list[Event] = []
        #: So many of what was kept last, of all that counts here, is not among the events yet.
        self._unread = 0

    def count(self, contact: Contact | None) -> int:
        """Count what was kept just now, a contact or an exposure to come; return with how many more it is enough."""
        self._unread += 1
        self.state = None
        self.left -= 1 if contact is None or not self.cap.weighted else max(weight_of(self.cap, contact), 0)
        return self.left

    def discount(self, kept: Kept) -> None:
        """Count no longer what is kept no more."""
        before = len(self._events)
        self._events = [one for one in self._events if one[3] != kept.id]
        self._unread -= before == len(self._events)
        self.state = None
        self.left += max(weight_of(self.cap, kept.what), 0)

    def events(self, kept: dict[str, Kept], zone: tzinfo | None) -> list[Event]:
        """
        Return the events, oldest first.

        Args:
            kept: All that counts, by id, in the order in which it came.
            zone: The customer's time zone, if it is known.
        """
        if self._unread:
            mine = (one for one in reversed(kept.values()) if self.key in one.counting)
            for one in reversed(list(islice(mine, self._unread))):
                event = self._event(one, zone)
                if not self._events or self._events[-1] < event:
                    self._events.append(event)
                else:
                    insort(self._events, event)
            self._unread = 0
        return self._events

    def _event(self, kept: Kept, zone: tzinfo | None) -> Event:
        leaves_us = self.cap.leaves_us(kept.at_us, zone)
        return kept.at_us, leaves_us, kept.until_us, kept.id, weight_of(self.cap, kept.what)


def weight_of(cap: CapPlan, what: Contact | Room) -> int:
    """Return as how many a cap counts what concerns it: an exposure to come, as one."""
    return cap.cap.counted.weight(what.event) if cap.weighted and isinstance(what, Contact) else 1
