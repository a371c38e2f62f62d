"""An edge as the commands open it: on a folder, or on a bundle with a pinned key or, for a look, unverified."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

import tactful

from ..bundle import Header, read_unsigned
from ..centre_ports import Centre
from ..errors import UsageError
from ..installed import store_of
from ..plan.plan import Plan
from ..ports import Store
from .files import read_file

Source = Annotated[Path, typer.Argument(help="The policy's folder, or a bundle.", show_default=False)]
KeyOption = Annotated[
    str | None, typer.Option("--key", help="A bundle's public key, or its file; or several, with commas.")
]
StoreOption = Annotated[str | None, typer.Option("--store", help="A store's URL, as sqlite:///edge.db.")]
CentreOption = Annotated[str | None, typer.Option("--centre", help="The URL of the centre that the store follows.")]


@contextmanager
def opened(
    source: Path | tactful.Policy,
    key: str | None,
    store: str | None,
    clock: tactful.Clock = tactful.wall_clock,
    *,
    centre: Centre | str | None = None,
    pack: tactful.Pack | None = None,
) -> Iterator[tuple[tactful.Edge, Store]]:
    """
    Give an edge and its store; both are closed afterwards.

    Args:
        source: A policy's folder, a bundle, or a compiled policy.
        key: The pinned public key, or the name of the file that holds it; several with commas between them. Without
            it a bundle is not verified.
        store: The store's URL; None is memory.
        clock: Gives the moment.
        centre: The centre, or its URL; nothing is followed by itself.
        pack: A kiosk's pack.

    Raises:
        TactfulError: If any of them cannot be used.
    """
    by_hand = None if centre is None else tactful.SyncOptions(threads=False)
    unsigned = isinstance(source, Path) and not source.is_dir() and key is None
    kept = store_of(store, make=False)
    try:
        with tactful.open(
            source,
            key=pinned(key),
            development=unsigned,
            store=kept,
            clock=clock,
            centre=centre,
            sync=by_hand,
            pack=pack,
        ) as edge:
            yield edge, kept
    finally:
        kept.close()


def policy_of(source: Path) -> tuple[tactful.Policy, Header | None]:
    """
    Return the policy of a folder or a bundle, to read it and not to decide by it; of a bundle its header too.

    Neither signature nor times of a bundle are checked: an old policy can be read as well.

    Raises:
        TactfulError: If it cannot be read.
    """
    if source.is_dir() or not source.exists():
        from ..authoring import compile_folder  # noqa: PLC0415 - slow to import

        return compile_folder(source), None
    found = read_unsigned(read_file(source))
    return found.policy, found.header


def plan_of(source: Path) -> Plan:
    """
    Return the plan of a folder or a bundle, to decide the past by it; neither signature nor times are checked.

    Raises:
        TactfulError: If it cannot be read.
    """
    policy, header = policy_of(source)
    registry = tactful.Registry.installed()
    if header is None:
        return Plan.build(policy, registry)
    return Plan.build(policy, registry, epoch=header.epoch, until_us=header.expires_us)


def pinned(key: str | None) -> list[str] | None:
    """Return the public keys that an option `--key` gives, or None."""
    return None if key is None else [_key(one) for one in key.split(",")]


def _key(key: str) -> str:
    try:
        return Path(key).read_text(encoding="ascii").strip() if Path(key).is_file() else key
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"--key: the file {key}: {reason}") from None
