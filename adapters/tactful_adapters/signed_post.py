"""A POST with a signed body to one agreed address. It needs no client library, and follows no redirect.

The signature covers the body and its moment, so that neither can be altered and an old one can be told from a new one.
"""

import hashlib
import hmac
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from typing import IO, Final
from urllib.parse import urlsplit

import attrs

from tactful import UsageError, wall_clock

_SECOND_US: Final = 1_000_000
_KEY_MIN_BYTES: Final = 16
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: No answer is read further than this [B].
_ANSWER_MAX_BYTES: Final = 4_096
#: 30 years, in seconds.
_WAIT_MAX_DIGITS: Final = 9


@attrs.frozen
class Reply:
    """
    What was answered.

    Attributes:
        status: The HTTP status.
        retry_after_s: The other side wants nothing before so long [s]; None if it did not say.
    """

    status: int
    retry_after_s: float | None

    @property
    def is_taken(self) -> bool:
        """Whether it acknowledges."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of HTTP's acknowledgements


class SignedPost:
    """
    Posts to an address.

    The header `Tactful-Signature` is `t=<seconds since 1970>,v1=<hex>`; v1 is HMAC-SHA256 under the agreed secret of
    the moment, a full stop and the body. `Idempotency-Key` is the id.
    """

    def __init__(
        self,
        url: str,
        secret: bytes,
        *,
        whose: str,
        timeout_s: float = 10.0,
        clock: Callable[[], int] = wall_clock,
    ) -> None:
        """
        Say where and how; nothing is sent yet.

        Args:
            url: The address, by https; by http on this machine alone.
            secret: What signs the body, 16 bytes or more, agreed with the other side.
            whose: Whose address it is, for messages, such as "a partner's".
            timeout_s: So long is waited for an answer [s].
            clock: Gives the moment [us since 1970].

        Raises:
            UsageError: If the address or the secret will not do.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)):
            raise UsageError(f"{whose} address is https://… (http:// on this machine alone)")
        if len(secret) < _KEY_MIN_BYTES:
            raise UsageError(f"{whose} secret has {_KEY_MIN_BYTES} bytes or more, not {len(secret)}")
        self._url, self._secret, self._timeout_s, self._clock = url, secret, timeout_s, clock
        self._opener = urllib.request.build_opener(_StaysHere)

    def post(self, id_: str, body: bytes) -> Reply:
        """
        Return what is answered to a JSON body.

        Raises:
            OSError: If nothing is answered.
            ValueError: If what is answered is no HTTP.
        """
        request = urllib.request.Request(self._url, body, self._headers(id_, body), method="POST")  # noqa: S310 - https, see above
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                answer.read(_ANSWER_MAX_BYTES)
                return Reply(int(answer.status), None)
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, _wait_s(error.headers.get("Retry-After")))
        except http.client.HTTPException as error:  # its message holds what came
            raise ValueError(type(error).__name__) from None

    def _headers(self, id_: str, body: bytes) -> dict[str, str]:
        at_s = self._clock() // _SECOND_US
        return {
            "Content-Type": "application/json",
            "User-Agent": "tactful",
            "Idempotency-Key": id_,
            "Tactful-Signature": f"t={at_s},v1={signature(self._secret, at_s, body)}",
        }

    def __repr__(self) -> str:
        return f"<SignedPost {urlsplit(self._url).hostname}>"


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """Return the signature of a body sent at a moment [s since 1970], in hex; the other side works out the same."""
    return hmac.new(secret, b"%d." % at_s + body, hashlib.sha256).hexdigest()


def _wait_s(header: str | None) -> float | None:
    """Return for how long nothing is wanted [s]; None if nothing readable is said."""
    found = (header or "").strip()
    return float(found) if found.isascii() and found.isdigit() and len(found) <= _WAIT_MAX_DIGITS else None


class _StaysHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: what is signed goes to the agreed address alone."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002 - as urllib calls it
        fp: IO[bytes],  # noqa: ARG002 - likewise
        code: int,  # noqa: ARG002 - likewise
        msg: str,  # noqa: ARG002 - likewise
        headers: Message,  # noqa: ARG002 - likewise
        newurl: str,  # noqa: ARG002 - likewise
    ) -> None:
        """Return nothing, so that the redirect is an answer like any other that is no 2xx."""
        return
