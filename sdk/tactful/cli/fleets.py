"""`tactful fleet`: each device of a fleet, the worst first; and how the newest bundle stands."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from ..clock import wall_clock
from .checking import Json
from .devices import DEVICES, FLEET, Devices
from .edges import Centre, followers_of, take_out
from .following_up import follow_up
from .output import FOUND, as_json, say, table, told

if TYPE_CHECKING:
    from ..fleet.edges import EdgeRow
    from ..fleet.overview import Row
    from ..fleet.rollout import Release

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


def fleet(
    file: Annotated[Path, typer.Argument(metavar="FLEET", help="The fleet's file.")] = FLEET,
    devices: Devices = DEVICES,
    trouble: Annotated[bool, typer.Option("--trouble", help="Only devices with which something is wrong.")] = False,  # noqa: FBT002 - a flag
    receipt: Annotated[Path | None, typer.Option(help="An erasure's receipt: tell who has taken it in.")] = None,
    centre: Centre = None,
    remove: Annotated[str | None, typer.Option(help="An edge out of service: list it no more; with --centre.")] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    List the devices behind a relay, the worst first: policy, data, freshness, queue, last contact, clock.

    With --centre, list the edges too that follow it themselves, and how far each is; there may be no fleet's file then.
    With --receipt, list which of them have taken in an erasure, who has not comes first; with --trouble, these alone.
    With --remove, take such an edge off the list, so that no receipt waits for it.
    Exit code 1 if something is wrong with one, a rollout has stopped, or one has not surely taken it in.

    Example: `tactful fleet fleet.db --devices devices.json`
    """
    if remove is not None:
        take_out(centre, remove, json_=json)
        raise typer.Exit
    if receipt is not None:
        follow_up(receipt, file, devices, centre, only=trouble, json_=json)
    with told(json_=json):
        edges = () if centre is None else _edges(centre)
        rows, releases = _devices(file, devices) if centre is None or file.exists() else ((), ())
    silent = [one for one in edges if one.trouble]
    shown = [one for one in rows if one.trouble or not trouble]
    if json:
        release = None if not releases else {**attrs.asdict(releases[0]), "state": releases[0].state.value}
        told_edges = {} if centre is None else {"edges": [attrs.asdict(one) for one in (silent if trouble else edges)]}
        as_json({"rollout": release, "devices": [attrs.asdict(one) for one in shown], **told_edges})
    else:
        if rows or centre is None:
            _show(shown, rows, releases)
        if centre is not None:
            _show_edges(silent if trouble else edges, len(edges), len(silent))
    from ..fleet.rollout import State  # noqa: PLC0415 - slow to import

    stopped = bool(releases) and releases[0].state is State.STOPPED
    raise typer.Exit(
        FOUND if stopped or silent or any(one.trouble not in ("", "killed", "kept-out") for one in rows) else 0
    )


def _devices(file: Path, devices: Path) -> "tuple[Sequence[Row], Sequence[Release]]":
    from ..fleet.enrolment import refused_tries  # noqa: PLC0415 - slow to import
    from ..fleet.fleet_file import FleetFile  # noqa: PLC0415 - slow to import
    from ..fleet.overview import overview  # noqa: PLC0415 - slow to import
    from ..fleet.releases import releases_of  # noqa: PLC0415 - slow to import
    from ..fleet.reports import last_reports  # noqa: PLC0415 - slow to import
    from ..relay.devices import all_devices  # noqa: PLC0415 - slow to import

    with closing(FleetFile(file, make=False)) as kept:
        releases = releases_of(kept)
        return overview(all_devices(devices), last_reports(kept), releases, refused_tries(kept), wall_clock()), releases


def release_line(release: "Release") -> str:
    """Return in one line how a release stands."""
    why = f": {release.reason}" if release.reason else ""
    return f"epoch {release.epoch}: {release.state.value} in ring {release.ring}{why}"


def _show(shown: "Sequence[Row]", rows: "Sequence[Row]", releases: "Sequence[Release]") -> None:
    counted = Counter(one.trouble for one in rows)
    well = counted.pop("", 0)
    say(f"{len(rows)} device{'' if len(rows) == 1 else 's'}, {well} well", "green" if well == len(rows) else "")
    for trouble, count in counted.most_common():
        say(f"{count} {trouble}", "yellow")
    if releases:
        say(release_line(releases[0]), "red" if releases[0].reason else "")
    if shown:
        say()
        columns = ("device", "trouble", "ring", "policy", "data", "age", "fresh", "queue", "seen", "clock")
        table(columns, [_cells(one) for one in shown])


def _edges(centre: str) -> "Sequence[EdgeRow]":
    from ..fleet.edges import edge_rows  # noqa: PLC0415 - slow to import

    return edge_rows(*followers_of(centre), wall_clock())


def _show_edges(shown: "Sequence[EdgeRow]", count: int, silent: int) -> None:
    say(f"{count} edge{'' if count == 1 else 's'} that follow{'s' if count == 1 else ''} the centre, {silent} silent")
    if shown:
        say()
        columns = ("edge", "trouble", "consents", "profiles", "behind", "seen")
        cells = [(one.edge, one.trouble or "-", one.consents, one.profiles, one.behind) for one in shown]
        table(columns, [(*map(str, row), short(one.contact_age_s)) for row, one in zip(cells, shown, strict=True)])


def _cells(one: "Row") -> tuple[str, ...]:
    return (
        one.device if not one.store else f"{one.device} ({one.store})",
        ", ".join((f"{one.trouble} {one.detail}".strip() or "-", *one.also)),
        one.ring,
        _number(one.policy_epoch),
        _number(one.data_epoch),
        short(one.data_age_s),
        short(one.fresh_left_s),
        _number(one.waiting),
        short(one.contact_age_s),
        short(one.clock_offset_s, sign=True),
    )


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def short(seconds: int | None, *, sign: bool = False) -> str:
    """
    Return a length of time in one unit, rounded down.

    >>> short(7200), short(59), short(-90), short(90, sign=True), short(None)
    ('2h', '59s', '-1min', '+1min', '-')
    """
    if seconds is None:
        return "-"
    before = "-" if seconds < 0 else "+" if sign and seconds > 0 else ""
    for unit_s, unit in _UNITS:
        if abs(seconds) >= unit_s:
            return f"{before}{abs(seconds) // unit_s}{unit}"
    return f"{before}{abs(seconds)}s"
