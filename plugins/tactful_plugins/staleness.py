"""Staleness: what was known long ago is not known now. It looks at the age of the snapshot and at nothing in it."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import Catalog, Familiarity, LimitRule, Scope, Unless, UpTo, hookimpl

from .settings import DAY_S, length, whole


@attrs.frozen
class Staleness:
    """
    The age of snapshots.

    Attributes:
        max_age_s: With a snapshot that is as old as this, nothing goes beyond CONTEXT [s].
    """

    name: ClassVar[str] = "staleness"
    tiers: ClassVar[tuple[str, ...]] = ("infrastructure",)
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {"max_age_s": 7 * DAY_S},
        "bold": {"max_age_s": 90 * DAY_S},
    }
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {"max_age_s": "more"}

    max_age_s: int = attrs.field(default=30 * DAY_S, validator=whole(1))

    def scope(self, catalog: Catalog) -> Scope:
        """Return everything."""
        return catalog.all

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield that an old snapshot, or one of unknown age, bounds tone and basis to CONTEXT."""
        yield Unless(
            f'now - snapshot.at < duration("{self.max_age_s}s")',
            UpTo(catalog.all, Familiarity.CONTEXT, Familiarity.CONTEXT),
            f"the snapshot is {length(self.max_age_s)} old or older, or of unknown age",
            id="old_snapshot",
            say="What we know of you is old; we did not use it.",
        )

    def sentence(self) -> str:
        """Return its line in the policy document."""
        return f"What we knew {length(self.max_age_s)} ago is not used: a customer of old is treated as a visitor."


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Staleness]
