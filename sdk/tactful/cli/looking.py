"""`tactful policy`, `status` and `plugins`: what is there, for people and programs."""

from pathlib import Path
from typing import Annotated

import typer

import tactful

from ..opening import store_of
from .checking import Folder, Json
from .output import as_json, markdown, say, table, told


def policy(folder: Folder, json: Json = False) -> None:  # noqa: FBT002 - a flag
    """
    Print the policy as a document that everybody in the organization can read.

    Example: `tactful policy policy > policy.md`
    """
    from ..authoring import compile_folder, document  # noqa: PLC0415 - slow to import

    with told(json_=json):
        text = document(compile_folder(folder))
    if json:
        as_json({"document": text})
    else:
        markdown(text)


def status(
    source: Annotated[Path, typer.Argument(help="The policy's folder, or a bundle.", show_default=False)],
    store: Annotated[str | None, typer.Option("--store", help="A store's URL, as sqlite:///edge.db.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="The pinned public key of a bundle.")] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Open an edge as a process would, and print its state: what it decides by, what is broken, what the store holds.

    Exit code 1 if a guardrail is broken.

    Example: `tactful status shop.bundle --key … --store sqlite:///edge.db`
    """
    with told(json_=json):
        kept = store_of(store)
        unsigned = key is None and not source.is_dir()
        with tactful.open(source, key=key, development=unsigned, store=kept) as edge:
            state = dict(edge.status())
        counts = getattr(kept, "counts", None)
        state["store"] = counts() if callable(counts) else {}
        kept.close()
    if json:
        as_json(state)
    else:
        table(("what", "state"), [(name.replace("_", " "), _words(value)) for name, value in state.items()])
    raise typer.Exit(1 if state["careful"] else 0)


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


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "in memory"
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value) or "none"
