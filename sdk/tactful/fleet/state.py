"""How an edge stands, as far as a fleet is told: out of its status, names, numbers and codes alone."""

from collections.abc import Mapping
from typing import Any

import attrs

from ..clock import NEVER_US
from ..engine.edge import Edge


@attrs.frozen
class EdgeState:
    """The part of a report that the edge itself tells; see `Report` for what each means."""

    policy_epoch: int | None
    data_epoch: int | None
    data_age_s: int | None
    fresh_left_s: int | None
    ready: bool
    waiting: int
    waiting_age_s: int | None
    broken: int
    failed: int
    killed: bool
    kept: int


def state_of(edge: Edge) -> EdgeState:
    """Return how an edge stands."""
    status: Mapping[str, Any] = edge.status()
    pack, events = status.get("pack", {}), status.get("centre", {}).get("events", {})
    left = [one for one in (status["expires_in_s"], pack.get("expires_in_s")) if one is not None]
    return EdgeState(
        policy_epoch=status["epoch"],
        data_epoch=pack.get("epoch"),
        data_age_s=pack.get("age_s"),
        fresh_left_s=min(left, default=None),
        ready=bool(pack.get("ready", True)),
        waiting=sum(events.get("waiting", {}).values()),
        waiting_age_s=events.get("oldest_age_s"),
        broken=len(edge.plan.careful(-NEVER_US)),  # at a moment at which no bundle has expired
        failed=status["decisions_failed"],
        killed=bool(pack.get("killed")),
        kept=len(pack.get("kept", ())),
    )
