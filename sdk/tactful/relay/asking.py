"""What a request to a relay may hold: fields, a token and a body, each bounded; and what is said to one that is wrong.

No answer and no log has a value that came in: only the names of fields.
"""

import asyncio
import math
import re
import zlib
from typing import Final

from ..errors import ExtraMissing

try:
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import JSONResponse, Response
except ImportError as error:
    raise ExtraMissing("the relay", "relay") from error

from .answer import NONCE, NONCE_CHARS

#: Events go over in a body of at most so many bytes, unpacked [B], and so many at once.
EVENTS_MAX_BYTES: Final = 4 * 1024 * 1024
EVENTS_MAX: Final = 2000
CHANGES_MAX: Final = 2000
_BODY_S: Final = 30.0
_INT_MAX: Final = 2**63 - 1
_NONCE: Final = re.compile(rf"[0-9a-f]{{{NONCE_CHARS}}}")
_WHOLE: Final = re.compile(r"[0-9]{1,19}")
_GZIP: Final = 31
_NO_STORE: Final = {"Cache-Control": "no-store"}


class Refused(Exception):
    """A request that is not answered: with a status, a code, and the field that does not fit."""

    def __init__(
        self, status: int, code: str, detail: str, *, field: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.field = status, code, detail, field
        self.retry_after_s = retry_after_s

    def response(self) -> Response:
        """Return it as problem+json (RFC 9457)."""
        field = {} if self.field is None else {"field": self.field}
        told = {"title": self.code, "status": self.status, "code": self.code, "detail": self.detail, **field}
        headers = dict(_NO_STORE)
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after_s)))
        if self.status == 401:  # noqa: PLR2004 - RFC 9110, 15.5.2
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(told, self.status, headers=headers, media_type="application/problem+json")


def stranger() -> Refused:
    """Return the one answer to whoever may not ask, known or not."""
    return Refused(401, "not-allowed", "give the token of a device that may ask: Authorization: Bearer …")


def unknown_path() -> Refused:
    """Return the answer to one who may ask and asks for what is not there."""
    return Refused(404, "not-found", "there is no such path, or not with this method", field="path")


def token_of(request: Request) -> str:
    """Return the bearer token; empty if there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def nonce_of(request: Request) -> str:
    """
    Return the question's nonce.

    Raises:
        Refused: If there is none.
    """
    found = request.headers.get(NONCE, "")
    if not _NONCE.fullmatch(found):
        raise Refused(400, "field", f"expected {NONCE_CHARS} letters of hex", field=NONCE)
    return found


def whole(request: Request, field: str, most: int = _INT_MAX) -> int:
    """
    Return a whole number of the query.

    Raises:
        Refused: If it is missing, none, or too large.
    """
    found = request.query_params.get(field, "")
    if not (_WHOLE.fullmatch(found) and int(found) <= most):
        raise Refused(400, "field", f"expected a whole number from 0 to {most}", field=field)
    return int(found)


async def body_of(request: Request, most: int = EVENTS_MAX_BYTES) -> bytes:
    """
    Return the body as it went over the wire.

    Args:
        request: The request.
        most: It has at most so many bytes [B].

    Raises:
        Refused: If it is too large, too slow, or ends in the middle.
    """
    announced = request.headers.get("Content-Length", "0")
    if not _WHOLE.fullmatch(announced) or int(announced) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise Refused(408, "too-slow", f"the body did not come within {_BODY_S:.0f} s", field="body") from None
    except ClientDisconnect:
        raise Refused(400, "field", "the body ended in the middle", field="body") from None
    return bytes(body)


def unzipped(raw: bytes, encoding: str) -> bytes:
    """
    Return a body as it was before it was packed; no more is unpacked than a body may have.

    Raises:
        Refused: If it is packed in another way, cannot be unpacked, or becomes too large.
    """
    if encoding.lower() in ("", "identity"):
        return raw
    if encoding.lower() != "gzip":
        raise Refused(415, "field", "expected gzip, or nothing", field="Content-Encoding")
    unpacking = zlib.decompressobj(wbits=_GZIP)
    try:
        found = unpacking.decompress(raw, EVENTS_MAX_BYTES + 1)
    except zlib.error:
        raise Refused(400, "field", "the body is no gzip", field="body") from None
    if len(found) > EVENTS_MAX_BYTES:
        raise _too_large(EVENTS_MAX_BYTES)
    if not unpacking.eof or unpacking.unused_data:
        raise Refused(400, "field", "the body is not one whole gzip", field="body")
    return found


def _too_large(most: int) -> Refused:
    return Refused(413, "too-large", f"a body has at most {most} bytes", field="body")
