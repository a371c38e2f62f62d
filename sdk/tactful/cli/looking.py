"""`tactful status` and `plugins`: what is there, for people and programs."""

from typing import Final

import typer

import tactful

from ..ports import Store
from .checking import Json
from .opened import KeyOption, Source, StoreOption, opened
from .output import FOUND, as_json, say, table, told

#: Contacts in the outbox are counted up to here.
WAITING_MAX: Final = 10_000


def status(
    source: Source,
    store: StoreOption = None,
    key: KeyOption = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Open an edge as a process would, and print its state: what it decides by, what is broken, what waits in the store.

    Exit code 1 if it has to be careful, as when a guardrail is broken.

    Example: `tactful status shop.bundle --key shop.public --store sqlite:///edge.db`
    """
    with told(json_=json), opened(source, key, store) as (edge, kept):
        state = {**edge.status(), **_outbox(kept)}
    if json:
        as_json(state)
    else:
        table(("what", "state"), [(name.replace("_", " "), _words(value)) for name, value in state.items()])
    raise typer.Exit(FOUND if state["careful"] else 0)


def plugins(json: Json = False) -> None:  # noqa: FBT002 - a flag
    """
    List the guardrails that policies can name, and which distribution brings each.

    Example: `tactful plugins`
    """
    with told(json_=json):
        found = tactful.Registry.installed().guardrails
    rows = [(name, brought.distribution, brought.version) for name, brought in sorted(found.items())]
    if json:
        as_json([dict(zip(("guardrail", "distribution", "version"), row, strict=True)) for row in rows])
    elif rows:
        table(("guardrail", "distribution", "version"), rows)
    else:
        say("no guardrail is installed")


def _outbox(store: Store) -> dict[str, object]:
    """Return how many contacts wait for the centre, as far as they are counted, and how many were dropped."""
    take, dropped = getattr(store, "outbox_take", None), getattr(store, "outbox_dropped", None)
    if take is None or dropped is None:
        return {}
    return {"outbox_waiting": len(take(WAITING_MAX)), "outbox_dropped": sum(dropped().values())}


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None or value == "" else str(value)
