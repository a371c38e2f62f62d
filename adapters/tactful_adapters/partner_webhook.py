"""A partner who is told by HTTP: a POST with a signed body, acknowledged by a 2xx. It needs no client library.

The body has what `PartnerNotice.as_dict` says; the signature covers it and its moment, so that neither can be altered
and an old one can be told from a new one.
"""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from typing import IO, Final
from urllib.parse import urlsplit

from tactful import CentreError, PartnerNotice, UsageError, wall_clock

_SECOND_US: Final = 1_000_000
_KEY_MIN_BYTES: Final = 16
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: No answer is read further than this [B].
_ANSWER_MAX_BYTES: Final = 4_096


class WebhookPartner:
    """
    Tells a partner by a POST to an address.

    The header `Tactful-Signature` is `t=<seconds since 1970>,v1=<hex>`; v1 is HMAC-SHA256 under the agreed secret of
    the moment, a full stop and the body. `Idempotency-Key` is the notice's id.
    """

    def __init__(
        self, url: str, secret: bytes, *, timeout_s: float = 10.0, clock: Callable[[], int] = wall_clock
    ) -> None:
        """
        Say where and how the partner is told; nothing is sent yet.

        Args:
            url: The address, by https; by http on this machine alone.
            secret: What signs the body, 16 bytes or more, agreed with the partner.
            timeout_s: So long is waited for an answer [s].
            clock: Gives the moment [us since 1970].

        Raises:
            UsageError: If the address or the secret will not do.
        """
        parts = urlsplit(url)
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)):
            raise UsageError("a partner's address is https://… (http:// on this machine alone)")
        if len(secret) < _KEY_MIN_BYTES:
            raise UsageError(f"a partner's secret has {_KEY_MIN_BYTES} bytes or more, not {len(secret)}")
        self._url, self._secret, self._timeout_s, self._clock = url, secret, timeout_s, clock
        self._opener = urllib.request.build_opener(_StaysHere)

    def tell(self, notice: PartnerNotice) -> None:
        """
        Return once the partner has answered with a 2xx.

        Raises:
            CentreError: If it answered something else, or not at all; its code is "http-" and the status, or
                "partner-away".
        """
        body = json.dumps(notice.as_dict(), sort_keys=True).encode()
        request = urllib.request.Request(self._url, body, self._headers(notice, body), method="POST")  # noqa: S310 - https, see above
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                answer.read(_ANSWER_MAX_BYTES)
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                raise _failed(error.code, error.headers.get("Retry-After")) from None
        except (OSError, ValueError) as error:  # no connection, a timeout, or an answer that is none
            message = f"the partner cannot be reached: {type(error).__name__}"
            raise CentreError(message, code="partner-away") from None
        if not 200 <= status < 300:  # noqa: PLR2004 - the class of HTTP's acknowledgements
            raise _failed(status, None)

    def _headers(self, notice: PartnerNotice, body: bytes) -> dict[str, str]:
        at_s = self._clock() // _SECOND_US
        return {
            "Content-Type": "application/json",
            "User-Agent": "tactful",
            "Idempotency-Key": notice.id,
            "Tactful-Signature": f"t={at_s},v1={signature(self._secret, at_s, body)}",
        }

    def __repr__(self) -> str:
        return f"<WebhookPartner {urlsplit(self._url).hostname}>"


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """Return the signature of a body sent at a moment [s since 1970], in hex; the partner works out the same."""
    return hmac.new(secret, b"%d." % at_s + body, hashlib.sha256).hexdigest()


class _StaysHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: a signed notice goes to the agreed address alone."""

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


def _failed(status: int, retry_after: str | None) -> CentreError:
    wait_s = float(retry_after) if retry_after is not None and retry_after.isdigit() else None
    return CentreError(f"the partner answered {status}", code=f"http-{status}", retry_after_s=wait_s)
