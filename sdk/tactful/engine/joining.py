"""Joining: who an event is about, and which ids it says are one customer. It alone never joins two who are known.

A device's anonymous id stands for a customer of its own until somebody logs in there, who then has its history. If
somebody else logs in on the same device, it stands for nobody.
"""

import hashlib

import attrs

from ..events import ANONYMOUS, Event, Events, Fate
from ..identity import IdentityRules
from ..ports import IdentityLinks, Store

_KIND = "event"


def anonymous_customer(value: str) -> str:
    """Return the persistent id of whom an anonymous id alone is known."""
    return ANONYMOUS + hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@attrs.frozen
class Joining:
    """
    Tells whom events are about, and keeps what they say of identities.

    Attributes:
        store: Where identities are kept.
    """

    store: Store

    def whom(self, events: Events, event: Event) -> str | None:
        """Return the customer an event is about, who may be new; None for nobody who could be told apart."""
        if event.user:
            return None if event.user.startswith(ANONYMOUS) else event.user
        value = self._clean(events, event.anonymous)
        if not value or not isinstance(self.store, IdentityLinks):
            return None
        found = self.store.identify({events.anonymous: value})
        if found is not None:
            return found.customer
        alone = anonymous_customer(value)
        return None if self.store.links(alone) else alone

    def join(self, events: Events, event: Event, customer: str) -> list[Fate]:
        """
        Keep what an event says of identities; return what became of it.

        Raises:
            StoreError: If the store cannot keep it.
        """
        graph = self.store
        if not isinstance(graph, IdentityLinks):
            return []
        fates = []
        if event.anonymous and self._clean(events, event.anonymous):
            fates.append(self._seen_on(graph, events, event.anonymous, event.user))
        if event.previous and event.user:
            fates.append(self._alias(graph, events, event.previous, event.user))
        if event.group and events.group:
            fates.append(self._linked(graph, events.group, event.group, customer))
        return fates

    def _seen_on(self, graph: IdentityLinks, events: Events, anonymous: str, user: str) -> Fate:
        """Link an anonymous id with who is seen there: nobody yet, the first who logs in, or somebody else."""
        value = self._clean(events, anonymous)
        alone = anonymous_customer(value)
        is_new = not graph.links(alone)
        if is_new:
            graph.link({events.anonymous: value}, customer=alone, kind=_KIND)
        root = self._root(alone)
        if not user or root == self._root(user):
            return Fate.KEPT if is_new else Fate.REPEATED
        if root == alone:
            graph.merge(user, alone)
            return Fate.KEPT
        return self._linked(graph, events.anonymous, value, user)

    def _alias(self, graph: IdentityLinks, events: Events, previous: str, user: str) -> Fate:
        """Join what was known under a previous id: an anonymous one by itself, a customer's if the policy says so."""
        if self._root(previous) == self._root(user):
            return Fate.REPEATED
        value = self._clean(events, previous)
        was_seen = bool(value and graph.links(anonymous_customer(value)))
        if was_seen or (value and not self._is_known(graph, previous)):
            return self._seen_on(graph, events, previous, user)
        if not events.merge_users or previous.startswith(ANONYMOUS):
            return Fate.TWO_CUSTOMERS
        graph.merge(user, previous)
        return Fate.KEPT

    def _linked(self, graph: IdentityLinks, name: str, value: str, customer: str) -> Fate:
        for one, cleaned in IdentityRules().clean({name: value}):
            if any((link.name, link.value) == (one, cleaned) for link in graph.links(customer)):
                return Fate.REPEATED
            graph.link({one: cleaned}, customer=customer, kind=_KIND)
            return Fate.KEPT
        return Fate.NOT_FITTING

    def _is_known(self, graph: IdentityLinks, customer: str) -> bool:
        """Return whether anything at all is on record of a customer."""
        store = self.store
        kept = store.profile(customer) is not None or store.consents(customer) is not None
        return kept or bool(graph.links(customer) or store.contacts(customer, 0))

    def _root(self, customer: str) -> str:
        found = self.store.identify({IdentityRules.customer: customer})
        return customer if found is None else found.customer

    @staticmethod
    def _clean(events: Events, value: str) -> str:
        """Return an anonymous id in clean form; empty if the policy takes none."""
        cleaned = IdentityRules().clean({events.anonymous: value}) if events.anonymous and value else ()
        return cleaned[0][1] if cleaned else ""
