"""The pack that a kiosk decides from: taken whole or not at all, never an older one, and never fresher than it is."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

import attrs

from ..clock import SECOND_US, in_words
from ..errors import PackError, TactfulError
from ..ports import Registers
from .device_key import DeviceKey, device_key_of
from .head import PackHead
from .pack_file import PackFile
from .time_line import TimeLine

#: The register of the highest epoch that was ever taken, whose place follows.
EPOCH_REGISTER = "pack-epoch/"
#: The register of the place whose packs a kiosk takes: the first one's.
PLACE_REGISTER = "pack-place"


@attrs.frozen
class Terms:
    """
    Which packs are taken.

    Attributes:
        keys: The pinned public keys in base64; one of them must have signed.
        tenant: Whose they must be; None takes the first one's.
        policy_epoch: The epoch of the policy that is decided by; None in development.
    """

    keys: tuple[str, ...]
    tenant: str | None
    policy_epoch: int | None


class Packs:
    """The pack of the moment, and what may follow it."""

    def __init__(self, registers: Registers, time: TimeLine, terms: Terms, device_key: bytes) -> None:
        """
        Begin without a pack; `take` one.

        Args:
            registers: Where the highest epoch is kept, apart from the pack.
            time: Tells its age.
            terms: Which packs are taken.
            device_key: 32 bytes.
        """
        self.time = time
        self._registers = registers
        self._terms = terms
        self._key = device_key
        self._now: PackFile | None = None
        self.reset()

    @classmethod
    def opened(
        cls, path: Path, registers: Registers, time: TimeLine, terms: Terms, device_key: DeviceKey | bytes | str | Path
    ) -> "Packs":
        """
        Return the packs of a kiosk with the first one taken; one that has expired is taken, and nobody is known by it.

        Raises:
            PackError: If the pack or the device key is refused.
        """
        packs = cls(registers, time, terms, device_key_of(device_key, beside=path))
        packs.take(path, first=True)
        return packs

    @property
    def now(self) -> PackFile:
        """The pack of the moment."""
        if self._now is None:
            raise PackError("there is no pack", code="pack-file")
        return self._now

    @property
    def key(self) -> bytes:
        """The device key."""
        return self._key

    def take(self, path: Path, *, first: bool = False) -> None:
        """
        Verify a pack, and let it take the place of the one of before, at once.

        Args:
            path: The pack's file; it stays open, so another may be renamed over it.
            first: Whether one that has expired is taken all the same, as at the start.

        Raises:
            PackError: If it is refused; the one of before stays.
        """
        with self._lock:
            pack = PackFile(path, self._terms.keys)
            try:
                self._check(pack.head, first=first)
                pack.unlock(self._key)
                self._follow(pack.head)
            except BaseException:
                pack.close()
                raise
            before, self._now = self._now, pack
        if before is not None:
            before.close()

    def why_not(self, now_us: int) -> str:
        """Return why nobody is known by the pack at a moment [us since 1970]; empty if customers are."""
        head = self.now.head
        if now_us >= head.expires_us:
            return f"the pack expired at {in_words(head.expires_us)}: bring a newer one"
        if not self.time.tells_age(head.issued_us):
            return "how old the pack is cannot be told since the machine was started: bring a newer one"
        return ""

    def status(self, now_us: int) -> Mapping[str, object]:
        """Return the pack's state: names and numbers, nothing personal."""
        head, reason = self.now.head, self.why_not(now_us)
        return {
            "store": head.store,
            "device": head.device,
            "epoch": head.epoch,
            "customers": head.customers,
            "age_s": (now_us - head.issued_us) // SECOND_US if self.time.tells_age(head.issued_us) else None,
            "expires_in_s": (head.expires_us - now_us) // SECOND_US,
            "policy_sha256": head.policy_sha256,
            "ready": not reason,
            "reason": reason,
        }

    def reset(self) -> None:
        """Begin anew in a forked child, where no lock is ours."""
        self._lock = Lock()
        self.time.reset()

    def close(self) -> None:
        """Give back the file, and keep the moment, if the store is still there."""
        self.now.close()
        with suppress(TactfulError):
            self.time.keep()

    def _check(self, head: PackHead, *, first: bool) -> None:
        terms = self._terms
        if terms.tenant is not None and head.tenant != terms.tenant:
            message = f"the pack is for tenant {head.tenant!r}, not {terms.tenant!r}"
            raise PackError(message, code="pack-foreign")
        if terms.policy_epoch is not None and terms.policy_epoch < head.policy_epoch:
            message = f"the pack goes with epoch {head.policy_epoch} of the policy; this one is {terms.policy_epoch}"
            raise PackError(f"{message}; take the newer bundle first", code="pack-policy")
        if not first and self.time() >= head.expires_us:
            message = f"the pack expired at {in_words(head.expires_us)}; make a new one"
            raise PackError(message, code="pack-expired")

    def _follow(self, head: PackHead) -> None:
        """Let it be the newest, durably, before anything is read of it."""
        place = f"{head.tenant}\n{head.store}\n{head.device}"
        ours = self._registers.claim_register(PLACE_REGISTER, place.encode())
        if ours != place.encode():
            tenant, store, device = (*ours.decode("utf-8", "replace").split("\n"), "", "")[:3]
            message = f"the pack is for {head.device!r} in {head.store!r} of {head.tenant!r}"
            raise PackError(f"{message}; this is {device!r} in {store!r} of {tenant!r}", code="pack-foreign")
        name = EPOCH_REGISTER + place
        mark = self._registers.register(name) or b""
        if mark and not mark.isdigit():
            raise PackError("the kiosk's store holds no epoch where it should: it was tampered with", code="pack-older")
        highest = int(mark) if mark else -1
        if head.epoch >= highest:
            self.time.follow(head.epoch, head.expires_us, is_new=head.epoch > highest)
            highest = self._registers.raise_register(name, head.epoch)
        if head.epoch < highest:
            message = f"the pack has epoch {head.epoch}, and epoch {highest} was taken already; bring a newer one"
            raise PackError(message, code="pack-older")
