"""The protocols of what an edge stands on: sources, graph, ledger, registers. No adapter is named here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from .consent import Consents
from .contacts import Contact
from .profile import Identity, Snapshot


@runtime_checkable
class ProfileSource(Protocol):
    """Where snapshots come from."""

    def profile(self, customer: str) -> Snapshot | None:
        """Return the newest snapshot, or None for a customer who is not known."""
        ...


@runtime_checkable
class ConsentSource(Protocol):
    """Where consents come from, apart from profiles: a withdrawal overtakes everything else."""

    def consents(self, customer: str) -> Consents | None:
        """Return all records, or None for a customer who is not known."""
        ...


@runtime_checkable
class IdentityGraph(Protocol):
    """Who is behind identifiers."""

    def identify(self, identifiers: Mapping[str, str]) -> Identity | None:
        """Return whom they stand for; None if unknown, or if they contradict each other."""
        ...


@runtime_checkable
class Ledger(Protocol):
    """What passed between us and a customer."""

    def contacts(self, customer: str, since_us: int) -> Sequence[Contact]:
        """Return the customer's contacts at or after a moment, oldest first."""
        ...

    def record(self, contacts: Sequence[Contact]) -> int:
        """Keep contacts durably and put them into the outbox, all or none; return how many were new by their id."""
        ...


@runtime_checkable
class Registers(Protocol):
    """A few small secrets and marks that outlive a process: the token key, the highest epoch."""

    def register(self, name: str) -> bytes | None:
        """Return what is kept under a name."""
        ...

    def set_register(self, name: str, value: bytes) -> None:
        """Keep a value under a name, durably."""
        ...

    def claim_register(self, name: str, value: bytes) -> bytes:
        """Keep the value unless the name has one already; return what is kept, the same for all processes."""
        ...


class Store(ProfileSource, ConsentSource, IdentityGraph, Ledger, Registers, Protocol):
    """All ports in one, as the embedded stores have them."""

    def close(self) -> None:
        """Give back files and connections; a second call does nothing."""
        ...


#: A plain function in place of a `ProfileSource`: a snapshot, or values (or observations) by attribute name.
ProfileFunction = Callable[[str], Snapshot | Mapping[str, object] | None]
#: A plain function in place of a `ConsentSource`: consents, or a word such as "explicit" or "withdrawn" by purpose.
ConsentFunction = Callable[[str], Consents | Mapping[str, object] | None]
