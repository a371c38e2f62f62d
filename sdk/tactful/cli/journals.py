"""The journals that `tactful erase` reaches: as an adapter opens them. It reads no entry."""

from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Final

import typer

from ..engine.attached import Attached
from ..errors import UsageError

_GROUP: Final = "tactful.journals"
Journals = Annotated[
    list[Path] | None,
    typer.Option("--journal", help="A journal of triggers or of a campaign, to forget the customer too; or several."),
]


def attached_to(store: object, journals: Iterable[Path]) -> Attached:
    """
    Return journals as an edge of a store has them attached: what one fails to forget, the store remembers.

    Raises:
        UsageError: If one is not there, is no journal, or no adapter opens any.
        ExtraMissing: If what opens one is not installed.
    """
    paths = list(journals)
    points = list(entry_points(group=_GROUP)) if paths else []
    if paths and not points:
        raise UsageError("no adapter for journals is installed")
    attached = Attached(store)
    for path in paths:
        attached.add(*points[0].load()(path))
    return attached
