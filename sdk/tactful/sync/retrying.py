"""Retrying: when withdrawals that the centre does not take go up once more, later and later. It sends nothing.

Which they are stands in the outbox alone, so that a restart changes nothing and any number of them takes no memory.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ..clock import SECOND_US, Clock
from ..contacts import Contact
from ..errors import CentreError
from ..outbox_ports import Outbox
from .pauses import Backoff, uniform

#: After a round has come to its end, the next begins after at most so long [s].
_PAUSE_MAX_S: Final = 600.0
_REFUSED: Final[Exception] = CentreError("the centre refuses it", code="centre-refuses")


class Retrying:
    """One round after another over all that is passed over, in order; as many at once as went well of late."""

    def __init__(self, clock: Clock, batch: int, chance: Callable[[float, float], float] = uniform) -> None:
        """
        Begin a round at once: nobody knows what the centre takes by now.

        Args:
            clock: Gives a time that only passes [us].
            batch: So many are tried at once at most.
            chance: Draws a pause between two bounds [s].
        """
        self._clock, self._batch, self._size = clock, batch, batch
        self._backoff = Backoff(_PAUSE_MAX_S, chance)
        self._not_before_us, self._is_idle = 0, True
        self._trying: frozenset[int] = frozenset()
        self._is_last = False
        self._begin()

    def _begin(self) -> None:
        self._after = 0  # the round has come so far
        self._until: int | None = None  # and ends before this one, which was passed over after it began
        self._arrived, self._error = False, _REFUSED

    def put(self, numbers: Iterable[int], why: Exception) -> None:
        """Hear that withdrawals are passed over, and why."""
        new = set(numbers) - self._trying
        if not new:
            return
        if self._is_idle:
            self._is_idle = False
            self._pause(why)
        elif self._after:
            self._until = min(new if self._until is None else {*new, self._until})

    def next(self, outbox: Outbox) -> Sequence[tuple[int, Contact]]:
        """Return those that are to be tried now; none if it is not time to, or the round has come to its end."""
        if self._clock() < self._not_before_us:
            return ()
        found = outbox.outbox_passed_over(self._after, self._size + 1)
        those = [pair for pair in found if self._until is None or pair[0] < self._until]
        page, self._is_last = those[: self._size], len(those) <= self._size
        self._trying = frozenset(number for number, _ in page)
        if page:
            self._is_idle = False
        else:
            self._end()
        return page

    def answered(self, page: Sequence[tuple[int, Contact]], arrived: int) -> None:
        """Hear that the centre has answered, whether it took any of them or none."""
        self._arrived = self._arrived or arrived > 0
        self._size = min(2 * self._size, self._batch)
        self._pass(page)

    def failed(self, page: Sequence[tuple[int, Contact]], error: Exception) -> None:
        """Hear that the centre failed: at one alone, the round goes on behind it; else they go one by one."""
        self._size, self._error = 1, error
        if len(page) == 1:
            self._pass(page)

    def _pass(self, page: Sequence[tuple[int, Contact]]) -> None:
        self._after = page[-1][0]
        if self._is_last:
            self._end()

    def _end(self) -> None:
        if self._arrived or not self._after:  # it takes some again: the next round begins at once
            self._backoff.reset()
        else:
            self._pause(self._error)
        self._is_idle = not self._after
        self._begin()

    def _pause(self, why: Exception) -> None:
        self._not_before_us = self._clock() + int(self._backoff.after(why) * SECOND_US)
