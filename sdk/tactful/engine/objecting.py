"""Objecting: a customer's no to one purpose, and the wish that what is known is kept and not used. It decides nothing.

Both are kept as records of consent, so that merges, splits, the centre and its edges treat them as any other no.
"""

import attrs

from ..consent import GIVEN, RESTRICTION, Consent, ConsentState, How, Purpose
from ..contacts import Contact
from .customer import Who
from .here import WITHDRAWAL
from .opting import Opting

#: What the record of an objection names as its proof.
OBJECTION = "objection"


@attrs.frozen
class Objecting(Opting):
    """Keeps objections and restrictions, beside what customers say about purposes."""

    def object_to(self, who: Who, purpose: str) -> tuple[str, ...]:
        """Take back one purpose and those under it; return the partners that are told. See `SubjectRights`."""
        sink, customer = self._sink("object_to"), self._customer("object_to", who)
        self._know("object_to", purpose, None)
        plan, at_us = self.plan(), self._withdrawn(customer, purpose)
        under = [name for name, line in zip(plan.slots.purposes, plan.lineages, strict=True) if purpose in line]
        ending = [one for one in plan.policy.purposes if one.name in under and one.asks]
        sink.add_consent(customer, Consent(purpose, ConsentState.WITHDRAWN, How.EXPLICIT, at_us, evidence=OBJECTION))
        partners = tuple(dict.fromkeys(one.partner for one in ending if one.partner is not None))
        id_ = f"{OBJECTION}/{customer}/{purpose}/{at_us}"
        notices = [
            Contact(f"{id_}/{partner}", customer, WITHDRAWAL, at_us, owner=partner, tags=_of(ending, partner))
            for partner in partners
        ]
        self.ledger.record([Contact(f"{id_}/", customer, WITHDRAWAL, at_us, tags=(purpose,)), *notices])
        self._fetch(who)
        return partners

    def restrict(self, who: Who) -> None:
        """Keep what is known and use none of it, until `lift`. See `SubjectRights.restrict`."""
        sink, customer = self._sink("restrict"), self._customer("restrict", who)
        at_us = self._withdrawn(customer, RESTRICTION)
        sink.add_consent(customer, Consent(RESTRICTION, ConsentState.WITHDRAWN, How.EXPLICIT, at_us))
        id_ = f"restrict/{customer}/{at_us}"
        self.ledger.record([Contact(id_, customer, WITHDRAWAL, at_us, tags=(RESTRICTION,))])
        self._fetch(who)

    def lift(self, who: Who) -> bool:
        """Use again what is known; return whether it was restricted. See `SubjectRights.lift`."""
        sink, customer = self._sink("lift"), self._customer("lift", who)
        noes = [one.at_us for one in self._records(customer).records if one.purpose == RESTRICTION and one.refuses]
        yeses = [one.at_us for one in self._records(customer).records if one.purpose == RESTRICTION and not one.refuses]
        if not noes or (yeses and max(yeses) > max(noes)):
            return False
        at_us = max(self.clock(), max(noes) + 1)
        sink.add_consent(customer, Consent(RESTRICTION, ConsentState.GIVEN, How.EXPLICIT, at_us))
        id_ = f"lift/{customer}/{at_us}"
        self.ledger.record([Contact(id_, customer, "opt_in", at_us, tags=(RESTRICTION, How.EXPLICIT.value))])
        self._hear(who, customer)
        return True

    def _withdrawn(self, customer: str, purpose: str) -> int:
        """Let a no count here; return its moment: now, and not before a yes whose clock was ahead of ours."""
        same, now_us = self.snapshots.same(customer), self.clock()
        self.snapshots.withdraw(same, (purpose,), now_us)  # whether or not the store can be reached
        known = self._records(customer).records
        at_us = max([now_us, *(one.at_us for one in known if one.purpose == purpose and one.state in GIVEN)])
        self.snapshots.withdraw(same, (purpose,), at_us)
        return at_us


def _of(purposes: list[Purpose], partner: str) -> tuple[str, ...]:
    return tuple(one.name for one in purposes if one.partner == partner)
