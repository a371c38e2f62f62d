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
        expires_us = issued_us + length_us(expires)
        private = [read_key(path) for path in key or [folder / PRIVATE_KEY]]
        suite = load_suite(folder)
        _refuse_if_tests_fail(suite, folder, json_=json)
        number = issued_us // SECOND_US if epoch is None else epoch
        raw = bundle.write(
            suite.policy, private_key=private, tenant=tenant, epoch=number, issued_us=issued_us, expires_us=expires_us
        )
        public = [bundle.keys.public_of(one) for one in private]
        demanded = suite.policy.values.signatures
        wanting = max(demanded - len(set(public)), 0)
        _open_or_refuse(raw, None if wanting else public, tenant, issued_us)  # or it is not written
        write_file(out, raw)
    if json:
        expires_at = to_datetime(expires_us).isoformat(timespec="seconds")
        size = {"file": str(out), "bytes": len(raw), "tests": len(suite.tests), "signatures_wanting": wanting}
        as_json({**size, "tenant": tenant, "epoch": number, "expires": expires_at, "keys": public})
    else:
        say(f"{out}: {len(raw):,} bytes, epoch {number}, until {in_words(expires_us)}", "green")
        if wanting:
            more = f"{wanting} signature{'' if wanting == 1 else 's'} more"
            say(f"the policy demands {demanded} signatures: it needs {more}, by `tactful sign {out} --key …`", "yellow")
        else:
            pinned = f'"{public[0]}"' if demanded == 1 else "[" + ", ".join(f'"{one}"' for one in public) + "]"
            say(f'open it with tactful.open("{out}", key={pinned}, tenant="{tenant}")')


def _open_or_refuse(raw: bytes, public: "list[str] | None", tenant: str, now_us: int) -> None:
    """Open a bundle as an edge would; without keys as far as that goes before all have signed."""
    with tactful.open(raw, key=public, development=public is None, tenant=tenant, clock=lambda: now_us):
        pass


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


def length_us(written: str) -> int:
    """
    Return the duration of an option `--expires` [us].

    Raises:
        UsageError: If it is none.
    """
    from ..authoring.format_types import duration_s  # noqa: PLC0415 - slow to import

    seconds = duration_s(written)
    if seconds is None:
        raise UsageError(f"--expires {written!r} is no duration; write 90d or 12h")
    return seconds * SECOND_US


def read_key(path: Path) -> str:
    """
    Return the private key of a file.

    Raises:
        UsageError: If it cannot be read.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"the private key {path}: {reason}; `tactful init` makes a pair") from None
