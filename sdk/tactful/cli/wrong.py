"""What is wrong, out of an edge's state: which part, for how long, what it is and what to do. It asks nobody."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import attrs

from ..centre_ports import Centre
from ..clock import SECOND_US, wall_clock
from ..errors import CentreError, StoreError, TactfulError
from ..probe_ports import ProbedCentre, ProbedStore
from ..sync.account import said_by
from ..sync.joining import centre_of
from ..sync.late_centre import LateCentre

#: Events that have waited longer do not just wait for their turn [s].
_WAITS_S: Final = 120
#: Clocks that are less apart are being corrected [s].
_AHEAD_S: Final = 60
_UNITS: Final = (("days", 86_400), ("h", 3600), ("min", 60))


@attrs.frozen
class Wrong:
    """
    One thing that is wrong.

    Attributes:
        part: Which part of the edge has it.
        for_s: For how long at least [s]; None if nothing tells.
        says: What it is, and what to do.
    """

    part: str
    for_s: float | None
    says: str

    def __str__(self) -> str:
        since = "" if self.for_s is None else f", for {duration(self.for_s)}"
        return f"{self.part}{since}: {self.says}"


def asked(url: str) -> Centre:
    """
    Return the centre of a URL; if it cannot be opened now, one that says why whenever it is asked.

    Raises:
        TactfulError: If the URL cannot be meant, or an extra is missing.
    """
    try:
        return centre_of(url, make=False)
    except (CentreError, StoreError) as error:
        if error.code.endswith("-url"):
            raise
        return LateCentre(partial(_raise, error))


def wrong_of(state: Mapping[str, Any], centre: Centre | None, store: object = None) -> Iterator[Wrong]:
    """
    Yield what is wrong.

    Args:
        state: The edge's status.
        centre: The centre to ask whether it answers, if there is one.
        store: The store to try, if it can be tried.
    """
    yield from (Wrong("decisions", None, f"careful, as {why}") for why in state.get("careful", ()))
    yield from _of_store(state.get("store", {}), store)
    if (strict := state.get("strict")) is not None and strict["last_error"]:
        yield Wrong("strict caps", strict["failing_s"], strict["says"])
    if centre is None:
        yield from _of_notices(state.get("notices", {}))
    followed = state.get("centre")
    if not isinstance(followed, Mapping) or centre is None:
        return
    consents, events = followed["consents"], followed["events"]
    try:
        told = centre.changes("consents", consents["epoch"] or 0, 1)
    except Exception as error:  # noqa: BLE001 - a client may raise anything
        yield Wrong("centre", consents["age_s"], said_by(error))
    else:
        yield from _clock((wall_clock() - told.at_us) / SECOND_US)
        yield from _of_delivery(centre, events)
    if consents["age_s"] is None:
        yield Wrong(
            "consents", None, "the centre was not heard since this machine started; they count as not given until it is"
        )
    elif not followed["ready"]:
        says = "the centre was not heard; past a guardrail's fresh_for they count as not given. Does an edge run here?"
        yield Wrong("consents", consents["age_s"], says)
    yield from _of_events(events)


def _of_notices(notices: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield the partners who were not told yet; with a centre, what waits for them goes there."""
    for partner, told in notices.items():
        if (waits_s := told["oldest_age_s"] or 0) > _WAITS_S:
            says = (
                f"{told['waiting']} for {partner} wait, and are never dropped; "
                "run tactful.sync.notices.Notices beside this store, or name a centre"
            )
            yield Wrong("notices", waits_s, says)


def _of_delivery(centre: Centre, events: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield why the centre would take no events, if it can be asked."""
    if isinstance(centre, ProbedCentre):
        try:
            centre.try_delivery()
        except Exception as error:  # noqa: BLE001 - a client may raise anything
            yield Wrong("delivery", events["oldest_age_s"], f"the centre takes no events; {said_by(error)}")


def _of_events(events: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield what is wrong with what waits for the centre: withdrawals first."""
    withdrawals, waits_s = events["withdrawals"]["waiting"], events["withdrawals"]["oldest_age_s"] or 0
    if waits_s > _WAITS_S:
        says = f"{withdrawals} wait, and are tried until the centre has them; here they count already"
        yield Wrong("withdrawals", waits_s, says)
    waiting, oldest_s = sum(events["waiting"].values()), events["oldest_age_s"] or 0
    if oldest_s > _WAITS_S:
        yield Wrong("events", oldest_s, f"{waiting} wait, and are kept; does an edge run here, and may it write there?")
    if events["set_aside"]:
        says = f"the centre refused {events['set_aside']}; see outbox_refused(), then outbox_retry()"
        yield Wrong("events", None, says)
    if dropped := sum(events["dropped"].values()):
        yield Wrong("events", None, f"{dropped} were dropped, as more waited than there was room for")


def _of_store(told: Mapping[str, Any], store: object) -> Iterator[Wrong]:
    """Yield what the edge found wrong with its own store; if it has not written yet, what a small write finds."""
    failing = [one for one in (told.get("writes"), told.get("reads")) if one is not None and one["last_error"]]
    if failing:
        yield Wrong("store", max(one["failing_s"] for one in failing), failing[0]["says"])
    elif isinstance(store, ProbedStore):
        try:
            store.probe()
        except Exception as error:  # noqa: BLE001 - a store may raise anything
            yield Wrong("store", None, said_by(error))


def _clock(ahead_s: float) -> Iterator[Wrong]:
    if abs(ahead_s) > _AHEAD_S:
        side = "ahead of" if ahead_s > 0 else "behind"
        says = (
            f"this machine's is {duration(abs(ahead_s))} {side} the centre's: hours, caps and ends count by it; set it"
        )
        yield Wrong("clock", None, says)


def duration(seconds: float) -> str:
    """Return a duration in the largest unit of which there are two."""
    for unit, unit_s in _UNITS:
        if seconds >= 2 * unit_s:
            return f"{int(seconds / unit_s)} {unit}"
    return f"{seconds:.0f} s"


def _raise(error: TactfulError) -> Centre:
    raise error
