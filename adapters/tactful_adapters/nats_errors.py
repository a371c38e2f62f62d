"""What went wrong in NATS, in words that say what to do. No value of a message gets into them, and no password."""

import ssl
from typing import Final

from tactful import CentreError

from .nats_client import client

#: By JetStream's code of an error: ours, what it means here, and what would be right.
_MEANS: Final = {
    10023: ("centre-full", "the server's own storage is used up; make room there"),
    10028: ("centre-full", "the account's storage is used up; raise its limit"),
    10047: ("centre-full", "the account's storage is used up; raise its limit"),
    10054: ("centre", "a value is larger than the server takes"),
    10077: ("centre-full", "a stream has reached its limit and takes nothing new; raise its max_bytes"),
    10039: ("centre", "JetStream is not enabled for this account; enable it"),
    10076: ("centre", "JetStream is not enabled on the server; enable it"),
    10058: ("centre", "there is a stream of that name with other settings; use another name in the URL's path"),
    10065: ("centre", "another stream has the same subjects; use another name in the URL's path"),
    10074: ("centre", "the cluster has fewer servers than replicas= asks for"),
}
_STALE: Final = frozenset({10071, 10164})
_GONE: Final = 10059
_OTHER: Final = 10058


def is_conflict(error: BaseException) -> bool:
    """Return whether a key is not as it was when it was read."""
    return getattr(error, "err_code", None) in _STALE


def is_gone(error: BaseException) -> bool:
    """Return whether the server knows no such stream."""
    return getattr(error, "err_code", None) == _GONE


def is_other(error: BaseException) -> bool:
    """Return whether there is a stream of that name already, with other settings."""
    return getattr(error, "err_code", None) == _OTHER


def gone(stream: str) -> CentreError:
    """Return what to raise where a stream that was there is not: somebody deleted it."""
    said = (
        f"the stream {stream} is gone: somebody deleted it; nothing of the others is changed. Restore it, or delete "
        "the others too and fill all anew"
    )
    return CentreError(said, code="centre-went-back")


def forbidden(where: str) -> CentreError:
    """Return what to raise where a call failed and the server said that the user may not do something."""
    said = f"{where}: the user may not do this; docs/nats.md lists the rights it needs"
    return CentreError(said, code="centre-refused")


def explained(error: BaseException, where: str) -> CentreError:
    """Return what to raise in place of an error of nats-py, whose own words may hold values."""
    if isinstance(error, CentreError):
        return error
    nats, (code, said) = client(), ("centre", "")
    known = getattr(error, "err_code", None)
    if known in _MEANS:
        code, said = _MEANS[known]
    elif known is not None:
        said = f"JetStream refuses it, with code {known}"
    elif isinstance(error, TimeoutError):
        said = "the server is silent; it is paused, overloaded or cut off: the next call connects again"
    elif isinstance(error, nats.js.errors.NoStreamResponseError | nats.errors.NoRespondersError):
        said = "nothing answers there: JetStream is not enabled, a stream is gone, or the cluster has no leader"
    elif isinstance(error, nats.errors.AuthorizationError) or "authorization" in str(error).lower():
        code, said = "centre-refused", "the server does not let this user in; look at its name and password"
    elif isinstance(error, ssl.SSLCertVerificationError):
        code, said = "centre-refused", f"the server's certificate is not to be trusted: {error.verify_message}"
    elif isinstance(error, nats.errors.MaxPayloadError):
        said = "a value is larger than the server takes"
    elif isinstance(error, nats.errors.Error | OSError):
        said = f"it cannot be reached ({type(error).__name__}); look at its address, and whether it runs"
    else:
        said = f"nats-py failed with {type(error).__name__}"
    return CentreError(f"{where}: {said}", code=code)
