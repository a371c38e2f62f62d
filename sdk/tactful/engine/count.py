"""Count: the counted contacts of one customer or household, and which caps they have reached.

A reservation counts until it is confirmed or lapses. What is reached is worked out when asked, and kept until the
moment at which it changes. What follows from it is for others to say.
"""

from bisect import insort
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final

from ..clock import NEVER_US, SECOND_US
from ..contacts import Contact
from ..limits import Per
from ..plan.caps import CapPlan
from ..plan.plan import Plan
from .limited import Limited, Reached, State, everything_reached, quieted, reached_wholly, state_of, waiting
from .own import Own, unstated
from .reached import Event, least_room, standing, strength
from .room import CapKey, Counting, Kept, Room, counting_of, shown_id

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
        "_caps",
        "_channels",
        "_counted",
        "_kept",
        "_many",
        "_many_more",
        "_nearest",
        "_pages",
        "_pending",
        "_prune_at",
        "_slack",
        "_states",
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
        self.plan = plan
        self.per: Per = per
        self.own = unstated(plan) if own is None else own
        self.since_us = since_us
        self.lock = Lock()
        self.moved: Counters | None = None
        self._caps = tuple(cap for cap in plan.caps if cap.cap.per == per)
        self._kept: dict[str, Kept] = {}
        self._counted: dict[CapKey, list[Event]] = {}
        #: Those of them that are enough to reach their cap, if all are within the window.
        self._many: dict[CapKey, CapPlan] = {}
        self._states: dict[CapKey, State] = {}
        self._channels: dict[str, Limited] = {}
        self._prune_at, self._many_more = _PRUNE_AT, False
        #: Room that was taken and is not counted yet, as it cannot make any cap reached; and how much it is.
        self._pending: dict[str, tuple[Sequence[Room], int, int]] = {}
        self._waiting = 0
        #: With fewer pages, and fewer exposures, than this no cap can be reached that is not yet.
        self._pages, self._slack, self._nearest = least_room(self._caps, self.own.counts, self._counted)
        for contact in contacts:
            self._take(contact)

    def under(self, plan: Plan, own: Own) -> "Counters":
        """Return the same contacts counted under a plan, by what is the customer's own: here, or where they moved."""
        found = self
        while found.moved is not None or found.plan is not plan or found.own != own:
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
        self._channels = {}
        self._prune(now_us)

    def reserve(self, decision: str, rooms: Sequence[Room], now_us: int, until_us: int) -> None:
        """Count the room that a decision took, slot by slot, until it lapses."""
        self._pending[decision] = (rooms, now_us, until_us)
        self._waiting += len(rooms)
        may_reach = self._waiting >= self._slack or len(self._pending) >= self._pages
        if may_reach or self._waiting > _PENDING_MAX or (self._many and self._add_to_many(rooms)):
            self._count_pending()
            if len(self._kept) > self._prune_at:
                self._prune(now_us)

    def _add_to_many(self, rooms: Sequence[Room]) -> bool:
        """Return whether some rooms count where enough is counted already: then they tell until when it is reached."""
        return not all(room.keys.isdisjoint(self._many) for room in rooms)

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
        counted = self._counted.get(key, ())
        count = self.own.counts[cap.number]
        if strength(cap, counted) + more < count:
            return False
        return standing(cap, counted, now_us) + more >= count

    def _count_pending(self) -> None:
        """Count the room that was taken meanwhile."""
        if self._pending:
            pending, self._pending, self._waiting = self._pending, {}, 0
            for decision, (rooms, at_us, until_us) in pending.items():
                for slot, room in enumerate(rooms):
                    id_ = shown_id(decision, slot)
                    if id_ not in self._kept and self._add(id_, at_us, until_us, room.counting, room):
                        self._channels = {}
            if self._many_more:  # what has enough needs no room any more
                self._many_more = False
                self._pages, self._slack, self._nearest = least_room(self._caps, self.own.counts, self._counted)

    def _take(self, contact: Contact) -> None:
        before = self._kept.get(contact.id)
        if before is not None:
            if before.until_us == NEVER_US or contact.until_us is not None:
                return
            self._remove(contact.id)
        until_us = NEVER_US if contact.until_us is None else contact.until_us
        self._add(contact.id, contact.at_us, until_us, counting_of(self.plan, contact), contact)

    def _add(self, id_: str, at_us: int, until_us: int, counting: tuple[Counting, ...], what: Contact | Room) -> bool:
        """Count an event; return whether a cap may be reached by it."""
        self._kept[id_] = Kept(id_, at_us, until_us, counting, what)
        may_reach = False
        for key, cap, rolling_us in counting:
            if cap.cap.per != self.per:
                continue
            leaves_us = cap.leaves_us(at_us, self.own.zone) if rolling_us is None else at_us + rolling_us
            weight = cap.cap.counted.weight(what.event) if cap.weighted and isinstance(what, Contact) else 1
            event = (at_us, leaves_us, until_us, id_, weight)
            counted = self._counted.get(key)
            if not counted:
                counted = self._counted[key] = [event]
            elif counted[-1] < event:
                counted.append(event)
            else:
                insort(counted, event)
                may_reach = True
            # Fewer events within the window than the cap allows cannot reach it, whatever else there is.
            count = self.own.counts[cap.number]
            left = count - (strength(cap, counted) if cap.weighted else len(counted))
            if left <= 0 and key not in self._many:
                self._many[key] = cap
                self._many_more = True
            if left <= 0 and (cap.weighted or counted[-count][1] > at_us):
                may_reach = True
            if left > 0 and cap.counts_shown:
                self._narrow(cap, left)
            if left < self._nearest and cap.fills:
                self._nearest = left
            self._states.pop(key, None)
        return may_reach

    def _narrow(self, cap: CapPlan, left: int) -> None:
        """Keep that a cap has so much room left for a value."""
        if cap.cap.of != "offer":
            self._slack = min(self._slack, left)
        elif left < self._pages:  # an offer is on a page once
            self._pages = left

    def _remove(self, id_: str) -> None:
        kept = self._kept.pop(id_, None)
        if kept is not None:
            for key, _, _ in kept.counting:
                if key in self._counted:
                    self._states.pop(key, None)
                    self._counted[key] = [one for one in self._counted[key] if one[3] != id_]
                    self._keep_if_many(key)

    def _keep_if_many(self, key: CapKey) -> None:
        """Too few events come to nothing however long one waits."""
        if key in self._many and strength(self._many[key], self._counted[key]) < self.own.counts[key[0]]:
            del self._many[key]

    def _prune(self, now_us: int) -> None:
        """Forget what no window can reach any more, now and then."""
        if len(self._kept) <= self._prune_at:
            return
        oldest = now_us - self.plan.longest_window_us - SLACK_US
        gone = {id_ for id_, kept in self._kept.items() if kept.at_us <= oldest or kept.until_us <= now_us}
        for id_ in gone:
            del self._kept[id_]
        if gone:
            self.since_us = max(self.since_us, oldest)
            self._states = {}
            self._counted = {k: [one for one in c if one[3] not in gone] for k, c in self._counted.items()}
            for key in tuple(self._many):
                self._keep_if_many(key)
            self._pages, self._slack, self._nearest = least_room(self._caps, self.own.counts, self._counted)
        self._prune_at = max(_PRUNE_AT, 2 * len(self._kept))

    def _work_out(self, channel: str, now_us: int) -> Limited:
        self._count_pending()
        if len(self._kept) > _KEPT_MAX:
            return everything_reached(self.plan, channel)
        acting, changes_us = self._counted_out(channel, now_us)
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

    def _counted_out(self, channel: str, now_us: int) -> tuple[list[Reached], int]:
        """Return for which values caps are reached on a channel, and until when that cannot change."""
        found: list[Reached] = []
        changes_us = NEVER_US
        for key, cap in self._many.items():
            if not cap.limits_on(channel, key[1]):
                continue
            state = self._states.get(key)
            if state is None or not state[0] <= now_us < state[2]:
                state = self._states[key] = state_of(cap, key[1], self._counted[key], self.own, now_us)
            changes_us = min(changes_us, state[2])
            if state[1] is not None:
                found.append(state[1])
        return found, changes_us
