"""Consents as an edge with a centre reads them: as fresh as the last word of the centre. It asks no centre."""

import attrs

from ..clock import Clock
from ..consent import Consent, Consents
from ..ports import ConsentSink, ConsentSource
from .heard import Heard


@attrs.frozen(eq=False)
class FreshConsents:
    """
    The consents in a store, known to be true when the centre was last heard; if nothing tells, long ago.

    Consents that did not come from the centre keep the time that is their own.
    """

    store: ConsentSource
    sink: ConsentSink
    heard: Heard
    clock: Clock

    def consents(self, customer: str) -> Consents | None:
        """Return all records, or None for a customer who is not known."""
        found = self.store.consents(customer)
        if found is None or not found.is_from_centre:
            return found
        true_us = self.heard.at_us(self.clock())
        return attrs.evolve(found, at_us=0 if true_us is None else true_us)

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep what the centre knows of a customer's consents."""
        return self.sink.put_consents(customer, consents)

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Add what a customer has just said."""
        self.sink.add_consent(customer, consent)
