"""What a relay has at hand: a centre, the devices that may ask, a key to sign with, and bounds. It knows no route."""

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import attrs
from attrs.validators import ge, gt
from starlette.requests import Request

from ..bundle import keys
from ..centre_ports import Centre
from ..changes import Line
from ..readiness import Lack
from ..sync.account import code_of
from ..sync.following import PARTS
from . import answer
from .allowance import Allowance
from .answer import Question, Statement
from .asking import Refused, stranger, token_of
from .bundle_file import BundleFile, Bytes
from .devices import Device, Devices
from .lanes import Lane
from .watching import Watch, watches

if TYPE_CHECKING:
    from .routes import Opened


class Door(Enum):
    """Who is let in at a route."""

    #: Devices that may ask.
    DEVICES = "devices"
    #: These, and those that were killed, so that they can be told.
    KILLED_TOO = "killed-too"
    #: Anyone, seldom.
    ANYONE = "anyone"


class Bundles(Protocol):
    """Where a device's bundle comes from."""

    def current_for(self, device: Device, /) -> Bytes | None:
        """Return the bundle that a device is to have; None if there is none for it."""
        ...


#: Hears that a device has a line up to an epoch; gives what writes it down, if it is time to.
Asked = Callable[[Device, Line, int], Callable[[], None] | None]
#: What the relay keeps itself is waited for so long [s].
_HEALTH_S: Final = 2.0
_UNKEPT: Final = "the fleet's file takes nothing: reports, codes and erasures that reached devices are not kept"
#: All who may not ask share one bucket, so that guessing is slow, and costs no memory.
_STRANGERS: Final = ""


@attrs.frozen
class RelayOptions:
    """
    What bounds a relay.

    Attributes:
        rate_per_s: So often a device may ask [1/s], after some more at first.
        burst: So often at once.
        listeners: So many hear of hints at the same time; of each device, four.
        heartbeat_s: Those who listen hear that often that there is nothing new [s].
        poll_s: The centre is asked for news so often, whatever it hints at [s].
        patience_s: The centre is waited for so long [s].
        threads: So many calls of each sort are made at once: consents, profiles, events.
        enrol_per_s: So often all together may try a one-time code [1/s], after some more at first.
        enrol_burst: So often at once.
        ready_within_s: It is ready while the centre told how far it is so recently [s].
    """

    rate_per_s: float = attrs.field(default=20.0, validator=gt(0))
    burst: int = attrs.field(default=100, validator=ge(1))
    listeners: int = attrs.field(default=1000, validator=ge(1))
    heartbeat_s: float = attrs.field(default=15.0, validator=gt(0))
    poll_s: float = attrs.field(default=1.0, validator=gt(0))
    patience_s: float = attrs.field(default=10.0, validator=gt(0))
    threads: int = attrs.field(default=4, validator=ge(1))
    enrol_per_s: float = attrs.field(default=2.0, validator=gt(0))
    enrol_burst: int = attrs.field(default=20, validator=ge(1))
    ready_within_s: float = attrs.field(default=30.0, validator=gt(0))


class Relay:
    """
    A relay before a centre.

    Attributes:
        tenant: Whose centre it is.
        centres: A connection to the centre for each part: consents, profiles, events.
        lanes: How calls are made, by part, for the bundle, and for the fleet.
        watches: What is new, by line.
        bundle: Where the policy's bundle comes from, or None.
        opened: Routes that are opened beside the relay's own.
        options: What bounds it.
        listeners: How many listen, by device.
    """

    def __init__(  # noqa: PLR0913 - all that it stands on
        self,
        centres: Sequence[Centre],
        *,
        tenant: str,
        private_key: str,
        devices: Devices,
        bundle: Path | Bundles | None = None,
        options: RelayOptions | None = None,
        opened: "Sequence[Opened]" = (),
        asked: Asked | None = None,
        when_closed: Callable[[], None] | None = None,
        tried: Callable[[], None] | None = None,
    ) -> None:
        """
        Make it; `start` begins to watch the centre.

        Args:
            centres: A connection for each part, in their order; they may be one. `close` closes them.
            tenant: Whose centre it is.
            private_key: The Ed25519 key that signs answers, in base64.
            devices: Who may ask.
            bundle: The file of the policy's bundle, or what knows each device's, if it is to be had here.
            options: What bounds it; None is as usual.
            opened: Routes to be opened beside its own.
            asked: Hears how far each device is with each line, by what it asks for; None keeps no record of it.
            when_closed: Called at the end of `close`, when nobody is heard any more; None calls nothing.
            tried: Tries whether what the relay keeps itself can be written, and raises if not; None keeps nothing.

        Raises:
            BundleError: If the key is no key.
        """
        keys.private_key(private_key)
        self.options = of = options or RelayOptions()
        self.tenant, self._private_key, self._devices = tenant, private_key, devices
        self.centres = dict(zip(PARTS, centres, strict=True))
        names = (*PARTS, "bundle", "fleet")
        self.lanes = {name: Lane(name, threads=of.threads, patience_s=of.patience_s) for name in names}
        self.watches: dict[Line, Watch] = watches(centres, of.poll_s)
        self.bundle: Bundles | None = BundleFile(bundle) if isinstance(bundle, Path) else bundle
        self.opened, self._asked, self._tried = tuple(opened), asked, tried
        self._when_closed = when_closed
        self.listeners: dict[str, int] = {}
        self._health = Lane("health", threads=1, patience_s=min(_HEALTH_S, of.patience_s))
        self._allowance = Allowance(rate_per_s=of.rate_per_s, burst=of.burst)
        self._strangers = Allowance(rate_per_s=of.rate_per_s, burst=of.burst)
        self._enrolling = Allowance(rate_per_s=of.enrol_per_s, burst=of.enrol_burst)

    def start(self) -> None:
        """Begin to watch the centre."""
        for watch in self.watches.values():
            watch.start()

    def end_listening(self) -> None:
        """Let all who listen go, and watch the centre no more."""
        for watch in self.watches.values():
            watch.end()

    def close(self) -> None:
        """End it: who listens or waits comes back, and the connections are given back."""
        self.end_listening()
        for lane in (*self.lanes.values(), self._health):
            lane.close()
        for centre in self.centres.values():
            centre.close()
        for watch in self.watches.values():
            watch.join()
        if self._when_closed is not None:
            self._when_closed()

    def let_in(self, request: Request, door: Door = Door.DEVICES) -> Device:
        """
        Return the device that asks; one without a name where anyone may.

        Raises:
            Refused: If it may not, in the same words whether it is known or not; or if it asks too often.
        """
        if door is Door.ANYONE:
            if wait_s := self._enrolling.wait_s(_STRANGERS):
                raise Refused(429, "too-often", "ask again later", retry_after_s=wait_s)
            return Device("")
        device = self._known(token_of(request), killed_too=door is Door.KILLED_TOO)
        wait_s = self._strangers.wait_s(_STRANGERS) if device is None else self._allowance.wait_s(device.id)
        if wait_s:
            raise Refused(429, "too-often", "ask again later", retry_after_s=wait_s)
        if device is None:
            raise stranger()
        return device

    def asked(self, device: Device, line: Line, after: int, newest: int) -> None:
        """
        Hear that a device has a line up to an epoch.

        Args:
            device: Who asks.
            line: The line.
            after: Up to which epoch it has it.
            newest: The newest epoch at the centre; who has more follows another history, and counts as having nothing.
        """
        write = None if self._asked is None else self._asked(device, line, after if after <= newest else 0)
        if write is not None:
            self.lanes["fleet"].begin(write)

    def standing(self, token: str) -> Device | None:
        """Return the device of a token, if it may ask now."""
        return self._known(token, killed_too=False)

    def vouch(self, question: Question, epoch: int, at_us: int, sha256: str, *, is_known: bool = False) -> str:
        """Return the header that vouches for an answer."""
        return answer.sign(Statement(question, epoch, at_us, sha256, is_known), self._private_key)

    def ages_s(self) -> dict[str, float | None]:
        """Return how long ago the centre last told how far each line is [s]; None if it never did."""
        return {line: watch.age_s() for line, watch in self.watches.items()}

    async def lacks(self) -> Sequence[Lack]:
        """Return why the relay is not ready; nothing if it is: the age of what is told counts, and what it keeps."""
        found = [_lack_of(line, age_s) for line, age_s in self.ages_s().items() if not self._is_young(age_s)]
        if self._tried is not None:
            try:
                await self._health.run(self._tried)
            except Exception as error:  # noqa: BLE001 - whatever keeps it from writing; its words may name a path
                found.append(Lack("fleet", code_of(error), _UNKEPT))
        return found

    def _is_young(self, age_s: float | None) -> bool:
        return age_s is not None and age_s <= self.options.ready_within_s

    def _known(self, token: str, *, killed_too: bool) -> Device | None:
        device = self._devices.device_of(token)
        may = device is not None and device.enabled and (killed_too or not device.killed)
        return device if may else None


def _lack_of(line: str, age_s: float | None) -> Lack:
    if age_s is None:
        return Lack(line, "not-heard", "the centre has not told yet how far it is")
    return Lack(line, "too-old", "the centre told too long ago how far it is")
