"""The port of a centre: what an edge follows, and what takes its events. No adapter is named here."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from .changes import Changes, Delivery, Line
from .contacts import Contact
from .disclosures import Disclosure


@runtime_checkable
class Centre(Protocol):
    """
    The central stores, as an edge sees them: asked for changes, given events.

    It is safe under threads, and no call waits for another one: events on their way never hold up consents. A call
    that does not come through raises `CentreError`, or whatever the client library raises.
    """

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """
        Return what has changed since an epoch: the truth, whatever was hinted at.

        Nothing that is committed later gets an epoch at or below one that was told.

        Args:
            line: "consents" or "profiles".
            after: The epoch that is known; 0 is before all.
            count: At most so many changes.
        """
        ...

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """
        Keep events durably, in their order, each once by its id; and let what customers said in them take effect.

        A withdrawal that is accepted is in the line of consents by then. One event that is refused holds up no other.
        """
        ...

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """
        Wait until there may be something newer than an epoch; return whether there may be.

        It is a hint alone: it may come for nothing, late, or never. A centre that cannot tell waits the time out.

        Args:
            line: "consents" or "profiles".
            after: The epoch that is known.
            timeout_s: At most so long [s].
        """
        ...

    def close(self) -> None:
        """Give back connections; calls that wait come back. A second call does nothing."""
        ...
