"""The port of what waits for the centre. It sends nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import attrs

from .contacts import Contact
from .disclosures import Disclosure


@attrs.frozen
class Waiting:
    """
    What waits in one class of an outbox.

    Attributes:
        count: So many wait.
        oldest_us: When the first of them in the order of sending happened [us since 1970]; None if none waits.
    """

    count: int = 0
    oldest_us: int | None = None


@runtime_checkable
class Outbox(Protocol):
    """What waits here for the centre."""

    def outbox_take(self, count: int) -> Sequence[tuple[int, Contact | Disclosure]]:
        """
        Return at most so many with their numbers, withdrawals first, then oldest first; they stay.

        Withdrawals that are passed over are left out, and so are the other events of their customers, withdrawals
        aside: what a customer said and did arrives in order.

        Args:
            count: So many at most.
        """
        ...

    def outbox_pass_over(self, codes: Mapping[int, str]) -> None:
        """
        Pass over withdrawals that the centre does not take; they stay, and are marked durably.

        Args:
            codes: The code of the newest failure by number; a number that is no withdrawal's changes nothing.
        """
        ...

    def outbox_passed_over(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many that are passed over and whose numbers are higher, lowest first; they stay."""
        ...

    def outbox_passed_counts(self) -> Mapping[str, Waiting]:
        """Return how many are passed over, by code; empty if none is."""
        ...

    def outbox_withdrawals(self, after: int, count: int) -> Sequence[tuple[int, Contact]]:
        """Return at most so many withdrawals whose numbers are higher, lowest first; they stay."""
        ...

    def outbox_ack(self, numbers: Iterable[int]) -> int:
        """Forget what has arrived, by its numbers; return how many there were."""
        ...

    def outbox_dropped(self) -> Mapping[str, int]:
        """Return how many were dropped because too many waited, by class; a withdrawal never is."""
        ...

    def outbox_waiting(self) -> Mapping[str, Waiting]:
        """Return what waits, by class: each of `OutboxLimits.classes`."""
        ...

    def outbox_refuse(self, codes: Mapping[int, str]) -> int:
        """
        Set aside what the centre refuses, so that it holds nothing else up; return how many there were.

        An edge never sets a withdrawal aside: it passes it over, and tries it again.

        The newest are kept, as many as the limits say; older ones are dropped and counted, but no withdrawal.

        Args:
            codes: The centre's code by the number of what it refuses.
        """
        ...

    def outbox_refused(self) -> Sequence[tuple[Contact | Disclosure, str]]:
        """Return what is set aside, with the centre's codes, oldest first."""
        ...

    def outbox_retry(self) -> int:
        """Let everything that is set aside wait again, behind the others of its class; return how many there were."""
        ...
