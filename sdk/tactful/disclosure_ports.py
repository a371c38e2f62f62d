"""The protocol of what keeps disclosures, and lets go of them. No adapter is here."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from .disclosures import Disclosure


@runtime_checkable
class DisclosureRecord(Protocol):
    """What was passed on to partners; `Ledger.record` adds to it."""

    def disclosures(self, customer: str, now_us: int) -> Sequence[Disclosure]:
        """Return what was passed on of a customer and all merged ids, whose time is not over, oldest first."""
        ...

    def disclosures_of(self, decision: str, now_us: int) -> Sequence[Disclosure]:
        """Return what a decision passed on whose time is not over, oldest first."""
        ...

    def forget_disclosures(self, now_us: int) -> int:
        """Forget the disclosures whose time is over at a moment; return how many there were."""
        ...
