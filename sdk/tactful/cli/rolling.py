"""`tactful rollout` and `tactful rollback`: a bundle goes out in rings; an older policy becomes the newest."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from ..clock import SECOND_US, in_words, wall_clock
from ..errors import BundleError, UsageError
from .building import length_us, read_key
from .checking import Json
from .devices import FLEET, Fleet
from .files import read_file, write_file
from .fleets import release_line
from .output import FOUND, as_json, say, told

if TYPE_CHECKING:
    from ..bundle import Bundle
    from ..fleet.rollout import Release

_HUNDRED = 100.0


def rollout(  # noqa: PLR0913, PLR0917 - options
    file: Annotated[Path | None, typer.Argument(metavar="BUNDLE", help="The bundle's file; none to look.")] = None,
    fleet: Fleet = FLEET,
    soak: Annotated[str, typer.Option(help="It stays in each ring for so long at least.")] = "1h",
    tolerate: Annotated[float, typer.Option(help="So many of a hundred devices may report errors.")] = 2.0,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="All rings at once.")] = False,  # noqa: FBT002 - a flag
    resume: Annotated[bool, typer.Option("--resume", help="Let it go on after it has stopped.")] = False,  # noqa: FBT002 - a flag
    next_: Annotated[bool, typer.Option("--next", help="Let it go to the next ring now.")] = False,  # noqa: FBT002 - a flag
    stop: Annotated[bool, typer.Option("--stop", help="Stop it.")] = False,  # noqa: FBT002 - a flag
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Roll a bundle out in rings: canary, early, all. It stops by itself on errors that devices report.

    Exit code 1 if it has stopped.

    Example: `tactful rollout shop.bundle --fleet fleet.db`
    """
    from ..fleet import releases as of  # noqa: PLC0415 - slow to import
    from ..fleet.fleet_file import FleetFile  # noqa: PLC0415 - slow to import
    from ..fleet.rollout import State, Terms  # noqa: PLC0415 - slow to import

    now_us = wall_clock()
    with told(json_=json):
        if (file is not None) + resume + next_ + stop > 1:
            raise UsageError("give a bundle, or --resume, or --next, or --stop")
        terms = Terms(tolerated=tolerate / _HUNDRED, soak_s=length_us(soak) // SECOND_US)
        raw = None if file is None else read_file(file)
        with closing(FleetFile(fleet, make=file is not None)) as kept:
            if raw is not None:
                of.roll_out(kept, raw, now_us=now_us, terms=terms, everywhere=everywhere)
            elif resume or next_:
                (of.resume if resume else of.advance)(kept, now_us)
            elif stop:
                of.stop(kept)
            found = of.releases_of(kept)
    _tell(found, json_=json)
    raise typer.Exit(FOUND if found and found[0].state is State.STOPPED and not stop else 0)


def rollback(
    file: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The file of the older bundle.", show_default=False)],
    key: Annotated[
        list[Path], typer.Option(help="The file of the private key that signs it anew, or several.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")] = Path("rollback.bundle"),
    fleet: Annotated[Path | None, typer.Option(help="The fleet's file: greater than every epoch in it.")] = None,
    expires: Annotated[str, typer.Option(help="For how long it may be used.")] = "90d",
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Make an older policy the newest: the same policy, a new epoch, signed anew.

    `tactful rollout` then sends it out.

    Example: `tactful rollback shop-41.bundle --key shop.private -o shop-43.bundle`
    """
    with told(json_=json):
        private, now_us = [read_key(one) for one in key], wall_clock()
        before = _verified(read_file(file), private)
        epoch = max(now_us // SECOND_US, before.header.epoch + 1, _highest(fleet) + 1)
        expires_us = now_us + length_us(expires)
        raw = _written(before, private, epoch, now_us, expires_us)
        write_file(out, raw)
    if json:
        terms = {"tenant": before.header.tenant, "policy": before.policy.name, "sha256": before.header.sha256}
        as_json({"file": str(out), "epoch": epoch, "from_epoch": before.header.epoch, **terms})
        return
    say(f"{out}: the policy of epoch {before.header.epoch} as epoch {epoch}, until {in_words(expires_us)}", "green")
    say(f"its digest is still {before.header.sha256}; send it out with `tactful rollout {out}`")


def _verified(raw: bytes, private: list[str]) -> "Bundle":
    """Return a bundle of before, which the same keys must have signed, or it was never theirs."""
    from .. import bundle  # noqa: PLC0415 - slow to import
    from ..bundle import envelope  # noqa: PLC0415 - slow to import

    envelope.verify(envelope.unpack(raw), [bundle.keys.public_of(one) for one in private])
    return bundle.read_unsigned(raw)


def _written(before: "Bundle", private: list[str], epoch: int, issued_us: int, expires_us: int) -> bytes:
    from .. import bundle  # noqa: PLC0415 - slow to import

    tenant = before.header.tenant
    policy = before.policy
    raw = bundle.write(
        policy, private_key=private, tenant=tenant, epoch=epoch, issued_us=issued_us, expires_us=expires_us
    )
    if bundle.read_unsigned(raw).header.sha256 != before.header.sha256:
        message = "written anew, the policy is not the same: it was built by an older tactful; build it from its folder"
        raise BundleError(message, code="bundle-digest")
    return raw


def _highest(path: Path | None) -> int:
    """Return the highest epoch that was rolled out; -1 if nothing is known of one."""
    from ..fleet.fleet_file import FleetFile  # noqa: PLC0415 - slow to import
    from ..fleet.releases import releases_of  # noqa: PLC0415 - slow to import

    if path is None:
        return -1
    with closing(FleetFile(path, make=False)) as kept:
        return max((one.epoch for one in releases_of(kept)), default=-1)


def _tell(found: "Sequence[Release]", *, json_: bool) -> None:
    if json_:
        as_json([{**attrs.asdict(one), "state": one.state.value} for one in found])
        return
    for one in found:
        say(release_line(one), "red" if one.reason else "")
    if not found:
        say("nothing was rolled out yet")
