"""A folder of packs, each for the one device that it is named after. They are encrypted; nothing here opens them."""

from pathlib import Path
from threading import Lock
from typing import Final

from cachetools import LRUCache

from ..errors import UsageError
from ..relay.answer import digest
from ..relay.bundle_file import Bytes
from ..relay.devices import Device
from ..relay.swapping import read_bounded

#: A larger pack comes another way [B].
PACK_MAX_BYTES: Final = 16 * 1024 * 1024
_DIGESTS_MAX: Final = 10_000


class PacksFolder:
    """Gives each device its own pack, `NAME.pack`. Safe under threads."""

    def __init__(self, folder: Path) -> None:
        """Give what lies in a folder; packs are put there by renaming."""
        self._folder = folder
        self._lock = Lock()
        self._digests: LRUCache[tuple[str, object], str] = LRUCache(_DIGESTS_MAX)

    def current_for(self, device: Device) -> Bytes | None:
        """Return the pack of a device; None if there is none, or it is too large to go this way."""
        path = self._path(device)
        try:
            raw = b"" if path is None else read_bounded(path, PACK_MAX_BYTES)
        except UsageError:
            return None
        return Bytes(raw, digest(raw)) if raw else None

    def digest_for(self, device: Device) -> str:
        """Return the digest of a device's pack in hex; empty if there is none."""
        path = self._path(device)
        try:
            found = None if path is None else path.stat()
        except OSError:
            found = None
        if found is None:
            return ""
        mark = device.id, (found.st_ino, found.st_mtime_ns, found.st_size)
        with self._lock:
            known = self._digests.get(mark)
        if known is None:
            pack = self.current_for(device)
            known = "" if pack is None else pack.sha256
            with self._lock:
                self._digests[mark] = known
        return known

    def _path(self, device: Device) -> Path | None:
        """Return where a device's pack lies; None if its name can be no file's, or would lead elsewhere."""
        name = f"{device.id}.pack"
        return self._folder / name if Path(name).name == name and not name.startswith(".") else None
