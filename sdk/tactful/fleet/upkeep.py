"""A device keeps itself up to date: it reports, obeys what is signed for its report, and fetches what it is to have.

It decides nothing about bundles and packs: the edge verifies them, and refuses what is not right; that is reported.
"""

from pathlib import Path
from threading import Lock
from typing import Final

import attrs

from ..bundle.header import SDK
from ..clock import Clock, wall_clock
from ..engine.edge import Edge
from ..errors import BundleError, CentreError, PackError, UsageError
from ..relay.answer import digest
from ..relay.devices import check_name
from ..relay.swapping import write_swapped
from ..sync.account import Account, plain
from ..sync.worker import Worker
from .client import FleetRelay
from .report import Report
from .state import state_of

_BACKOFF_MAX_S: Final = 600.0


@attrs.frozen
class Done:
    """
    What was done at once.

    Attributes:
        killed: Whether the device was told to destroy its key and its pack, and has done so.
        bundle: Whether it decides by another bundle now.
        pack: Whether it knows customers by another pack now.
        refused: The codes of what was refused, of the bundle and of the pack.
    """

    killed: bool = False
    bundle: bool = False
    pack: bool = False
    refused: tuple[str, ...] = ()


class Upkeep:
    """Keeps one edge up to date through a relay, by hand or in a thread of its own."""

    def __init__(
        self,
        edge: Edge,
        relay: FleetRelay,
        device: str,
        *,
        bundle: Path,
        pack: Path | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        """
        Make it; nothing is asked yet.

        Args:
            edge: What is kept up to date.
            relay: Whom to ask; `close` closes it not.
            device: The device's name, as it enrolled.
            bundle: The file that a newer bundle is kept in, for the next start.
            pack: The file that a newer pack is kept in, for the next start; None fetches none.
            clock: The device's own, however wrong it is [us since 1970].

        Raises:
            UsageError: If the name is none.
        """
        check_name(device)
        self._edge, self._relay, self._device, self._clock = edge, relay, device, clock
        self._bundle_path, self._pack_path = bundle, pack
        self._account = Account(clock)
        self._turn = Lock()
        self._refused = self._refused_sha256 = self._refused_pack = self._has_pack = ""
        self._failed_before = 0
        self._worker: Worker | None = None

    def step(self) -> Done:
        """
        Report once, and do what is signed for that report.

        Raises:
            CentreError: If there is no answer of the relay's to the report; then nothing is done.
            StoreError: If the edge's store cannot keep what is to be kept.
        """
        with self._turn:
            orders = self._relay.report(self.report())
            if orders.kill:
                return self._kill()
            bundle = bool(orders.bundle_sha256) and self._take_bundle(orders.bundle_sha256)
            pack = orders.pack_sha256 not in ("", self._has_pack) and self._take_pack(orders.pack_sha256)
            self._account.went_well()
            refused = tuple(code for code in (self._refused, self._refused_pack) if code)
            return Done(bundle=bundle, pack=pack, refused=refused)

    def report(self) -> Report:
        """Return how this device stands: names, numbers and codes, nothing personal."""
        state = state_of(self._edge)
        return Report(
            self._device,
            SDK,
            self._clock(),
            **attrs.asdict(attrs.evolve(state, failed=max(state.failed - self._failed_before, 0))),
            refused_code=self._refused,
            refused_sha256=self._refused_sha256,
            pack_code=self._refused_pack,
        )

    def start(self, every_s: float = 60.0) -> None:
        """
        Do a step about every so often, in a thread; after errors later and later.

        Raises:
            UsageError: If it runs already, or the time is none.
        """
        if self._worker is not None or every_s <= 0:
            raise UsageError("it runs already, or every_s is not more than 0 s")
        self._worker = Worker("fleet", self._once, self._account, poll_s=every_s, backoff_max_s=_BACKOFF_MAX_S)
        self._worker.start()

    def close(self) -> None:
        """End the thread, if there is one. Twice does nothing."""
        if self._worker is not None:
            self._worker.end()
            self._worker.join()

    def _once(self) -> int:
        self.step()
        return 0

    def _kill(self) -> Done:
        if not self.report().killed:
            self._edge.destroy_pack()
        try:
            self._relay.report(self.report())  # that it is done; the next step says so again
        except CentreError as error:
            self._account.failed(error)
        return Done(killed=True)

    def _take_bundle(self, sha256: str) -> bool:
        """Decide by a newer bundle; return whether it was taken."""
        raw = self._relay.bundle()
        if digest(raw) != sha256:
            return False  # it has changed since; the next report tells of it
        failed = state_of(self._edge).failed
        try:
            self._edge.update(raw)
        except BundleError as error:
            self._refused, self._refused_sha256 = plain(error.code), sha256
            return False
        self._refused = self._refused_sha256 = ""
        self._failed_before = failed
        write_swapped(self._bundle_path, raw)
        return True

    def _take_pack(self, sha256: str) -> bool:
        """Know customers by a newer pack; return whether it was taken."""
        if self._pack_path is None:
            return False
        raw = self._relay.pack()
        if digest(raw) != sha256:
            return False
        came = self._pack_path.with_name(f".{self._pack_path.name}.came")
        write_swapped(came, raw, mode=0o600)
        try:
            self._edge.take_pack(came, keep_as=self._pack_path)
        except PackError as error:
            self._refused_pack = plain(error.code)
            came.unlink(missing_ok=True)
            return False
        self._refused_pack, self._has_pack = "", sha256
        return True
