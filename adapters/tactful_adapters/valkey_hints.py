"""Hints by a stream of Valkey, beside any centre: what counts goes to that one alone. It keeps nothing, and may fail.

An entry's number is the epoch that somebody has reached, so that each is told once, whoever tells it.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from time import monotonic
from typing import Any, Final, Protocol, Self

from tactful import CentreError, Changes, Contact, Delivery, Disclosure, Line, StoreError, tells_consent

from .valkey_address import Address
from .valkey_client import KNOWN, answers, connected

_log = logging.getLogger("tactful")
#: So long it takes until one who waits hears that it is closed [s].
_AT_ONCE_S: Final = 0.25
#: So many entries are kept, about: the newest would do.
_KEPT: Final = 16
_EPOCH_MAX: Final = 2**63


class Centre(Protocol):
    """What holds the truth, as tactful's port of a centre has it, but for its hints."""

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch."""
        ...

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Keep events, each once by its id."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...


class ValkeyHints:
    """
    A `Centre` that asks and gives to another one, and has its edges woken up by a server of Valkey or Redis.

    Without the server edges hear of changes when they ask, as they do every so often in any case.
    """

    def __init__(self, url: str, centre: Centre) -> None:
        """
        Take in the address; nothing is asked yet.

        Args:
            url: As in valkey://user:password@cache:6379/0?prefix=tactful&timeout_s=2.
            centre: What holds the truth; it is closed with this one.

        Raises:
            StoreError: If the URL is none.
            ExtraMissing: If the client is not installed.
        """
        self._address = Address.of(url)
        self._server = connected(self._address)
        self.centre = centre
        self._heard: dict[Line, int] = {}
        self._told: dict[Line, int] = {}
        self._closed = False

    @classmethod
    def from_url(cls, url: str) -> Self:
        """
        Return what a URL names: a server, and with `?centre=` the centre beside which it gives hints.

        Raises:
            CentreError: If it names no centre, or none that is installed.
            StoreError: If the URL is none.
            ExtraMissing: If a client is not installed.
        """
        beside = Address.of(url).centre
        scheme = beside.partition(":")[0].lower() if ":" in beside else ""
        points = {one.name: one for one in entry_points(group="tactful.centres") if "valkey" not in one.value}
        if scheme not in points:
            raise CentreError(
                "a server that keeps things in memory can lose a withdrawal: it is no centre, but gives hints "
                "beside one; name it, percent-encoded, as in ?centre=postgresql%3A%2F%2F…; "
                f"there are: {', '.join(sorted(points))}"
            )
        return cls(url, points[scheme].load().from_url(beside))

    @property
    def inner(self) -> Centre:
        """The centre beside which it gives hints."""
        return self.centre

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what the centre tells; the server of hints has no part in it."""
        return self.centre.changes(line, after, count)

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Give events to the centre; if customers said something in them, tell the others that there is news."""
        delivery = self.centre.deliver(events)
        if any(isinstance(one, Contact) and tells_consent(one) and one.id in delivery.accepted for one in events):
            self.tell("consents")
        return delivery

    def tell(self, line: Line) -> bool:
        """Tell all who wait that the centre has something new in a line; return whether the server took it."""
        try:
            self._tell(line, self.centre.changes(line, 0, 1).epoch)
        except (StoreError, CentreError) as error:
            _log.debug("%s: no hint: %s", line, type(error).__name__)
            return False
        return True

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """
        Wait until somebody has reached a later epoch, and tell the others how far this edge has come.

        Raises:
            CentreError: If the server is away; the centre may be there all the same.
        """
        if self._closed:
            raise CentreError(f"{self._address.name}: the centre is closed; open another one")
        until_s = monotonic() + timeout_s
        try:
            if after > self._told.get(line, 0):
                self._tell(line, after)
            since = max(after, self._heard.get(line, 0))
            while not self._closed and (left_s := until_s - monotonic()) > 0:
                if (heard := self._read(line, since, min(left_s, _AT_ONCE_S, self._address.timeout_s / 2))) > since:
                    self._heard[line] = heard
                    return True
        except StoreError as error:
            raise CentreError(str(error)) from None
        return False

    def close(self) -> None:
        """Let those who wait come back, and close the centre. A second call does nothing."""
        self._closed = True
        self.centre.close()
        self._server.connection_pool.disconnect(inuse_connections=False)

    def __repr__(self) -> str:
        return f"<ValkeyHints {'closed' if self._closed else self._address.name} beside {self.centre!r}>"

    def _tell(self, line: Line, epoch: int) -> None:
        """Enter an epoch, unless it or a later one is there: then everybody knows."""
        if 0 < epoch < _EPOCH_MAX:
            with suppress(_Known):
                self._asked("XADD", self._key(line), "MAXLEN", "~", _KEPT, f"{epoch}-0", "line", line)
            self._told[line] = max(epoch, self._told.get(line, 0))

    def _read(self, line: Line, since: int, block_s: float) -> int:
        """Return the latest epoch that was entered since another one; 0 if nobody entered one in time."""
        block_ms = max(1, int(block_s * 1000))
        found = self._asked("XREAD", "COUNT", 4 * _KEPT, "BLOCK", block_ms, "STREAMS", self._key(line), f"{since}-0")
        if not found:
            return 0
        entries = found[0][1] if isinstance(found, list) else next(iter(found.values()))
        return int(bytes(entries[-1][0]).partition(b"-")[0])

    def _asked(self, *command: str | int) -> Any:
        try:
            (found,) = answers(self._server, self._address, [command])
        except StoreError as error:
            if KNOWN in str(error):
                raise _Known from None
            raise
        return found

    def _key(self, line: Line) -> str:
        return self._address.key("hints", line)


class _Known(Exception):
    """An epoch is entered already, or a later one."""
