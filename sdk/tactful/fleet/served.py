"""A fleet as a relay serves it: who is let in, what each device is told, and which bundle and pack are its own."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..changes import Line
from ..clock import wall_clock
from ..errors import StoreError
from ..relay.bundle_file import Bytes
from ..relay.devices import Device, DevicesFile
from .acknowledged import Hearing
from .asked import Admitted, Asked
from .enrolment import Refusal, admit
from .fleet_file import FleetFile
from .packs_folder import PacksFolder
from .releases import Rings, follow, release_for
from .report import Orders, Report
from .reports import keep


class Fleet:
    """
    What a relay knows of its devices. Safe under threads.

    Attributes:
        rings: Gives each device the bundle of its ring.
    """

    def __init__(self, file: FleetFile, devices: DevicesFile, packs: Path | None = None) -> None:
        """
        Serve a fleet's file.

        Args:
            file: The fleet's file; `close` closes it.
            devices: The devices that may ask.
            packs: The folder of packs, each named after its device; None has none.
        """
        self._file, self._devices = file, devices
        self._packs = None if packs is None else PacksFolder(packs)
        self.rings = Rings(file)
        self._hearing, self._closed = Hearing(file), False

    def admit(self, asked: Asked, now_us: int) -> Admitted | Refusal:
        """Use a one-time code, and let its device in; or say why not."""
        return admit(self._file, self._devices, asked, now_us)

    def take(self, device: Device, report: Report, now_us: int) -> Orders:
        """
        Keep a device's report, and return what it is told: what it is to have by what it has now.

        Raises:
            StoreError: If the file cannot be read or written.
        """
        with self._file.transaction() as db:
            keep(db, device, report, now_us)
            if device.killed:
                return Orders(kill=True)
            follow(db, now_us)
            release = release_for(db, device)
        newer = release is not None and release.epoch != report.policy_epoch
        return Orders(bundle_sha256=release.sha256 if release and newer else "", pack_sha256=self._pack_digest(device))

    def asked(self, device: Device, line: Line, after: int) -> Callable[[], None] | None:
        """Hear that a device has a line up to an epoch; return what writes it down if it is time to."""
        return self._hearing.write if self._hearing.hear(device.id, line, after, wall_clock()) else None

    def tried(self) -> None:
        """Raise StoreError if the fleet's file cannot be written."""
        self._file.probe()

    def pack_for(self, device: Device) -> Bytes | None:
        """Return the pack of a device, or None."""
        return None if self._packs is None else self._packs.current_for(device)

    def close(self) -> None:
        """Write down what was heard, and give the file back."""
        if not self._closed:
            self._closed = True
            with suppress(StoreError):  # what is lost is asked anew
                self._hearing.write()
        self._file.close()

    def _pack_digest(self, device: Device) -> str:
        return "" if self._packs is None else self._packs.digest_for(device)
