"""The corridor: one decision from the caller's words to what is shown. It decides nothing itself.

identify -> snapshot -> (mask -> qualify -> guard -> rank -> compose) -> record
"""

import asyncio
import hashlib
import itertools
import logging
import os
import secrets
import uuid
import weakref
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from threading import Lock
from typing import Self

import attrs
from cachetools import LRUCache

from ..clock import Clock
from ..consent import Consents
from ..contacts import Contact
from ..errors import UsageError
from ..plan.plan import Plan
from ..ports import Store
from ..profile import Identity, Snapshot
from . import middle, record
from .compose import Chosen
from .convert import to_consents, to_snapshot
from .count import NOTHING, Counters, Limited, everything_reached
from .customer import Customer
from .decision import Decision
from .identify import Identities, Who
from .snapshot import Here, Snapshots, Sources
from .token import Seal

_log = logging.getLogger("tactful")
_edges: "weakref.WeakSet[Edge]" = weakref.WeakSet()


@attrs.frozen
class Options:
    """
    What bounds an edge's memory and patience.

    Attributes:
        customers_max: So many customers are held at most.
        views_max: So many page views are remembered at most.
        refresh_s: A customer fetched longer ago than this is fetched again in the background [s].
    """

    customers_max: int = 100_000
    views_max: int = 10_000
    refresh_s: int = 300


@attrs.frozen
class _Asked:
    """For whom a decision is, as far as that is known here."""

    identity: Identity | None
    customer: Customer
    counters: Counters | None
    careful: tuple[str, ...]


class Edge:
    """
    Decides, in this process, what to show; from a policy, and the customers that are here.

    It is safe under threads, asyncio and fork. Make one with `tactful.open`.
    """

    def __init__(  # noqa: PLR0913 - made by `tactful.open`
        self,
        plan: Plan,
        *,
        store: Store,
        sources: Sources,
        graph: bool,
        immediate: bool,
        clock: Clock,
        token_key: bytes | None = None,
        options: Options = Options(),  # noqa: B008 - frozen
    ) -> None:
        self._plan = plan
        self._store = store
        self._clock = clock
        self._immediate = immediate
        self._options = options
        self._closed = False
        self._seal = Seal(store, token_key)
        kinds = dict(plan.policy.identifiers)
        self._identities = Identities(store if graph else None, kinds, maxsize=options.customers_max)
        self._snapshots = Snapshots(sources, self._identities, lambda: self._plan, clock, options.customers_max)
        self._reset()
        _edges.add(self)

    def _reset(self) -> None:
        """Begin anew what a forked child must not share with its parent."""
        self._lock = Lock()
        self._views: LRUCache[object, Decision] = LRUCache(self._options.views_max)
        self._prefix = secrets.token_hex(6)
        self._numbers = itertools.count()

    def decide(  # noqa: PLR0913 - a decision's inputs
        self,
        placements: str | Sequence[str],
        who: Who = None,
        context: Mapping[str, object] | None = None,
        *,
        profile: Snapshot | Mapping[str, object] | None = None,
        consents: Consents | Mapping[str, object] | None = None,
        contacts: Iterable[Contact] | None = None,
        view: str | None = None,
        preview: bool = False,
    ) -> Decision:
        """
        Decide what to show in the placements of a page. It does no I/O, waits for nothing and never raises.

        Args:
            placements: The placement, or those of one page; all of one channel.
            who: The persistent customer id, or identifiers by name, such as `{"card": "4711"}`; None for a visitor.
            context: What is known of the moment, by the names that the policy declares.
            profile: The profile, where the caller has it already: a `Snapshot`, or values by attribute name.
            consents: The consents that go with it: `Consents`, or a word by purpose, such as "explicit".
            contacts: The customer's contacts that go with it, for the caps.
            view: An id of the page view; the same view decides the same and takes room under the caps once.
            preview: Whether to leave no trace: no room is taken.
        """
        names = (placements,) if isinstance(placements, str) else tuple(placements)
        try:
            return self._decide(names, who, context, profile, consents, contacts, view, preview=preview)
        except Exception as error:  # noqa: BLE001 - a page never breaks because of us
            _log.error("a decision failed: %s; the fallback is shown", type(error).__name__)
            return self._nothing(names, self._clock(), f"it failed: {type(error).__name__}; the fallback is shown")

    def _decide(  # noqa: PLR0913 - as `decide`
        self,
        names: tuple[str, ...],
        who: Who,
        context: Mapping[str, object] | None,
        profile: Snapshot | Mapping[str, object] | None,
        consents: Consents | Mapping[str, object] | None,
        contacts: Iterable[Contact] | None,
        view: str | None,
        *,
        preview: bool,
    ) -> Decision:
        now_us, plan = self._clock(), self._plan
        page, wrong = plan.page(names)
        if page is None or self._closed:
            return self._nothing(names, now_us, *wrong, *(["the edge is closed"] if self._closed else []))
        asked = self._asked(plan, who, profile, consents, contacts, now_us)
        values, refused = plan.slots.context_values(context)
        careful = (*wrong, *asked.careful, *(f"context.{name} does not fit its type" for name in refused))
        key = (view, "" if asked.identity is None else asked.identity.customer, names)
        if view is not None and (known := self._seen(key, asked.customer)) is not None:
            return known
        channel = plan.channels[page.placements[0].placement.channel]
        counters = asked.counters
        with counters.lock if counters is not None and plan.caps else nullcontext():
            limited = self._limited(plan, asked, channel.channel.name, now_us)
            moment = middle.decide(plan, channel, page, asked.customer, values, limited, now_us)
            id_ = self._id(key) if view is not None else f"{self._prefix}{next(self._numbers):x}"
            if counters is not None and plan.caps and moment.chosen and not preview:
                self._reserve(counters, plan, moment.chosen, id_, asked, channel.channel.name, now_us)
        customer = "" if asked.identity is None else asked.identity.customer
        decision = Decision(id_, now_us, names, moment, customer, careful, self._seal, self._fallbacks(plan))
        if view is not None and not preview:
            with self._lock:
                self._views[key] = decision
        return decision

    def _asked(  # noqa: PLR0913 - what a caller may bring
        self,
        plan: Plan,
        who: Who,
        profile: Snapshot | Mapping[str, object] | None,
        consents: Consents | Mapping[str, object] | None,
        contacts: Iterable[Contact] | None,
        now_us: int,
    ) -> _Asked:
        identity, ask = self._identities.here(who, vouched=profile is not None)
        if ask and self._immediate:
            identity = self._identities.resolve(who)
        here = None if identity is None else self._snapshots.here(identity)
        if here is None and identity is not None and self._immediate:
            here = self._snapshots.load(identity.customer)
        elif ask and not self._immediate:
            self._snapshots.ask(who)
        elif identity is not None and (here is None or now_us - here.loaded_us > self._options.refresh_s * 1_000_000):
            self._snapshots.ask(identity.customer)
        if profile is not None:
            return self._brought(plan, identity, here, profile, consents, contacts, now_us)
        if identity is None or here is None:
            careful = ("profile not here: warm",) if ask or identity is not None else ()
            return _Asked(identity, self._snapshots.nobody(identity, plan), None, careful)
        customer = here.customer(identity, plan)
        careful = ("no profile is on record",) if customer.snapshot is None else ()
        return _Asked(identity, customer, here.counting(plan), careful)

    def _brought(  # noqa: PLR0913 - what a caller may bring
        self,
        plan: Plan,
        identity: Identity | None,
        here: Here | None,
        profile: Snapshot | Mapping[str, object],
        consents: Consents | Mapping[str, object] | None,
        contacts: Iterable[Contact] | None,
        now_us: int,
    ) -> _Asked:
        careful: list[str] = []
        customer_id = "" if identity is None else identity.customer
        given = profile
        if isinstance(profile, Snapshot):
            given = profile.attributes
            snapshot, refused = to_snapshot(plan.attribute_specs, profile.customer, given, profile.at_us)
            snapshot = attrs.evolve(snapshot, epoch=profile.epoch)
        else:
            snapshot, refused = to_snapshot(plan.attribute_specs, customer_id, profile, now_us)
        careful += [f"profile.{name} does not fit its type" for name in refused]
        known = None if here is None or identity is None else here.customer(identity, plan).consents
        if consents is not None:
            known, misunderstood = to_consents(consents, now_us)
            careful += [f"consent to {name} is not understood: refused" for name in misunderstood]
        counters = None if here is None else here.counting(plan)
        if contacts is not None:
            counters = Counters(plan, contacts)
        if counters is None and identity is not None and plan.caps:
            careful.append("contacts not here: warm")
        return _Asked(identity, Customer(plan, identity, snapshot, known), counters, tuple(careful))

    def _limited(self, plan: Plan, asked: _Asked, channel: str, now_us: int) -> Limited:
        if not plan.caps or asked.identity is None:
            return NOTHING
        if asked.counters is None:
            return plan.once("everything reached", lambda: everything_reached(plan))
        return asked.counters.limited(channel, now_us)

    @staticmethod
    def _reserve(  # noqa: PLR0913 - what a reservation says
        counters: Counters,
        plan: Plan,
        chosen: Sequence[Chosen],
        id_: str,
        asked: _Asked,
        channel: str,
        now_us: int,
    ) -> None:
        customer = "" if asked.identity is None else asked.identity.customer
        record.reserve(counters, plan, chosen, id_, customer, channel, now_us)

    def _seen(self, key: object, customer: Customer) -> Decision | None:
        """Return what was decided for a page view, unless what is known of the customer has changed since."""
        with self._lock:
            known = self._views.get(key)
        return known if known is not None and known.was_for(customer) else None

    def _id(self, key: object) -> str:
        return hashlib.blake2b(repr(key).encode(), key=self._seal.key, digest_size=12).hexdigest()

    @staticmethod
    def _fallbacks(plan: Plan) -> Mapping[str, Mapping[str, str]]:
        def make() -> Mapping[str, Mapping[str, str]]:
            return {p.name: dict(p.fallback) for p in plan.policy.placements}

        return plan.once("fallbacks", make)

    def _nothing(self, names: tuple[str, ...], now_us: int, *careful: str) -> Decision:
        id_ = f"{self._prefix}{next(self._numbers):x}"
        return Decision(id_, now_us, names, None, "", careful, self._seal, self._fallbacks(self._plan))

    def warm(self, who: Who, *, deadline_s: float | None = None) -> bool:
        """
        Fetch a customer, for callers who can wait; return whether the profile is here.

        Args:
            who: As for `decide`.
            deadline_s: Wait at most this long [s]; the fetch goes on in the background. None waits for the source.

        Raises:
            UsageError: After `close`.
            Exception: What the sources raise, without a deadline.
        """
        self._open()
        if deadline_s is None:
            here = self._snapshots.load(who)
        else:
            done = self._snapshots.ask(who)
            if done is not None:
                done.wait(deadline_s)
            identity, _ = self._identities.here(who)
            here = None if identity is None else self._snapshots.here(identity)
        identity, _ = self._identities.here(who)
        return here is not None and identity is not None and here.customer(identity, self._plan).snapshot is not None

    async def awarm(self, who: Who, *, deadline_s: float | None = None) -> bool:
        """Fetch a customer without holding up the event loop; otherwise as `warm`."""
        return await asyncio.to_thread(self.warm, who, deadline_s=deadline_s)

    def record(self, decision: Decision | str, event: str = "shown", *, slot: int | None = None) -> bool:
        """
        Record what became of a decision, durably and once in effect; return whether it was new.

        Args:
            decision: The decision, or its token from any process that shares the store.
            event: "shown" makes the reserved room an exposure; others, such as "click", are outcomes.
            slot: Which filled slot, from 0; None means all of them for "shown", else the only one.

        Raises:
            TokenError: If the token is not ours, was altered, or is too old.
            UsageError: If the slot is not filled or must be named, or after `close`.
            StoreError: If the store cannot keep it.
        """
        self._open()
        now_us = self._clock()
        receipt = self._seal.open(decision, now_us) if isinstance(decision, str) else decision.receipt()
        return self._keep(record.contacts_of(receipt, event, slot, now_us), now_us)

    def observe(  # noqa: PLR0913 - what a contact says
        self,
        who: Who,
        event: str,
        *,
        topic: str = "",
        offer: str = "",
        channel: str = "",
        id: str | None = None,  # noqa: A002
    ) -> bool:
        """
        Record what a customer did apart from any decision, such as a purchase; return whether it was new.

        Args:
            who: As for `decide`; identifiers that stand for nobody are refused.
            event: Such as "purchase" or "complaint".
            topic: What it was about.
            offer: The offer's id, if one was concerned.
            channel: Where it happened.
            id: Its id at its source, so that it takes effect once.

        Raises:
            UsageError: If nobody is meant, or after `close`.
            StoreError: If the store cannot keep it.
        """
        self._open()
        identity = self._identities.resolve(who)
        if identity is None:
            raise UsageError("observe: the identifiers stand for nobody; link them first")
        now_us = self._clock()
        contact = Contact(id or uuid.uuid4().hex, identity.customer, event, now_us, topic, offer, channel=channel)
        return self._keep([contact], now_us)

    def _keep(self, contacts: list[Contact], now_us: int) -> bool:
        if not contacts:
            return False
        new = self._store.record(contacts)
        here = self._snapshots.here(Identity(contacts[0].customer))
        if here is not None:
            counters = here.counting(self._plan)
            with counters.lock:
                counters.add(contacts, now_us)
        return new > 0

    def forget(self, who: Who) -> None:
        """Let go of what is held of a customer, so that it is fetched anew."""
        identity, _ = self._identities.here(who)
        if identity is not None:
            self._snapshots.forget(identity.customer)

    def use(self, plan: Plan) -> None:
        """Decide by another plan from now on; decisions under way end by the old one."""
        self._plan = plan

    @property
    def plan(self) -> Plan:
        """The plan that is decided by."""
        return self._plan

    def close(self) -> None:
        """Give back threads and the store; a second call does nothing. Later decisions show fallbacks."""
        if not self._closed:
            self._closed = True
            self._snapshots.close()
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<Edge {self._plan.policy.name!r} {state}, {len(self._plan.offers)} offers>"

    def _open(self) -> None:
        if self._closed:
            raise UsageError("the edge is closed; open another one")


def _in_child() -> None:
    for edge in list(_edges):
        edge._reset()  # noqa: SLF001 - the same module
        edge._identities.reset()  # noqa: SLF001 - the same module
        edge._snapshots.reset()  # noqa: SLF001 - the same module


os.register_at_fork(after_in_child=_in_child)
