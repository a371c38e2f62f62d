"""`tactful fleet --receipt`: which devices have taken in an erasure, and who has still to. It changes nothing."""

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import typer

from ..changes import LINES
from ..errors import UsageError
from .edges import followers_of
from .output import FOUND, as_json, say, table, told


def follow_up(receipt: Path, file: Path, devices: Path, centre: str | None, *, only: bool, json_: bool) -> None:
    """
    Tell how each device of a fleet stands to an erasure; exit code 1 if one has not surely taken it in.

    Args:
        receipt: The receipt's file, as `tactful erase --json` has written it.
        file: The fleet's file.
        devices: The file of its devices.
        centre: The URL of the centre, to have the edges that follow it themselves, too; then there may be no fleet.
        only: Whether those that have taken it in are left out.
        json_: Whether programs read it.
    """
    from ..fleet.acknowledged import reached_by  # noqa: PLC0415 - slow to import
    from ..fleet.erased_at import Followed, Standing, edges_erased_at, erased_at  # noqa: PLC0415 - slow to import
    from ..fleet.fleet_file import FleetFile  # noqa: PLC0415 - slow to import
    from ..fleet.reports import last_reports  # noqa: PLC0415 - slow to import
    from ..relay.devices import all_devices  # noqa: PLC0415 - slow to import

    with told(json_=json_):
        at_us, epochs = _read(receipt)
        rows: list[Followed] = []
        if centre is not None:
            rows += edges_erased_at(followers_of(centre)[0], epochs)
        if centre is None or file.exists():
            with closing(FleetFile(file, make=False)) as kept:
                rows += erased_at(all_devices(devices), last_reports(kept), reached_by(kept), epochs, at_us)
        rows.sort(key=lambda one: tuple(Standing).index(one.standing))
    counts = Counter(one.standing.value for one in rows)
    shown = [one for one in rows if not (only and one.standing is Standing.ACKNOWLEDGED)]
    if json_:
        listed = [{**attrs.asdict(one), "standing": one.standing.value} for one in shown]
        as_json({"counts": {one.value: counts[one.value] for one in Standing}, "devices": listed})
    else:
        say(f"{len(rows)} device{'' if len(rows) == 1 else 's'}: " + ", ".join(_counted(counts)))
        if shown:
            table(("device", "standing", "why"), [(_name(one), one.standing.value, one.why) for one in shown])
    raise typer.Exit(0 if counts[Standing.ACKNOWLEDGED.value] == len(rows) else FOUND)


def _counted(counts: Mapping[str, int]) -> list[str]:
    return [f"{count} {standing}" for standing, count in counts.items()]


def _name(one: Any) -> str:
    return f"{one.device} ({one.store})" if one.store else str(one.device)


def _read(path: Path) -> tuple[int, Mapping[str, int]]:
    """
    Return when a receipt's erasure was done, and the centre's epochs by line.

    Raises:
        UsageError: If the file is no receipt.
    """
    try:
        told_ = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        told_ = None
    found = told_ if isinstance(told_, dict) else {}
    at_us, epochs = found.get("at_us"), found.get("epochs")
    if type(at_us) is not int or not isinstance(epochs, dict) or not _are_epochs(epochs):
        raise UsageError(f"{path}: this is no receipt; `tactful erase … --yes --json > receipt.json` writes one")
    return at_us, epochs


def _are_epochs(epochs: Mapping[object, object]) -> bool:
    return set(epochs) <= {*LINES} and all(type(one) is int for one in epochs.values())
