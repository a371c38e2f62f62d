"""What tactful asks of the client of Valkey: commands in one go, bounds on every wait, and its errors in words.

The client is loaded when it is first needed; without it everything else goes on. It speaks to Redis as well.
"""

import re
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tactful import ExtraMissing, StoreError

if TYPE_CHECKING:
    from .valkey_address import Address

_PORT: Final = 6379
#: A client: few of its methods have types.
Server = Any
#: One command and what it is given.
Command = tuple[str | bytes | int | float, ...]


class AwayError(StoreError):
    """
    The server could not be reached, or nobody knows what became of the call.

    Attributes:
        is_silent: Whether it took all the time that a call may take.
    """

    is_silent = False


_NOT_LET_IN: Final = "it does not let this user in; look at the name and the password"
_RIGHTS: Final = "the user may not do this; grant it the rights that docs/valkey.md lists"
_REPLICA: Final = "it is a replica and takes no changes; name the primary"
_FULL: Final = "its memory is full; raise maxmemory, or make room there"
#: What a stream answers of an epoch that it has.
KNOWN: Final = "it has this epoch or a later one already"
_DATABASE: Final = "it has no database of this number; a cluster has 0 alone: name that one"
_MOVING: Final = "its cluster is moving these keys; the next call tries again"
_OLD: Final = "it is too old; Valkey 7.2 or Redis 7.2 is needed"
_NOT_TRUSTED: Final = "its certificate is not to be trusted: look at its name, and at ssl_ca_certs="
#: What a node of a cluster answers that another one has the keys.
_MOVED: Final = re.compile(r"MOVED \d+ (.*):(\d+)")
# By the name of the client's error, or a word of the server's: what it means here, and what would be right.
_MEANS: Final = {
    "certificate has expired": "its certificate has lapsed; renew it",
    "CERTIFICATE_VERIFY_FAILED": _NOT_TRUSTED,
    "certificate verify failed": _NOT_TRUSTED,
    "BusyLoadingError": "it is starting, and still reads its data; the next call tries again",
    "NOAUTH": "it wants a password; give it in the URL",
    "Authentication required": "it wants a password; give it in the URL",
    "AuthenticationError": _NOT_LET_IN,
    "WRONGPASS": _NOT_LET_IN,
    "MaxConnectionsError": "it has no connection left; raise maxclients",
    "max number of clients": "it has no connection left; raise maxclients",
    "NoPermissionError": _RIGHTS,
    "NOPERM": _RIGHTS,
    "ReadOnlyError": _REPLICA,
    "READONLY": _REPLICA,
    "OutOfMemoryError": _FULL,
    "OOM": _FULL,
    "WRONGTYPE": "a key of tactful's holds something else; somebody altered it: delete it",
    "appendonly": "it forgets what it promised when it stops: set appendonly yes",
    "equal or smaller": KNOWN,
    "unknown command": _OLD,
    "syntax error": _OLD,  # of what is fixed here: an older server has less of it
    "compiling script": _OLD,
    "MOVED": "it is a node of a cluster that has these keys elsewhere; name one by host and port, not by a socket",
    " ASK ": _MOVING,
    " TRYAGAIN": _MOVING,
    "CLUSTERDOWN": "its cluster is not whole; look at CLUSTER INFO there",
    "SELECT is not allowed": _DATABASE,
    "DB index is out of range": _DATABASE,
    "MISCONF": "it cannot write to its disk; look at its log",
    "NOREPLICAS": "too few of its replicas are connected",
}


@cache
def client() -> ModuleType:
    """
    Return the client.

    Raises:
        ExtraMissing: If it is not installed.
    """
    try:
        import valkey  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ExtraMissing("a server of Valkey or Redis", "valkey") from error
    return valkey


def connected(address: "Address") -> Server:
    """
    Return a client of a server; it connects when it is first asked, and anew in a forked child.

    Raises:
        ExtraMissing: If it is not installed.
        StoreError: If it does not understand the URL.
    """
    valkey = client()
    try:
        return valkey.Valkey.from_url(
            address.url,
            socket_timeout=address.timeout_s,
            socket_connect_timeout=address.timeout_s,
            **({} if address.url.startswith("unix") else {"socket_keepalive": True}),
            **({"ssl_check_hostname": True} if address.is_tls else {}),  # by itself it takes anybody's certificate
            retry=valkey.retry.Retry(valkey.backoff.NoBackoff(), 0),  # what may be repeated, its caller knows
        )
    except (ValueError, TypeError, valkey.ValkeyError):
        raise StoreError(f"{address.name}: the client does not understand the URL") from None


def answers(server: Server, address: "Address", commands: Sequence[Command]) -> list[Any]:
    """
    Return the answers to commands that go over together, on one connection; a node of a cluster may name another.

    Raises:
        StoreError: If one of them fails; in words that hold no value, key or password.
    """
    found = _answers(server, address, commands)
    if any(_goes_on(server, one) for one in found):
        found = _answers(server, address, commands)
    for answer in found:
        if isinstance(answer, Exception):
            raise explained(answer, address) from None
    return found


def _answers(server: Server, address: "Address", commands: Sequence[Command]) -> list[Any]:
    pipeline = server.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    try:
        # Raised from there, an error would hold the whole command, and with it keys and values.
        found: list[Any] = pipeline.execute(raise_on_error=False)
    except (client().ValkeyError, OSError) as error:
        _comes_back(server, address)
        raise explained(error, address) from None
    except (TypeError, ValueError, AttributeError, LookupError):  # the client met an answer of another kind
        raise astray(server, address) from None
    return found


def _goes_on(server: Server, answer: object) -> bool:
    """Have a client go on to the node of a cluster that has the keys, if an answer names it; return whether it does."""
    pool = server.connection_pool
    named = _MOVED.match(str(answer)) if isinstance(answer, client().ResponseError) else None
    if named is None or "host" not in pool.connection_kwargs:
        return False
    _goes_to(server, named[1] or pool.connection_kwargs["host"], int(named[2]))
    return True


def _comes_back(server: Server, address: "Address") -> None:
    """Have a client come back to the node that its URL names, which may know who has the keys now."""
    at, now = urlsplit(address.url), server.connection_pool.connection_kwargs
    home = (at.hostname or "localhost", at.port or _PORT)
    if "host" in now and home != (now["host"], now["port"]):
        _goes_to(server, *home)


def _goes_to(server: Server, host: str, port: int) -> None:
    """Have all calls that come go to another place; those that are under way end where they are."""
    before = server.connection_pool
    there = {**before.connection_kwargs, "host": host, "port": port}
    server.connection_pool = type(before)(connection_class=before.connection_class, **there)
    before.disconnect(inuse_connections=False)


def astray(server: Server, address: "Address") -> AwayError:
    """Return what to raise where answers are not those of the questions; no connection that is free is used again."""
    server.connection_pool.disconnect(inuse_connections=False)
    return AwayError(f"{address.name}: it answered another question, or lies; the next call connects again")


def explained(error: Exception, address: "Address") -> StoreError:
    """Return what to raise in place of an error of the client, whose own words may hold keys and values."""
    said = f"{address.name}: {_meaning(error)}"
    if address.is_tls and isinstance(error, client().exceptions.TimeoutError):
        said += ". If it always is, it may speak no TLS: look at the port, or write valkey://"
    kinds = client().exceptions
    if isinstance(error, kinds.AuthenticationError):
        return StoreError(said)
    if not isinstance(error, kinds.ConnectionError | kinds.TimeoutError | OSError):
        return StoreError(said)
    away = AwayError(said)
    away.is_silent = isinstance(error, kinds.TimeoutError | kinds.BusyLoadingError)
    return away


def _meaning(error: Exception) -> str:
    kinds = client().exceptions
    if isinstance(error, kinds.TimeoutError):
        return "it is silent; it is paused, overloaded or cut off: the next call connects again"
    told = next((meaning for word, meaning in _MEANS.items() if word in f"{type(error).__name__} {error}"), None)
    if told is None and isinstance(error, kinds.ConnectionError | OSError):
        return "it cannot be reached, or ended the connection; look at its address, and whether it runs"
    return told or f"it refused the call ({type(error).__name__})"
