"""Count: the counted contacts of one customer or household, and which caps they have reached.

A reservation counts until it is confirmed or lapses. What is reached is worked out when asked, and kept until the
moment at which it changes. What follows from it is for others to say.
"""

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final

from ..clock import NEVER_US, SECOND_US
from ..contacts import Contact
from ..limits import Per
from ..plan.caps import CapPlan
from ..plan.plan import Plan
from .counter import Counter, counted_out, some_unfilled
from .limited import Limited, everything_reached, quieted, reached_wholly, waiting
from .own import Own, unstated
from .reached import least_room, standing
from .room import CapKey, Counting, Kept, Room, counting_of

#: Counters look back further than caps, for a decision that read the clock before they were fetched [us].
SLACK_US: Final = 60 * SECOND_US
#: Contacts are looked through for old ones when there are more than this.
_PRUNE_AT: Final = 512
_PENDING_MAX: Final = 11
#: Who has more contacts than this within the windows has reached every cap.
_KEPT_MAX: Final = 20_000


class Counters:
    """
    The counted contacts of one customer, or one household, under one plan.

    Attributes:
        plan: The plan whose caps count.
        per: Whose contacts they are: the caps of the others do not count them.
        own: What caps count them by.
        since_us: All contacts later than this are counted [us since 1970].
        lock: Held while room is looked for and taken.
        moved: Where they are counted instead, under another plan; None if here. It is set under the lock, once.
    """

    __slots__ = (
        "_by_room",
        "_caps",
        "_channels",
        "_counters",
        "_kept",
        "_many",
        "_nearest",
        "_pages",
        "_pending",
        "_prune_at",
        "_room_seen",
        "_slack",
        "_waiting",
        "lock",
        "moved",
        "own",
        "per",
        "plan",
        "since_us",
    )

    def __init__(
        self,
        plan: Plan,
        contacts: Iterable[Contact],
        per: Per = "customer",
        own: Own | None = None,
        since_us: int = -NEVER_US,
    ) -> None:
        self.plan, self.since_us, self.lock = plan, since_us, Lock()
        self.per: Per = per
        self.own = unstated(plan) if own is None else own
        self.moved: Counters | None = None
        self._caps = tuple(cap for cap in plan.caps if cap.cap.per == per)
        #: All that counts, in the order in which it came.
        self._kept: dict[str, Kept] = {}
        self._counters: dict[CapKey, Counter] = {}
        #: Those of them that have enough to reach their cap, if all of it is within the window.
        self._many: dict[CapKey, Counter] = {}
        #: What showing an offer counts for here.
        self._by_room: dict[Room, tuple[Counter, ...]] = {}
        self._channels: dict[str, Limited] = {}
        self._prune_at, self._room_seen = _PRUNE_AT, False
        #: Room that was taken and is not counted yet, as it cannot make any cap reached; and how much it is.
        self._pending: list[tuple[str, Sequence[Room], int, int]] = []
        self._waiting = 0
        #: With fewer pages, and fewer exposures, than this no cap can be reached that is not yet.
        self._pages = self._slack = self._nearest = NEVER_US
        for contact in contacts:
            self._take(contact)
        self._see_room()

    def under(self, plan: Plan, own: Own) -> "Counters":
        """Return the same contacts counted under a plan, by what is the customer's own: here, or where they moved."""
        found = self
        while found.moved is not None or found.plan is not plan or (found.own is not own and found.own != own):
            found = found.moved or found._move(plan, own)
        return found

    def _move(self, plan: Plan, own: Own) -> "Counters":
        with self.lock:
            if self.moved is None:
                self._count_pending()
                contacts = [kept.contact() for kept in self._kept.values()]
                self.moved = Counters(plan, contacts, self.per, own, self.since_us)
            return self.moved

    def reach_back(self, now_us: int) -> bool:
        """Return whether they count as far back as caps look; those fetched under another plan may not."""
        return self.since_us <= now_us - self.plan.longest_window_us

    @property
    def nearest(self) -> int:
        """No cap that the picks of a page fill together has less room left than this."""
        return self._nearest - self._waiting

    def may_fill(self, channel: str, slots: int, now_us: int) -> bool:
        """Return whether picks of a page can fill a cap; one that is reached, as `limited` found, is filled already."""
        return self._slack - self._waiting <= slots or some_unfilled(self._many, channel, now_us)

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what the caps that are reached, and quiet hours, ask on a channel at a moment."""
        limited = self._channels.get(channel)
        if limited is None or not limited.since_us <= now_us < limited.until_us:
            if not self.reach_back(now_us):
                return everything_reached(self.plan, channel, (self.per,))
            limited = self._channels[channel] = self._work_out(channel, now_us)
        return limited

    def add(self, contacts: Iterable[Contact], now_us: int) -> None:
        """Count more contacts; a second one with an id has no effect, unless the first only took room."""
        self._count_pending()
        for contact in contacts:
            self._take(contact)
        self._see_room()
        self._channels = {}
        self._prune(now_us)

    def reserve(self, decision: str, rooms: Sequence[Room], now_us: int, until_us: int) -> None:
        """Count the room that a decision took, slot by slot, until it lapses."""
        self._pending.append((decision, rooms, now_us, until_us))
        self._waiting += len(rooms)
        may_reach = self._waiting >= self._slack or len(self._pending) >= self._pages
        many = self._many.keys()  # what comes to those tells until when they are reached
        if may_reach or (many and not all(many.isdisjoint(room.counting) for room in rooms)):
            self._channels = {}  # whoever asks next has it counted
        if self._waiting > _PENDING_MAX:
            self._count_pending()
            self._prune(now_us)

    def release(self, ids: Iterable[str]) -> None:
        """Let go of room that was taken, by ids of exposures; what was recorded stays."""
        self._count_pending()
        for id_ in [one for one in ids if one in self._kept and self._kept[one].until_us < NEVER_US]:
            self._remove(id_)
        self._see_room()
        self._channels = {}

    def reservations(self, now_us: int) -> list[Contact]:
        """Return the reservations that still count."""
        self._count_pending()
        return [kept.contact() for kept in self._kept.values() if now_us < kept.until_us < NEVER_US]

    def kept(self) -> tuple[tuple[Kept, ...], int]:
        """Return all that counts, each of which tells its contact; and since when that is all [us since 1970]."""
        self._count_pending()
        return tuple(self._kept.values()), self.since_us

    def full(self, key: CapKey, cap: CapPlan, more: int, now_us: int) -> bool:
        """Return whether a cap would be reached for a value with so many more events at a moment."""
        self._count_pending()
        one = self._counters.get(key)
        if one is None:
            return more >= self.own.counts[cap.number]
        return more >= one.left and standing(cap, one.events(self._kept, self.own.zone), now_us) + more >= one.allowed

    def _count_pending(self) -> None:
        """Count the room that was taken meanwhile."""
        if self._pending:
            pending, self._pending, self._waiting = self._pending, [], 0
            kept, shown = self._kept, dict[Room, int]()  # mostly a few offers several times
            for decision, rooms, at_us, until_us in pending:
                for slot, room in enumerate(rooms):
                    id_ = f"{decision}/{slot}/{room.end_of_id}"  # `shown_id`
                    if id_ not in kept:
                        kept[id_] = Kept(id_, at_us, until_us, room.counting, room)
                        shown[room] = shown.get(room, 0) + 1
            for room, times in shown.items():
                known = self._by_room.get(room)
                self._count(known or self._by_room.setdefault(room, self._counters_of(room.counting)), times)
            self._see_room()

    def _count(self, counters: tuple[Counter, ...], times: int = 1, contact: Contact | None = None) -> None:
        """Count what was kept last, a contact or so many exposures to come, and note how much room that leaves."""
        for one in counters:
            one.unread += times
            one.state = None
            left = one.left = one.left - (times if contact is None else one.most(contact))
            if left <= 0:
                self._note_enough(one)
            elif one.alone and left < self._pages:  # an offer is on a page once
                self._pages = left
            elif one.fills and left < self._slack:
                self._slack = left
            if one.fills and left < self._nearest:
                self._nearest = left

    def _counters_of(self, counting: Counting) -> tuple[Counter, ...]:
        """Return the counters of what an event counts for; those that are not there yet are made."""
        found = []
        for key, cap in counting.items():
            if cap.cap.per == self.per:
                if key not in self._counters:
                    self._counters[key] = Counter(key, cap, self.own.counts[cap.number])
                found.append(self._counters[key])
        return tuple(found)

    def _note_enough(self, one: Counter) -> None:
        """Note that a cap may be reached for a value: fewer events than it allows cannot, whatever else there is."""
        self._channels = {}
        if one.key not in self._many:
            self._many[one.key] = one
            self._room_seen = False

    def _see_room(self) -> None:
        """Look how much room is left; what has enough needs none any more."""
        if not self._room_seen:
            self._room_seen = True
            self._pages, self._slack, self._nearest = least_room(self._caps, self.own.counts, self._counters.values())

    def _take(self, contact: Contact) -> None:
        before = self._kept.get(contact.id)
        if before is not None:
            if before.until_us == NEVER_US or contact.until_us is not None:
                return
            self._remove(contact.id)
        until_us = NEVER_US if contact.until_us is None else contact.until_us
        counting = counting_of(self.plan, contact)
        self._kept[contact.id] = Kept(contact.id, contact.at_us, until_us, counting, contact)
        self._count(self._counters_of(counting), contact=contact)

    def _remove(self, id_: str) -> None:
        kept = self._kept.pop(id_)
        for one in self._counters_of(kept.counting):
            one.discount(kept)
            if one.left > 0 and one.key in self._many:
                del self._many[one.key]
                self._room_seen = False

    def _prune(self, now_us: int) -> None:
        """Forget what no window can reach any more, now and then."""
        if len(self._kept) <= self._prune_at:
            return
        oldest = now_us - self.plan.longest_window_us - SLACK_US
        left = {id_: one for id_, one in self._kept.items() if one.at_us > oldest and one.until_us > now_us}
        if len(left) < len(self._kept):
            self.since_us = max(self.since_us, oldest)
            self._kept, self._counters, self._many, self._by_room = left, {}, {}, {}
            for kept in left.values():
                contact = kept.what if isinstance(kept.what, Contact) else None
                self._count(self._counters_of(kept.counting), contact=contact)
            self._room_seen = False
            self._see_room()
        self._prune_at = max(_PRUNE_AT, 2 * len(self._kept))

    def _work_out(self, channel: str, now_us: int) -> Limited:
        self._count_pending()
        if len(self._kept) > _KEPT_MAX:
            return everything_reached(self.plan, channel)
        acting, changes_us = counted_out(self._many, self._kept, self.own, channel, now_us)
        reached = {one.id for one in acting}
        for cap in self._caps:
            here = not cap.cap.channels or channel in cap.cap.channels
            if here and not cap.knows_its_clock(self.own.zone):
                acting += reached_wholly(cap, channel)
            elif here and not self.own.counts[cap.number]:
                acting += reached_wholly(cap, channel, wished=True)
            elif here and cap.cap.instead.bits and cap.id not in reached:
                acting.append(waiting(cap, changes_us))
        if self.per == "customer":
            hushed, until_us = quieted(self.plan, channel, now_us, self.own.zone)
            acting += hushed
            changes_us = min(changes_us, until_us)
        return Limited(acting, now_us, changes_us)
