"""The port of what a customer may ask a store for. No adapter is named here."""

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from .held import Held


@runtime_checkable
class SubjectAccess(Protocol):
    """A store that can tell all that it holds of one customer."""

    def held(self, customer: str) -> Held:
        """
        Return all that is kept of a customer and every id that is merged with it, as of one moment; of nobody else.

        What it counts is what `Erasure.erase` would take at that moment.
        """
        ...


@runtime_checkable
class Forgets(Protocol):
    """Something beside an edge's store that keeps something of customers, such as a journal of what was sent."""

    def forget(self, customer: str) -> int:
        """
        Keep nothing of a customer any more, durably; return how much went, 0 if there was nothing.

        Raises:
            Exception: If something may still be there. It is asked again with the next erasure.
        """
        ...


@runtime_checkable
class Owing(Protocol):
    """A store that remembers which erasures something beside it still owes, until they are done."""

    def owe_erasure(self, keeper: str, customers: Iterable[str]) -> None:
        """Remember durably whom a keeper has still to forget, beside whom it owes already."""
        ...

    def owed_erasures(self) -> Mapping[str, frozenset[str]]:
        """Return whom each keeper has still to forget; one that owes nobody is not named."""
        ...

    def settle_erasure(self, keeper: str, customers: Iterable[str]) -> int:
        """Remember no longer that a keeper has to forget some; return how many of them it owed."""
        ...


@runtime_checkable
class Followed(Protocol):
    """A store that edges follow as their centre."""

    def line_epochs(self) -> Mapping[str, int]:
        """Return the newest epoch of each line; nothing that is committed later gets one at or below it."""
        ...


@runtime_checkable
class SharedCopies(Protocol):
    """A source of profiles or consents that shares what it fetched with other edges: an erasure reaches it too."""

    def forget_shared(self, customer: str) -> int:
        """
        Share nothing of a customer any more; return how much went.

        Raises:
            StoreError: If it may still be shared.
        """
        ...
