"""The edges that follow a centre themselves, at a glance: how far each is, and when it was heard. It asks nobody."""

from collections.abc import Mapping

import attrs

from ..acknowledging import Reached, edges_in
from ..clock import SECOND_US
from .overview import SILENT_S


@attrs.frozen
class EdgeRow:
    """
    An edge at a glance.

    Attributes:
        edge: Its name.
        trouble: "silent" if it was not heard for an hour; else empty.
        consents: Up to which epoch it has them.
        profiles: The same of profiles.
        behind: So many epochs it is behind the centre, in both lines together.
        contact_age_s: How long ago it was heard [s].
    """

    edge: str
    trouble: str
    consents: int
    profiles: int
    behind: int
    contact_age_s: int


def edge_rows(reached: Reached, epochs: Mapping[str, int], now_us: int) -> tuple[EdgeRow, ...]:
    """
    Return each edge at a glance, who was not heard for the longest first.

    Args:
        reached: How far each is.
        epochs: The centre's epochs by line; none if they are not known.
        now_us: The moment [us since 1970].
    """
    rows = []
    for edge in edges_in(reached):
        said = {line: one for (name, line), one in reached.items() if name == edge}
        age_s = max(0, (now_us - max(one.at_us for one in said.values())) // SECOND_US)
        has = {line: said[line].epoch if line in said else 0 for line in ("consents", "profiles")}
        left = sum(max(0, epoch - has.get(line, 0)) for line, epoch in epochs.items())
        rows.append(EdgeRow(edge, "silent" if age_s > SILENT_S else "", **has, behind=left, contact_age_s=age_s))
    return tuple(sorted(rows, key=lambda one: (-one.contact_age_s, one.edge)))
