"""Whether a server of Valkey keeps what it promises: its settings, read with each call. It changes none."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

#: The command whose answer is read here.
ASKING: Final = ("INFO", "server", "memory", "persistence", "replication")


def wrong(info: Mapping[str, Any], replicas: int) -> Iterator[str]:
    """
    Yield what is wrong with a server that is to forget nothing, and what would be right.

    Args:
        info: The server's answer to `ASKING`.
        replicas: So many replicas are waited for.
    """
    if info.get("role") != "master":
        yield "it is a replica, which may lag: name the primary"
    if not info.get("aof_enabled"):
        yield "it forgets what it promised when it stops: set appendonly yes"
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        yield f"it forgets when memory is short ({info.get('maxmemory_policy')}): set maxmemory-policy noeviction"
    connected = int(info.get("connected_slaves", 0))
    if connected > replicas:
        yield (
            f"{connected} replicas can take over, and replicas={replicas} of them are waited for: what was promised "
            f"could be forgotten then; add replicas={connected} to the URL"
        )
