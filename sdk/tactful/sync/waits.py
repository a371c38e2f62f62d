"""What waits for the centre, as a state tells it: counts and ages. A store that cannot tell raises nothing here."""

from collections.abc import Mapping
from contextlib import suppress

from ..clock import SECOND_US, Clock
from ..errors import StoreError
from ..outbox_ports import Outbox


class Waits:
    """Tells what waits in an outbox; while its store cannot be read, what it told last."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        """Begin with nothing known; `clock` gives the moment [us since 1970]."""
        self._outbox, self._clock = outbox, clock
        self._told: Mapping[str, object] = {"waiting": {}, "oldest_age_s": None, "dropped": {}, "set_aside": None}

    def status(self) -> Mapping[str, object]:
        """Return what waits and was dropped, by class, how old the oldest is [s], and how many are set aside."""
        with suppress(StoreError):  # the account of the store says it
            self._told = self._read()
        return self._told

    def _read(self) -> Mapping[str, object]:
        now_us, waiting = self._clock(), self._outbox.outbox_waiting()
        moments = [one.oldest_us for one in waiting.values() if one.oldest_us is not None]
        return {
            "waiting": {name: one.count for name, one in waiting.items()},
            "oldest_age_s": max(0, now_us - min(moments)) // SECOND_US if moments else None,
            "dropped": dict(self._outbox.outbox_dropped()),
            "set_aside": len(self._outbox.outbox_refused()),
        }
