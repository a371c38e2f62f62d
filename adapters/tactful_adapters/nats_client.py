"""What tactful asks of nats-py: the library, loaded when the first centre is opened. It connects to nothing."""

from functools import cache
from importlib import import_module
from types import ModuleType

from tactful import ExtraMissing

#: Reading a line in one go, and last values of many keys, are of this version on.
SERVER_MIN = (2, 11)


@cache
def client() -> ModuleType:
    """
    Return nats-py.

    Raises:
        ExtraMissing: If it is not installed.
    """
    try:
        nats = import_module("nats")
        for part in ("nats.aio.client", "nats.errors", "nats.js.errors"):
            import_module(part)
    except ImportError as error:
        raise ExtraMissing("a centre in NATS", "nats") from error
    return nats
