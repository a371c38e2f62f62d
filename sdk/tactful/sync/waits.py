"""What waits for the centre, as a state tells it: counts and ages. A store that cannot tell raises nothing here."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from ..clock import SECOND_US, Clock
from ..errors import StoreError
from ..outbox_ports import Outbox, Waiting

_AT_ONCE: Final = 500
#: So many codes of a centre are told of by name, the most frequent ones.
_CODES_MAX: Final = 20


class Waits:
    """Tells what waits in an outbox; while its store cannot be read, what it told last."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        """Begin with nothing known; `clock` gives the moment [us since 1970]."""
        self._outbox, self._clock = outbox, clock
        self._told: Mapping[str, object] = {"waiting": {}, "oldest_age_s": None, "dropped": {}, "set_aside": None}
        self._withdrawals: Mapping[str, object] = {
            "waiting": None,
            "oldest_age_s": None,
            "passed_over": None,
            "passed_over_oldest_age_s": None,
            "passed_over_codes": {},
        }

    def status(self) -> Mapping[str, object]:
        """
        Return what waits and was dropped, by class, how old the oldest is [s], and how many are set aside.

        Withdrawals are told of by themselves too: they are to arrive first, and always. Those that are passed over, as
        the centre does not take them, are counted out of the outbox, so that every process says the same of them.
        """
        with suppress(StoreError):  # the account of the store says it
            self._told = self._read()
        return {"withdrawals": self._withdrawals, **self._told}

    def _read(self) -> Mapping[str, object]:
        now_us, waiting = self._clock(), self._outbox.outbox_waiting()
        ages = {name: age_s(one.oldest_us, now_us) for name, one in waiting.items()}
        self._withdrawals = {
            "waiting": waiting["withdrawal"].count,
            "oldest_age_s": ages["withdrawal"],
            **_passed_over(self._outbox.outbox_passed_counts(), now_us),
        }
        return {
            "waiting": {name: one.count for name, one in waiting.items()},
            "oldest_age_s": max((age for age in ages.values() if age is not None), default=None),
            "dropped": dict(self._outbox.outbox_dropped()),
            "set_aside": len(self._outbox.outbox_refused()),
        }


def _passed_over(counts: Mapping[str, Waiting], now_us: int) -> Mapping[str, object]:
    oldest_us = min((one.oldest_us for one in counts.values() if one.oldest_us is not None), default=None)
    most = sorted(counts.items(), key=lambda item: (-item[1].count, item[0]))
    told, others = most[:_CODES_MAX], sum(one.count for _, one in most[_CODES_MAX:])
    return {
        "passed_over": sum(one.count for one in counts.values()),
        "passed_over_oldest_age_s": age_s(oldest_us, now_us),
        "passed_over_codes": {code: one.count for code, one in told} | ({"others": others} if others else {}),
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
