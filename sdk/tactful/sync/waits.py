"""What waits for the centre, as a state tells it: counts and ages. A store that cannot tell raises nothing here."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from ..clock import SECOND_US, Clock
from ..errors import StoreError
from ..outbox_ports import Outbox, Waiting

_AT_ONCE: Final = 500


class Waits:
    """Tells what waits in an outbox; while its store cannot be read, what it told last."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        """Begin with nothing known; `clock` gives the moment [us since 1970]."""
        self._outbox, self._clock = outbox, clock
        self._told: Mapping[str, object] = {"waiting": {}, "oldest_age_s": None, "dropped": {}, "set_aside": None}
        self._withdrawals: Mapping[str, int | None] = {"waiting": None, "oldest_age_s": None}

    def status(self, passed_over: int) -> Mapping[str, object]:
        """
        Return what waits and was dropped, by class, how old the oldest is [s], and how many are set aside.

        Withdrawals are told of by themselves too: they are to arrive first, and always.

        Args:
            passed_over: So many withdrawals are passed over, as the centre does not take them.
        """
        with suppress(StoreError):  # the account of the store says it
            self._told = self._read()
        return {"withdrawals": {**self._withdrawals, "passed_over": passed_over}, **self._told}

    def _read(self) -> Mapping[str, object]:
        now_us, waiting = self._clock(), self._outbox.outbox_waiting()
        ages = {name: age_s(one.oldest_us, now_us) for name, one in waiting.items()}
        self._withdrawals = {"waiting": waiting["withdrawal"].count, "oldest_age_s": ages["withdrawal"]}
        return {
            "waiting": {name: one.count for name, one in waiting.items()},
            "oldest_age_s": max((age for age in ages.values() if age is not None), default=None),
            "dropped": dict(self._outbox.outbox_dropped()),
            "set_aside": len(self._outbox.outbox_refused()),
        }


def waiting_by_owner(outbox: Outbox) -> Mapping[str, Waiting]:
    """Return the withdrawals that wait, by the partner who is to hear of them; empty is the centre. It reads all."""
    found, after = dict[str, Waiting](), 0
    while page := outbox.outbox_withdrawals(after, _AT_ONCE):
        after = page[-1][0]
        for _, one in page:
            known = found.get(one.owner, Waiting())
            oldest_us = one.at_us if known.oldest_us is None else min(known.oldest_us, one.at_us)
            found[one.owner] = Waiting(known.count + 1, oldest_us)
    return found


def age_s(at_us: int | None, now_us: int) -> int | None:
    """Return how long ago a moment was [s]; None if there is none."""
    return None if at_us is None else max(0, now_us - at_us) // SECOND_US
