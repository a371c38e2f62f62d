"""What a centre in a folder tells, as the bytes of one file; and back, or not at all. It opens no file."""

import hashlib
from collections.abc import Sequence
from typing import Final

from ..bundle.packing import pack, unpack
from ..changes import LINES, Change, Erased, Line, Split, Unlinked
from ..clock import Clock
from ..consent import Consents
from ..errors import CentreError, TactfulError
from ..identity import Link
from ..memory_centre import MemoryCentre
from ..merging import Merge
from ..profile import Snapshot
from . import wire

_BEGINS: Final = b"tactful centre 1\n"
#: Before what is told the file has its digest [B].
HEAD_BYTES: Final = len(_BEGINS) + 32


def with_digest(body: bytes) -> bytes:
    """Return what is told as the bytes of a file, which begin with their digest."""
    return _BEGINS + hashlib.sha256(body).digest() + body


class Told(MemoryCentre):
    """
    What a folder tells, in memory: changed as any `MemoryCentre`.

    Attributes:
        erased: The ids that were erased since it was read, whose events are to go too.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.erased: list[str] = []

    def epochs(self) -> tuple[int, ...]:
        """Return the newest epoch of each line."""
        return tuple(self._epochs[line] for line in LINES)

    def erase(self, customer: str) -> int:
        """Forget a customer and every id that is merged with it; return the newest epoch of consents."""
        with self._changed:
            self.erased += self._members(customer)
            return super().erase(customer)

    def forget_events(self) -> None:
        """Keep no events: they are files."""
        self._events.clear()

    def packed(self) -> bytes:
        """
        Return it as the bytes of a file.

        Raises:
            BundleError: If a change holds what can be no such thing.
        """
        pages = []
        for line in LINES:
            changes = sorted(self._lines[line].values(), key=lambda change: change.epoch)
            pages.append(wire.pack_page(wire.Page(tuple(changes), self._epochs[line], is_complete=True)))
        return with_digest(pack(pages))

    @classmethod
    def unpacked(cls, raw: bytes, clock: Clock) -> "Told":
        """
        Return what the bytes of a file tell.

        Raises:
            CentreError: If they are torn, altered, or none; the code is "centre-torn".
        """
        told = cls(clock)
        body = raw[HEAD_BYTES:]
        if raw != with_digest(body):
            raise _torn()
        try:
            pages = unpack(body, "the folder")
            if not isinstance(pages, list) or len(pages) != len(LINES):
                raise _torn()
            for line, page in zip(LINES, pages, strict=True):
                found = wire.unpack_page(page if isinstance(page, bytes) else b"")
                told._restore(line, found.changes, found.epoch)
        except TactfulError:
            raise _torn() from None
        return told

    def _restore(self, line: Line, changes: Sequence[Change], epoch: int) -> None:
        """Tell again what was told, in its order."""
        self._epochs[line] = epoch
        for change in changes:
            self._lines[line][_key(change)] = change
            told, customer = change.told, change.customer
            if isinstance(told, Consents):
                self._consents[customer] = told
            elif isinstance(told, Link):
                self._graph.link({told.name: told.value}, customer, told.kind, told.confidence, told.at_us)
            elif isinstance(told, Merge):
                self._graph.merge(customer, told.other, told.at_us)
            elif isinstance(told, Split):
                self._graph.split(customer)


def _key(change: Change) -> tuple[object, ...]:
    """Return the key under which a `MemoryCentre` keeps a change, so that a later one takes its place."""
    told = change.told
    match told:
        case Link():
            return "link", told.name, told.value, told.customer
        case Unlinked():
            return "unlinked", told.name, told.value
        case Consents():
            return "consents", change.customer
        case Snapshot():
            return "profile", change.customer
        case Erased():
            return "erased", change.customer
        case _:
            return (change.epoch - 1,)


def _torn() -> CentreError:
    return CentreError("the folder's file is torn or damaged; nothing of it counts", code="centre-torn")
