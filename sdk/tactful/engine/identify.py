"""Identify: identifiers to one persistent customer. It knows no profile; a cookie or an address is not a person."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from threading import Lock

from cachetools import FIFOCache

from ..many_ports import HouseholdsOfMany
from ..ports import IdentityGraph
from ..profile import Identity
from .customer import Who

#: The strength of kinds of identifiers, strongest first.
KINDS = ("person", "household", "device")
_KEY_MAX_CHARS = 256


class Identities:
    """Whom identifiers stand for, as far as that is known here."""

    def __init__(self, graph: IdentityGraph | None, kinds: Mapping[str, str], *, maxsize: int) -> None:
        self._graph = graph
        self._kinds = kinds
        self._maxsize = maxsize
        self.reset()

    def reset(self) -> None:
        """Forget all that is remembered here: at the start, and in a forked child, where no lock is ours."""
        self._lock = Lock()
        self._known: FIFOCache[tuple[tuple[str, str], ...], Identity | None] = FIFOCache(self._maxsize)

    def here(self, who: Who, *, vouched: bool = False) -> tuple[Identity | None, bool]:
        """
        Return whom a call is for as far as that is known here, and whether the graph still has to be asked.

        Args:
            who: The caller's word.
            vouched: Whether the caller brings the profile along, and so answers for whom it is.
        """
        if not who:
            return None, False
        if isinstance(who, str):
            return Identity(who), False
        key = _key(who)
        if key is None:
            return None, False
        if (found := self._known.get(key)) is not None:
            return found, False
        if vouched or self._graph is None:
            return self._derived(key), False
        return None, key not in self._known

    def resolve(self, who: Who) -> Identity | None:
        """Return whom a call is for; asks the graph, and remembers."""
        found, ask = self.here(who)
        if isinstance(who, Mapping) and self._graph is not None and (ask or found is None) and (key := _key(who)):
            known = self._known  # what is forgotten meanwhile is not remembered by an answer of before
            found = self._graph.identify(who)
            with self._lock:
                known[key] = found
        return found

    def forget(self, customers: AbstractSet[str], identifiers: Iterable[tuple[str, str]]) -> None:
        """
        Forget what is remembered of customers and identifiers, so that the graph is asked anew.

        Args:
            customers: Persistent customer ids.
            identifiers: Names and values.
        """
        about = {(name, _folded(value)) for name, value in identifiers}
        names = {name for name, _ in about}

        def concerned(key: tuple[tuple[str, str], ...], found: Identity | None) -> bool:
            theirs = found is not None and found.customer in customers
            return theirs or any(name in names and (name, _folded(value)) in about for name, value in key)

        with self._lock:
            kept = {key: found for key, found in self._known.items() if not concerned(key, found)}
            self._known = FIFOCache(self._maxsize)
            self._known.update(kept)

    def household(self, customer: str, *, remember: bool = True) -> str | None:
        """Return a customer's household; asks the graph, and remembers unless it must not."""
        who = {"customer": customer}
        found = self.resolve(who) if remember or self._graph is None else self.here(who)[0] or self._graph.identify(who)
        return None if found is None else found.household

    def households_of(self, customers: Sequence[str]) -> Mapping[str, str]:
        """Return the households of customers who are in one; asks the graph, for all at once if it can."""
        if isinstance(self._graph, HouseholdsOfMany):
            return self._graph.households_of(customers)
        return {one: name for one in customers if (name := self.household(one)) is not None}

    def _derived(self, key: tuple[tuple[str, str], ...]) -> Identity:
        """Return the identity that identifiers make without a graph: the strongest one stands for the customer."""

        def strength(pair: tuple[str, str]) -> int:
            return KINDS.index(self._kind(pair[0]))

        name, value = min(key, key=strength)
        return Identity(value if name == "customer" else f"{name}:{value}", self._kind(name))

    def _kind(self, name: str) -> str:
        kind = self._kinds.get(name, "person" if name == "customer" else "device")
        return kind if kind in KINDS else "device"


def _folded(value: str) -> str:
    """Return a value in a form that all ways to write it have in common."""
    return unicodedata.normalize("NFC", value.strip()).casefold()


def _key(who: Mapping[str, str]) -> tuple[tuple[str, str], ...] | None:
    """Return identifiers in a fixed order; None if they are none, or not short texts."""
    pairs = tuple(who.items()) if len(who) == 1 else tuple(sorted((str(name), value) for name, value in who.items()))
    for name, value in pairs:
        if not (isinstance(name, str) and isinstance(value, str) and 0 < len(value) <= _KEY_MAX_CHARS):
            return None
    return pairs or None
