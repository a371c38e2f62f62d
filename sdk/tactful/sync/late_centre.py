"""A centre that could not be opened yet: asked again, it is opened then. It keeps nothing of what was not sent."""

from collections.abc import Callable, Sequence
from threading import Event

from ..centre_ports import Centre
from ..changes import Changes, Delivery, Line
from ..contacts import Contact
from ..disclosures import Disclosure


class LateCentre:
    """A `Centre` that opens when it is first asked for something; one part asks it, one call at a time."""

    def __init__(self, opening: Callable[[], Centre]) -> None:
        """
        Make it; nothing is opened.

        Args:
            opening: Opens the centre, or raises what is then told as the call's error.
        """
        self._opening = opening
        self._inner: Centre | None = None
        self._closed = Event()

    @property
    def inner(self) -> Centre | None:
        """The centre that was opened; None before that."""
        return self._inner

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch, at most so many changes."""
        return self._opened().changes(line, after, count)

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Have events kept."""
        return self._opened().deliver(events)

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """Wait for a hint; before it is open, nobody gives any."""
        if self._inner is not None:
            return self._inner.wait(line, after, timeout_s)
        self._closed.wait(timeout_s)
        return False

    def close(self) -> None:
        """Give back the connections; calls that wait come back. A second call does nothing."""
        self._closed.set()
        if self._inner is not None:
            self._inner.close()

    def __repr__(self) -> str:
        return f"<LateCentre {'not open yet' if self._inner is None else self._inner!r}>"

    def _opened(self) -> Centre:
        if self._inner is None:
            inner = self._opening()
            self._inner = inner
            if self._closed.is_set():  # while it was being opened
                inner.close()
        return self._inner
