"""`tactful build`: a policy's folder becomes one signed file, if it has no mistake and its tests pass."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ..clock import SECOND_US, to_datetime, wall_clock
from ..errors import UsageError
from .checking import Folder, Json
from .output import FOUND, as_json, say, told


def build(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")] = Path("policy.bundle"),
    key: Annotated[Path | None, typer.Option(help="The file of the private key; the folder's own if left out.")] = None,
    tenant: Annotated[str, typer.Option(help="Whose policy it is.")] = "default",
    epoch: Annotated[int | None, typer.Option(help="Greater than every earlier one; the time if left out.")] = None,
    expires: Annotated[str, typer.Option(help="For how long it may be used.")] = "90d",
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Compile a policy into one signed file. Refuses if it has mistakes or its tests fail.

    Example: `tactful build policy -o shop.bundle --tenant shop --expires 90d`
    """
    from .. import bundle  # noqa: PLC0415 - slow to import
    from ..authoring import load_suite  # noqa: PLC0415 - slow to import
    from ..authoring.format_types import duration_s  # noqa: PLC0415 - slow to import
    from ..authoring.init import PRIVATE_KEY  # noqa: PLC0415 - slow to import
    from ..bundle.keys import public_of  # noqa: PLC0415 - slow to import

    with told(json_=json):
        seconds = duration_s(expires)
        if seconds is None:
            raise UsageError(f"--expires {expires!r} is no duration; write 90d or 12h")
        private = _read_key(key or folder / PRIVATE_KEY)
        suite = load_suite(folder)
        failed = [outcome for outcome in suite.run() if not outcome.passed]
        if failed:
            say(f"not built: {len(failed)} tests fail; `tactful test {folder}` tells why", "red")
            raise typer.Exit(FOUND)
        now_us = wall_clock()
        number = now_us // SECOND_US if epoch is None else epoch
        raw = bundle.write(
            suite.policy,
            private_key=private,
            tenant=tenant,
            epoch=number,
            issued_us=now_us,
            expires_us=now_us + seconds * SECOND_US,
        )
        _replace(out, raw)
    told_of = {
        "file": str(out),
        "bytes": len(raw),
        "tenant": tenant,
        "epoch": number,
        "expires": f"{to_datetime(now_us + seconds * SECOND_US):%Y-%m-%d}",
        "tests": len(suite.tests),
        "key": public_of(private),
    }
    if json:
        as_json(told_of)
        return
    say(f"{out}: {len(raw):,} bytes, epoch {number}, until {told_of['expires']}", "green")
    say(f'open it with tactful.open("{out}", key="{told_of["key"]}")')


def _read_key(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"the private key {path}: {reason}; `tactful init` makes a pair") from None


def _replace(path: Path, raw: bytes) -> None:
    """Write a file so that it is there wholly or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"{path}: {error.strerror}") from None
