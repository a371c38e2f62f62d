"""Staleness: what was known long ago is not known now. It looks at the age of the snapshot and at nothing in it."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import Catalog, Familiarity, LimitRule, Scope, Unless, UpTo, hookimpl

DAY_S = 86_400


@attrs.frozen
class Staleness:
    """
    The age of snapshots.

    Attributes:
        max_age_s: With a snapshot that is older than this, nothing goes beyond CONTEXT [s].
    """

    name: ClassVar[str] = "staleness"
    tiers: ClassVar[tuple[str, ...]] = ("infrastructure",)
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {"max_age_s": 7 * DAY_S},
        "bold": {"max_age_s": 90 * DAY_S},
    }

    max_age_s: int = attrs.field(default=30 * DAY_S, validator=attrs.validators.gt(0))

    def scope(self, catalog: Catalog) -> Scope:
        """Return everything."""
        return catalog.all

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield that an old snapshot, or one of unknown age, bounds tone and basis to CONTEXT."""
        yield Unless(
            f'now - snapshot.at < duration("{self.max_age_s}s")',
            UpTo(catalog.all, Familiarity.CONTEXT, Familiarity.CONTEXT),
            f"the snapshot is older than {self.max_age_s} s",
            id="old_snapshot",
        )

    def sentence(self) -> str:
        """Return its line in the policy document."""
        return f"What we knew more than {self.max_age_s // DAY_S} days ago is not used."


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Staleness]
