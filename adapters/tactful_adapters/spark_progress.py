"""How far a campaign on Spark is, for the driver to look at. It changes no decision."""

import os
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports] - large, and not needed to check types


class Progress:
    """
    Counts of a running job, which grow as its tasks end.

    Where rows are written as they are decided, Spark counts each task once, however often it ran. Where a later stage
    makes Spark decide a part anew, that part counts again: it tells how far the job is, and is no proof.
    """

    def __init__(self, session: "SparkSession") -> None:
        """Count nothing yet."""
        self._done = session.sparkContext.accumulator(0)
        self._opened = session.sparkContext.accumulator(0)
        self._processes: Any = session.sparkContext.accumulator(frozenset(), Union())  # type: ignore[arg-type,unused-ignore]
        self._careful: Any = session.sparkContext.accumulator(frozenset(), Union())  # type: ignore[arg-type,unused-ignore]

    @property
    def done(self) -> int:
        """How many customers are decided."""
        return int(self._done.value)

    @property
    def opened(self) -> int:
        """How often workers opened the bundle: once for each of Spark's Python processes."""
        return int(self._opened.value)

    @property
    def processes(self) -> frozenset[str]:
        """The processes that opened it, as HOST/NUMBER."""
        return frozenset(self._processes.value)

    @property
    def careful(self) -> tuple[str, ...]:
        """Why less than usual is shown to some; empty if nothing held it back."""
        return tuple(sorted(self._careful.value))

    def add(self, customers: int, careful: Iterable[str]) -> None:
        """Count customers, on a worker."""
        self._done.add(customers)
        self._careful.add(frozenset(careful))

    def add_opened(self) -> None:
        """Count an opened bundle, on a worker."""
        self._opened.add(1)
        self._processes.add(frozenset([f"{socket.gethostname()}/{os.getpid()}"]))


class Union:
    """Sets put together: of reasons, as many as the policy has attributes and purposes; and of processes."""

    def zero(self, value: frozenset[str]) -> frozenset[str]:  # noqa: ARG002 - Spark's signature
        """Return the empty set."""
        return frozenset()

    def addInPlace(self, one: frozenset[str], other: frozenset[str]) -> frozenset[str]:  # noqa: N802 - Spark's name
        """Return both together."""
        return one | other
