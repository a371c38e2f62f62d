"""What went well and what did not in one part of an edge: counts, codes and ages, nothing personal."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Final

from ..clock import SECOND_US, Clock
from ..errors import TactfulError

_CODES_MAX: Final = 50
_SAID_MAX: Final = 400
#: A call is answered within so long, if all is well [s].
_SILENT_S: Final = 2
_WORD: Final = re.compile(r"[a-z][a-z-]{0,39}")


class Account:
    """
    The account of one part: consents in, profiles in, events out, or what an edge has of its own.

    Attributes:
        contact_us: When a call last went well, by its clock [us]; None if none ever did.
        last_error: The code of the last call's error; empty if it went well.
        says: What that error says: what is wrong, and what to do; empty if it went well.
    """

    def __init__(self, clock: Clock) -> None:
        """
        Begin with nothing.

        Args:
            clock: Gives a time that only passes [us].
        """
        self._clock = clock
        self.reset()
        self._errors: Counter[str] = Counter()
        self.contact_us: int | None = None
        self._counted: Counter[str] = Counter()
        self._failing_us: int | None = None
        self.last_error = self.says = ""

    def reset(self) -> None:
        """Go on with what is known: at the start, and in a forked child, where no lock is ours."""
        self._lock = Lock()
        self._asked: dict[object, int] = {}

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Keep that a call is under way, so that one which hangs is seen before it fails."""
        call = object()  # there may be several at once
        self._asked[call] = self._clock()
        try:
            yield
        finally:
            self._asked.pop(call, None)

    def went_well(self, **counted: int) -> None:
        """Keep that a call went well, and how much of what that brought."""
        with self._lock:
            self.contact_us = self._clock()
            self._counted.update(counted)
            self._failing_us, self.last_error, self.says = None, "", ""

    def over(self) -> None:
        """Keep that what failed is over without a call to the centre: nothing is left to be done."""
        with self._lock:
            self._failing_us, self.last_error, self.says = None, "", ""

    def failed(self, error: BaseException) -> str:
        """Keep that something failed; return its code."""
        code = code_of(error)
        with self._lock:
            self._count(code, 1)
            if self._failing_us is None:
                self._failing_us = self._clock()
            self.last_error, self.says = code, said_by(error)
        return code

    def refused(self, codes: Mapping[str, int]) -> None:
        """Keep what was passed over or set aside, by code."""
        with self._lock:
            for code, count in codes.items():
                self._count(code, count)

    def status(self) -> Mapping[str, object]:
        """Return when a call last went well [s ago], and what went wrong, by code."""
        with self._lock:
            under_way_s = self._age_s(min(list(self._asked.values()), default=None))
            contact_age_s = self._age_s(self.contact_us)
            silences_s = [one for one in (under_way_s, contact_age_s) if one is not None]
            silent_s = min(silences_s) if under_way_s is not None else 0
            return {
                **self._counted,
                "last_contact_age_s": contact_age_s,
                "under_way_s": under_way_s,
                "last_error": self.last_error,
                "says": self.says or _of_silence(silent_s),
                "failing_s": self._age_s(self._failing_us),
                "errors": dict(self._errors),
            }

    def _age_s(self, moment_us: int | None) -> int | None:
        return None if moment_us is None else (self._clock() - moment_us) // SECOND_US

    def _count(self, code: str, count: int) -> None:
        is_known = code in self._errors or len(self._errors) < _CODES_MAX
        self._errors[code if is_known else "others"] += count


def _of_silence(silent_s: int) -> str:
    """Return what is to be said of a call that was not answered for so long [s]; nothing, if it is not long."""
    if silent_s < _SILENT_S:
        return ""
    return f"no answer for {silent_s} s to what is under way: it waits until its time is over, then tries again"


def plain(code: object) -> str:
    """Return a centre's code if it is a short word, which tells nothing of a customer; else that it is none."""
    return code if isinstance(code, str) and _WORD.fullmatch(code) else "refused"


def code_of(error: BaseException) -> str:
    """Return the code of an error; of one that is not ours, the name of its class."""
    return error.code if isinstance(error, TactfulError) else type(error).__name__


def said_by(error: BaseException) -> str:
    """Return what an error says, in one line; of one that is not ours, which may tell anything, where to look."""
    if isinstance(error, TactfulError):
        said = " ".join("".join(letter if letter.isprintable() else " " for letter in str(error)).split())
        return said if len(said) <= _SAID_MAX else said[: _SAID_MAX - 1] + "…"
    return f"{type(error).__name__}, which is none of tactful's errors; look at the adapter or its library"
