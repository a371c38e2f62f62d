"""What a relay has at hand: a centre, the devices that may ask, a key to sign with, and bounds. It knows no route."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs
from attrs.validators import ge, gt
from starlette.requests import Request

from ..bundle import keys
from ..centre_ports import Centre
from ..changes import Line
from ..sync.following import PARTS
from . import answer
from .allowance import Allowance
from .answer import Question, Statement
from .asking import Refused, stranger, token_of
from .bundle_file import BundleFile
from .devices import Device, Devices
from .lanes import Lane
from .watching import Watch, watches

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
        ready_within_s: It is ready while the centre told how far it is so recently [s].
    """

    rate_per_s: float = attrs.field(default=20.0, validator=gt(0))
    burst: int = attrs.field(default=100, validator=ge(1))
    listeners: int = attrs.field(default=1000, validator=ge(1))
    heartbeat_s: float = attrs.field(default=15.0, validator=gt(0))
    poll_s: float = attrs.field(default=1.0, validator=gt(0))
    patience_s: float = attrs.field(default=10.0, validator=gt(0))
    threads: int = attrs.field(default=4, validator=ge(1))
    ready_within_s: float = attrs.field(default=30.0, validator=gt(0))


class Relay:
    """
    A relay before a centre.

    Attributes:
        tenant: Whose centre it is.
        centres: A connection to the centre for each part: consents, profiles, events.
        lanes: How calls are made, by part, and for the bundle.
        watches: What is new, by line.
        bundle: The policy's bundle, or None.
        options: What bounds it.
        listeners: How many listen, by device.
    """

    def __init__(
        self,
        centres: Sequence[Centre],
        *,
        tenant: str,
        private_key: str,
        devices: Devices,
        bundle: Path | None = None,
        options: RelayOptions | None = None,
    ) -> None:
        """
        Make it; `start` begins to watch the centre.

        Args:
            centres: A connection for each part, in their order; they may be one. `close` closes them.
            tenant: Whose centre it is.
            private_key: The Ed25519 key that signs answers, in base64.
            devices: Who may ask.
            bundle: The file of the policy's bundle, if it is to be had here.
            options: What bounds it; None is as usual.

        Raises:
            BundleError: If the key is no key.
        """
        keys.private_key(private_key)
        self.options = of = options or RelayOptions()
        self.tenant, self._private_key, self._devices = tenant, private_key, devices
        self.centres = dict(zip(PARTS, centres, strict=True))
        names = (*PARTS, "bundle")
        self.lanes = {name: Lane(name, threads=of.threads, patience_s=of.patience_s) for name in names}
        self.watches: dict[Line, Watch] = watches(centres, of.poll_s)
        self.bundle = None if bundle is None else BundleFile(bundle)
        self.listeners: dict[str, int] = {}
        self._allowance = Allowance(rate_per_s=of.rate_per_s, burst=of.burst)
        self._strangers = Allowance(rate_per_s=of.rate_per_s, burst=of.burst)

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
        for lane in self.lanes.values():
            lane.close()
        for centre in self.centres.values():
            centre.close()
        for watch in self.watches.values():
            watch.join()

    def let_in(self, request: Request) -> Device:
        """
        Return the device that asks.

        Raises:
            Refused: If it may not, in the same words whether it is known or not; or if it asks too often.
        """
        device = self.standing(token_of(request))
        wait_s = self._strangers.wait_s(_STRANGERS) if device is None else self._allowance.wait_s(device.id)
        if wait_s:
            raise Refused(429, "too-often", "ask again later", retry_after_s=wait_s)
        if device is None:
            raise stranger()
        return device

    def standing(self, token: str) -> Device | None:
        """Return the device of a token, if it may ask now."""
        device = self._devices.device_of(token)
        return device if device is not None and device.enabled else None

    def vouch(self, question: Question, epoch: int, at_us: int, sha256: str, *, is_known: bool = False) -> str:
        """Return the header that vouches for an answer."""
        return answer.sign(Statement(question, epoch, at_us, sha256, is_known), self._private_key)

    def ages_s(self) -> dict[str, float | None]:
        """Return how long ago the centre last told how far each line is [s]; None if it never did."""
        return {line: watch.age_s() for line, watch in self.watches.items()}

    def is_ready(self) -> bool:
        """Return whether the centre told how far it is recently: it is the age of what is told that counts."""
        return all(age_s is not None and age_s <= self.options.ready_within_s for age_s in self.ages_s().values())
