"""The part of `MemoryStore` that tells all that it holds of one customer, and who was erased. It keeps nothing."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, TypeVar

from .consent import Consents
from .contacts import Contact
from .decision_log import MemoryDecisionLog, Place
from .disclosures import Disclosure
from .evidence import SealedEvidence
from .graph import MemoryGraph
from .held import Held
from .late import Late
from .ledger import MemoryLedger
from .memory_disclosures import MemoryDisclosures
from .outbox import MemoryOutbox
from .profile import Snapshot
from .pseudonyms import log_key, pseudonym
from .strict import MemoryStrictCaps

_EVER_US: Final = -(2**63)
_Event = TypeVar("_Event", Contact, Disclosure)


class MemoryHolding:
    """`SubjectAccess` over all that a store keeps in memory."""

    _graph: MemoryGraph
    _profiles: dict[str, Snapshot]
    _consents: dict[str, Consents]
    _ledger: MemoryLedger
    _disclosures: MemoryDisclosures
    _outbox: MemoryOutbox
    _decisions: MemoryDecisionLog
    _evidence: dict[Place, SealedEvidence]
    _strict: MemoryStrictCaps
    _registers: dict[str, bytes]
    _erased_us: dict[bytes, int]

    def held(self, customer: str) -> Held:
        """Return all that is kept of a customer and every id merged with it, and of nobody else."""
        key = log_key(self)  # type: ignore[arg-type] # it is a part of a store, which has registers
        with self._open():
            ids = self._members(customer)
            names = frozenset(pseudonym(key, one) for one in ids if one)
            return Held(
                ids,
                {one: self._profiles[one] for one in ids if one in self._profiles},
                {one: self._consents[one] for one in ids if one in self._consents},
                tuple(self._graph.links(customer)),
                tuple(self._graph.merges(customer)),
                self._ledger.recent(ids, _EVER_US),
                tuple(one for one in self._disclosures.within(_EVER_US) if one.customer and one.customer in ids),
                self._outbox.of(ids),
                tuple(self._decisions.of(names)),
                tuple(row for _, row in sorted(self._evidence.items()) if row.who in names),
                self._strict.of(ids),
            )

    def _in_time(self, events: Sequence[_Event]) -> tuple[list[_Event], list[_Event]]:
        """Return the events that bring nobody back who was erased, and the withdrawals among the others."""
        key = self._registers.get(Late.register)
        if key is None or not self._erased_us:  # nobody was erased yet
            return list(events), []
        return Late.in_time(events, self._erased_us, key)

    def _members(self, customer: str) -> tuple[str, ...]:
        """Return all ids that are the same customer."""
        raise NotImplementedError

    def _open(self) -> AbstractContextManager[None]:
        """Return what gives the store to one call at a time."""
        raise NotImplementedError
