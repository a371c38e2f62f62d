"""What waits for the centre in a kiosk's own store, ids opened; nothing once the device was killed. It only tells."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ..contacts import Contact
from ..disclosures import Disclosure
from ..outbox_ports import Outbox, Waiting
from ..ports import ConsentSink, Store, StrictCaps
from .packs import Packs


class OwnStore(Store, ConsentSink, Outbox, StrictCaps, Protocol):
    """What is asked of the store that a kiosk keeps for itself."""


class SealedOutbox:
    """An `Outbox` before one whose ids are sealed."""

    _own: OwnStore
    _packs: Packs

    def outbox_take(self, count: int) -> Sequence[tuple[int, Contact | Disclosure]]:
        """Return at most so many with their numbers, withdrawals first, then oldest first; they stay."""
        if self._packs.killed:
            return ()  # nobody speaks for customers here any more
        return tuple((number, self._opened_event(one)) for number, one in self._own.outbox_take(count))

    def outbox_pass_over(self, codes: Mapping[int, str]) -> None:
        """Pass over withdrawals that the centre does not take; they stay."""
        self._own.outbox_pass_over(codes)

    def outbox_passed_over(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many that are passed over and whose numbers are higher, lowest first; they stay."""
        if self._packs.killed:
            return ()
        return tuple((number, self._opened(one)) for number, one in self._own.outbox_passed_over(after, count))

    def outbox_passed_counts(self) -> Mapping[str, Waiting]:
        """Return how many are passed over, by code."""
        return self._own.outbox_passed_counts()

    def outbox_withdrawals(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many withdrawals whose numbers are higher, lowest first; they stay."""
        if self._packs.killed:
            return ()
        return tuple((number, self._opened(one)) for number, one in self._own.outbox_withdrawals(after, count))

    def outbox_ack(self, numbers: Iterable[int]) -> int:
        """Forget what has arrived, by its numbers; return how many there were."""
        return self._own.outbox_ack(numbers)

    def outbox_dropped(self) -> Mapping[str, int]:
        """Return how many were dropped because too many waited, by class; a withdrawal never is."""
        return self._own.outbox_dropped()

    def outbox_waiting(self) -> Mapping[str, Waiting]:
        """Return what waits, by class."""
        return self._own.outbox_waiting()

    def outbox_refuse(self, codes: Mapping[int, str]) -> int:
        """Set aside what the centre refuses; return how many there were."""
        return self._own.outbox_refuse(codes)

    def outbox_refused(self) -> Sequence[tuple[Contact | Disclosure, str]]:
        """Return what is set aside, with the centre's codes, oldest first."""
        return tuple((self._opened_event(one), code) for one, code in self._own.outbox_refused())

    def outbox_retry(self) -> int:
        """Let everything that is set aside wait again; return how many there were."""
        return self._own.outbox_retry()

    def _opened(self, one: Contact) -> Contact:
        """Return a contact with its ids as they can be read."""
        raise NotImplementedError

    def _opened_event(self, one: Contact | Disclosure) -> Contact | Disclosure:
        """Return the same of either."""
        raise NotImplementedError
