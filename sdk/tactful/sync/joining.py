"""Joining an edge's store to a centre: the connections, the clock, and consents as fresh as the centre's last word."""

from collections.abc import Sequence
from typing import cast

from ..centre_ports import Centre
from ..clock import Clock
from ..errors import CentreError, UsageError
from ..outbox_ports import Outbox
from ..ports import ConsentSink, Erasure, IdentityLinks, ProfileSink, Registers
from .following import PARTS, Following, FollowingStore
from .fresh import FreshConsents
from .heard import Heard, WatchedClock
from .options import SyncOptions

#: Where installed centres are found by the scheme of their URL.
ENTRY_POINTS = "tactful.centres"


def joined(
    store: object, centre: Centre | str, options: SyncOptions | None, clock: Clock
) -> tuple[Following, FreshConsents, WatchedClock]:
    """
    Return what follows the centre, the consents to decide by, and the clock that tells when it is set back.

    Raises:
        CentreError: If no installed centre has that name, or it cannot open.
        UsageError: If the store cannot take what a centre tells.
    """
    for port in (ConsentSink, ProfileSink, IdentityLinks, Outbox, Erasure, Registers):
        if not isinstance(store, port):
            raise UsageError(
                f"{type(store).__name__} is no {port.__name__}, so it can follow no centre; leave centre= out"
            )
    kept = cast("FollowingStore", store)
    centres = centres_of(centre)
    heard = Heard(kept, clock)
    owned = isinstance(centre, str)
    watched = WatchedClock(clock, heard)
    following = Following(kept, centres, heard, watched, options or SyncOptions(), owned=owned)
    return following, FreshConsents(kept, kept, heard, watched), watched


def centres_of(centre: Centre | str) -> Sequence[Centre]:
    """
    Return a connection for each part: of a URL, each its own.

    Raises:
        CentreError: If no installed centre has that name, or it cannot open.
    """
    if not isinstance(centre, str):
        return (centre,) * len(PARTS)
    opened: list[Centre] = []
    try:
        for _ in PARTS:
            opened.append(centre_of(centre))  # noqa: PERF401 - those that are open are closed if one fails
    except BaseException:
        for one in opened:
            one.close()
        raise
    return opened


def centre_of(centre: Centre | str) -> Centre:
    """
    Return the centre that is meant, or one connection to that of a URL.

    Raises:
        CentreError: If no installed centre has that name, or it cannot open.
    """
    if not isinstance(centre, str):
        return centre
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow, and needed for a URL alone

    scheme = centre.partition(":")[0].lower() if ":" in centre else ""
    points = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if scheme not in points:
        raise CentreError(f"no centre is named {scheme!r}; there are: {', '.join(sorted(points)) or 'none'}")
    return cast("Centre", points[scheme].load().from_url(centre))
