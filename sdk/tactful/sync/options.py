"""What bounds an edge's patience with its centre, and the centre's load by its edges."""

from typing import Any

import attrs

from ..acknowledging import EDGE_NAME_MAX
from ..errors import UsageError


def _positive(_: object, attribute: "attrs.Attribute[Any]", value: float) -> None:
    if not value > 0:
        raise UsageError(f"SyncOptions: {attribute.name} is more than 0, not {value}")


def _named(_: object, attribute: "attrs.Attribute[Any]", value: str) -> None:
    if len(value) > EDGE_NAME_MAX or not value.isprintable():
        raise UsageError(f"SyncOptions: {attribute.name} has at most {EDGE_NAME_MAX} printable characters")


@attrs.frozen
class SyncOptions:
    """
    How an edge follows a centre.

    Attributes:
        threads: Whether it follows by itself; if not, only when `edge.sync()` is called.
        poll_s: It asks at least so often, whatever is hinted at [s]; each time up to a fifth sooner, by chance.
        batch: So many changes or events go over at once, at most.
        backoff_max_s: After errors it tries again after at most so long [s], unless the centre wants longer.
        ready_within_s: It is ready while its consents were known to be true so recently [s].
        edge: The name by which the centre lists it; nothing personal. Empty takes one that was drawn for its store.
    """

    threads: bool = True
    poll_s: float = attrs.field(default=2.0, validator=_positive)
    batch: int = attrs.field(default=500, validator=_positive)
    backoff_max_s: float = attrs.field(default=60.0, validator=_positive)
    ready_within_s: float = attrs.field(default=300.0, validator=_positive)
    edge: str = attrs.field(default="", validator=_named)
