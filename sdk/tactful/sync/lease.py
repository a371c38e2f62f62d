"""One at a time among all processes that share a store: a lease that ends by itself. It is a courtesy, not a lock.

Whoever dies with it holds the others up for seconds. What is done under it is right without it as well, but for the
rare case that the lease of one who still works has ended.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..clock import SECOND_US
from ..ports import StrictCaps
from ..strict import Ask

_HOLD_US: Final = 10 * SECOND_US
#: A lease that nobody gives back is not waited for any longer [s]: the clock by which it ends may have been set back.
_PATIENCE_S: Final = 30.0


class Lease:
    """The right to do one thing; a store without strict caps gives it to everyone."""

    def __init__(self, store: object, what: str) -> None:
        self._caps = store if isinstance(store, StrictCaps) else None
        self._ask = Ask(f"centre/{what}", "", "everyone", "", count=1, wanted=1, counts_us=1, hold_us=_HOLD_US)
        self._refused_s: float | None = None

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Give whether it may be done now, and give the right back afterwards."""
        if self._caps is None:
            yield True
            return
        (units,) = self._caps.reserve([self._ask])
        try:
            yield bool(units) or self._waited_long()
        finally:
            if units:
                self._refused_s = None
                self._caps.release(units)

    def _waited_long(self) -> bool:
        now_s = time.monotonic()
        self._refused_s = now_s if self._refused_s is None else self._refused_s
        return now_s - self._refused_s > _PATIENCE_S
