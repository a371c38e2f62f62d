"""Joining an edge's store to a centre: the connections, the clock, and consents as fresh as the centre's last word."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from ..centre_ports import Centre
from ..changes import LINES
from ..clock import Clock
from ..errors import CentreError, StoreError, UsageError
from ..names import meant
from ..outbox_ports import Outbox
from ..ports import ConsentSink, Erasure, IdentityLinks, ProfileSink, Registers
from .account import said_by
from .following import PARTS, Following, FollowingStore
from .fresh import FreshConsents
from .heard import Heard, WatchedClock
from .late_centre import LateCentre
from .marks import Marks
from .options import SyncOptions

_log = logging.getLogger("tactful")

#: Where installed centres are found by the scheme of their URL.
ENTRY_POINTS = "tactful.centres"


def joined(
    store: object, centre: Centre | str, options: SyncOptions | None, clock: Clock
) -> tuple[Following, FreshConsents, WatchedClock]:
    """
    Return what follows the centre, the consents to decide by, and the clock that tells when it is set back.

    A store that has followed a centre before goes on without it: what cannot be opened now is opened later.

    Raises:
        CentreError: If no installed centre has that name, or it cannot open and the store never followed one.
        StoreError: The same, of a centre that is a store.
        UsageError: If the store cannot take what a centre tells.
    """
    for port in (ConsentSink, ProfileSink, IdentityLinks, Outbox, Erasure, Registers):
        if not isinstance(store, port):
            raise UsageError(
                f"{type(store).__name__} is no {port.__name__}, so it can follow no centre; leave centre= out"
            )
    kept = cast("FollowingStore", store)
    heard, marks = Heard(kept, clock), Marks(kept)
    knows = heard.age_us() is not None or any(marks.epoch(line) for line in LINES)
    centres = centres_of(centre, may_be_late=knows)
    owned = isinstance(centre, str)
    watched = WatchedClock(clock, heard)
    following = Following(kept, centres, heard, watched, options or SyncOptions(), owned=owned)
    return following, FreshConsents(kept, kept, heard, watched), watched


def centres_of(centre: Centre | str, *, may_be_late: bool = False) -> Sequence[Centre]:
    """
    Return a connection for each part: of a URL, each its own.

    Args:
        centre: A centre for all parts, or the URL of one.
        may_be_late: Whether one that cannot be opened now is opened later, each time it is asked for something.

    Raises:
        CentreError: If no installed centre has that name, or it cannot open and may not be late.
        StoreError: The same, of a centre that is a store.
    """
    if not isinstance(centre, str):
        return (centre,) * len(PARTS)
    opening = _opening(centre)
    opened: list[Centre] = []
    try:
        for _ in PARTS:
            opened.append(opening())  # noqa: PERF401 - those that are open are closed if one fails
    except (CentreError, StoreError) as error:
        if may_be_late and not error.code.endswith("-url"):
            _log.warning("the centre cannot be opened yet: %s", said_by(error))
            return [*opened, *(LateCentre(opening) for _ in PARTS[len(opened) :])]
        for one in opened:
            one.close()
        raise
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
    return _opening(centre)() if isinstance(centre, str) else centre


def _opening(centre: str) -> Callable[[], Centre]:
    """
    Return what opens the centre of a URL.

    Raises:
        CentreError: If no installed centre has that name.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow, and needed for a URL alone

    scheme = centre.partition(":")[0].lower() if ":" in centre else ""
    points = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if scheme not in points:
        raise CentreError(f"no centre is named {scheme!r}; {meant(scheme, points)}", code="centre-url")
    return partial(points[scheme].load().from_url, centre)
