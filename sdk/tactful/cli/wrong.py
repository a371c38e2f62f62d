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

#: Whether hints can be had shows at once [s].
_HINTS_S: Final = 0.05
#: Events that have waited longer do not just wait for their turn [s].
_WAITS_S: Final = 120
#: Clocks that are less apart are being corrected [s].
_AHEAD_S: Final = 60
#: What each means for decisions.
_CAREFUL: Final = "all fall back to what is harmless; publish a newer bundle, or install what is missing"
_UNKEPT: Final = "who is in memory is decided for, and what is shown and said counts in this process and is not kept"
_STRICT: Final = "what is under such a cap is held back"
_AWAY: Final = "decisions go on by what the store has; what is said elsewhere, a no too, is not heard of here"
_STRANGERS: Final = "everybody is a stranger, and nothing personal is shown"
_UNKNOWN: Final = "consents count as not given: nothing personal is shown until the centre is heard"
_OLD: Final = "consents older than a guardrail's fresh_for count as not given: nothing personal is shown by them"
_UNHEARD: Final = "they count here, and other edges do not know of them"
_UNCOUNTED: Final = "decisions here are as usual, and other edges do not count these under their caps"
_BY_IT: Final = "hours, caps and the ends of offers are counted by it"
_UNITS: Final = (("days", 86_400), ("h", 3600), ("min", 60))


@attrs.frozen
class Wrong:
    """
    One thing that is wrong.

    Attributes:
        part: Which part of the edge has it.
        for_s: For how long at least [s]; None if nothing tells.
        says: What it is, and what to do.
        means: What it means for decisions meanwhile; empty if nothing.
    """

    part: str
    for_s: float | None
    says: str
    means: str = ""

    def __str__(self) -> str:
        since = "" if self.for_s is None else f", for {duration(self.for_s)}"
        end = " " if self.says.endswith(("?", ".")) else ". "
        return f"{self.part}{since}: {self.says}" + (f"{end}Meanwhile {self.means}" if self.means else "")


def asked(url: str) -> Centre:
    """
    Return the centre of a URL; if it cannot be opened now, one that says why whenever it is asked.

    Raises:
        TactfulError: If the URL cannot be meant, or an extra is missing.
    """
    try:
        return centre_of(url)
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
    yield from (Wrong("decisions", None, f"careful, as {why}", _CAREFUL) for why in state.get("careful", ()))
    if (pack := state.get("pack")) is not None and not pack["ready"]:
        yield Wrong("pack", None, pack["reason"], _STRANGERS)
    yield from _of_store(state.get("store", {}), store)
    if (strict := state.get("strict")) is not None and strict["last_error"]:
        yield Wrong("strict caps", strict["failing_s"], strict["says"], _STRICT)
    if centre is None:
        yield from _of_notices(state.get("notices", {}))
    followed = state.get("centre")
    if not isinstance(followed, Mapping) or centre is None:
        return
    consents, events = followed["consents"], followed["events"]
    try:
        told = centre.changes("consents", consents["epoch"] or 0, 1)
    except Exception as error:  # noqa: BLE001 - a client may raise anything
        yield Wrong("centre", consents["age_s"], said_by(error), _AWAY)
    else:
        yield from _clock((wall_clock() - told.at_us) / SECOND_US)
        yield from _of_delivery(centre, events)
        yield from _of_hints(centre, told.epoch)
    if consents["age_s"] is None:
        yield Wrong("consents", None, "the centre was not heard since this machine started", _UNKNOWN)
    elif not followed["ready"]:
        yield Wrong("consents", consents["age_s"], "the centre was not heard; does an edge run here?", _OLD)
    yield from _of_events(events)


def _of_hints(centre: Centre, epoch: int) -> Iterator[Wrong]:
    """Yield that a centre which answers wakes nobody up: a server of hints beside it may be away."""
    try:
        centre.wait("consents", epoch, _HINTS_S)
    except Exception as error:  # noqa: BLE001 - a client may raise anything
        yield Wrong("hints", None, f"edges hear of changes when they ask, and not at once: {said_by(error)}")


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
    if passed := events["withdrawals"]["passed_over"]:
        codes = ", ".join(events["withdrawals"]["passed_over_codes"])
        says = (
            f"the centre does not take {passed} ({codes}), and none may be refused; see to it there. They are tried "
            "for ever, and hold up no others"
        )
        yield Wrong("withdrawals", events["withdrawals"]["passed_over_oldest_age_s"], says, _UNHEARD)
    withdrawals, waits_s = events["withdrawals"]["waiting"], events["withdrawals"]["oldest_age_s"] or 0
    if waits_s > _WAITS_S and withdrawals > (passed or 0):
        says = f"{withdrawals} wait, and are tried until the centre has them; does an edge run here?"
        yield Wrong("withdrawals", waits_s, says, _UNHEARD)
    waiting, oldest_s = sum(events["waiting"].values()) - (withdrawals or 0), events["oldest_age_s"] or 0
    if waiting and oldest_s > _WAITS_S:
        says = f"{waiting} wait, and are kept; does an edge run here, and may it write there?"
        yield Wrong("events", oldest_s, says, _UNCOUNTED)
    if events["set_aside"]:
        says = f"the centre refused {events['set_aside']}; see outbox_refused(), then outbox_retry()"
        yield Wrong("events", None, says)
    if dropped := sum(events["dropped"].values()):
        yield Wrong("events", None, f"{dropped} were dropped, as more waited than there was room for")


def _of_store(told: Mapping[str, Any], store: object) -> Iterator[Wrong]:
    """Yield what the edge found wrong with its own store; if it has not written yet, what a small write finds."""
    failing = [one for one in (told.get("writes"), told.get("reads")) if one is not None and one["last_error"]]
    if failing:
        yield Wrong("store", max(one["failing_s"] for one in failing), failing[0]["says"], _UNKEPT)
    elif isinstance(store, ProbedStore):
        try:
            store.probe()
        except Exception as error:  # noqa: BLE001 - a store may raise anything
            yield Wrong("store", None, said_by(error), _UNKEPT)


def _clock(ahead_s: float) -> Iterator[Wrong]:
    if abs(ahead_s) > _AHEAD_S:
        side = "ahead of" if ahead_s > 0 else "behind"
        says = f"this machine's is {duration(abs(ahead_s))} {side} the centre's; set it"
        yield Wrong("clock", None, says, _BY_IT)


def duration(seconds: float) -> str:
    """Return a duration in the largest unit of which there are two."""
    for unit, unit_s in _UNITS:
        if seconds >= 2 * unit_s:
            return f"{int(seconds / unit_s)} {unit}"
    return f"{seconds:.0f} s"


def _raise(error: TactfulError) -> Centre:
    raise error
