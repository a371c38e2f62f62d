"""The edges that follow a centre themselves, as `tactful fleet` and `tactful erase` are told of them by its URL."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Annotated, Protocol, runtime_checkable

import typer

from ..acknowledging import Acknowledging, Reached, edges_in, keeps
from ..changes import LINES
from ..erasing import edges_of, epochs_of
from ..errors import UsageError
from ..rights_ports import Followed
from .output import as_json, say, told

Centre = Annotated[
    str | None, typer.Option("--centre", help="The URL of a centre: the edges that follow it themselves, too.")
]


@runtime_checkable
class Erases(Protocol):
    """A centre that can forget a customer."""

    def erase(self, customer: str) -> object:
        """Forget a customer and every merged id, and tell the edges."""
        ...


def erased_there(url: str, ids: Iterable[str]) -> tuple[Mapping[str, int], Mapping[str, str]]:
    """
    Have a centre forget some ids, and return its epochs with that in them, and how its edges stand to it.

    Raises:
        UsageError: If it cannot forget.
        CentreError: If it cannot be reached, or fails; then ask again.
    """
    from ..sync.joining import centre_of  # noqa: PLC0415 - slow to import

    with closing(centre_of(url)) as centre:
        if not isinstance(centre, Erases):
            raise UsageError(f"{type(centre).__name__} cannot erase: erase the customer at its source")
        for id_ in ids:
            centre.erase(id_)
        epochs = epochs_of(centre)
        return epochs, edges_of(centre, epochs)


def followers_of(url: str) -> tuple[Reached, Mapping[str, int]]:
    """
    Return how far the edges are that follow the centre of a URL, and its epochs by line.

    Raises:
        UsageError: If it keeps no record of them.
        CentreError: If it cannot be reached.
    """
    with _kept(url) as kept:
        return kept.acknowledged(), kept.line_epochs() if isinstance(kept, Followed) else {}


def take_out(url: str | None, edge: str, *, json_: bool) -> None:
    """
    Take an edge off the list of those that follow a centre: it is out of service, and nobody waits for it any more.

    It does not keep the edge out: one that still runs is listed again with what it says next.

    Args:
        url: The URL of the centre.
        edge: The edge's name, as the list has it.
        json_: Whether programs read what is said.
    """
    with told(json_=json_):
        if url is None:
            raise UsageError("--remove goes with --centre, the URL of the centre that lists the edge")
        with _kept(url) as kept:
            known = edges_in(kept.acknowledged())
            if edge not in known:
                raise UsageError(f"no edge {edge!r} is listed there: `tactful fleet --centre {url}` lists {len(known)}")
            kept.acknowledge(edge, dict.fromkeys(LINES, 0), 0)
    if json_:
        as_json({"edge": edge, "removed": True})
        return
    say(f"{edge} is listed no more, and no receipt waits for it; if it still runs, it is back within a minute")
    say("what its store holds of customers is there still: see to its disk")


@contextmanager
def _kept(url: str) -> Iterator[Acknowledging]:
    """Give what keeps how far edges are; a UsageError if the centre of the URL keeps no record of them."""
    from ..sync.joining import centre_of  # noqa: PLC0415 - slow to import

    with closing(centre_of(url)) as centre:
        kept = keeps(centre)
        if kept is None:
            raise UsageError(
                f"{type(centre).__name__} keeps no record of who follows it; a store in PostgreSQL and NATS do, and a "
                "relay with a fleet has its own"
            )
        yield kept
