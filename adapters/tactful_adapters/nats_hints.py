"""Hints that something is new in a line, from the loop's thread to those who wait. It asks for nothing."""

from collections.abc import Callable, Mapping
from threading import Condition
from time import monotonic

from tactful import CentreError, Line

from .forks import begins_anew_in_a_child


class NATSHints:
    """The newest epoch that was hinted at, by line; safe under threads and fork."""

    def __init__(self) -> None:
        """Begin with no hint."""
        self._closed = False
        self.begin_anew()
        begins_anew_in_a_child(self)

    def begin_anew(self) -> None:
        """Know no hint, and hold no lock that is held."""
        self._changed = Condition()
        self._newest: dict[Line, int] = {}
        self._losses = 0

    @property
    def losses(self) -> int:
        """How many connections were lost so far."""
        with self._changed:
            return self._losses

    def hear(self, line: Line) -> Callable[[Mapping[str, str]], None]:
        """Return what takes a hint in, by its headers; one that makes no sense is none."""

        def heard(headers: Mapping[str, str]) -> None:
            told = headers.get("Nats-Sequence", "")
            if told.isdecimal():
                with self._changed:
                    self._newest[line] = max(self._newest.get(line, 0), int(told))
                    self._changed.notify_all()

        return heard

    def lose(self) -> None:
        """Wake up those who wait: the connection is lost, and with it what it would have told."""
        with self._changed:
            self._losses += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Wake up those who wait, for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait(self, line: Line, after: int, losses: int, until_s: float) -> bool:
        """
        Wait until there is a hint of something newer than an epoch; return whether there is.

        Args:
            line: The line.
            after: The epoch that is known.
            losses: How many connections were lost before it was listened.
            until_s: When to give up, by the monotonic clock [s].

        Raises:
            CentreError: If the connection is lost meanwhile.
        """
        with self._changed:
            while not self._closed and (left_s := until_s - monotonic()) > 0:
                if self._newest.get(line, 0) > after:
                    return True
                if self._losses != losses:
                    raise CentreError("the connection was lost; the next call connects again")
                self._changed.wait(left_s)
            return not self._closed and self._newest.get(line, 0) > after
