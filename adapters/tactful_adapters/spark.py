"""Decisions for a table of customers on Spark: the driver checks and fixes what is asked, and workers decide.

It records nothing: Spark runs a task again after a failure, and sometimes twice at once. The moment and the ids of
decisions are fixed before the first task, so that every run of a task gives the same rows. docs/spark.md.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tactful
from tactful import UsageError

from .spark_contacts import SHOWN_COLUMNS, check_contacts, us_of
from .spark_progress import Progress
from .spark_worker import Job, Sent, decided

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame  # pyright: ignore[reportMissingImports] - large, and not needed to check types

__all__ = ["Campaign", "Progress"]

_SCHEMA = (
    "decision string, customer string, placement string, slot bigint, offer string, treatment string, tone string, "
    "basis string, worth double"
)


class Campaign:
    """One page, one bundle and one moment, for any number of customers."""

    def __init__(  # noqa: PLR0913 - what `tactful.open` takes, and what is asked
        self,
        placements: str | Sequence[str],
        bundle: str | Path | bytes,
        context: Mapping[str, object] | None = None,
        *,
        key: str | Sequence[str] | None = None,
        signatures: int = 1,
        tenant: str | None = None,
        development: bool = False,
        store: Any = None,
        at: dt.datetime | None = None,
    ) -> None:
        """
        Verify the bundle, and fix what every worker decides by.

        Args:
            placements: As for `edge.decide_many`.
            bundle: A bundle's file, which the driver reads, or its bytes.
            context: As for `edge.decide_many`; the same for all.
            key: As for `tactful.open`; workers verify the bundle once more.
            signatures: As for `tactful.open`.
            tenant: As for `tactful.open`.
            development: As for `tactful.open`.
            store: A store or its URL, where the driver remembers the highest epoch; no worker opens it, and no contact
                is read from it.
            at: The moment of all decisions, with a time zone; None is now. Campaigns of the same moment, bundle, page
                and context give the same customer the same decision id.

        Raises:
            ExtraMissing: Without the extra `spark`.
            BundleError: If the bundle is refused; its code says at which check.
            UsageError: If the moment has no time zone, if a folder or a policy is given, or as `tactful.open` says.
        """
        _needed()
        raw = _bytes(bundle)
        at_us = tactful.wall_clock() if at is None else us_of(at)
        names = (placements,) if isinstance(placements, str) else tuple(placements)
        keys = None if key is None else (key,) if isinstance(key, str) else tuple(key)
        job = Job.of(raw, names, context, keys, signatures, tenant, at_us, development=development)
        self._raw = raw
        self._edge = job.open(raw, store)
        self._job = job.careful_as(self._edge)
        self._channel = self._page_channel()

    def decide(
        self,
        customers: "DataFrame",
        *,
        contacts: str | None = None,
        partitions: int | None = None,
        each_once: bool = False,
        progress: Progress | None = None,
    ) -> "DataFrame":
        """
        Return what to show to each customer: a row for each filled slot, as `edge.decide_many` gives it.

        Instead of `row` it has `decision`, the same whenever and wherever the customer is decided. Nothing is decided
        before Spark needs the rows.

        Args:
            customers: A row for each customer; its columns as docs/batch.md says.
            contacts: The column of the customers' contacts, arrays of structs, which caps count (docs/spark.md).
            partitions: In how many parts it is decided; None leaves it to Spark. Of no effect with `each_once`.
            each_once: Whether you vouch that no customer has two rows; if not, customers are sorted to find out.
            progress: Counts what is done, for the driver to look at.

        Raises:
            UsageError: If a column or a placement is not what it should be, if customers cannot be decided apart from
                one another, or if there are caps and no contacts. What only a worker can see, such as a customer who
                has two rows, fails the job with the same error.
        """
        _needed()
        if contacts is not None:
            check_contacts(customers.schema, contacts)
        self._check(customers, contacts)
        columns = tuple(customers.columns)
        numbered = customers.toDF(*(f"c{number}" for number in range(len(columns))))  # Spark stumbles over dots
        if not each_once:
            customer = f"c{columns.index('customer')}"
            by = (customer,) if partitions is None else (partitions, customer)
            numbered = numbered.repartition(*by).sortWithinPartitions(customer)
        bundle = customers.sparkSession.sparkContext.broadcast(self._raw)
        sent = Sent(self._job, bundle, columns, contacts, progress)
        run: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]] = partial(decided, sent)
        return numbered.mapInArrow(lambda batches: run(batches), _SCHEMA)  # noqa: PLW0108 - Spark takes no partial

    def contacts(self, written: "DataFrame", *, at: dt.datetime | None = None) -> "DataFrame":
        """
        Return the contacts of decisions that were shown, to be recorded: each once, by its id.

        Args:
            written: Rows of `decide`, read back from where they were written.
            at: When they were shown, with a time zone; None is the campaign's moment.

        Raises:
            UsageError: If the policy has offers of partners: what they pass on is recorded by `edge.record` alone.
        """
        _needed()
        functions = import_module("pyspark.sql.functions")
        self._refuse_partners()
        rows = [
            (one.id, one.topic, one.owner, list(one.tags), one.intent.value, one.offer_class.value)
            for one in (ranked.offer for ranked in self._edge.plan.offers)
        ]
        offers = written.sparkSession.createDataFrame(
            rows, "offer string, topic string, owner string, tags array<string>, intent string, offer_class string"
        )
        shown_us = self._job.at_us if at is None else us_of(at)
        return (
            written.join(functions.broadcast(offers), "offer")
            .withColumn("id", functions.concat_ws("/", "decision", "slot", "offer", functions.lit("shown")))
            .withColumn("event", functions.lit("shown"))
            .withColumn("channel", functions.lit(self._channel))
            .withColumn("at", functions.timestamp_micros(functions.lit(shown_us)))
            .select(*SHOWN_COLUMNS)
            .dropDuplicates(["id"])
        )

    @property
    def at(self) -> dt.datetime:
        """The moment of all decisions."""
        return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=self._job.at_us)

    def __repr__(self) -> str:
        return f"<Campaign {self._edge.plan.policy.name!r} {', '.join(self._job.placements)}>"

    def _page_channel(self) -> str:
        page, wrong = self._edge.plan.page(self._job.placements)
        if page is None or wrong:
            raise UsageError(f"Campaign: {'; '.join(wrong)}")
        return page.placements[0].placement.channel

    def _check(self, customers: "DataFrame", contacts: str | None) -> None:
        """Refuse what no worker could decide, by deciding here for one who is not known."""
        pa = import_module("pyarrow")
        plan = self._edge.plan
        schema = customers.limit(0).toArrow().schema
        columns = {one.name: pa.nulls(1, one.type) for one in schema if one.name != contacts}
        if "customer" in columns:
            columns["customer"] = pa.array(["nobody"])
        found = self._edge.decide_many(self._job.placements, pa.table(columns), self._job.context, contacts={})
        reason = found.depends
        if "everyone" in plan.counted_per:
            reason = reason or "a budget counts for everyone together"
        if reason:
            raise UsageError(
                f"Campaign.decide: {reason}, and workers know nothing of one another's customers; decide with "
                "edge.decide_many in one process, or keep such caps out of the policy of this campaign"
            )
        if plan.caps and contacts is None:
            raise UsageError(
                "Campaign.decide: the policy has caps, and workers have no ledger; contacts= names the column of each "
                "customer's contacts, with an empty array where there are none"
            )

    def _refuse_partners(self) -> None:
        partners = {one.name for one in self._edge.plan.policy.purposes if one.partner is not None}
        passing = sorted(one.offer.id for one in self._edge.plan.offers if one.offer.purpose in partners)
        if passing:
            raise UsageError(
                f"Campaign.contacts: offer {passing[0]!r} passes on to a partner what is known of a customer, and "
                "contacts do not record that; keep such offers out of the policy of this campaign"
            )


def _needed() -> None:
    """Raise ExtraMissing unless Spark and Arrow are here."""
    for library in ("pyspark.sql", "pyarrow", "numpy"):
        try:
            import_module(library)
        except ImportError as error:
            raise tactful.ExtraMissing("a campaign on Spark", "spark") from error


def _bytes(bundle: Any) -> bytes:
    if isinstance(bundle, bytes):
        return bundle
    if not isinstance(bundle, str | Path) or Path(bundle).is_dir():
        raise UsageError("Campaign: workers get a bundle's bytes, so give a bundle's file or its bytes: tactful build")
    try:
        return Path(bundle).read_bytes()
    except OSError as error:
        raise tactful.BundleError(f"{bundle}: {error.strerror}; give a bundle's file", code="bundle-file") from None
