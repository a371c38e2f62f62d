"""`tactful policy` and `diff`: the policy as all of the organization reads it, and what a new one makes looser."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import attrs
import typer

from ..clock import in_words
from .checking import Json
from .files import write_file
from .opened import Source, policy_of
from .output import FOUND, as_json, bullets, markdown, say, told

if TYPE_CHECKING:
    from ..authoring import Difference
    from ..authoring.comparing import Kind

Old = Annotated[Path, typer.Argument(help="The policy that is in force: a folder or a bundle.", show_default=False)]
New = Annotated[Path, typer.Argument(help="The policy that is to come: a folder or a bundle.", show_default=False)]
_KINDS: Final[Sequence[tuple["Kind", str, str]]] = (
    ("looser", "Looser", "red"),
    ("unknown", "Cannot be told from the settings: read it", "yellow"),
    ("tighter", "Tighter", "green"),
    ("neither", "Neither", ""),
)


def policy(
    source: Source,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as one HTML page, to read or to print.")] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Print the policy as a document that everybody in the organization can read.

    Example: `tactful policy policy --html policy.html`
    """
    from ..authoring import as_markdown, document  # noqa: PLC0415 - slow to import
    from .page import as_html  # noqa: PLC0415 - slow to import

    with told(json_=json):
        found, header = policy_of(source)
        made = document(found) if header is None else document(found, since=_since(header.epoch, header.issued_us))
        text = as_markdown(made)
        if html is not None:
            write_file(html, as_html(text).encode())
    if json:
        as_json(attrs.asdict(made))
    elif html is None:
        markdown(text)
    else:
        say(f"{html}: open it in a browser, or print it", "green")


def diff(
    old: Old,
    new: New,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Tell what a new policy makes looser, first; then what it makes tighter, and the rest.

    Exit code 1 if it makes anything looser.

    Example: `tactful diff shop.bundle policy`
    """
    from .. import authoring  # noqa: PLC0415 - slow to import

    with told(json_=json):
        found = authoring.diff(policy_of(old)[0], policy_of(new)[0])
    if json:
        as_json({kind: [attrs.asdict(change) for change in found.of(kind)] for kind, _, _ in _KINDS})
    else:
        _show(found)
    raise typer.Exit(FOUND if found.of("looser") else 0)


def _since(epoch: int, issued_us: int) -> str:
    return f"It is epoch {epoch}, in force since {in_words(issued_us)}; who signed it was not verified here."


def _show(found: "Difference") -> None:
    shown = [(title, style, changes) for kind, title, style in _KINDS if (changes := found.of(kind))]
    for number, (title, style, changes) in enumerate(shown):
        if number:
            say()
        say(f"{title} ({len(changes)})", f"bold {style}".rstrip())
        bullets(map(str, changes), style)
    if not shown:
        say("no difference", "green")
