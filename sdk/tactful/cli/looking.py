"""`tactful status`: what is there, for people and programs."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, Final

import attrs
import typer

import tactful

from ..clock import wall_clock
from ..errors import UsageError
from ..outbox_ports import Outbox
from ..ports import Store
from ..rights_ports import Owing
from ..sync.waits import age_s, waiting_by_owner
from .checking import Json
from .opened import CentreOption, KeyOption, Source, StoreOption, opened, pinned
from .output import FOUND, as_json, bullets, say, table, told
from .wrong import asked, wrong_of

_PackOption = Annotated[Path | None, typer.Option("--pack", help="A kiosk's pack.")]
_PackKeyOption = Annotated[
    str | None, typer.Option("--pack-key", help="The public key of who makes packs, or its file; else the policy's.")
]
_DeviceKeyOption = Annotated[
    str | None, typer.Option("--device-key", help="Where the pack's device key comes from, as file:PATH or env:NAME.")
]
#: Contacts in the outbox are counted up to here.
WAITING_MAX: Final = 10_000
#: What is told of what is not there; in a table such rows would hide the others.
_NOTHING: Final = "none"


def status(
    source: Source,
    store: StoreOption = None,
    key: KeyOption = None,
    centre: CentreOption = None,
    pack: _PackOption = None,
    pack_key: _PackKeyOption = None,
    device_key: _DeviceKeyOption = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Open an edge as a process would, and print its state: what is wrong, what it decides by, what waits in the store.

    With a centre it tells from the store how old the centre's consents are, how far it was followed and what waits,
    asks the centre whether it answers and, in PostgreSQL, would take events, and follows nothing. It tries the store
    by a small write. Exit code 1 if decisions have to be careful, the store cannot be written, the centre's consents
    are too old, or nobody is known by a kiosk's pack.

    Example: `tactful status shop.bundle --key shop.public --store sqlite:///edge.db`
    """
    with ExitStack() as stack:
        stack.enter_context(told(json_=json))
        kiosk = _pack(pack, device_key, pack_key, centre)
        there = None if centre is None else stack.enter_context(closing(asked(centre)))
        edge, kept = stack.enter_context(opened(source, key, store, centre=there, pack=kiosk))
        state = {**edge.status(), **_outbox(kept), **_owed(kept)}
        wrong = list(wrong_of(state, there, kept))
    if json:
        as_json({"wrong": [attrs.asdict(one) for one in wrong], **state})
    else:
        if not wrong:
            say("nothing is wrong: decisions are as usual, and what is to be kept can be", "green")
        bullets(map(str, wrong), "bold")
        state = {"wrong": f"{len(wrong)}, see above" if wrong else "nothing", **state}
        rows = [(name.replace("_", " "), _words(value)) for name, value in _flat(state)]
        there_is = [row for row in rows if row[1] != _NOTHING]
        table(("what", "state"), there_is)
        say(f"{len(rows) - len(there_is)} more are {_NOTHING}; --json has all", "dim")
    followed = state.get("centre")
    ready = not isinstance(followed, Mapping) or followed["ready"]
    well = ready and all(one.part not in ("store", "pack") for one in wrong)
    raise typer.Exit(0 if well and not state["careful"] else FOUND)


def _pack(path: Path | None, device_key: str | None, key: str | None, centre: str | None) -> tactful.Pack | None:
    """Return a kiosk's pack with what opens it."""
    if path is None:
        if device_key or key:
            raise UsageError("--device-key and --pack-key open a pack: name it with --pack")
        return None
    if device_key is None or centre is not None:
        raise UsageError("--pack goes with --device-key, and without --centre")
    return tactful.Pack(path, device_key, pinned(key))


def _outbox(store: Store) -> dict[str, object]:
    """
    Return how many contacts wait for the centre, as far as they are counted, and how many were dropped.

    With them the notices to partners: how many wait for each, and how old the oldest is [s].
    """
    take, dropped = getattr(store, "outbox_take", None), getattr(store, "outbox_dropped", None)
    if take is None or dropped is None:
        return {}
    return {
        "outbox_waiting": len(take(WAITING_MAX)),
        "outbox_dropped": sum(dropped().values()),
        "notices": _notices(store) if isinstance(store, Outbox) else {},
    }


def _owed(store: Store) -> dict[str, object]:
    """Return how many erasures each journal beside the store still owes; nothing if none does."""
    owed = store.owed_erasures() if isinstance(store, Owing) else {}
    return {"erasures_owed": {keeper: len(customers) for keeper, customers in sorted(owed.items())}} if owed else {}


def _notices(store: Outbox) -> Mapping[str, Mapping[str, int | None]]:
    waiting = {owner: one for owner, one in waiting_by_owner(store).items() if owner}
    now_us = wall_clock()
    return {
        owner: {"waiting": one.count, "oldest_age_s": age_s(one.oldest_us, now_us)}
        for owner, one in sorted(waiting.items())
    }


def _flat(state: Mapping[str, object], of: str = "") -> Iterator[tuple[str, object]]:
    """Give what is told, one to a line; what has parts is told part by part."""
    for name, value in state.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{of}{name} ")
        else:
            yield f"{of}{name}", value


def _words(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _NOTHING
    return _NOTHING if value is None or value in ("", {}) else str(value)
