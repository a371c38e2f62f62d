"""Withdrawals that the centre does not take: each is tried again for ever, later and later. It sends nothing."""

import random
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from ..clock import SECOND_US, Clock
from .pauses import Backoff

#: Each is tried again after at most so long [s].
_PAUSE_MAX_S: Final = 600.0
#: So many are passed over at once; with more of them it is no single event that the centre fails at.
_COUNT_MAX: Final = 1_000


@attrs.define
class _Trying:
    customer: str
    backoff: Backoff
    not_before_us: int = 0


class Stuck:
    """
    Which withdrawals are passed over, so that they hold up no others, and when each is tried again.

    It is known to one process, and forgotten with it: then they are tried at once. They stay in the outbox.
    """

    def __init__(self, clock: Clock, chance: Callable[[float, float], float] = random.uniform) -> None:
        """
        Begin with none.

        Args:
            clock: Gives a time that only passes [us].
            chance: Draws a pause between two bounds [s].
        """
        self._clock, self._chance = clock, chance
        self._trying: dict[int, _Trying] = {}

    def __len__(self) -> int:
        return len(self._trying)

    @property
    def full(self) -> bool:
        """Whether no more can be passed over."""
        return len(self._trying) >= _COUNT_MAX

    @property
    def customers(self) -> Mapping[int, str]:
        """Whom each of them concerns, by its number in the outbox."""
        return {number: one.customer for number, one in self._trying.items()}

    def put(self, number: int, customer: str, error: BaseException) -> None:
        """Pass a withdrawal over, longer each time."""
        trying = self._trying.setdefault(number, _Trying(customer, Backoff(_PAUSE_MAX_S, self._chance)))
        trying.not_before_us = self._clock() + int(trying.backoff.after(error) * SECOND_US)

    def due(self) -> tuple[int, ...]:
        """Return the numbers of those that may be tried now; the one that has waited longest for it first."""
        now_us = self._clock()
        found = [(one.not_before_us, number) for number, one in self._trying.items() if one.not_before_us <= now_us]
        return tuple(number for _, number in sorted(found))

    def drop(self, number: int) -> None:
        """Pass it over no longer: it has arrived, or waits no more."""
        self._trying.pop(number, None)
