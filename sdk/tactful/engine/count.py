"""Count: which caps a customer's contacts have reached, as sets with the time at which they change.

A reservation counts until it is confirmed or lapses. Unknown contacts reach every cap.
"""

from bisect import insort
from collections.abc import Iterable
from threading import Lock

import attrs

from ..clock import NEVER_US, SECOND_US
from ..contacts import Contact
from ..offers import Offer
from ..plan.caps import CapPlan, contact_values
from ..plan.plan import Plan

#: A counted event: when it was, until when it counts, and its contact's id.
_Counted = tuple[int, int, str]
#: A cap's number and the value that is counted under it.
CapKey = tuple[int, str]
#: A cap's key, so many events that it allows, and its window [us].
Counting = tuple[CapKey, int, int]
#: The event that an exposure is recorded as, and that reservations count as.
SHOWN = "shown"
#: Counters look back further than caps, for a decision that read the clock before they were fetched [us].
SLACK_US = 60 * SECOND_US


class Limited:
    """What caps ask on one channel: treatments withheld, those that no affinity ranks, and the caps reached."""

    __slots__ = ("blind", "reached", "since_us", "until_us", "withheld")

    def __init__(self, withheld: int, blind: int, reached: tuple[CapKey, ...], since_us: int, until_us: int) -> None:
        self.withheld = withheld
        self.blind = blind
        self.reached = reached
        self.since_us = since_us
        self.until_us = until_us


NOTHING = Limited(0, 0, (), -NEVER_US, NEVER_US)


def everything_reached(plan: Plan) -> Limited:
    """Return what caps ask of a customer whose contacts are unknown."""
    withheld = blind = 0
    for cap in plan.caps:
        for reach in cap.reached.values():
            withheld |= reach.withheld
            blind |= reach.blind
    reached = tuple((number, value) for number, cap in enumerate(plan.caps) for value in cap.reached)
    return Limited(withheld, blind, reached, -NEVER_US, NEVER_US)


class Counters:
    """
    The counted contacts of one customer under one plan.

    Attributes:
        plan: The plan whose caps count.
        since_us: All contacts later than this are counted [us since 1970].
        lock: Held while room is looked for and taken.
    """

    __slots__ = ("_channels", "_counted", "_kept", "_prune_at", "lock", "plan", "since_us")

    def __init__(self, plan: Plan, contacts: Iterable[Contact], since_us: int = -NEVER_US) -> None:
        self.plan = plan
        self.since_us = since_us
        self.lock = Lock()
        self._kept: dict[str, _Kept] = {}
        self._counted: dict[CapKey, list[_Counted]] = {}
        self._channels: dict[str, Limited] = {}
        self._prune_at = _PRUNE_AT
        for contact in contacts:
            self._take(contact)

    def under(self, plan: Plan) -> "Counters":
        """Return the same contacts counted under another plan."""
        if plan is self.plan:
            return self
        with self.lock:
            return Counters(plan, [kept.contact() for kept in self._kept.values()], self.since_us)

    def reach_back(self, now_us: int) -> bool:
        """Return whether they count as far back as caps look; those fetched under another plan may not."""
        return self.since_us <= now_us - self.plan.longest_window_us

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what the caps that are reached ask on a channel at a moment."""
        limited = self._channels.get(channel)
        if limited is None or not limited.since_us <= now_us < limited.until_us:
            if not self.reach_back(now_us):
                return everything_reached(self.plan)
            limited = self._channels[channel] = self._work_out(channel, now_us)
        return limited

    def add(self, contacts: Iterable[Contact], now_us: int) -> None:
        """Count more contacts; a second one with an id has no effect, unless the first only took room."""
        for contact in contacts:
            self._take(contact)
        self._channels = {}
        self._prune(now_us)

    def reserve(self, id_: str, room: "Room", now_us: int, until_us: int) -> None:
        """Count room that was taken under an id, until it lapses."""
        if id_ in self._kept:
            return
        if self._add(id_, now_us, until_us, room.counting, room):
            self._channels = {}
        if len(self._kept) > self._prune_at:
            self._prune(now_us)

    def reservations(self, now_us: int) -> list[Contact]:
        """Return the reservations that still count."""
        return [kept.contact() for kept in self._kept.values() if now_us < kept.until_us < NEVER_US]

    def _take(self, contact: Contact) -> None:
        before = self._kept.get(contact.id)
        if before is not None:
            if before.until_us == NEVER_US or contact.until_us is not None:
                return
            self._remove(contact.id)
        until_us = NEVER_US if contact.until_us is None else contact.until_us
        self._add(contact.id, contact.at_us, until_us, counting_of(self.plan, contact), contact)

    def _add(self, id_: str, at_us: int, until_us: int, counting: tuple[Counting, ...], what: "Contact | Room") -> bool:
        """Count an event; return whether a cap may be reached by it."""
        event = (at_us, until_us, id_)
        self._kept[id_] = _Kept(id_, at_us, until_us, counting, what)
        may_reach = False
        for key, count, within_us in counting:
            counted = self._counted.get(key)
            if not counted:
                counted = self._counted[key] = [event]
            elif counted[-1] < event:
                counted.append(event)
            else:
                insort(counted, event)
                may_reach = True
            # Fewer events within the window than the cap allows cannot reach it, whatever else there is.
            if len(counted) >= count and counted[-count][0] > at_us - within_us:
                may_reach = True
        return may_reach

    def _remove(self, id_: str) -> None:
        kept = self._kept.pop(id_, None)
        if kept is not None:
            for key, _, _ in kept.counting:
                self._counted[key] = [one for one in self._counted[key] if one[2] != id_]

    def _prune(self, now_us: int) -> None:
        """Forget what no window can reach any more, now and then."""
        if len(self._kept) <= self._prune_at:
            return
        oldest = now_us - self.plan.longest_window_us - SLACK_US
        gone = {id_ for id_, kept in self._kept.items() if kept.at_us <= oldest or kept.until_us <= now_us}
        for id_ in gone:
            del self._kept[id_]
        if gone:
            self._counted = {k: [one for one in c if one[2] not in gone] for k, c in self._counted.items()}
            self.since_us = max(self.since_us, oldest)
        self._prune_at = max(_PRUNE_AT, 2 * len(self._kept))

    def _work_out(self, channel: str, now_us: int) -> Limited:
        if len(self._kept) > _KEPT_MAX:
            return everything_reached(self.plan)
        withheld = blind = 0
        reached: list[CapKey] = []
        until_us = NEVER_US
        for (number, value), counted in self._counted.items():
            cap = self.plan.caps[number]
            reach = cap.reached.get(value)
            # Too few events, or events that limit no treatment, come to nothing however long one waits.
            if len(counted) < cap.count or reach is None or (cap.cap.of == "channel" and value != channel):
                continue
            is_reached, until = _reached(cap, counted, now_us)
            until_us = min(until_us, until)
            if is_reached:
                withheld |= reach.withheld
                blind |= reach.blind
                reached.append((number, value))
        return Limited(withheld, blind, tuple(sorted(reached)), now_us, until_us)


#: A customer's contacts are looked through for old ones when there are more than this.
_PRUNE_AT = 512
#: A customer with more contacts than this within the windows has reached every cap.
_KEPT_MAX = 20_000


@attrs.frozen(eq=False)
class Room:
    """What showing an offer on a channel counts for, once for all customers."""

    offer: Offer
    channel: str
    counting: tuple[Counting, ...]


@attrs.define(eq=False, repr=False)
class _Kept:
    """A contact or a reservation, with the caps that it counts for."""

    id: str
    at_us: int
    until_us: int
    counting: tuple[Counting, ...]
    what: Contact | Room

    def contact(self) -> Contact:
        """Return it as a contact."""
        what = self.what
        return (
            what if isinstance(what, Contact) else _shown(what.offer, what.channel, self.id, self.at_us, self.until_us)
        )


def counting_of(plan: Plan, contact: Contact) -> tuple[Counting, ...]:
    """Return the caps that a contact counts for."""
    topics = plan.catalog.topics
    return tuple(
        ((number, value), cap.count, cap.within_us)
        for number, cap in enumerate(plan.caps)
        if cap.cap.event == contact.event
        for value in contact_values(topics, contact, cap.cap)
    )


def room_for(plan: Plan, offer: Offer, channel: str) -> Room:
    """Return what showing an offer on a channel counts for."""

    def make() -> Room:
        return Room(offer, channel, counting_of(plan, _shown(offer, channel, "", 0, 0)))

    return plan.once(("room", offer.id, channel), make)


def _shown(offer: Offer, channel: str, id_: str, at_us: int, until_us: int) -> Contact:
    tags, owner = offer.tags, offer.owner
    return Contact(id_, "", SHOWN, at_us, offer.topic, offer.id, "", "", channel, owner, tags, until_us)


def _reached(cap: CapPlan, counted: list[_Counted], now_us: int) -> tuple[bool, int]:
    """Return whether a cap is reached by these events, oldest first, and until when that cannot change."""
    # An event ahead of our clock has happened all the same: it counts from now on.
    past = [at_us for at_us, ends_us, _ in counted if ends_us > now_us]
    until_us = min([NEVER_US, *(ends_us for _, ends_us, _ in counted if ends_us > now_us)])
    for at_us in past:
        if at_us + cap.within_us > now_us:
            until_us = min(until_us, at_us + cap.within_us)
    count = cap.count
    inside = sum(1 for at_us in past if at_us > now_us - cap.within_us)
    if inside >= count:
        return True, until_us
    if cap.suppress_us:
        for last in range(len(past) - 1, count - 2, -1):
            if past[last - count + 1] > past[last] - cap.within_us:
                ends_us = past[last] + cap.suppress_us
                return (True, min(until_us, ends_us)) if now_us < ends_us else (False, until_us)
    return False, until_us
