"""Strict caps at the centre: room that is reserved before it is used, confirmed once it was, and lapses otherwise.

The port is `tactful.ports.StrictCaps`; here are what is asked of it, and what answers within one process.
"""

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from threading import Lock

import attrs

from .clock import NEVER_US


@attrs.frozen(repr=False)
class Ask:
    """
    What an edge asks for under one strict cap: room for some exposures.

    Attributes:
        cap: The rule's id.
        value: The value of the cap's dimension.
        per: For whom it counts: customer, household or everyone.
        subject: The customer's id or the household's key; empty for everyone.
        count: So many exposures are allowed in all.
        wanted: Room for so many is asked for, >= 1; less may be given.
        counts_us: An exposure of this moment would count for so long [us].
        hold_us: Room that is not confirmed lapses after so long [us].
    """

    cap: str
    value: str
    per: str
    subject: str
    count: int
    wanted: int
    counts_us: int
    hold_us: int

    def __repr__(self) -> str:  # whom it concerns is personal
        return f"<Ask {self.wanted} of {self.cap}>"


@attrs.define(eq=False, repr=False)
class _Unit:
    """Room for one exposure: it counts before `ends_us`, and once confirmed until `leaves_us` and a while."""

    key: tuple[str, str, str, str]
    reserved_us: int
    leaves_us: int
    ends_us: int


class MemoryStrictCaps:
    """
    A `StrictCaps` for the threads of one process; its clock alone counts.

    >>> from tactful.strict import Ask, MemoryStrictCaps
    >>> centre = MemoryStrictCaps(lambda: 0)
    >>> ask = Ask("overcrowding.wine", "", "everyone", "", count=2, wanted=5, counts_us=100, hold_us=10)
    >>> (units,) = centre.reserve([ask])
    >>> len(units), centre.reserve([ask]), centre.confirm(units[:1]), centre.release(units)
    (2, ((),), 1, 1)
    """

    def __init__(self, clock: Callable[[], int], members: Callable[[str], Sequence[str]] = lambda one: (one,)) -> None:
        """
        Begin with all room left.

        Args:
            clock: Gives the moment [us since 1970].
            members: Gives all ids that are merged with a customer's, itself among them.
        """
        self._clock = clock
        self._members = members
        self._lock = Lock()
        self._units: dict[str, _Unit] = {}
        self._of: dict[tuple[str, str, str, str], set[str]] = {}
        self._prefix = os.urandom(8).hex()
        self._numbers = itertools.count()

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room; return the units that were given, for each question."""
        now_us = self._clock()
        with self._lock:
            return tuple(self._given(ask, now_us) for ask in asks)

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used; return how many of these units were known. Twice is as once."""
        now_us, known = self._clock(), 0
        with self._lock:
            for unit in units:
                found = self._units.get(unit)
                if found is not None:
                    known += 1
                    found.ends_us = max(found.ends_us, found.leaves_us + max(0, now_us - found.reserved_us))
                    found.reserved_us = NEVER_US  # confirmed: a second word moves nothing, and it cannot be given back
        return known

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was."""
        with self._lock:
            unused = [unit for unit in units if unit in self._units and self._units[unit].reserved_us != NEVER_US]
            for unit in unused:
                self._drop(unit)
        return len(unused)

    def of(self, customers: Iterable[str]) -> int:
        """Return how much is reserved and used for customers."""
        whose = frozenset(customers)
        with self._lock:
            return sum(found.key[3] in whose for found in self._units.values())

    def erase(self, customers: Iterable[str]) -> int:
        """Forget what was reserved and used for customers; return how much it was."""
        gone = frozenset(customers)
        with self._lock:
            units = [unit for unit, found in self._units.items() if found.key[3] in gone]
            for unit in units:
                self._drop(unit)
        return len(units)

    def _given(self, ask: Ask, now_us: int) -> tuple[str, ...]:
        key = (ask.cap, ask.value, ask.per, ask.subject)
        subjects = self._members(ask.subject) if ask.per == "customer" else (ask.subject,)
        known = [unit for one in subjects for unit in self._of.get((*key[:3], one), ())]
        for unit in known:
            if max(self._units[unit].ends_us, self._units[unit].leaves_us) <= now_us:
                self._drop(unit)
        inside = sum(1 for unit in known if unit in self._units and now_us < self._units[unit].ends_us)
        given = tuple(f"{self._prefix}{next(self._numbers):x}" for _ in range(min(ask.wanted, ask.count - inside)))
        for unit in given:
            self._units[unit] = _Unit(key, now_us, now_us + ask.counts_us, now_us + ask.hold_us)
            self._of.setdefault(key, set()).add(unit)
        return given

    def _drop(self, unit: str) -> None:
        key = self._units.pop(unit).key
        self._of[key].discard(unit)
        if not self._of[key]:
            del self._of[key]


class MemoryRoom:
    """A `StrictCaps` in the memory of a store."""

    def __init__(self, clock: Callable[[], int], members: Callable[[str], Sequence[str]]) -> None:
        """Begin with all room left; as for `MemoryStrictCaps`."""
        self._strict = MemoryStrictCaps(clock, members)

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """Reserve room under strict caps; return the units that were given, for each question."""
        with self._open():
            return self._strict.reserve(asks)

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used; return how many of these units were known. Twice is as once."""
        with self._open():
            return self._strict.confirm(units)

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was."""
        with self._open():
            return self._strict.release(units)

    def _open(self) -> AbstractContextManager[None]:
        """Return what gives the store to one call at a time."""
        raise NotImplementedError
