"""Which devices have taken in an erasure, by its receipt and what each acknowledged. It reads, and changes nothing."""

import enum
from collections.abc import Mapping, Sequence

import attrs

from ..acknowledging import Reached, behind, edges_in
from ..changes import LINES
from ..clock import SECOND_US, SKEW_US
from ..relay.devices import Device
from .reports import Kept


class Standing(enum.Enum):
    """Whether a device has taken in an erasure."""

    PENDING = "pending"
    CANNOT_TELL = "cannot-tell"
    ACKNOWLEDGED = "acknowledged"


@attrs.frozen
class Followed:
    """
    A device and an erasure.

    Attributes:
        device: Its name.
        store: The store that it stands in; empty if nobody said.
        standing: Whether it has taken it in.
        why: By what that is known, or what is missing.
    """

    device: str
    store: str
    standing: Standing
    why: str


def erased_at(
    devices: Sequence[Device], reports: Sequence[Kept], reached: Reached, epochs: Mapping[str, int], at_us: int
) -> tuple[Followed, ...]:
    """
    Return how each device stands to an erasure, who has still to follow first.

    Args:
        devices: All that are on the list.
        reports: The last report of each that reports.
        reached: How far each is with each line.
        epochs: The centre's epochs by line, once the erasure was in them; none if they are not known.
        at_us: When it was done, by the centre's clock [us since 1970].
    """
    last = {(one.device.id, one.device.killed): one for one in reports}
    found = [
        Followed(one.id, one.store, *_standing(one, last.get((one.id, one.killed)), reached, epochs, at_us))
        for one in devices
    ]
    order = tuple(Standing)
    return tuple(sorted(found, key=lambda one: (order.index(one.standing), one.device)))


def edges_erased_at(reached: Reached, epochs: Mapping[str, int]) -> tuple[Followed, ...]:
    """
    Return how each edge stands to an erasure that follows a centre itself, who has still to follow first.

    Args:
        reached: How far each is with each line, by its own word.
        epochs: The centre's epochs by line, once the erasure was in them; none if they are not known.
    """
    found = [Followed(one, "", *_said(one, reached, epochs)) for one in edges_in(reached)]
    order = tuple(Standing)
    return tuple(sorted(found, key=lambda one: (order.index(one.standing), one.device)))


def _said(edge: str, reached: Reached, epochs: Mapping[str, int]) -> tuple[Standing, str]:
    if not all(line in epochs for line in LINES):
        return Standing.CANNOT_TELL, "the receipt has no epochs"
    if left := behind(edge, reached, epochs):
        return Standing.PENDING, left
    return Standing.ACKNOWLEDGED, "it has said that it has both lines so far"


def _standing(
    device: Device, kept: Kept | None, reached: Reached, epochs: Mapping[str, int], at_us: int
) -> tuple[Standing, str]:
    if device.killed:
        return _destroyed(kept)
    if kept is not None and kept.report.data_epoch is not None:
        return _packed(kept, at_us)
    if not all(line in epochs for line in LINES):
        return Standing.CANNOT_TELL, "the receipt has no epochs"
    if not any((device.id, line) in reached for line in LINES):
        return Standing.CANNOT_TELL, "it has never asked here for changes, and reports no pack"
    if left := behind(device.id, reached, epochs):
        return Standing.PENDING, left
    return Standing.ACKNOWLEDGED, "it has asked for what came later"


def _destroyed(kept: Kept | None) -> tuple[Standing, str]:
    """Return how a killed device stands: only what it destroyed itself is surely gone."""
    if kept is None or not kept.report.killed:
        return Standing.PENDING, "it is to destroy its pack, and has not said that it did"
    if kept.report.kept:
        return Standing.PENDING, f"{kept.report.kept} of its key and its pack it could not destroy"
    return Standing.ACKNOWLEDGED, "it has destroyed its key and its pack"


def _packed(kept: Kept, at_us: int) -> tuple[Standing, str]:
    """Return how a kiosk stands: a pack for which the centre was read after the erasure is without the customer."""
    age_s = kept.report.data_age_s
    if age_s is None:
        return Standing.CANNOT_TELL, "it cannot tell how old its pack is"
    if kept.at_us - (age_s + 1) * SECOND_US > at_us + SKEW_US:
        return Standing.ACKNOWLEDGED, f"its pack {kept.report.data_epoch} is newer"
    return Standing.PENDING, f"its pack {kept.report.data_epoch} may be older"
