"""What waits for the centre: how much may, what goes when too much does, and an outbox in memory. It sends nothing."""

import heapq
from collections.abc import Iterable, Sequence
from itertools import chain, count, islice
from typing import ClassVar, Final

import attrs

from .contacts import Contact

_EXPOSURES: Final = frozenset({"shown", "rendered"})
_ROW_BYTES: Final = 64


@attrs.frozen
class OutboxLimits:
    """
    The bounds of an outbox; past them the oldest exposures go, then the oldest outcomes, and are counted.

    Attributes:
        rows_max: So many contacts wait at most, withdrawals aside.
        bytes_max: So much room they take at most [B], withdrawals aside.
    """

    #: The classes of contacts in the order in which they are dropped; the last one never is.
    classes: ClassVar[tuple[str, ...]] = ("exposure", "outcome", "withdrawal")

    rows_max: int = 100_000
    bytes_max: int = 64 * 2**20

    def exceeded(self, rows: int, size_bytes: int) -> bool:
        """Return whether so many contacts of this size are too many."""
        return rows > self.rows_max or size_bytes > self.bytes_max

    @staticmethod
    def rank(contact: Contact) -> int:
        """
        Return the place of a contact's class in `classes`.

        >>> OutboxLimits.rank(Contact("1", "ada", "withdrawal", 0))
        2
        """
        if contact.event == "withdrawal":
            return 2
        return 0 if contact.event in _EXPOSURES else 1

    @staticmethod
    def size_bytes(contact: Contact) -> int:
        """Return about how much room a contact takes [B]."""
        texts = (*attrs.astuple(contact, filter=lambda _, value: isinstance(value, str)), *contact.tags)
        return _ROW_BYTES + sum(len(text) for text in texts)


class MemoryOutbox:
    """Contacts in the order in which they came, by class; it has no lock of its own."""

    __slots__ = ("_limits", "_numbers", "_size_bytes", "_waiting", "dropped")

    def __init__(self, limits: OutboxLimits) -> None:
        self._limits = limits
        self._numbers = count(1)
        self._size_bytes = 0
        self._waiting: tuple[dict[int, Contact], ...] = tuple({} for _ in limits.classes)
        self.dropped = dict.fromkeys(limits.classes[:-1], 0)

    def add(self, contacts: Iterable[Contact]) -> None:
        """Let contacts wait; drop what becomes too much, and count it."""
        for contact in contacts:
            rank = self._limits.rank(contact)
            self._waiting[rank][next(self._numbers)] = contact
            self._size_bytes += self._counted_bytes(rank, contact)
        droppable = self._waiting[:-1]
        while any(droppable) and self._limits.exceeded(sum(map(len, droppable)), self._size_bytes):
            rank = next(rank for rank, waiting in enumerate(droppable) if waiting)
            self._remove(rank, next(iter(droppable[rank])))
            self.dropped[self._limits.classes[rank]] += 1

    def take(self, at_most: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many, withdrawals first, then oldest first; they stay."""
        others = heapq.merge(*(waiting.items() for waiting in self._waiting[:-1]))
        return tuple(islice(chain(self._waiting[-1].items(), others), at_most))

    def acknowledge(self, numbers: Iterable[int]) -> int:
        """Forget contacts by their numbers; return how many there were."""
        found = [(rank, one) for one in set(numbers) for rank, waiting in enumerate(self._waiting) if one in waiting]
        for rank, number in found:
            self._remove(rank, number)
        return len(found)

    def erase(self, customers: Iterable[str]) -> int:
        """Forget what concerns customers, withdrawals aside; return how many there were."""
        gone = frozenset(customers)
        return self.acknowledge([n for waiting in self._waiting[:-1] for n, c in waiting.items() if c.customer in gone])

    def _remove(self, rank: int, number: int) -> None:
        self._size_bytes -= self._counted_bytes(rank, self._waiting[rank].pop(number))

    def _counted_bytes(self, rank: int, contact: Contact) -> int:
        return self._limits.size_bytes(contact) if rank < len(self._waiting) - 1 else 0
