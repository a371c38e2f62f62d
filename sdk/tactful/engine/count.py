"""Count: which caps a customer's contacts have reached. Sets with the time at which they change; history is not scanned.

A reservation counts until it is confirmed or lapses. Unknown contacts reach every cap.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable
from threading import Lock

from ..clock import NEVER_US
from ..contacts import Contact
from ..plan.caps import CapPlan, contact_values
from ..plan.plan import Plan

#: A counted event: when it was, until when it counts, and its contact's id.
_Counted = tuple[int, int, str]
#: A cap's number and the value that is counted under it.
_Key = tuple[int, str]


class Limited:
    """What caps ask on one channel: treatments withheld, those that no affinity ranks, caps reached and for which value."""

    __slots__ = ("blind", "reached", "since_us", "until_us", "withheld")

    def __init__(
        self, withheld: int, blind: int, reached: tuple[tuple[int, str], ...], since_us: int, until_us: int
    ) -> None:
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
        lock: Held while room is looked for and taken.
    """

    __slots__ = ("_channels", "_contacts", "_counted", "_keys", "lock", "plan")

    def __init__(self, plan: Plan, contacts: Iterable[Contact]) -> None:
        self.plan = plan
        self.lock = Lock()
        self._contacts: dict[str, Contact] = {}
        self._counted: dict[_Key, list[_Counted]] = {}
        self._channels: dict[str, Limited] = {}
        self._keys: dict[object, tuple[_Key, ...]] = {}
        for contact in contacts:
            self._add(contact, self.keys(contact))

    def under(self, plan: Plan) -> "Counters":
        """Return the same contacts counted under another plan."""
        return self if plan is self.plan else Counters(plan, self._contacts.values())

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what the caps that are reached ask on a channel at a moment."""
        kept = self._channels.get(channel)
        if kept is None or not kept.since_us <= now_us < kept.until_us:
            kept = self._channels[channel] = self._work_out(channel, now_us)
        return kept

    def add(self, contacts: Iterable[Contact], now_us: int) -> None:
        """Count more contacts; one whose id is there replaces it. What no window can reach any more is forgotten."""
        for contact in contacts:
            known = self._contacts.get(contact.id)
            if known is not None:
                self._remove(known)
            keys = self.keys(contact)
            self._add(contact, keys)
            if known is not None or self._may_reach(keys, now_us):
                self._channels = {}
        if len(self._contacts) > _PRUNE_AT:
            self._prune(now_us)

    def reservations(self, now_us: int) -> list[Contact]:
        """Return the reservations that still count."""
        return [c for c in self._contacts.values() if c.until_us is not None and c.until_us > now_us]

    def discard(self, ids: Iterable[str]) -> None:
        """Forget reservations that are not wanted any more."""
        for id_ in ids:
            if (known := self._contacts.get(id_)) is not None:
                self._remove(known)
                self._channels = {}

    def _may_reach(self, keys: Iterable[_Key], now_us: int) -> bool:
        """Return whether the newest events of these keys may have changed what is reached."""
        for key in keys:
            cap = self.plan.caps[key[0]]
            counted = self._counted[key]
            inside = len(counted) - bisect_right(counted, (now_us - cap.within_us, NEVER_US, ""))
            if inside >= cap.cap.count or counted[-1][0] > now_us:
                return True
        return False

    def _add(self, contact: Contact, keys: Iterable[_Key]) -> None:
        self._contacts[contact.id] = contact
        event = (contact.at_us, NEVER_US if contact.until_us is None else contact.until_us, contact.id)
        for key in keys:
            counted = self._counted.setdefault(key, [])
            if counted and counted[-1] > event:
                insort(counted, event)
            else:
                counted.append(event)

    def _remove(self, contact: Contact) -> None:
        del self._contacts[contact.id]
        for key in self.keys(contact):
            self._counted[key] = [one for one in self._counted[key] if one[2] != contact.id]

    def keys(self, contact: Contact) -> tuple[_Key, ...]:
        """Return the caps that a contact counts for, each with the value that it counts under."""
        about = (contact.event, contact.offer, contact.topic, contact.owner, contact.channel, contact.tags)
        keys = self._keys.get(about)
        if keys is None:
            topics = self.plan.catalog.topics
            keys = tuple(
                (number, value)
                for number, cap in enumerate(self.plan.caps)
                if cap.cap.event == contact.event
                for value in contact_values(topics, contact, cap.cap.of)
            )
            self._keys[about] = keys
        return keys

    def _prune(self, now_us: int) -> None:
        oldest = now_us - self.plan.longest_window_us
        for contact in [c for c in self._contacts.values() if c.at_us <= oldest or (c.until_us or NEVER_US) <= now_us]:
            self._remove(contact)

    def _work_out(self, channel: str, now_us: int) -> Limited:
        withheld = blind = 0
        reached: list[tuple[int, str]] = []
        until_us = NEVER_US
        for (number, value), counted in self._counted.items():
            cap = self.plan.caps[number]
            if not counted or (cap.cap.of == "channel" and value != channel):
                continue
            is_reached, until = _reached(cap, counted, now_us)
            until_us = min(until_us, until)
            reach = cap.reached.get(value)
            if is_reached and reach is not None:
                withheld |= reach.withheld
                blind |= reach.blind
                reached.append((number, value))
        return Limited(withheld, blind, tuple(sorted(reached)), now_us, until_us)


#: A customer's contacts are looked through for old ones when there are more than this.
_PRUNE_AT = 512


def _reached(cap: CapPlan, counted: list[_Counted], now_us: int) -> tuple[bool, int]:
    """Return whether a cap is reached by these events, oldest first, and until when that cannot change."""
    until_us = NEVER_US
    past: list[int] = []
    for at_us, ends_us, _ in counted:
        if at_us > now_us:
            until_us = min(until_us, at_us)
        elif ends_us > now_us:
            past.append(at_us)
            until_us = min(until_us, ends_us)
    for at_us in past:
        if at_us + cap.within_us > now_us:
            until_us = min(until_us, at_us + cap.within_us)
    count = cap.cap.count
    inside = sum(1 for at_us in past if at_us > now_us - cap.within_us)
    if inside >= count:
        return True, until_us
    if cap.suppress_us:
        for last in range(len(past) - 1, count - 2, -1):
            if past[last - count + 1] > past[last] - cap.within_us:
                ends_us = past[last] + cap.suppress_us
                return (True, min(until_us, ends_us)) if now_us < ends_us else (False, until_us)
    return False, until_us
