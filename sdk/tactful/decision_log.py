"""The decision log: what was decided, for whom under a pseudonym, and by which policy. It holds no personal value.

Ids, counts, moments, truths and digests alone. A digest is keyed, so that nobody without the store's key can try out
which profile it is of.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs
import msgpack

from .clock import SECOND_US
from .errors import StoreError

_FORMAT: Final = 1
_ROW_BYTES: Final = 64
#: The place of a decision in the log: its moment [us since 1970], then its id.
Place = tuple[int, str]


@attrs.frozen
class LoggedPick:
    """
    One filled slot.

    Attributes:
        placement: The placement's name.
        offer: The offer's id.
        treatment: The treatment's id.
        tone: How much the text shows that it knows, as a number of `Familiarity`.
        basis: How much selected it, likewise.
        worth: Its expected worth.
    """

    placement: str
    offer: str
    treatment: str
    tone: int
    basis: int
    worth: float


@attrs.frozen
class LoggedDecision:
    """
    One decision as the log keeps it.

    Attributes:
        id: The decision's id; a page view that was decided again, as something had changed, has it again.
        at_us: When it was decided [us since 1970].
        who: The customer's pseudonym; empty for a visitor of whom nothing is known, and after an erasure.
        channel: The channel.
        placements: The placements, in the order in which they were asked for.
        picks: The filled slots, best first.
        limits: The ids of the limits that acted, each with how many otherwise eligible treatments it kept away.
        careful: What held the whole decision back.
        policy: The policy's name.
        epoch: The bundle's epoch; None in development.
        bundle: The SHA-256 of the policy, as a bundle's header names it.
        plugins: The digest of the guardrails' rules, as the installed plugins gave them.
        kind: The kind of identifier behind the customer: "person", "household" or "device"; empty for a visitor.
        snapshot: The keyed digest of the profile; empty if none was here.
        consents: The keyed digest of the consents; empty if none were here.
        truths: A bit for each requirement of the plan that was met, then for each bound of the channel that let the
            decision off; the lowest bit of the first byte is the first.
        unlinked: Whether the customer was erased: the pseudonym, the digests and the truths are gone.
    """

    id: str = attrs.field(validator=attrs.validators.min_len(1))
    at_us: int
    who: bytes
    channel: str
    placements: tuple[str, ...]
    picks: tuple[LoggedPick, ...]
    limits: tuple[tuple[str, int], ...]
    careful: tuple[str, ...]
    policy: str
    epoch: int | None
    bundle: bytes
    plugins: bytes
    kind: str = ""
    snapshot: bytes = b""
    consents: bytes = b""
    truths: bytes = b""
    unlinked: bool = False

    def unlink(self) -> "LoggedDecision":
        """Return it without what leads to a person."""
        return attrs.evolve(self, who=b"", kind="", snapshot=b"", consents=b"", truths=b"", unlinked=True)

    def kept_after(self, erased_us: Mapping[bytes, int]) -> "LoggedDecision":
        """
        Return it as it may be kept: made before its customer was erased, without what leads to a person.

        Args:
            erased_us: When customers were erased a short while ago, by pseudonym [us since 1970].
        """
        return self.unlink() if self.at_us <= erased_us.get(self.who, self.at_us - 1) else self

    def pack(self) -> bytes:
        """
        Return it as compact bytes.

        Raises:
            StoreError: If it holds what cannot be packed.
        """
        try:
            packed: bytes = msgpack.packb((_FORMAT, *attrs.astuple(self)))
        except (TypeError, ValueError, OverflowError) as error:
            raise StoreError(
                f"a decision cannot be logged: {type(error).__name__}; nothing of this call was kept"
            ) from None
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> "LoggedDecision":
        """
        Return the logged decision of some bytes.

        Raises:
            StoreError: If they are damaged, or of a newer format.
        """
        try:
            fields: tuple[Any, ...] = msgpack.unpackb(packed, use_list=False)
            format_ = fields[0]
            if format_ == _FORMAT:
                return _record(fields[1:])
        except (ValueError, TypeError, LookupError, AttributeError, msgpack.UnpackException):
            raise StoreError("a logged decision is damaged; restore a copy, or forget it", code="log-damaged") from None
        raise StoreError(f"a logged decision has format {format_}, this version reads {_FORMAT}", code="log-format")


@attrs.frozen
class LogLimits:
    """
    The bounds of a decision log; past them the oldest decisions go, and are counted.

    Attributes:
        rows_max: So many decisions are kept at most.
        bytes_max: So much room they take at most [B].
        access_s: So long it is kept who looked at evidence [s]; more than zero, by default three years. It has no
            bound by number: whoever looks often enough would push the trace of an earlier look out.
    """

    rows_max: int = 1_000_000
    bytes_max: int = 512 * 2**20
    access_s: int = attrs.field(default=3 * 365 * 86_400, validator=attrs.validators.gt(0))

    def exceeded(self, rows: int, size_bytes: int) -> bool:
        """Return whether so many decisions of this size are too many."""
        return rows > self.rows_max or size_bytes > self.bytes_max

    def looked_after_us(self, now_us: int) -> int:
        """Return the moment after which who looked at evidence is still kept [us since 1970]."""
        return now_us - self.access_s * SECOND_US


def _record(fields: tuple[Any, ...]) -> LoggedDecision:
    """Return the record of plain fields, each of its type."""
    if not all(isinstance(value, kind) for value, kind in zip(fields, _KINDS, strict=True)):
        raise TypeError
    plain: dict[str, Any] = dict(zip(_NAMES, fields, strict=True))
    plain["picks"] = tuple(LoggedPick(*pick) for pick in plain["picks"])
    return LoggedDecision(**plain)


_NAMES: Final = tuple(field.name for field in attrs.fields(LoggedDecision))
#: The types of a record's fields, in their order.
_KINDS: Final[tuple[Any, ...]] = (
    *(str, int, bytes, str, tuple, tuple, tuple, tuple, str, int | None, bytes, bytes, str, bytes, bytes, bytes, bool),
)


def place(record: LoggedDecision) -> Place:
    """Return a decision's place in the log."""
    return record.at_us, record.id


class MemoryDecisionLog:
    """Logged decisions in the order of their moments; it has no lock of its own."""

    __slots__ = ("_limits", "_places", "_records", "_size_bytes", "dropped")

    def __init__(self, limits: LogLimits) -> None:
        self._limits = limits
        self._records: list[LoggedDecision] = []
        self._places: set[Place] = set()
        self._size_bytes = 0
        self.dropped = 0

    def add(self, records: Sequence[LoggedDecision]) -> int:
        """Keep decisions, all or none; drop what becomes too much; return how many were new."""
        sizes = [_size_bytes(record) for record in records]
        new = 0
        for record, size_bytes in zip(records, sizes, strict=True):
            if place(record) not in self._places:
                self._places.add(place(record))
                insort(self._records, record, key=place)
                self._size_bytes += size_bytes
                new += 1
        over = 0
        while self._limits.exceeded(len(self._records) - over, self._size_bytes):
            self._size_bytes -= _size_bytes(self._records[over])
            over += 1
        self._remove(0, over)
        self.dropped += over
        return new

    def after(self, last: Place, until_us: int, count: int) -> Sequence[LoggedDecision]:
        """Return at most so many decisions after a place and before a moment, oldest first."""
        first = bisect_right(self._records, last, key=place)
        return self._records[first : min(first + count, bisect_left(self._records, (until_us, ""), key=place))]

    def newest(self, id_: str) -> LoggedDecision | None:
        """Return the last decision with an id."""
        return next((record for record in reversed(self._records) if record.id == id_), None)

    def forget(self, before_us: int) -> int:
        """Forget what was decided before a moment; return how many there were."""
        gone = bisect_left(self._records, (before_us, ""), key=place)
        self._size_bytes -= sum(map(_size_bytes, self._records[:gone]))
        self._remove(0, gone)
        return gone

    def unlink(self, names: Iterable[bytes]) -> int:
        """Unlink what was decided for these pseudonyms; return how many there were."""
        whose = frozenset(names)
        found = [number for number, record in enumerate(self._records) if record.who in whose]
        for number in found:
            before, after = self._records[number], self._records[number].unlink()
            self._records[number] = after
            self._size_bytes += _size_bytes(after) - _size_bytes(before)
        return len(found)

    def of(self, names: Iterable[bytes]) -> list[LoggedDecision]:
        """Return what was decided for these pseudonyms, oldest first."""
        whose = frozenset(names)
        return [record for record in self._records if record.who in whose]

    def _remove(self, first: int, last: int) -> None:
        self._places.difference_update(map(place, self._records[first:last]))
        del self._records[first:last]


def _size_bytes(record: LoggedDecision) -> int:
    return _ROW_BYTES + len(record.pack())
