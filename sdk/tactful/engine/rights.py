"""Rights: what a customer may ask for, all that is held and its erasure, at an edge and in its store."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import attrs

from ..consent import Consents
from ..erasing import ErasureReceipt, edges_of, epochs_of, followers, owing_edges, receipt_of
from ..errors import StoreError, UsageError
from ..held import Held
from ..ports import ConsentSource, Erasure, Store
from ..profile import Identity
from ..rights_ports import Forgets, SharedCopies, SubjectAccess
from ..subject_export import SubjectExport
from .attached import Attached, both
from .customer import Who
from .identify import Identities
from .log import Log
from .objecting import Objecting
from .overtaking import Following
from .strict import Rooms

if TYPE_CHECKING:
    from .decision import Decision

#: Decides for a customer in a placement, without a trace.
Look = Callable[[str, str], "Decision"]


@attrs.frozen(repr=False)
class SubjectRights:
    """
    What a customer may ask of an edge.

    Attributes:
        opting: Keeps what customers say about purposes, and gives plan, customers and clock.
        store: Where the customer's rows are.
        profiles: Where profiles come from.
        identities: Whom identifiers stand for, as far as that is remembered.
        rooms: What is in hand under strict caps.
        log: What has still to be logged; None if nothing is.
        following: What follows a centre; None without one.
        attached: What is kept of customers beside the store.
        forget_views: Forgets what was decided for page views.
        look: Decides without a trace, to tell segments.
        refresh_s: Other processes hold what they have of a customer for at most so long [s].
    """

    opting: Objecting
    store: Store
    profiles: object
    identities: Identities
    rooms: Rooms
    log: Log | None
    following: Following | None
    attached: Attached
    forget_views: Callable[[], None]
    look: Look
    refresh_s: int

    def export(self, who: Who) -> SubjectExport:
        """
        Return all that is held of a customer: values with their sources, inferences, consents, recipients, times.

        Nothing of another customer is in it, whoever shares the household or was merged once.

        Args:
            who: As for `decide`; identifiers that stand for nobody are refused.

        Raises:
            UsageError: If nobody is meant, or the store cannot tell.
            StoreError: If the store cannot be read.
        """
        customer = self._customer("export", who)
        held = self._access().held(customer)
        self.opting.snapshots.load(customer)
        plan = self.opting.plan()
        places = {one.placement.channel: name for name, one in plan.placements.items()}
        found = {name for place in places.values() for name in self.look(place, customer).segments()}
        return SubjectExport(held, plan.policy, tuple(sorted(found)), plan.longest_window_us, self.opting.clock())

    def consents(self, who: Who) -> Consents | None:
        """
        Return what is on record of a customer's yeses and noes, as of now; None if nothing is.

        Args:
            who: As for `decide`; identifiers that stand for nobody are refused.

        Raises:
            UsageError: If nobody is meant.
            StoreError: If the consents cannot be read.
        """
        customer = self._customer("consents", who)
        source = self.opting.consents
        return source.consents(customer) if isinstance(source, ConsentSource) else None

    def erase(self, who: Who) -> ErasureReceipt:
        """
        Forget a customer and every merged id: in the store, its outbox and log, what is attached beside it, and here.

        What is attached and fails is named in the receipt as pending, and is told again until it has forgotten.
        Asked again it does no harm and finds nothing more; if it was interrupted, ask again.

        Args:
            who: As for `decide`. Identifiers that stand for nobody are refused; after an erasure give the id.

        Raises:
            UsageError: If nobody is meant, or the store cannot erase.
            StoreError: If the store cannot, or copies that edges share cannot be reached; then nothing of
                the store went.
        """
        customer = self._customer("erase", who)
        held = self._access().held(customer)
        if self.log is not None:
            self.log.flush()  # what waits there is logged under the pseudonym, and unlinked with the rest
        ids = frozenset({*held.ids, *self.opting.snapshots.same(customer)})
        erasure = self._erasure()
        self._forget_shared(ids)
        before = self.attached.forget(ids)  # while the store knows all ids: if we die, asking again finds the rest
        gone = erasure.erase(customer)
        epochs = epochs_of(self.store)
        edges = edges_of(self.store, epochs)
        pending = (*self._shared_meanwhile(ids), *self._pending(epochs), *owing_edges(edges))
        self._let_go(ids, held)
        after = self.attached.forget(ids)  # what was kept until the rows were gone
        owed, now_us = (*after.in_words(), *pending), self.opting.clock()
        return receipt_of(gone, held, now_us, owed, beside=both(before, after), epochs=epochs, edges=edges)

    def attach(self, name: str, keeper: Forgets) -> None:
        """
        Have something beside the store told of each erasure; triggers and campaigns attach their journals themselves.

        Args:
            name: What the receipt calls it; nothing personal.
            keeper: What has `forget(customer)`. It is held as long as the edge. Attached again, it is the same one.

        Raises:
            UsageError: If the name is none, it cannot forget, or 10,000 are attached already.
        """
        self.attached.add(name, keeper)

    def object_to(self, who: Who, purpose: str | None = None) -> tuple[str, ...]:
        """
        Take an objection: from the next decision on the purpose, and each under it, is as refused; return the partners.

        Each partner of such a purpose gets a notice. A later explicit `opt_in` to the purpose opens it again.

        Args:
            who: As for `decide`; identifiers that stand for nobody are refused.
            purpose: A purpose of the policy that is not a contract's; None objects to all of them, as `opt_out`.

        Raises:
            UsageError: If nobody or no such purpose is meant, or consents come from where none can be kept.
            StoreError: If the store cannot keep it; here it counts all the same.
        """
        partners = self.opting.out(who) if purpose is None else self.opting.object_to(who, purpose)
        self._nudge()
        return partners

    def restrict(self, who: Who) -> None:
        """
        Keep all that is known of a customer, and use none of it: decisions are as for a visitor, until `lift`.

        It holds for every merged id, on every channel, and at every edge that follows the same centre.

        Raises:
            UsageError: If nobody is meant, or consents come from where none can be kept.
            StoreError: If the store cannot keep it; here it counts all the same.
        """
        self.opting.restrict(who)
        self._nudge()

    def lift(self, who: Who) -> bool:
        """
        Use again what is known of a customer; return whether it was restricted. Nothing else lifts a restriction.

        Raises:
            UsageError: If nobody is meant, or consents come from where none can be kept.
            StoreError: If the store cannot keep it.
        """
        lifted = self.opting.lift(who)
        self._nudge()
        return lifted

    def _nudge(self) -> None:
        if self.following is not None:
            self.following.nudge()  # the centre, and all other edges, are to hear of it now

    def _forget_shared(self, ids: Iterable[str]) -> None:
        """Take away what edges share of a customer in front of where it comes from."""
        sources = {id(one): one for one in (self.profiles, self.opting.consents) if isinstance(one, SharedCopies)}
        for source in sources.values():
            for id_ in ids:
                source.forget_shared(id_)

    def _shared_meanwhile(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Take away what another edge has fetched and shared before the rows were gone; return what is pending then."""
        try:
            self._forget_shared(ids)
        except StoreError:
            return ("copies that another edge shared during the erasure could not be reached: erase once more",)
        return ()

    def _let_go(self, ids: frozenset[str], held: Held) -> None:
        """Let go of all that is here of a customer."""
        self.identities.forget(ids, {(link.name, link.value) for link in held.links})
        self.rooms.forget(ids)
        self.forget_views()
        homes = frozenset({*ids, *(link.value for link in held.links)})
        self.opting.snapshots.erase(ids, homes)
        for id_, here in self.opting.snapshots.everyone():
            if here.household[1] in homes:  # who counts together with the customer holds what the customer did
                self.opting.snapshots.forget(id_)

    def _pending(self, epochs: Mapping[str, int]) -> tuple[str, ...]:
        processes = f"other processes of this store fetch the customer anew at a decision after {self.refresh_s} s"
        if self.following is None:
            return processes, followers(epochs)
        return processes, "the centre that this edge follows was not asked: erase there as well, and it tells its edges"

    def _customer(self, what: str, who: Who) -> str:
        identity: Identity | None = self.identities.resolve(who)
        if identity is None:
            raise UsageError(f"{what}: the identifiers stand for nobody; link them first, or give the customer's id")
        return identity.customer

    def _access(self) -> SubjectAccess:
        if not isinstance(self.store, SubjectAccess):
            raise UsageError(
                f"{type(self.store).__name__} cannot tell what it holds of a customer: ask it at its source"
            )
        return self.store

    def _erasure(self) -> Erasure:
        if not isinstance(self.store, Erasure):
            raise UsageError(f"{type(self.store).__name__} cannot erase: erase the customer at its source")
        return self.store
