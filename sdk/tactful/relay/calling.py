"""Calls to a relay: one question, one answer, bounded in time and size. It believes nothing, and knows no line.

The whole call has a deadline, so that one that trickles is no better than one that hangs; no more is read than an
answer may have, and nothing is unpacked on the way.
"""

import json
import os
import re
import ssl
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from threading import Lock
from time import monotonic
from typing import Final

import attrs

from ..errors import CentreError, ExtraMissing

try:
    import httpx2 as httpx
except ImportError as error:
    raise ExtraMissing("a relay's client", "http") from error

from .address import Address

_CONNECT_S: Final = 5.0
_SILENCE_S: Final = 10.0
_CALL_S: Final = 30.0
_PROBLEM_MAX_BYTES: Final = 65_536
#: OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED.
_LAPSED: Final = 10
#: X509_V_ERR_CERT_NOT_YET_VALID, mostly of a device whose clock is dead.
_NOT_YET: Final = 9
#: What OpenSSL calls an answer that is none of TLS; newer ones say it of the record.
_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")
_CODE: Final = re.compile(r"[a-z][a-z-]{0,39}")
_CODES: Final[Mapping[int, str]] = {401: "centre-forbidden", 403: "centre-forbidden", 429: "centre-busy"}


@attrs.frozen(repr=False)
class Answer:
    """What came back: the status is 200 or 304."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Calls:
    """Makes calls to one relay. Safe under threads; in a forked child it connects anew."""

    def __init__(self, address: Address, *, call_s: float = _CALL_S) -> None:
        """
        Make it; nothing is connected yet.

        Args:
            address: Where the relay is.
            call_s: A call takes at most so long [s].

        Raises:
            CentreError: If the authorities' file holds none.
        """
        self.address = address
        self._call_s = call_s
        self._lock = Lock()
        self._closed = False
        self._verify = _verification(address)
        self._client, self._pid = self._made(), os.getpid()
        self._parents: list[httpx.Client] = []

    def call(
        self, method: str, path: str, headers: Mapping[str, str], *, max_bytes: int, body: bytes | None = None
    ) -> Answer:
        """
        Return the answer to a question.

        Args:
            method: HTTP's method.
            path: What is asked for, with its query.
            headers: Of this question.
            max_bytes: The answer's body has at most so many bytes [B].
            body: What is sent, if anything.

        Raises:
            CentreError: If none came, in time and size, or a refusal; the code says why.
        """
        until_s = monotonic() + self._call_s
        try:
            with self._of_this_process().stream(
                method, self.address.url + path, headers=dict(headers), content=body
            ) as found:
                if found.status_code in (200, 304):
                    return Answer(found.status_code, found.headers, self._read(found, max_bytes, until_s))
                raise self._refusal(found, self._read(found, _PROBLEM_MAX_BYTES, until_s))
        except CentreError:
            raise
        except httpx.HTTPError as error:
            raise self.failure(error) from None
        except (httpx.InvalidURL, ValueError, RuntimeError) as error:
            self.check_open()
            raise CentreError(f"{self.address.host}: the call failed: {type(error).__name__}") from None

    def stream(self, path: str, *, silence_s: float) -> AbstractContextManager[httpx.Response]:
        """
        Return an answer that goes on, to be read as it comes.

        Args:
            path: What is asked for, with its query.
            silence_s: After a silence as long as this it is over [s].
        """
        timeout = httpx.Timeout(silence_s, connect=_CONNECT_S)
        return self._of_this_process().stream("GET", self.address.url + path, timeout=timeout)

    def _of_this_process(self) -> httpx.Client:
        """
        Return the client of this process.

        Raises:
            CentreError: If it is closed.
        """
        with self._lock:
            self.check_open()
            if self._pid != os.getpid():  # the connections are the parent's, and stay its
                self._parents.append(self._client)  # which closing would say farewell to their server
                self._client, self._pid = self._made(), os.getpid()
            return self._client

    def check_open(self) -> None:
        """
        Check that calls may be made.

        Raises:
            CentreError: If it is closed.
        """
        if self._closed:
            raise CentreError("the centre is closed; open another one")

    def close(self) -> None:
        """Give back the connections. A second call does nothing."""
        with self._lock:
            self._closed = True
            if self._pid == os.getpid():
                self._client.close()

    def failure(self, error: Exception) -> CentreError:
        """Return what went wrong on the way, in words that name the relay and nothing else."""
        host, seen = self.address.host, error
        while seen is not None:
            if isinstance(seen, ssl.SSLCertVerificationError):
                if seen.verify_code == _LAPSED:
                    message = f"the certificate of {host} has lapsed; renew it, and see that this clock is right"
                    return CentreError(message, code="centre-certificate-lapsed")
                if seen.verify_code == _NOT_YET:
                    message = f"the certificate of {host} is not valid yet; see that this clock is right"
                    return CentreError(message, code="centre-certificate")
                message = f"the certificate of {host} is not to be trusted; see to it, or name its authorities with ca="
                return CentreError(message, code="centre-certificate")
            if isinstance(seen, ssl.SSLError) and seen.reason in _NO_TLS:
                message = f"{host} speaks no TLS on this port: see to the port, or have the relay served with --tls"
                return CentreError(message, code="centre-down")
            seen = seen.__cause__ or seen.__context__  # type: ignore[assignment]
        if isinstance(error, httpx.TimeoutException):
            return CentreError(
                f"{host} does not answer in time; see whether it is up and not paused", code="centre-slow"
            )
        if isinstance(error, httpx.ConnectError):
            return CentreError(f"there is no way to {host}", code="centre-down")
        hint = ""
        if isinstance(error, httpx.RemoteProtocolError) and self.address.url.startswith("http:"):
            hint = "; if this port is for HTTPS, the URL begins with relay+https://"
        return CentreError(f"{host}: the answer broke off: {type(error).__name__}{hint}", code="centre-broken-off")

    def _made(self) -> httpx.Client:
        timeout = httpx.Timeout(_SILENCE_S, connect=_CONNECT_S)
        limits = httpx.Limits(max_connections=8, max_keepalive_connections=4)
        headers = {"Authorization": f"Bearer {self.address.token}", "Accept-Encoding": "identity"}
        return httpx.Client(
            verify=self._verify, timeout=timeout, limits=limits, headers=headers, follow_redirects=False
        )

    def _read(self, found: httpx.Response, max_bytes: int, until_s: float) -> bytes:
        """Return the body as it comes over the wire."""
        host, body = self.address.host, bytearray()
        if found.headers.get("Content-Encoding", "identity") != "identity":
            raise CentreError(f"{host}: the answer is packed, and was not to be", code="centre-nonsense")
        for chunk in found.iter_raw():
            body += chunk
            if len(body) > max_bytes:
                raise CentreError(f"{host}: the answer has more than {max_bytes:,} bytes", code="centre-too-large")
            if monotonic() > until_s:
                raise CentreError(f"{host} answers too slowly", code="centre-slow")
        return bytes(body)

    def _refusal(self, found: httpx.Response, body: bytes) -> CentreError:
        """Return the error of a status that is no answer. What else it says changes words, and nothing that is done."""
        host, status = self.address.host, found.status_code
        code = _CODES.get(status, "centre-busy" if status >= 500 else "centre-refuses")  # noqa: PLR2004 - RFC 9110, 15.6
        said = f"{host} refuses the call with status {status}"
        if code == "centre-forbidden":
            said = f"{host} does not know this device's token, or lets it in no more"
        elif status >= 500 and (behind := _code_in(body)) not in {"", "centre-busy"}:  # noqa: PLR2004 - as above
            code = "centre-behind"
            said = f"{host} is there, and the centre behind it gives no answer ({behind}); see to that centre"
        wait_s = retry_after_s(found.headers.get("Retry-After"))
        return CentreError(said, code=code, retry_after_s=wait_s, status=status)


def _code_in(problem: bytes) -> str:
    """Return the code that a relay's refusal has; empty if it has none, or something that is no code."""
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        code = json.loads(problem)["code"]
        return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    return ""


def retry_after_s(header: str | None) -> float | None:
    """
    Return for how long no further call is wanted [s]; None if nothing readable is said.

    >>> retry_after_s("90"), retry_after_s("soon"), retry_after_s(None)
    (90.0, None, None)
    """
    found = (header or "").strip()
    return float(found) if found.isascii() and found.isdigit() and len(found) <= 9 else None  # noqa: PLR2004 - 30 years


def _verification(address: Address) -> ssl.SSLContext | bool:
    if address.ca is None:
        return True
    try:
        return ssl.create_default_context(cafile=address.ca)
    except (OSError, ssl.SSLError):
        raise CentreError("the relay's URL: the file that ca= names holds no certificates", code="centre-url") from None
