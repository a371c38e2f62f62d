"""Strict: the room that this edge holds at the centre under strict caps. A cap without room in hand is reached here.

A decision takes a unit that is in hand and asks nobody. One thread reserves more, and confirms what was shown; it
starts with the first question and sleeps between questions. What is neither used nor given back lapses at the centre.
"""

import logging
import queue
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import tzinfo
from itertools import groupby, islice
from threading import Lock, Thread
from typing import Final, cast

from cachetools import FIFOCache

from ..bitset import indices_of
from ..clock import NEVER_US, SECOND_US, Clock
from ..limits import Per
from ..plan.caps import CapPlan
from ..plan.plan import Plan
from ..ports import StrictCaps
from ..strict import Ask
from .confirming import Confirming
from .in_hand import InHand, reached_without
from .limited import Limited
from .questions import emptied
from .room import CapKey, Room

_log = logging.getLogger("tactful")
_QUESTIONS_MAX: Final = 4096
_ASKS_MAX: Final = 1000
_AGAIN_US: Final = SECOND_US
_RETRY_S: Final = 1.0
#: Under a cap for everyone, an edge keeps so large a part of it in hand.
_SHARE: Final = 64
#: For whom caps count, in the order in which locks are taken.
_PER: Final[tuple[Per, ...]] = ("customer", "household", "everyone")
_Asking = Callable[["Strict", Sequence[Ask]], None]  # has more room reserved, now or soon


class Strict:
    """
    The room in hand for one customer, household, or for everyone, under one plan.

    Attributes:
        plan: The plan whose caps count.
        per: For whom they count.
        subject: The customer's id, the household's key, or an empty text.
        lock: Held while room is looked for and taken.
        nearest: How little room may be left, of which no track is kept; much if no picks fill a cap together.
        asking: Whether a question for more waits to be answered.
    """

    __slots__ = (
        "_ask",
        "_caps",
        "_channels",
        "_held",
        "_hold_us",
        "_slots",
        "asking",
        "lock",
        "nearest",
        "per",
        "plan",
        "subject",
        "zone",
    )

    def __init__(self, plan: Plan, per: Per, subject: str, zone: tzinfo | None, ask: _Asking) -> None:
        self.plan = plan
        self.per: Per = per
        self.subject = subject
        self.zone = zone
        self.lock = Lock()
        self.asking = False
        self._ask = ask
        self._hold_us = plan.policy.values.reserve_s * SECOND_US
        self._slots = max((placement.slots for placement in plan.policy.placements), default=1)
        self._caps = tuple(cap for cap in plan.caps if cap.cap.strict and cap.cap.per == per)
        self.nearest = 0 if any(cap.fills for cap in self._caps) else NEVER_US
        self._held = InHand({cap.number: self._target(cap) for cap in self._caps}, self._caps)
        self._channels: dict[str, Limited] = {}

    def reach_back(self, now_us: int) -> bool:  # noqa: ARG002 - as the others
        """Return True: the centre counts."""
        return True

    def limited(self, channel: str, now_us: int) -> Limited:
        """Return what is withheld on a channel for want of room in hand; more is asked for."""
        limited = self._channels.get(channel)
        if limited is None or not limited.since_us <= now_us < limited.until_us:
            if lacking := self.lacking(now_us, channel):
                self._ask(self, lacking)
            limited = self._channels[channel] = self._work_out(channel, now_us)
        return limited

    def full(self, key: CapKey, cap: CapPlan, more: int, now_us: int) -> bool:
        """Return whether the room in hand is used up with so many more exposures at a moment."""
        self._held.lapse(now_us)
        return cap.cap.strict and self._held.of(key) <= more

    def in_hand(self, now_us: int) -> Iterator[tuple[CapPlan, str, int]]:
        """Yield what is in hand at a moment: the cap, the value, how many units."""
        self._held.lapse(now_us)
        caps = {cap.number: cap for cap in self._caps}
        yield from ((caps[key[0]], key[1], self._held.of(key)) for key in self._held.keys())  # noqa: SIM118 - no mapping

    def take(self, room: Room, now_us: int) -> tuple[str, ...]:
        """Take what showing an offer needs out of what is in hand; return the units."""
        self._held.lapse(now_us)
        mine = (key for key, cap in room.counting.items() if cap.cap.strict and cap.cap.per == self.per)
        taken = [unit for key in mine if (unit := self._held.take(key)) is not None]
        if taken:
            self._channels = {}
        return tuple(taken)

    def lacking(self, now_us: int, channel: str | None = None) -> list[Ask]:
        """Return what to ask for, so that a page can be filled; on one channel, or on all."""
        self._held.lapse(now_us)
        found: list[Ask] = []
        for cap in self._caps:
            if cap.knows_its_clock(self.zone):
                target, counts_us = self._target(cap), cap.leaves_us(now_us, self.zone) - now_us
                for value in islice(self._short(cap, target, channel), _ASKS_MAX - len(found)):
                    more = target - self._held.of((cap.number, value))
                    about = (cap.id, value, self.per, self.subject)
                    found.append(Ask(*about, cap.cap.count, more, counts_us, 2 * self._hold_us))
        return found

    def _target(self, cap: CapPlan) -> int:
        """Return how many units are wanted for each value of a cap."""
        wanted = self._slots if cap.fills else 1  # an offer stands on a page once
        if self.per == "everyone":
            wanted = max(wanted, cap.cap.count // _SHARE)
        return min(wanted, cap.cap.count)

    def _short(self, cap: CapPlan, target: int, channel: str | None) -> Iterator[str]:
        """Yield the values of a cap of which less than half of what is wanted is in hand; on one channel, or on all."""
        if cap.wholly is None:
            values = (value for value in cap.reached if channel is None or cap.limits_on(channel, value))
            yield from (value for value in values if 2 * self._held.of((cap.number, value)) < target)
        elif channel is None or cap.limits_on(channel, ""):
            entries = self.plan.catalog.entries
            offers = (entries[at].offer.id for at in indices_of(cap.cap.scope.bits & ~self._held.enough(cap)))
            yield from (offer for offer, _ in groupby(offers))

    def take_in(self, asks: Sequence[Ask], given: Sequence[Sequence[str]], now_us: int) -> None:
        """Hold what was given; a unit is taken only while its exposure can still be confirmed in time."""
        numbers = {cap.id: cap.number for cap in self._caps}
        for ask, units in zip(asks, given, strict=True):
            until_us = now_us + ask.hold_us - self._hold_us
            self._held.put((numbers[ask.cap], ask.value), until_us, units)
        self._channels = {}

    def give_back(self) -> list[str]:
        """Let go of all that is in hand; return it."""
        self._channels = {}
        return self._held.give_back()

    def count(self) -> int:
        """Return how much is in hand."""
        return self._held.count()

    def _work_out(self, channel: str, now_us: int) -> Limited:
        changes_us = self._held.lapse(now_us)
        acting = [
            one for cap in self._caps for one in reached_without(cap, channel, self._held.some(cap), self._held.of)
        ]
        return Limited(acting, now_us, min(changes_us, now_us + _AGAIN_US) if acting else changes_us)


class Rooms:
    """What an edge holds at the `centre` for all, bounded; and the thread that reserves and confirms."""

    def __init__(self, centre: StrictCaps | None, clock: Clock, maxsize: int, *, inline: bool) -> None:
        self.centre, self._clock = centre, clock
        self._maxsize, self._inline = maxsize, inline
        self._closed = False
        self.reset()

    def reset(self) -> None:
        """Begin anew with nothing in hand: at the start, and in a forked child, whose parent has it."""
        self._lock = Lock()
        self._held: FIFOCache[tuple[Per, str], Strict] = FIFOCache(self._maxsize)
        self._questions: queue.Queue[Strict | None] = queue.Queue(_QUESTIONS_MAX)
        self._confirming = Confirming()
        self._thread: Thread | None = None

    def parts(self, plan: Plan, subjects: Mapping[Per, tuple[str, tzinfo | None]]) -> tuple[Strict, ...]:
        """Return what is in hand under a plan's strict caps, in order, for the subjects and zones they count for."""
        return tuple(self._of(plan, per, *subjects[per]) for per in _PER if per in plan.strict_per and per in subjects)

    def ask(self, strict: Strict, asks: Sequence[Ask]) -> None:
        """Have room reserved: at once where the centre is in this process, else in the background."""
        if self._closed or self.centre is None:
            return
        if self._inline:
            try:
                strict.take_in(asks, self.centre.reserve(asks), self._clock())
            except Exception as error:  # noqa: BLE001 - a centre may raise anything; without room the caps are reached
                _log.warning("room could not be reserved: %s", type(error).__name__)
            return
        if not strict.asking:
            strict.asking = True
            try:
                self._questions.put_nowait(strict)
            except queue.Full:
                strict.asking = False
            self._start()

    def warm(self, parts: Iterable[Strict]) -> None:
        """Reserve what is lacking, for callers who can wait; the centre may raise."""
        for strict in parts:
            if self.centre is not None and (asks := strict.lacking(self._clock())):
                self._reserve(self.centre, strict, asks)

    def confirm(self, units: Sequence[str]) -> None:
        """Tell the centre what was shown; until it can be told, it waits."""
        if units and self.centre is not None:
            self._confirming.add(units)
            self._confirming.tell(self.centre)
            if self._confirming and not self._closed:
                self._start()

    def release(self, units: Sequence[str]) -> None:
        """Give back units that were taken and not used."""
        if units and self.centre is not None:
            self._confirming.give_back(self.centre, units)

    def forget(self, subjects: frozenset[str]) -> list[str]:
        """Let go of what is in hand for subjects, and return it; what is not given back lapses at the centre."""
        with self._lock:
            gone = [self._held.pop(key) for key in [key for key in self._held if key[1] in subjects]]
        return [unit for strict in gone for unit in strict.give_back()]

    def status(self) -> Mapping[str, int]:
        """Return how much is in hand, and how many confirmations wait."""
        with self._lock:  # others decide meanwhile
            held = list(self._held.values())
        return {
            "strict_room_in_hand": sum(strict.count() for strict in held),
            "strict_confirmations_waiting": len(self._confirming),
        }

    def close(self) -> None:
        """End the thread, and give back what is in hand; what cannot be given back lapses."""
        self._closed = True
        if self._thread is not None and self._thread.is_alive():
            emptied(self._questions)  # so that there is a place
            self._questions.put(None)
            self._thread.join(timeout=5)
        units = [unit for strict in list(self._held.values()) for unit in strict.give_back()]
        if self.centre is not None and (units or self._confirming):
            with suppress(Exception):  # the centre may be away: then the room lapses there
                self._confirming.tell(self.centre)
                self.centre.release(units)

    def _of(self, plan: Plan, per: Per, subject: str, zone: tzinfo | None) -> Strict:
        found = self._held.get((per, subject))
        if found is None or found.plan is not plan or found.zone is not zone:
            with self._lock:
                found = self._held[per, subject] = Strict(plan, per, subject, zone, self.ask)
        return found

    def _reserve(self, centre: StrictCaps, strict: Strict, asks: Sequence[Ask]) -> None:
        now_us = self._clock()  # before the call: what is in hand must not outlive what the centre keeps
        given = centre.reserve(asks)
        with strict.lock:
            strict.take_in(asks, given, now_us)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="tactful-strict", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        centre = cast("StrictCaps", self.centre)
        while self._answered(centre):
            pass  # it sleeps with nobody's room at hand

    def _answered(self, centre: StrictCaps) -> bool:
        """Wait for a question, and reserve what it asks for; return whether there will be more."""
        try:
            strict = self._questions.get(timeout=_RETRY_S if self._confirming else None)
            if strict is None:
                return False
            strict.asking = False
            with strict.lock:
                asks = strict.lacking(self._clock())
            if asks:
                self._reserve(centre, strict, asks)
        except queue.Empty:
            self._confirming.tell(centre)
        except Exception as error:  # noqa: BLE001 - likewise; without room in hand the caps are reached
            _log.warning("room could not be reserved: %s", type(error).__name__)
        return True
