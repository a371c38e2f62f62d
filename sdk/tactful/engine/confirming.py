"""Confirming: the room under strict caps that was used, until the centre is told. What was not used is given back."""

import logging
from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Final

from ..ports import StrictCaps

_log = logging.getLogger("tactful")
_CONFIRMATIONS_MAX: Final = 100_000


class Confirming:
    """Units that were used, and of which the centre has not heard. Bounded."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = Lock()
        self._units: deque[str] = deque(maxlen=_CONFIRMATIONS_MAX)

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._units)

    def add(self, units: Sequence[str]) -> None:
        """Let units wait until the centre is told."""
        self._units.extend(units)

    def tell(self, centre: StrictCaps) -> None:
        """Tell the centre of those that wait; where it cannot be told, they wait on."""
        with self._lock:
            units = [self._units.popleft() for _ in range(len(self._units))]
        try:
            if units:
                centre.confirm(units)
        except Exception as error:  # noqa: BLE001 - a centre may raise anything; what was shown waits to be told
            _log.warning("the centre of strict caps could not be told: %s", type(error).__name__)
            self._units.extend(units)

    def give_back(self, centre: StrictCaps, units: Sequence[str]) -> None:
        """Give back units that were not used; what cannot be given back lapses at the centre."""
        self.tell(centre)  # what was used meanwhile is not given back
        waiting = frozenset(self._units)
        try:
            centre.release([unit for unit in units if unit not in waiting])
        except Exception as error:  # noqa: BLE001 - likewise; without a word the room lapses
            _log.warning("room could not be given back: %s", type(error).__name__)
