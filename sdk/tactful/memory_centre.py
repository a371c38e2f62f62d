"""A centre in this process's memory: for tests, simulations, and as the model of one. It is gone with the process."""

import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from threading import Condition
from time import monotonic

import attrs

from .acknowledging import EDGES_MAX, Acknowledged, Reached
from .changes import LINES, Change, Changes, Delivery, Erased, Line, Split, Told, Unlinked
from .clock import SECOND_US, Clock, wall_clock
from .consent import Consent, Consents
from .contacts import Contact
from .disclosures import Disclosure
from .errors import CentreError
from .graph import MemoryGraph
from .identity import USUAL_KINDS, IdentityRules
from .merging import Merge
from .profile import Snapshot
from .told import after_telling, tells_consent

_centres: "weakref.WeakSet[MemoryCentre]" = weakref.WeakSet()
_held: "list[MemoryCentre]" = []


class MemoryCentre:
    """
    A `Centre` for the edges of one process, safe under threads; and the ways to change what it knows.

    >>> from tactful import Consent, Consents, ConsentState, How, MemoryCentre
    >>> centre = MemoryCentre(clock=lambda: 9)
    >>> centre.put_consents("ada", Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 5),), 9))
    1
    >>> centre.changes("consents", after=0, count=10)
    Changes(changes=(<Change 1 Consents>,), epoch=1, is_complete=True, at_us=9)
    """

    def __init__(
        self,
        *,
        kinds: Mapping[str, str] | None = None,
        clock: Clock = wall_clock,
        refuse: Callable[[Contact | Disclosure], str | None] = lambda _: None,
    ) -> None:
        """
        Begin with nothing.

        Args:
            kinds: The kind of each identifier, by name: "person", "household" or "device".
            clock: Gives the moment [us since 1970].
            refuse: Gives the code with which an event is refused, or None; what has no id is refused in any case.
        """
        self._clock = clock
        self._refuse = refuse
        self._rules = IdentityRules(USUAL_KINDS if kinds is None else kinds)
        self._graph = MemoryGraph(self._rules)
        self._consents: dict[str, Consents] = {}
        self._events: dict[str, Contact | Disclosure | None] = {}
        self._epochs: dict[Line, int] = dict.fromkeys(LINES, 0)
        self._lines: dict[Line, dict[tuple[object, ...], Change]] = {line: {} for line in LINES}
        self._edges: dict[str, tuple[int, Mapping[Line, Acknowledged]]] = {}
        self._changed = Condition()
        self._closed = False
        _centres.add(self)

    # What an edge asks
    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch, at most so many changes."""
        with self._changed:
            self._open()
            newer = [change for change in self._lines[line].values() if change.epoch > after]
            told = tuple(sorted(newer, key=lambda change: change.epoch)[:count])
            return Changes(told, self._epochs[line], len(told) == len(newer), self._clock())

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Keep events, each once by its id, and let what customers said in them take effect."""
        accepted, refused = set[str](), dict[str, str]()
        with self._changed:
            self._open()
            for event in events:
                if (code := self._code(event)) is not None:
                    refused[event.id] = code
                    continue
                accepted.add(event.id)
                if event.id not in self._events:
                    self._events[event.id] = event
                    self._hear(event)
        return Delivery(frozenset(accepted), refused)

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """Wait until there is something newer than an epoch; return whether there is."""
        until_s = monotonic() + timeout_s
        with self._changed:
            while not self._closed and self._epochs[line] <= after and (left_s := until_s - monotonic()) > 0:
                self._changed.wait(left_s)
            return self._epochs[line] > after

    def line_epochs(self) -> Mapping[str, int]:
        """Return the newest epoch of each line."""
        with self._changed:
            return {str(line): epoch for line, epoch in self._epochs.items()}

    def acknowledge(self, edge: str, reached: Mapping[Line, int], keep_s: int) -> None:
        """Keep that an edge has each line up to an epoch."""
        with self._changed:
            self._open()
            now_us = self._clock()
            said: dict[Line, Acknowledged] = {
                line: Acknowledged(n if n <= self._epochs[line] else 0, now_us) for line, n in reached.items()
            }
            self._edges[edge] = (now_us + keep_s * SECOND_US, said)
            while len(self._edges) > EDGES_MAX:
                del self._edges[min(self._edges, key=lambda one: _heard_us(self._edges[one][1]))]

    def acknowledged(self) -> Reached:
        """Return how far each edge is that was heard within its time."""
        with self._changed:
            now_us = self._clock()
            known = {edge: said for edge, (until_us, said) in self._edges.items() if now_us < until_us}
        return {(edge, line): one for edge, said in known.items() for line, one in said.items()}

    def close(self) -> None:
        """Take no more calls; those that wait come back."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # What changes it
    def put_consents(self, customer: str, consents: Consents) -> int:
        """Let a customer's consents be these from now on; return the epoch."""
        with self._changed:
            return self._know(customer, consents.as_told)

    def add_consent(self, customer: str, consent: Consent) -> int:
        """Add what a customer said; a no for every id that is merged with the customer's. Return the epoch."""
        with self._changed:
            for member in self._members(customer) if consent.refuses else (customer,):
                before = self._consents.get(member, Consents((), 0))
                self._know(member, Consents(before.plus(consent).records, self._clock()))
            return self._epochs["consents"]

    def put_profile(self, snapshot: Snapshot) -> int:
        """Let a customer's profile be this from now on; return the epoch."""
        with self._changed:
            return self._tell("profiles", snapshot.customer, snapshot, "profile", snapshot.customer)

    def link(
        self, identifiers: Mapping[str, str], customer: str, *, kind: str = "stated", confidence: float = 1.0
    ) -> int:
        """Let identifiers stand for a customer, as `IdentityLinks.link`; return the epoch."""
        with self._changed:
            root = self._graph.link(identifiers, customer, kind, confidence, self._clock())
            for link in self._graph.links(root):
                key = ("link", link.name, link.value, link.customer)
                if (known := self._lines["profiles"].get(key)) is None or known.told != link:
                    self._tell("profiles", link.customer, link, *key)
            return self._epochs["profiles"]

    def unlink(self, identifiers: Mapping[str, str]) -> int:
        """Let identifiers stand for nobody any more; return the epoch."""
        with self._changed:
            self._graph.unlink(identifiers)
            line = self._lines["profiles"]
            for name, value in self._rules.clean(identifiers):
                for key in [key for key in line if key[:3] == ("link", name, value)]:
                    del line[key]
                self._tell("profiles", "", Unlinked(name, value), "unlinked", name, value)
            return self._epochs["profiles"]

    def merge(self, customer: str, other: str) -> int:
        """Let two ids be one customer, as `IdentityLinks.merge`; return the epoch."""
        with self._changed:
            at_us = self._clock()
            self._graph.merge(customer, other, at_us)
            return self._tell("profiles", customer, Merge(customer, other, at_us), self._epochs["profiles"])

    def split(self, customer: str) -> int:
        """Undo every merge in which an id was named; return the epoch."""
        with self._changed:
            self._graph.split(customer)
            return self._tell("profiles", customer, Split(), self._epochs["profiles"])

    def erase(self, customer: str) -> int:
        """Forget a customer and every id that is merged with it; return the newest epoch of consents."""
        with self._changed:
            erased, members = Erased(self._clock()), self._members(customer)
            self._graph.erase(members)
            for member in members:
                self._consents.pop(member, None)
                for id_ in [id_ for id_, one in self._events.items() if one is not None and one.customer == member]:
                    self._events[id_] = None  # its id stays, so that it is taken once
                for line, known in self._lines.items():
                    for key in [key for key, change in known.items() if change.customer == member]:
                        del known[key]
                    self._tell(line, member, erased, "erased", member)
            return self._epochs["consents"]

    @property
    def events(self) -> tuple[Contact | Disclosure, ...]:
        """The events that came in, each once, in the order of their coming."""
        return tuple(one for one in self._events.values() if one is not None)

    def __repr__(self) -> str:
        return f"<MemoryCentre {'closed' if self._closed else 'open'}>"

    def _code(self, event: Contact | Disclosure) -> str | None:
        return self._refuse(event) if event.id else "no-id"

    def _hear(self, event: Contact | Disclosure) -> None:
        """Let what an event says of consents take effect; a no for every id that is merged with the customer's."""
        if not isinstance(event, Contact) or not tells_consent(event):
            return
        for member in self._members(event.customer) if event.event == "withdrawal" else (event.customer,):
            known, now_us = self._consents.get(member), self._clock()
            after = after_telling(known, event, now_us)
            if known is None or after.records != known.records:
                self._know(member, attrs.evolve(after, at_us=now_us))

    def _know(self, customer: str, consents: Consents) -> int:
        self._consents[customer] = consents
        return self._tell("consents", customer, consents, "consents", customer)

    def _tell(self, line: Line, customer: str, told: Told, *key: object) -> int:
        self._epochs[line] += 1
        self._lines[line][key] = Change(self._epochs[line], customer, told)
        self._changed.notify_all()
        return self._epochs[line]

    def _members(self, customer: str) -> tuple[str, ...]:
        return self._graph.merges(customer).members(customer)

    def _open(self) -> None:
        if self._closed:
            raise CentreError("the centre is closed; open another one")


def _heard_us(said: Mapping[Line, Acknowledged]) -> int:
    return max(one.at_us for one in said.values())


def _before_fork() -> None:
    _held.extend(_centres)
    for centre in _held:
        centre._changed.acquire()  # noqa: SLF001 - so that no child begins with half a change


def _after_fork() -> None:
    for centre in _held:
        centre._changed.release()  # noqa: SLF001 - taken just before, by this thread
    _held.clear()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
