"""`tactful build`: a policy's folder becomes one signed file, if it has no mistake and its tests pass."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import tactful

from ..clock import SECOND_US, in_words, to_datetime, wall_clock
from ..errors import UsageError
from .checking import Folder, Json
from .files import write_file
from .output import FOUND, as_json, mistake_json, say, told

if TYPE_CHECKING:
    from ..authoring import Suite


def build(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")] = Path("policy.bundle"),
    key: Annotated[
        list[Path] | None, typer.Option(help="The file of a private key, or several; the folder's own if left out.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose policy it is.")] = "default",
    epoch: Annotated[int | None, typer.Option(help="Greater than every earlier one; the time if left out.")] = None,
    expires: Annotated[str, typer.Option(help="For how long it may be used.")] = "90d",
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Compile a policy into one signed file. Refuses if it has mistakes or its tests fail.

    Exit code 1 if a test fails, 2 if the policy has mistakes or something else is wrong.

    Example: `tactful build policy -o shop.bundle --tenant shop --expires 90d`
    """
    from .. import bundle  # noqa: PLC0415 - slow to import
    from ..authoring import load_suite  # noqa: PLC0415 - slow to import
    from ..authoring.init import PRIVATE_KEY  # noqa: PLC0415 - slow to import

    with told(json_=json):
        issued_us = wall_clock()
        expires_us = issued_us + _length_us(expires)
        private = [_read_key(path) for path in key or [folder / PRIVATE_KEY]]
        suite = load_suite(folder)
        _refuse_if_tests_fail(suite, folder, json_=json)
        number = issued_us // SECOND_US if epoch is None else epoch
        raw = bundle.write(
            suite.policy, private_key=private, tenant=tenant, epoch=number, issued_us=issued_us, expires_us=expires_us
        )
        public = [bundle.keys.public_of(one) for one in private]
        tactful.open(raw, key=public, tenant=tenant, clock=lambda: issued_us).close()  # or it is not written
        write_file(out, raw)
    if json:
        expires_at = to_datetime(expires_us).isoformat(timespec="seconds")
        size = {"file": str(out), "bytes": len(raw), "tests": len(suite.tests)}
        as_json({**size, "tenant": tenant, "epoch": number, "expires": expires_at, "keys": public})
    else:
        say(f"{out}: {len(raw):,} bytes, epoch {number}, until {in_words(expires_us)}", "green")
        say(f'open it with tactful.open("{out}", key="{public[0]}", tenant="{tenant}")')


def _refuse_if_tests_fail(suite: "Suite", folder: Path, *, json_: bool) -> None:
    outcomes = tuple(suite.run())
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if not failed:
        return
    if json_:
        as_json({"tests": [mistake_json(outcome) for outcome in outcomes], "failed": len(failed)})
    else:
        count = f"{len(failed)} test{' fails' if len(failed) == 1 else 's fail'}"
        say(f"not built: {count}; `tactful test {folder}` tells why", "red")
    raise typer.Exit(FOUND)


def _length_us(written: str) -> int:
    from ..authoring.format_types import duration_s  # noqa: PLC0415 - slow to import

    seconds = duration_s(written)
    if seconds is None:
        raise UsageError(f"--expires {written!r} is no duration; write 90d or 12h")
    return seconds * SECOND_US


def _read_key(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"the private key {path}: {reason}; `tactful init` makes a pair") from None
