"""What a Spark worker does: opens the bundle once for its process, and decides for one Arrow batch after another.

It knows nothing but what it was sent, and leaves nothing behind: no ledger, no log.
"""

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import attrs
from cachetools import LRUCache

import tactful
from tactful import UsageError

from .spark_contacts import contacts_by_customer

if TYPE_CHECKING:
    import pyarrow as pa

    from .spark_progress import Progress

#: A process keeps the edges of so many campaigns; with more than that in turn, bundles are opened anew.
EDGES_MAX: Final = 4
_edges: "LRUCache[bytes, tactful.Edge]" = LRUCache(EDGES_MAX)
_opening = threading.Lock()
_COUNT: Final = re.compile(r" in \d+ rows\b")


class Bytes(Protocol):
    """A broadcast bundle: fetched by a process that asks for it, once."""

    @property
    def value(self) -> bytes:
        """The bytes."""
        ...


@attrs.frozen(repr=False)
class Job:
    """
    What each worker decides by: a campaign without its bundle.

    Attributes:
        placements: The page.
        context: The context, the same for all.
        keys: The pinned public keys, or None.
        signatures: So many of them must have signed.
        tenant: The tenant that the bundle is for, or None.
        development: Whether the bundle is taken without verifying it.
        at_us: The moment [us since 1970].
        name: Names the bundle's bytes, the page, the context and the moment: ids of decisions come from it.
        careful: Why decisions are careful, on the driver.
    """

    placements: tuple[str, ...]
    context: Mapping[str, object] | None
    keys: tuple[str, ...] | None
    signatures: int
    tenant: str | None
    development: bool
    at_us: int
    name: bytes
    careful: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        raw: bytes,
        placements: tuple[str, ...],
        context: Mapping[str, object] | None,
        keys: tuple[str, ...] | None,
        signatures: int,
        tenant: str | None,
        at_us: int,
        *,
        development: bool,
    ) -> Self:
        """Return the job of a bundle's bytes."""
        asked = repr((placements, sorted((context or {}).items()), at_us)).encode()
        name = hashlib.blake2b(hashlib.blake2b(raw).digest() + asked, digest_size=16).digest()
        return cls(placements, context, keys, signatures, tenant, development, at_us, name)

    def careful_as(self, edge: tactful.Edge) -> "Job":
        """Return the same, to be decided as carefully as an edge does, and no more."""
        return attrs.evolve(self, careful=edge.plan.careful(self.at_us))

    @property
    def opened_by(self) -> bytes:
        """What tells edges apart: two jobs with the same one can share theirs."""
        return self.name + repr((self.keys, self.signatures, self.tenant, self.development)).encode()

    def open(self, raw: bytes, store: Any = None) -> tactful.Edge:
        """Return an edge whose clock stands still at the job's moment."""
        return tactful.open(
            raw,
            key=self.keys,
            signatures=self.signatures,
            tenant=self.tenant,
            development=self.development,
            store=store,
            clock=lambda: self.at_us,
        )

    def decision(self, customer: str) -> str:
        """Return the id of a customer's decision: the same in every process and at every attempt."""
        return hashlib.blake2b(customer.encode(), key=self.name, digest_size=12).hexdigest()


@attrs.frozen(repr=False)
class Sent:
    """What is sent with each task: the job, the broadcast bundle, the columns' names, and who counts."""

    job: Job
    bundle: Bytes
    columns: tuple[str, ...]
    contacts: str | None
    progress: "Progress | None"

    def edge(self) -> tactful.Edge:
        """
        Return this process's edge for the job.

        Raises:
            BundleError: If the bundle is refused here.
            UsageError: If this worker would decide otherwise than the driver.
        """
        with _opening:
            edge: tactful.Edge | None = _edges.get(self.job.opened_by)
            if edge is None:
                edge = self.job.open(self.bundle.value)
                careful = edge.plan.careful(self.job.at_us)
                if careful != self.job.careful:
                    reason = next(iter({*careful} ^ {*self.job.careful}))
                    raise UsageError(
                        f"a worker decides otherwise than the driver: {reason}; install the same tactful and plugins"
                    )
                _edges[self.job.opened_by] = edge
                if self.progress is not None:
                    self.progress.add_opened()
            return edge


def decided(sent: Sent, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """
    Yield decisions for the customers of batches, which are sorted or vouched for.

    Args:
        sent: What was sent.
        batches: Customers, as Spark hands them over.

    Raises:
        UsageError: If a column does not fit, a customer comes twice, or one's decision depends on another's.
    """
    pa = import_module("pyarrow")
    edge = sent.edge()
    last: object = edge  # which is no customer
    for batch in batches:
        if not batch.num_rows:
            continue
        table = pa.Table.from_batches([batch]).rename_columns(list(sent.columns))
        ids = table.column("customer")
        if ids[0].as_py() == last:
            raise UsageError("column 'customer': a row is of a customer who has one already")
        last = ids[-1].as_py()
        theirs: Mapping[str, list[tactful.Contact]] = {}
        if sent.contacts is not None:
            theirs = contacts_by_customer(ids, table.column(sent.contacts), sent.contacts)
            table = table.drop_columns([sent.contacts])
        decisions = edge.decide_many(sent.job.placements, table, sent.job.context, contacts=theirs)
        if decisions.depends:
            raise UsageError(f"customers cannot be decided apart from one another: {decisions.depends}")
        yield from _rows(sent.job, decisions.table).to_batches()
        if sent.progress is not None:
            sent.progress.add(len(decisions), [_COUNT.sub(" in some rows", one) for one in decisions.careful])


def _rows(job: Job, table: "pa.Table") -> "pa.Table":
    """Return rows of decisions as Spark takes them: plain texts, and an id in place of the row's number."""
    pa = import_module("pyarrow")
    customers = table.column("customer").combine_chunks().dictionary_encode()
    ids = pa.array([job.decision(one) for one in customers.dictionary.to_pylist()], pa.string())
    plain = {
        one.name: table.column(one.name).cast(one.type.value_type if pa.types.is_dictionary(one.type) else one.type)
        for one in table.schema
        if one.name != "row"
    }
    return pa.table({"decision": ids.take(customers.indices), **plain})
