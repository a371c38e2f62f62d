"""The pack that a kiosk decides from: taken whole or not at all, never an older one, and never fresher than it is."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

import attrs

from ..clock import SECOND_US, in_words
from ..errors import PackError, TactfulError
from ..ports import Registers
from .device_key import KEY_BYTES, DeviceKey, destroy_device_key, device_key_of, overwritten
from .head import PackHead
from .pack_file import PackFile, sync_folder
from .time_line import TimeLine

#: The register of the highest epoch that was ever taken, whose place follows.
EPOCH_REGISTER = "pack-epoch/"
#: The register that says that key and pack were destroyed; nothing takes it back.
KILLED_REGISTER = "pack-killed"
_KILLED = "this device was told to destroy its key and its pack; nobody is known here any more"
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
    """
    The pack of the moment, and what may follow it.

    Attributes:
        time: Tells its age.
        killed: Whether key and pack were destroyed.
        kept: What of them could not be destroyed from here.
    """

    def __init__(
        self, registers: Registers, time: TimeLine, terms: Terms, path: Path, source: DeviceKey | bytes | str | Path
    ) -> None:
        """
        Begin without a pack; `take` one. Where key and pack were to be destroyed, see to it that they are.

        Args:
            registers: Where the highest epoch is kept, apart from the pack.
            time: Tells its age.
            terms: Which packs are taken.
            path: Where the first pack lies.
            source: Where the device key comes from.

        Raises:
            PackError: If there is no device key.
        """
        self.time = time
        self._registers = registers
        self._terms = terms
        self._home, self._source = path, source
        self._now: PackFile | None = None
        self._when_killed: Callable[[], None] = lambda: None
        self.killed = registers.register(KILLED_REGISTER) is not None
        self.kept: tuple[str, ...] = self._destroyed() if self.killed else ()
        self._key = os.urandom(KEY_BYTES) if self.killed else device_key_of(source, beside=path)
        self.reset()

    @classmethod
    def opened(
        cls, path: Path, registers: Registers, time: TimeLine, terms: Terms, device_key: DeviceKey | bytes | str | Path
    ) -> "Packs":
        """
        Return the packs of a kiosk with the first one taken; one that has expired is taken, and nobody is known by it.

        Where key and pack were destroyed, there is none.

        Raises:
            PackError: If the pack or the device key is refused.
        """
        packs = cls(registers, time, terms, path, device_key)
        if not packs.killed:
            packs.take(path, first=True)
        return packs

    @property
    def now(self) -> PackFile:
        """The pack of the moment."""
        if self._now is None:
            raise PackError("there is no pack", code="pack-file")
        return self._now

    @property
    def tenant(self) -> str:
        """Whose customers these are; empty once key and pack are destroyed."""
        return "" if self.killed else self.now.head.tenant

    @property
    def key(self) -> bytes:
        """The device key."""
        return self._key

    def take(self, path: Path, *, first: bool = False, keep_as: Path | None = None) -> None:
        """
        Verify a pack, and let it take the place of the one of before, at once.

        Args:
            path: The pack's file; it stays open, so another may be renamed over it.
            first: Whether one that has expired is taken all the same, as at the start.
            keep_as: Where the file is put once it is verified, and before it counts.

        Raises:
            PackError: If it is refused; the one of before stays.
        """
        with self._lock:
            if self.killed:
                raise PackError(_KILLED, code="pack-killed")
            pack = PackFile(path, self._terms.keys)
            try:
                self._check(pack.head, first=first)
                pack.unlock(self._key)
                self._check_follows(pack.head)
                if keep_as is not None:
                    path.replace(keep_as)
                    sync_folder(keep_as.parent)  # else a power cut leaves the old pack there, and it is refused then
                    pack.path = self._home = keep_as
                self._follow(pack.head)
            except OSError as error:
                pack.close()
                raise PackError(f"{keep_as}: {error.strerror}", code="pack-file") from None
            except BaseException:
                pack.close()
                raise
            before, self._now = self._now, pack
        if before is not None:
            before.close()

    def destroy(self) -> tuple[str, ...]:
        """
        Destroy the device key and the pack, for good: also after a start, nobody is known here any more.

        That it is to be so is kept durably before; what a power cut keeps from being destroyed is destroyed at the next
        start.

        Returns:
            What could not be destroyed from here: "device-key", "pack".

        Raises:
            StoreError: If the kiosk's own store cannot keep it; nothing is destroyed then.
        """
        with self._lock:
            self._registers.claim_register(KILLED_REGISTER, b"1")
            self.killed = True
            self._key = os.urandom(KEY_BYTES)
            if self._now is not None:
                self._now.close()
            self.kept = self._destroyed()
        self._when_killed()
        return self.kept

    def when_killed(self, call: Callable[[], None]) -> None:
        """Have something called once key and pack are destroyed."""
        self._when_killed = call

    def _destroyed(self) -> tuple[str, ...]:
        paths = {self._home} | ({self._now.path} if self._now is not None else set())
        packs = [overwritten(path) for path in paths]  # each of them, whatever became of the others
        gone = {"device-key": destroy_device_key(self._source), "pack": all(packs)}
        return tuple(what for what, is_gone in gone.items() if not is_gone)

    def why_not(self, now_us: int) -> str:
        """Return why nobody is known by the pack at a moment [us since 1970]; empty if customers are."""
        if self.killed:
            return _KILLED
        head = self.now.head
        if now_us >= head.expires_us:
            return f"the pack expired at {in_words(head.expires_us)}: bring a newer one"
        if not self.time.tells_age(head.issued_us):
            return "how old the pack is cannot be told: set the machine's clock right, or bring a newer one"
        return self.now.altered

    def look(self) -> None:
        """Look whether the open file is still the pack that was verified; it does I/O, so no decision calls it."""
        if not self.killed:
            self.now.look()

    def status(self, now_us: int) -> Mapping[str, object]:
        """Return the pack's state: names and numbers, nothing personal."""
        if self.killed:
            return {"killed": True, "kept": list(self.kept), "ready": False, "reason": _KILLED}
        self.look()
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
        if self._now is not None:
            self._now.close()
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
        name, highest = EPOCH_REGISTER + _place(head), self._highest(head)
        if head.epoch >= highest:
            self.time.follow(head.epoch, head.expires_us, is_new=head.epoch > highest, issued_us=head.issued_us)
            highest = self._registers.raise_register(name, head.epoch)
        _check_epoch(head, highest)

    def _check_follows(self, head: PackHead) -> None:
        """Check that it is for here, and not older than one that was taken; another process may take one yet."""
        place = _place(head)
        ours = self._registers.claim_register(PLACE_REGISTER, place.encode())
        if ours != place.encode():
            tenant, store, device = (*ours.decode("utf-8", "replace").split("\n"), "", "")[:3]
            message = f"the pack is for {head.device!r} in {head.store!r} of {head.tenant!r}"
            raise PackError(f"{message}; this is {device!r} in {store!r} of {tenant!r}", code="pack-foreign")
        _check_epoch(head, self._highest(head))

    def _highest(self, head: PackHead) -> int:
        """Return the highest epoch of the pack's place that was taken; -1 if none was."""
        mark = self._registers.register(EPOCH_REGISTER + _place(head)) or b""
        if mark and not mark.isdigit():
            raise PackError("the kiosk's store holds no epoch where it should: it was tampered with", code="pack-older")
        return int(mark) if mark else -1


def _place(head: PackHead) -> str:
    return f"{head.tenant}\n{head.store}\n{head.device}"


def _check_epoch(head: PackHead, highest: int) -> None:
    if head.epoch < highest:
        message = f"the pack has epoch {head.epoch}, and epoch {highest} was taken already; bring a newer one"
        raise PackError(message, code="pack-older")
