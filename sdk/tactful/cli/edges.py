"""The edges that follow a centre themselves, as `tactful fleet` and `tactful erase` are told of them by its URL."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Annotated, Protocol, runtime_checkable

import typer

from ..acknowledging import Acknowledging, Reached, keeps
from ..erasing import edges_of, epochs_of
from ..errors import UsageError
from ..rights_ports import Followed

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
    from ..sync.joining import centre_of  # noqa: PLC0415 - slow to import

    with closing(centre_of(url)) as centre:
        kept: Acknowledging | None = keeps(centre)
        if kept is None:
            raise UsageError(
                f"{type(centre).__name__} keeps no record of who follows it; a store in PostgreSQL and NATS do, and a "
                "relay with a fleet has its own"
            )
        return kept.acknowledged(), kept.line_epochs() if isinstance(kept, Followed) else {}
