"""What waits for the centre: how much may, what goes when too much does, and an outbox in memory. It sends nothing."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, islice, takewhile
from typing import ClassVar, Final

import attrs

from .contacts import Contact
from .disclosures import REACHED, Disclosure
from .outbox_ports import Waiting

_ROW_BYTES: Final = 64
#: The place of the class that is never dropped.
_LAST: Final = 3


@attrs.frozen
class OutboxLimits:
    """
    The bounds of an outbox; past them the oldest exposures go, then outcomes, then disclosures, and are counted.

    Attributes:
        rows_max: So many contacts and disclosures wait at most, withdrawals aside.
        bytes_max: So much room they take at most [B], withdrawals aside.
        refused_max: So many that the centre refused are kept at most, withdrawals aside.
    """

    #: The classes of what waits, in the order in which they are dropped; the last one never is.
    classes: ClassVar[tuple[str, ...]] = ("exposure", "outcome", "disclosure", "withdrawal")

    rows_max: int = 100_000
    bytes_max: int = 64 * 2**20
    refused_max: int = 1_000

    def exceeded(self, rows: int, size_bytes: int) -> bool:
        """Return whether so many contacts of this size are too many."""
        return rows > self.rows_max or size_bytes > self.bytes_max

    @staticmethod
    def rank(one: Contact | Disclosure) -> int:
        """
        Return the place of the class in `classes`.

        >>> OutboxLimits.rank(Contact("1", "ada", "withdrawal", 0))
        3
        """
        if isinstance(one, Disclosure):
            return 2
        if one.event == "withdrawal":
            return 3
        return 0 if one.event in REACHED else 1

    @staticmethod
    def size_bytes(one: Contact | Disclosure) -> int:
        """Return about how much room it takes [B]."""
        texts = tuple(_texts(attrs.astuple(one)))
        return _ROW_BYTES + sum(len(text) for text in texts)


def _texts(fields: Iterable[object]) -> Iterator[str]:
    """Yield the texts among fields, and in tuples there."""
    for field in fields:
        if isinstance(field, str):
            yield field
        elif isinstance(field, tuple):
            yield from _texts(field)


class MemoryOutbox:
    """Contacts in the order in which they came, by class; it has no lock of its own."""

    __slots__ = ("_limits", "_numbers", "_passed", "_size_bytes", "_waiting", "dropped", "refused")

    def __init__(self, limits: OutboxLimits) -> None:
        self._limits = limits
        self._numbers = count(1)
        self._passed: dict[int, str] = {}
        self._size_bytes = 0
        self._waiting: tuple[dict[int, Contact | Disclosure], ...] = tuple({} for _ in limits.classes)
        self.dropped = dict.fromkeys(limits.classes[:-1], 0)
        self.refused: list[tuple[Contact | Disclosure, str]] = []

    def add(self, arrived: Iterable[Contact | Disclosure]) -> None:
        """Let them wait; drop what becomes too much, and count it."""
        for one in arrived:
            rank = self._limits.rank(one)
            self._waiting[rank][next(self._numbers)] = one
            self._size_bytes += self._counted_bytes(rank, one)
        droppable = self._waiting[:-1]
        while any(droppable) and self._limits.exceeded(sum(map(len, droppable)), self._size_bytes):
            rank = next(rank for rank, waiting in enumerate(droppable) if waiting)
            self._remove(rank, next(iter(droppable[rank])))
            self.dropped[self._limits.classes[rank]] += 1

    def take(self, at_most: int) -> Sequence[tuple[int, Contact | Disclosure]]:
        """Return at most so many, withdrawals first, then oldest first; they stay."""
        passed, every = self._passed, self._waiting[-1]
        customers = frozenset(every[number].customer for number in passed)
        merged = heapq.merge(*(waiting.items() for waiting in self._waiting[:-1]))
        others = (pair for pair in merged if pair[1].customer not in customers)
        withdrawals = (pair for pair in every.items() if pair[0] not in passed)
        return tuple(islice(chain(withdrawals, others), at_most))

    def withdrawals(self, after: int, at_most: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many withdrawals whose numbers are higher, lowest first; they stay."""
        waiting = reversed(self._waiting[-1].items())
        newer = takewhile(lambda pair: pair[0] > after, waiting)
        return [(number, one) for number, one in newer if isinstance(one, Contact)][::-1][:at_most]

    def pass_over(self, codes: Mapping[int, str]) -> None:
        """Pass over the withdrawals that have these numbers, with the codes."""
        self._passed |= {number: code for number, code in codes.items() if number in self._waiting[-1]}

    def passed_over(self, after: int, at_most: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many that are passed over and whose numbers are higher, lowest first; they stay."""
        numbers = sorted(number for number in self._passed if number > after)[: max(0, at_most)]
        return [(number, one) for number in numbers if isinstance(one := self._waiting[-1][number], Contact)]

    def passed_counts(self) -> Mapping[str, Waiting]:
        """Return how many are passed over, by code."""
        found = dict[str, Waiting]()
        for number in sorted(self._passed):
            known = found.get(code := self._passed[number], Waiting(0, self._waiting[-1][number].at_us))
            found[code] = attrs.evolve(known, count=known.count + 1)
        return found

    def acknowledge(self, numbers: Iterable[int]) -> int:
        """Forget what has these numbers; return how many there were."""
        found = [(rank, one) for one in set(numbers) for rank, waiting in enumerate(self._waiting) if one in waiting]
        for rank, number in found:
            self._remove(rank, number)
        return len(found)

    def erase(self, customers: Iterable[str]) -> int:
        """Forget what concerns customers, withdrawals aside; return how many there were."""
        gone = frozenset(customers)
        rest = [pair for pair in self.refused if pair[0].customer not in gone or self._limits.rank(pair[0]) == _LAST]
        set_aside, self.refused = len(self.refused) - len(rest), rest
        found = [n for waiting in self._waiting[:-1] for n, c in waiting.items() if c.customer in gone]
        return set_aside + self.acknowledge(found)

    def of(self, customers: Iterable[str]) -> tuple[Contact | Disclosure, ...]:
        """Return what waits or is set aside and concerns customers."""
        whose = frozenset(customers)
        every = chain(*(waiting.values() for waiting in self._waiting), (one for one, _ in self.refused))
        return tuple(one for one in every if one.customer in whose)

    def waiting(self) -> Mapping[str, Waiting]:
        """Return what waits, by class."""
        named = zip(self._limits.classes, self._waiting, strict=True)
        return {name: Waiting(len(rows), next((one.at_us for one in rows.values()), None)) for name, rows in named}

    def refuse(self, codes: Mapping[int, str]) -> int:
        """Set aside what has these numbers, with the codes; return how many there were."""
        waiting = {number: one for rows in self._waiting for number, one in rows.items() if number in codes}
        found = [(waiting[number], codes[number]) for number in sorted(waiting)]
        self.acknowledge(codes)
        self.refused += found
        droppable = [pair for pair in self.refused if self._limits.rank(pair[0]) < _LAST]
        for pair in droppable[: max(0, len(droppable) - self._limits.refused_max)]:
            self.refused.remove(pair)
            self.dropped[self._limits.classes[self._limits.rank(pair[0])]] += 1
        return len(found)

    def retry(self) -> int:
        """Let what is set aside wait again; return how many there were."""
        again, self.refused = self.refused, []
        self.add(one for one, _ in again)
        return len(again)

    def _remove(self, rank: int, number: int) -> None:
        self._size_bytes -= self._counted_bytes(rank, self._waiting[rank].pop(number))
        self._passed.pop(number, None)

    def _counted_bytes(self, rank: int, one: Contact | Disclosure) -> int:
        return self._limits.size_bytes(one) if rank < len(self._waiting) - 1 else 0
