"""A relay as a centre that edges open by URL. It believes what the relay's key has signed for this very question."""

import gzip
import secrets
from collections.abc import Sequence
from threading import Lock
from typing import Final

import attrs

from ..bundle import SIZE_MAX_BYTES
from ..changes import LINES, Changes, Delivery, Line
from ..contacts import Contact
from ..disclosures import Disclosure
from ..errors import BundleError, CentreError
from . import wire
from .address import Address
from .answer import HEADER, NONCE, NONCE_CHARS, Question, Statement, digest, verified
from .calling import Answer, Calls
from .listening import Listening

_ANSWER_MAX_BYTES: Final = 17 * 1024 * 1024
#: Events of more bytes go over in several calls [B]; one that is larger alone is refused here.
_SENT_MAX_BYTES: Final = 1024 * 1024
_COUNT_MAX: Final = 2000
#: Smaller bodies are not worth packing [B].
_PACKED_FROM_BYTES: Final = 1024


@attrs.frozen(repr=False)
class _Had:
    """The last answer to a question: what was asked, the digest of the answer, and what it said."""

    asked: tuple[object, ...]
    sha256: str
    page: wire.Page


class RelayCentre:
    """
    A `Centre` behind a relay, safe under threads.

    One connection out is all that it needs, to the one port of the relay.
    """

    def __init__(self, address: Address, *, call_s: float = 30.0) -> None:
        """
        Make it; it connects when it is first asked.

        Args:
            address: Where the relay is, and how it is known.
            call_s: A call takes at most so long [s].

        Raises:
            CentreError: If the address cannot be meant.
        """
        self._calls = Calls(address, call_s=call_s)
        self._tenant, self._keys = address.tenant, address.keys
        self._hints = {line: Listening(self._calls, line) for line in LINES}
        self._lock = Lock()
        self._had: dict[Line, _Had] = {}
        self._bundle: tuple[str, bytes] | None = None

    @classmethod
    def from_url(cls, url: str) -> "RelayCentre":
        """
        Return the centre behind a relay.

        Args:
            url: Such as `relay+https://relay.example/?tenant=shop&key=relay.public&token=device.token`.

        Raises:
            CentreError: If the URL cannot be meant; the message says what is wrong.
        """
        return cls(Address.from_url(url))

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """
        Return what has changed since an epoch, at most so many changes.

        Raises:
            CentreError: If there is no answer, or none of the relay's to this question.
        """
        count = min(max(count, 0), _COUNT_MAX)
        had = self._had.get(line)
        had = had if had is not None and had.asked == (after, count) else None
        question = self._question("changes", line, after, count)
        path = f"/v1/lines/{line}/changes?after={after}&count={count}"
        found, said = self._ask("GET", path, question, _ANSWER_MAX_BYTES, known=had.sha256 if had else None)
        page = had.page if had is not None and said.is_known else _read_page(found.body)
        if page.epoch != said.epoch:
            raise CentreError("the relay signed another epoch than it tells", code="centre-nonsense")
        if not page.changes:  # nothing new is what is asked most, and costs nothing to keep
            self._had[line] = _Had((after, count), said.sha256, page)
        return Changes(page.changes, page.epoch, page.is_complete, said.at_us)

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """
        Keep events, each once by its id, and let what customers said in them take effect.

        Raises:
            CentreError: If there is no answer, or none of the relay's to these events; send all of them again.
        """
        packed, count = b"", len(events)
        if count <= _COUNT_MAX:
            try:
                packed = wire.pack_events(events)
            except BundleError:
                if count == 1:  # a value that nobody can write down
                    return Delivery(frozenset(), {events[0].id: "cannot-be-kept"})
        if packed and len(packed) <= _SENT_MAX_BYTES:
            return self._deliver(packed)
        if count == 1:
            return Delivery(frozenset(), {events[0].id: "too-large"})
        first, second = self.deliver(events[: count // 2]), self.deliver(events[count // 2 :])
        return Delivery(first.accepted | second.accepted, {**first.refused, **second.refused})

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """
        Wait until the relay hints at something newer than an epoch; return whether it did.

        Raises:
            CentreError: If the relay gave no hints when it was last asked.
        """
        return self._hints[line].wait(after, timeout_s)

    def bundle(self) -> bytes:
        """
        Return the policy's bundle as it is now, for `Edge.update`; the same bytes while it has not changed.

        Whether it may be decided by is the edge's to check: its authors' signatures, its tenant, epoch and times.

        Raises:
            CentreError: If there is no answer, none of the relay's to this question, or no bundle.
        """
        with self._lock:
            known = self._bundle
        question = self._question("bundle")
        found, said = self._ask("GET", "/v1/bundle", question, SIZE_MAX_BYTES, known=known[0] if known else None)
        raw = known[1] if known is not None and said.is_known else found.body
        with self._lock:
            self._bundle = said.sha256, raw
        return raw

    def close(self) -> None:
        """Give back connections; calls that wait come back. A second call does nothing."""
        for hints in self._hints.values():
            hints.close()
        self._calls.close()

    def __repr__(self) -> str:
        return f"<RelayCentre {self._calls.address.host}>"

    def _deliver(self, packed: bytes) -> Delivery:
        headers = {"Content-Type": wire.MEDIA_TYPE}
        if len(packed) >= _PACKED_FROM_BYTES:
            packed, headers["Content-Encoding"] = gzip.compress(packed, 5, mtime=0), "gzip"
        question = self._question("events", sent=digest(packed))
        found, _ = self._ask("POST", "/v1/events", question, _ANSWER_MAX_BYTES, headers=headers, body=packed)
        try:
            return wire.unpack_delivery(found.body)
        except BundleError as error:
            raise CentreError(f"the relay's answer cannot be read: {error}", code="centre-nonsense") from None

    def _question(self, what: str, line: str = "", after: int = 0, count: int = 0, sent: str = "") -> Question:
        return Question(self._tenant, what, secrets.token_hex(NONCE_CHARS // 2), line, after, count, sent)

    def _ask(
        self,
        method: str,
        path: str,
        question: Question,
        max_bytes: int,
        *,
        known: str | None = None,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> tuple[Answer, Statement]:
        """Return an answer that the relay vouches for; its body is empty if the known one is still right."""
        asked = {NONCE: question.nonce, **(headers or {}), **({"If-None-Match": f'"{known}"'} if known else {})}
        found = self._calls.call(method, path, asked, max_bytes=max_bytes, body=body)
        said = verified(found.headers.get(HEADER), question, self._keys)
        is_known = known is not None and found.status == 304  # noqa: PLR2004 - RFC 9110, 15.4.5
        if said.is_known != is_known or said.sha256 != (known if is_known else digest(found.body)):
            raise CentreError("the answer was altered on its way; nothing of it counts", code="centre-altered")
        return found, said


def _read_page(body: bytes) -> wire.Page:
    try:
        return wire.unpack_page(body)
    except BundleError as error:
        raise CentreError(f"the relay's answer cannot be read: {error}", code="centre-nonsense") from None
