"""The centre of strict caps in Valkey: one atomic step in the server, by its clock, on its disk before it counts.

    python -m tactful_adapters.valkey_strict begin valkey://cache:6379/0

begins counting, once. It is no store, and what it cannot be sure to have kept it promises to nobody.
"""

import base64
import hashlib
import json
import logging
import re
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from tactful import Ask, StoreError, UsageError

from .valkey_address import Address
from .valkey_client import AwayError, answers, astray, connected
from .valkey_settings import ASKING, wrong

_log = logging.getLogger("tactful")
#: What ends later than in so long never ends here: a double in Lua is exact up to 2^53 [us].
_LONGEST_US: Final = 4 * 10**15
#: At most so many units for one question.
_WANTED_MAX: Final = 10_000
#: So many are confirmed or given back in one step: after hours without the server many may wait.
_UNITS_AT_ONCE: Final = 500
_UNIT: Final = re.compile(r"([\w-]{20})\.([\w-]{1,40})\.(\d{1,16})\.(\d{1,16})", re.ASCII)
#: Of the time that a call may take, the server may spend so much until all is on disk.
_ON_DISK: Final = 0.8


class LossError(StoreError):
    """The server does not have all that strict caps count, or was never begun."""


class ValkeyStrictCaps:
    """
    A `StrictCaps` for edges on several hosts that share a server of Valkey or Redis. Safe under threads and fork.

    It raises, and so gives no room, while the server is away, is not set up to keep what it promises, or has lost
    something. Its keys hold no customer's id, only a digest of it.
    """

    def __init__(self, url: str, *, members: Callable[[str], Sequence[str]] = lambda one: (one,)) -> None:
        """
        Take in the address; nothing is asked yet.

        Args:
            url: As in valkey://user:password@cache:6379/0?prefix=tactful&timeout_s=2&replicas=1.
            members: Gives all ids that are merged with a customer's, itself among them.

        Raises:
            StoreError: If the URL is none.
            ExtraMissing: If the client is not installed.
        """
        self._address = Address.of(url)
        self._server = connected(self._address)
        self._members = members
        self._roster = self._address.key("strict")
        self._seen = (0, 0)
        self._complaint = ""
        self._closed = False

    @classmethod
    def from_url(cls, url: str) -> Self:
        """
        Return what a URL names; a server that is away may come back, and one that has lost something be begun anew.

        Raises:
            StoreError: If the URL is none, or the server is not set up to keep what it promises.
            ExtraMissing: If the client is not installed.
        """
        found = cls(url)
        try:
            found.check()
        except (AwayError, LossError) as error:
            found._complain(error)  # an edge opens all the same: until then strict caps count as reached
        except StoreError:
            found.close()
            raise
        return found

    def reserve(self, asks: Sequence[Ask]) -> Sequence[Sequence[str]]:
        """
        Reserve room; return the units that were given, for each question in its order.

        Raises:
            StoreError: If nobody knows that it would be kept: then no room is given.
        """
        if not asks:
            return ()
        found = self._done("reserve", [self._asked(ask) for ask in asks])
        return tuple(tuple(unit.decode() for unit in units) for units in found)

    def confirm(self, units: Iterable[str]) -> int:
        """Keep that room was used; return how many of these units were known. Twice is as once."""
        return self._counted("confirm", units)

    def release(self, units: Iterable[str]) -> int:
        """Give back room that was not used; return how much was. What was confirmed stays."""
        return self._counted("release", units)

    def begin(self) -> bool:
        """
        Begin to count with nothing, where nothing counts yet or something was lost; return whether it was so.

        After a loss, begin when the longest strict cap has run out once, or accept what may come twice.
        """
        return bool(self._asked_server("begin", [])[3])

    def check(self) -> None:
        """
        See whether it would give room.

        Raises:
            StoreError: If it would not; the error says what is wrong, and what would be right.
        """
        self._well(self._asked_server("look", []))

    def close(self) -> None:
        """Give back the connections. A second call does nothing."""
        self._closed = True
        self._server.close()
        self._server.connection_pool.disconnect()

    def __repr__(self) -> str:
        return f"<ValkeyStrictCaps {'closed' if self._closed else self._address.name}>"

    def _asked(self, ask: Ask) -> Mapping[str, object]:
        subjects = self._members(ask.subject) if ask.per == "customer" else (ask.subject,)
        others = [one for one in dict.fromkeys(subjects) if one != ask.subject]
        return {
            "rooms": [_room(ask, one) for one in (ask.subject, *others)],
            "count": ask.count,
            "wanted": max(0, min(ask.wanted, ask.count, _WANTED_MAX)),
            "counts": min(ask.counts_us, _LONGEST_US),
            "hold": min(ask.hold_us, _LONGEST_US),
            "nonce": uuid.uuid4().hex,  # asked again after a lost answer, the same units are given
        }

    def _counted(self, what: str, units: Iterable[str]) -> int:
        """Tell of units, so many at once that the server is not held up; what failed is told again, to no effect."""
        named = _named(units)
        return sum(
            sum(self._done(what, named[first : first + _UNITS_AT_ONCE]))
            for first in range(0, max(1, len(named)), _UNITS_AT_ONCE)
        )

    def _done(self, what: str, about: Sequence[Mapping[str, object]]) -> Any:
        if self._closed:
            raise UsageError(f"{self._address.name}: the centre of strict caps is closed; open another one")
        if not about:
            return ()
        try:
            found = self._well(self._asked_twice(what, about))
        except StoreError as error:
            self._complain(error)
            raise
        self._complaint = ""
        return found

    def _asked_twice(self, what: str, about: Sequence[Mapping[str, object]]) -> Sequence[Any]:
        try:
            return self._asked_server(what, about)
        except AwayError as error:
            if error.is_silent:
                raise
            return self._asked_server(what, about)  # a connection that went stale; twice is as once

    def _asked_server(self, what: str, about: Sequence[Mapping[str, object]]) -> Sequence[Any]:
        """
        Return what the script says.

        Raises:
            StoreError: If the server is away or wrong, or does not have it on disk in time.
        """
        (generation, serial), call = self._seen, uuid.uuid4().hex
        on_disk_ms = max(1, int(self._address.timeout_s * 1000 * _ON_DISK))
        commands = (
            ASKING,
            ("EVAL", _script(), 1, self._roster, what, generation, serial, json.dumps(about), call),
            ("WAITAOF", 1, self._address.replicas, on_disk_ms),
        )
        info, answer, kept = answers(self._server, self._address, commands)
        said: Sequence[Any] = answer
        if not _is_of(call, info, said, kept):
            raise astray(self._server, self._address)
        if complaint := next(wrong(info, self._address.replicas), None):
            raise StoreError(f"{self._address.name}: {complaint}; until then strict caps count as reached")
        if kept[0] < 1 or kept[1] < self._address.replicas:
            raise StoreError(
                f"{self._address.name}: what it promised was not on disk within {self._address.timeout_s:g} s "
                f"(replicas: {kept[1]} of {self._address.replicas}); look at its disk and its replicas"
            )
        self._seen = max(self._seen, (int(said[1]), int(said[2])))
        return said

    def _well(self, answer: Sequence[Any]) -> Any:
        state, _, _, found, _ = answer
        if state == b"well":
            return found
        what = (
            "it has not begun to count strict caps, or has lost everything"
            if state == b"nothing"
            else "it has lost some of what strict caps count"
        )
        raise LossError(
            f"{self._address.name}: {what}; they count as reached until you run "
            "python -m tactful_adapters.valkey_strict begin URL"
        )

    def _complain(self, error: StoreError) -> None:
        """Log what is wrong, once and not with each call."""
        if str(error) != self._complaint:
            self._complaint = str(error)
            _log.warning("%s", error)


def _is_of(call: str, info: object, said: object, kept: object) -> bool:
    """Return whether answers are those of a call: on a wire that loses or doubles some they may be of another."""
    if not (isinstance(info, Mapping) and isinstance(kept, list) and isinstance(said, list)):
        return False
    return said[-1:] == [call.encode()] and len(kept) == 2 and all(isinstance(one, int) for one in kept)  # noqa: PLR2004 - this disk, replicas


@cache
def _script() -> str:
    return Path(__file__).with_name("valkey_scripts").joinpath("strict.lua").read_text(encoding="utf-8")


def _room(ask: Ask, subject: str) -> str:
    """Return the name of what counts together: a digest, in which no id stands."""
    about = json.dumps([ask.cap, ask.value, ask.per, subject]).encode()
    return base64.urlsafe_b64encode(hashlib.blake2b(about, digest_size=15).digest()).decode()


def _named(units: Iterable[str]) -> list[Mapping[str, object]]:
    """Return what units are about, without those that are none of ours."""
    found = (_UNIT.fullmatch(unit) for unit in units)
    return [
        {"room": one[1], "name": one[2], "reserved": int(one[3]), "leaves": int(one[4])}
        for one in found
        if one is not None
    ]


def main(arguments: Sequence[str]) -> int:
    """Begin to count on the server of a URL; return the exit code."""
    if len(arguments) != 2 or arguments[0] != "begin":  # noqa: PLR2004 - the word and the URL
        print("usage: python -m tactful_adapters.valkey_strict begin URL", file=sys.stderr)  # noqa: T201 - a command
        return 2
    try:
        caps = ValkeyStrictCaps(arguments[1])
        began = caps.begin()
        caps.check()
        caps.close()
    except (StoreError, ImportError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        return 2
    print("Strict caps are counted from now on." if began else "Strict caps are counted already: nothing was changed.")  # noqa: T201 - a command
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
