"""Controls: careless ways to a centre, of which a proof must find what they lose and pass over."""

import time
from collections.abc import Sequence

from tactful import CentreError, Changes, Contact, Delivery, Disclosure, StoreError, wall_clock
from tactful.changes import Line
from tactful.testing.faulty_centres import WrappedCentre


class Watched(WrappedCentre):
    """A centre of which is kept when the edge asked for the truth that it was told last [s]."""

    true_s: float = 0.0

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch."""
        asked_s = time.monotonic()
        told = super().changes(line, after, count)
        if line == "consents" and told.is_complete:
            self.true_s = asked_s
        return told


class Careless(WrappedCentre):
    """A way to a centre that takes errors for answers."""

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed; nothing, if nobody answers."""
        try:
            return super().changes(line, after, count)
        except (CentreError, StoreError):
            return Changes((), after, is_complete=True, at_us=wall_clock())

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Have events kept; if nobody answers, they are gone."""
        try:
            return super().deliver(events)
        except (CentreError, StoreError):
            return Delivery(frozenset(one.id for one in events), {})


class Waiting(WrappedCentre):
    """A way to a centre that asks it for nothing unless it was hinted at: no hint is no news."""

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed, if somebody has said that something has, or nothing is known yet."""
        try:
            is_news = not after or super().wait(line, after, 0.05)
        except (CentreError, StoreError):
            is_news = False
        return (
            super().changes(line, after, count) if is_news else Changes((), after, is_complete=True, at_us=wall_clock())
        )
