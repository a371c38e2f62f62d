"""A fleet at a glance: each device, what is wrong with it, and the worst first. It reads, and changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import attrs

from ..clock import SECOND_US, SKEW_US
from ..relay.devices import Device
from .reports import Kept
from .rollout import Release, State

#: Who has not reported for so long is silent [s].
SILENT_S: Final = 3600
#: Less freshness than this is told [s].
_SOON_S: Final = 86_400
#: What can be wrong, the worst first; a device has the worst of its own.
_TROUBLES: Final = (
    "kill-pending",
    "code-tried-again",
    "decisions-failed",
    "guardrail-broken",
    "bundle-refused",
    "pack-refused",
    "knows-nobody",
    "silent",
    "never-reported",
    "expires-soon",
    "clock-wrong",
    "older-policy",
    "killed",
    "kept-out",
    "",
)


@attrs.frozen
class Row:
    """
    A device at a glance; None where nothing was reported.

    Attributes:
        device: Its name.
        store: The store that it stands in; empty if nobody said.
        ring: Its ring.
        trouble: What is wrong with it, in one word: the worst; empty if nothing is.
        detail: The code of that, or a number that goes with it; empty if there is none.
        also: What else is wrong with it, each in one word, the worst first.
        policy_epoch: The epoch of its policy.
        data_epoch: The epoch of its pack.
        data_age_s: How old its pack is now, if it still has that one [s].
        fresh_left_s: How long its policy and its pack may still be used from now on [s]; below 0 they may not. None of
            a device that was killed.
        waiting: So many events waited for the centre.
        contact_age_s: How long ago it reported [s].
        clock_offset_s: How far its clock was ahead of the relay's [s].
    """

    device: str
    store: str
    ring: str
    trouble: str
    detail: str = ""
    policy_epoch: int | None = None
    data_epoch: int | None = None
    data_age_s: int | None = None
    fresh_left_s: int | None = None
    waiting: int | None = None
    contact_age_s: int | None = None
    clock_offset_s: int | None = None
    also: tuple[str, ...] = ()


def overview(
    devices: Sequence[Device],
    reports: Sequence[Kept],
    releases: Sequence[Release],
    tries: Mapping[str, int],
    now_us: int,
) -> tuple[Row, ...]:
    """
    Return each device at a glance, the worst first.

    Args:
        devices: All that are on the list.
        reports: The last report of each.
        releases: What was rolled out, newest first.
        tries: How often a device's codes were sent and refused.
        now_us: The moment [us since 1970].
    """
    last = {(one.device.id, one.device.killed): one for one in reports}
    done = next((one.epoch for one in releases if one.state is State.DONE), None)
    rows = [_row(one, last.get((one.id, one.killed)), done, tries.get(one.id, 0), now_us) for one in devices]
    return tuple(sorted(rows, key=_badness))


def _badness(row: Row) -> tuple[int, int, str]:
    left = row.fresh_left_s
    return _TROUBLES.index(row.trouble), 2**53 if left is None else left, row.device


def _row(device: Device, kept: Kept | None, done: int | None, tries: int, now_us: int) -> Row:
    if kept is None:
        return Row(device.id, device.store, device.ring, *_unheard(device, tries))
    told, since_s = kept.report, (now_us - kept.at_us) // SECOND_US
    found = Row(
        device=device.id,
        store=device.store,
        ring=device.ring,
        trouble="",
        policy_epoch=told.policy_epoch,
        data_epoch=told.data_epoch,
        data_age_s=None if told.data_age_s is None else told.data_age_s + since_s,
        fresh_left_s=None if told.fresh_left_s is None else told.fresh_left_s - since_s,
        waiting=told.waiting,
        contact_age_s=since_s,
        clock_offset_s=round(kept.offset_us / SECOND_US),
    )
    if device.killed and told.killed:  # key and pack are destroyed: nothing of it is fresh
        found = attrs.evolve(found, data_age_s=None, fresh_left_s=None)
    (trouble, detail), *others = _troubles(device, kept, found, done, tries) or [("", "")]
    return attrs.evolve(found, trouble=trouble, detail=detail, also=tuple(one for one, _ in others))


def _unheard(device: Device, tries: int) -> tuple[str, str]:
    """Return what is wrong with a device that never reported: it may be somebody else's who had its code first."""
    if device.killed or not device.enabled:
        return ("kill-pending" if device.killed else "kept-out"), ""
    return ("code-tried-again", _tries(tries)) if tries else ("never-reported", "")


def _tries(count: int) -> str:
    return f"{count} {'try' if count == 1 else 'tries'}"


def _troubles(device: Device, kept: Kept, row: Row, done: int | None, tries: int) -> list[tuple[str, str]]:
    """Return what is wrong and what goes with it, the worst first; of who is killed or kept out, nothing but that."""
    told = kept.report
    if device.killed:
        left = f"{told.kept} kept" if told.kept else ""
        return [("killed", left) if told.killed else ("kill-pending", "")]
    if not device.enabled:
        return [("kept-out", "")]
    wrong: Mapping[str, Callable[[], str | None]] = {
        "code-tried-again": lambda: _tries(tries) if tries else None,
        "decisions-failed": lambda: str(told.failed) if told.failed else None,
        "guardrail-broken": lambda: str(told.broken) if told.broken else None,
        "bundle-refused": lambda: told.refused_code or None,
        "pack-refused": lambda: told.pack_code or None,
        "knows-nobody": lambda: None if told.ready else "",
        "silent": lambda: "" if (row.contact_age_s or 0) > SILENT_S else None,
        "expires-soon": lambda: "" if row.fresh_left_s is not None and row.fresh_left_s < _SOON_S else None,
        "clock-wrong": lambda: "" if abs(kept.offset_us) > SKEW_US else None,
        "older-policy": lambda: "" if done is not None and (told.policy_epoch or 0) < done else None,
    }
    return [(trouble, detail) for trouble, test in wrong.items() if (detail := test()) is not None]
