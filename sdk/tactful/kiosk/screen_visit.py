"""A visit on a shared screen: it ends by time, by "not me" or by leaving, and nothing of it stays in memory.

What was recorded meanwhile is in the store, under an id that is sealed. Decisions that the caller keeps are the
caller's to let go.
"""

from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock, Thread, get_ident
from typing import Final, Self

from ..clock import SECOND_US, Clock
from ..engine.customer import Who
from ..engine.decision import Decision
from ..engine.edge import Edge
from ..errors import UsageError
from ..sync.heard import steady_clock

#: The longest that a visit can be let be [s]: half a day.
_LONGEST_S: Final = 43_200.0


class ScreenVisit:
    """Somebody in front of a shared screen who said who they are, until the visit ends; after that, nobody."""

    def __init__(
        self,
        edge: Edge,
        who: Who,
        *,
        idle_s: float = 60.0,
        longest_s: float = 600.0,
        when_over: Callable[[], None] = lambda: None,
        steady: Clock = steady_clock,
    ) -> None:
        """
        Begin a visit; the customer is fetched now.

        Args:
            edge: The kiosk's edge.
            who: As for `Edge.decide`.
            idle_s: It ends so long after the last decision or `touch` [s], more than 0.
            longest_s: It ends so long after it began [s], at least `idle_s`, at most half a day.
            when_over: Called once when it ends, such as to clear the screen; by the thread that ends it.
            steady: Gives a time that only passes [us]; for tests.

        Raises:
            UsageError: If the times make no sense, or the edge is closed.
            Exception: What the sources raise.
        """
        if not 0 < idle_s <= longest_s <= _LONGEST_S:
            raise UsageError(f"a visit: 0 < idle_s <= longest_s <= {_LONGEST_S:.0f}, not {idle_s} and {longest_s}")
        self._edge, self._who, self._steady, self._when_over = edge, who, steady, when_over
        self._idle_us, now_us = int(idle_s * SECOND_US), steady()
        self._last_us = now_us + int(longest_s * SECOND_US)
        self._until_us = min(now_us + self._idle_us, self._last_us)
        self._lock, self._over = Lock(), Event()
        edge.warm(who)
        self._thread = Thread(target=self._wait, name="tactful-visit", daemon=True)
        self._thread.start()

    def decide(self, placements: str | Sequence[str], context: Mapping[str, object] | None = None) -> Decision:
        """Decide for who is there, and for nobody once the visit is over; it never raises. See `Edge.decide`."""
        if self.touch() and (who := self._who) is not None:
            decision = self._edge.decide(placements, who, context)
            if not self._over.is_set():
                return decision
            self._edge.let_go(who)  # it ended meanwhile, and the decision may have fetched the customer again
        return self._edge.decide(placements, None, context)

    def touch(self) -> bool:
        """Say that somebody is still there; return whether the visit goes on."""
        with self._lock:
            now_us = self._steady()
            goes_on = not self._over.is_set() and now_us < self._until_us
            if goes_on:
                self._until_us = min(now_us + self._idle_us, self._last_us)
        if not goes_on:
            self.end()
        return goes_on

    def end(self) -> None:
        """End it: somebody left, or pressed "not me". Nothing of it is in memory afterwards; twice does nothing."""
        with self._lock:
            if self._over.is_set():
                return
            who, self._who = self._who, None
            self._over.set()
        try:
            self._edge.let_go(who)
        finally:
            del who
            self._when_over()
        if self._thread.ident != get_ident():
            self._thread.join(1.0)

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._over.is_set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def __repr__(self) -> str:  # who it is is personal
        return f"<ScreenVisit {'over' if self.is_over else 'going on'}>"

    def _wait(self) -> None:
        """End it in time, also if nobody asks any more; by a clock that goes on in a suspended machine."""
        while not self._over.is_set():
            left_s = (self._until_us - self._steady()) / SECOND_US
            if left_s <= 0:
                self.end()
            else:
                self._over.wait(min(left_s, 1.0))
