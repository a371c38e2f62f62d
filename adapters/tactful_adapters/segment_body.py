"""A request to Segment's HTTP interface until its body is JSON: route, write key, size, compression. It knows no event.

What cannot be taken is a `Problem` (RFC 9457) that names what is wrong, and nothing of what was sent.
"""

import base64
import binascii
import hmac
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

import attrs

#: A single event is no larger, nor is one in a batch [B]: as Segment has it.
EVENT_MAX_BYTES: Final = 32 * 1024
#: A batch is no larger [B], before it is unpacked and after.
BATCH_MAX_BYTES: Final = 500 * 1024
_SINGLE: Final = ("identify", "track", "page", "screen", "group", "alias")
_SEVERAL: Final = ("batch", "import")
_GZIP: Final = 16 + zlib.MAX_WBITS
_TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Problem(Exception):
    """A request that cannot be taken."""

    def __init__(self, status: int, detail: str, *, field: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.field, self.headers = status, detail, field, dict(headers or {})

    def answer(self) -> "Answer":
        """Return what the client is told."""
        told: dict[str, object] = {"type": "about:blank", "title": _TITLES[self.status], "status": self.status}
        told |= {"detail": self.detail} | ({"field": self.field} if self.field else {})
        return Answer(self.status, told, {"Content-Type": "application/problem+json", **self.headers})


@attrs.frozen
class Answer:
    """
    What a client is told.

    Attributes:
        status: The HTTP status.
        told: The body.
        headers: Headers besides those of every answer.
    """

    status: int
    told: Mapping[str, object]
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def reason(self) -> str:
        """The words that go with the status."""
        return _TITLES.get(self.status, "OK")

    def sent(self) -> tuple[list[tuple[str, str]], bytes]:
        """Return the headers and the body as they are sent; nobody is to keep them."""
        body = json.dumps(self.told).encode()
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store", **self.headers}
        return [*headers.items(), ("Content-Length", str(len(body)))], body


@attrs.frozen
class Route:
    """
    Where a request goes.

    Attributes:
        kind: "identify" and the others, or "batch".
        is_packed: Whether the body is compressed.
    """

    kind: str
    is_packed: bool

    @property
    def max_bytes(self) -> int:
        """The body is no larger, before it is unpacked and after [B]."""
        return BATCH_MAX_BYTES if self.kind == "batch" else EVENT_MAX_BYTES


def routed(method: str, path: str, headers: Mapping[str, str], keys: Sequence[bytes]) -> Route:
    """
    Return where a request goes, before its body is read.

    Args:
        method: The HTTP method.
        path: Below where the application is mounted, such as `/v1/batch`.
        headers: By their names in small letters.
        keys: The write keys, one of which it must bring.

    Raises:
        Problem: If it goes nowhere, brings no key, or its body cannot be read.
    """
    kind = path.removesuffix("/").removeprefix("/v1/")
    if not path.startswith("/v1/") or kind not in (*_SINGLE, *_SEVERAL):
        raise Problem(404, f"there is no such path; there are /v1/{', /v1/'.join((*_SINGLE, *_SEVERAL))}")
    if method != "POST":
        raise Problem(405, "events are sent by POST", headers={"Allow": "POST"})
    if "origin" in headers:  # a browser may send along what its user once typed; no other client has an origin
        raise Problem(403, "events are sent by servers, not by pages in a browser")
    if not _is_let_in(headers.get("authorization", ""), keys):
        challenge = {"WWW-Authenticate": 'Basic realm="events", charset="UTF-8"'}
        raise Problem(401, "give the write key as the user of Basic authentication", headers=challenge)
    packing = headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "", "gzip", "x-gzip"):
        raise Problem(415, "the body can be packed with gzip alone", headers={"Accept-Encoding": "gzip"})
    route = Route("batch" if kind in _SEVERAL else kind, packing.endswith("gzip"))
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise Problem(400, "Content-Length must be a whole number", field="Content-Length")
    if len(length) > len(str(route.max_bytes)) or int(length) > route.max_bytes:
        too_large(route)
    return route


def too_large(route: Route) -> NoReturn:
    """Refuse a body that is larger than it may be."""
    raise Problem(413, f"the body has more than {route.max_bytes:,} bytes, packed or unpacked")


def parsed(route: Route, raw: bytes) -> object:
    """
    Return a body as JSON.

    Raises:
        Problem: If it is too large, not packed as it says, or no JSON.
    """
    body = _unpacked(route, raw) if route.is_packed else raw
    if len(body) > route.max_bytes:
        too_large(route)
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Problem(400, "the body is no JSON", field="body") from None


def _no_number(_: str) -> NoReturn:
    raise ValueError


def _is_let_in(authorization: str, keys: Sequence[bytes]) -> bool:
    """Return whether a header brings one of the keys; how long that takes tells nothing about them."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, colon, _ = base64.b64decode(encoded.strip().encode("latin-1", "replace"), validate=True).partition(b":")
    except binascii.Error:
        user, colon = b"", b""
    fitting = [hmac.compare_digest(user, key) for key in keys]  # all of them, and before the scheme is looked at
    return any(fitting) and bool(colon) and scheme.lower() == "basic"


def _unpacked(route: Route, raw: bytes) -> bytes:
    """Return what a gzip file holds, with one part or several; never more than may be."""
    found, rest = b"", raw
    while rest:
        unpacking = zlib.decompressobj(_GZIP)
        try:
            found += unpacking.decompress(rest, route.max_bytes + 1 - len(found))
        except zlib.error:
            break
        if len(found) > route.max_bytes:
            too_large(route)
        if not unpacking.eof:
            break
        rest = unpacking.unused_data
    if rest or not raw:
        raise Problem(400, "the body is not packed with gzip, although its Content-Encoding says so", field="body")
    return found
