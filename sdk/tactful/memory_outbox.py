"""The part of `MemoryStore` that keeps what waits for the centre. It sends nothing."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from .contacts import Contact
from .disclosures import Disclosure
from .outbox import MemoryOutbox
from .outbox_ports import Waiting


class MemorySending:
    """An `Outbox` in the memory of a store."""

    _outbox: MemoryOutbox

    def outbox_take(self, count: int) -> Sequence[tuple[int, Contact | Disclosure]]:
        """Return at most so many contacts with their numbers, withdrawals first, then oldest first; they stay."""
        with self._open():
            return self._outbox.take(count)

    def outbox_pass_over(self, codes: Mapping[int, str]) -> None:
        """Pass over withdrawals that the centre does not take; they stay."""
        with self._open():
            self._outbox.pass_over(codes)

    def outbox_passed_over(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many that are passed over and whose numbers are higher, lowest first; they stay."""
        with self._open():
            return self._outbox.passed_over(after, count)

    def outbox_passed_counts(self) -> Mapping[str, Waiting]:
        """Return how many are passed over, by code."""
        with self._open():
            return self._outbox.passed_counts()

    def outbox_withdrawals(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many withdrawals whose numbers are higher, lowest first; they stay."""
        with self._open():
            return self._outbox.withdrawals(after, count)

    def outbox_ack(self, numbers: Iterable[int]) -> int:
        """Forget contacts that have arrived, by their numbers; return how many there were."""
        with self._open():
            return self._outbox.acknowledge(numbers)

    def outbox_dropped(self) -> Mapping[str, int]:
        """Return how many were dropped because too many waited, by class; a withdrawal never is."""
        with self._open():
            return dict(self._outbox.dropped)

    def outbox_waiting(self) -> Mapping[str, Waiting]:
        """Return what waits, by class."""
        with self._open():
            return self._outbox.waiting()

    def outbox_refuse(self, codes: Mapping[int, str]) -> int:
        """Set aside what the centre refuses, by its numbers; return how many there were."""
        with self._open():
            return self._outbox.refuse(codes)

    def outbox_refused(self) -> Sequence[tuple[Contact | Disclosure, str]]:
        """Return what is set aside, with the centre's codes, oldest first."""
        with self._open():
            return tuple(self._outbox.refused)

    def outbox_retry(self) -> int:
        """Let everything that is set aside wait again; return how many there were."""
        with self._open():
            return self._outbox.retry()

    def _open(self) -> AbstractContextManager[None]:
        """Return what gives the store to one call at a time."""
        raise NotImplementedError
