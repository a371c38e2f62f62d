"""What becomes of connections in a forked child: they are left alone, for they are the parent's. It opens none."""

import ctypes
import os
import weakref
from collections.abc import Iterable
from typing import Protocol


class HoldsConnections(Protocol):
    """What has connections, and locks that the parent's threads may hold."""

    def begin_anew(self) -> None:
        """Have no connection and no lock that is held."""
        ...


_holders: "weakref.WeakSet[HoldsConnections]" = weakref.WeakSet()


def begins_anew_in_a_child(holder: HoldsConnections) -> None:
    """Let a holder begin anew in each child that is forked."""
    _holders.add(holder)


def leave_alone(connections: Iterable[object]) -> None:
    """Never let go of connections: to close one here would end it for the parent."""
    for connection in connections:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


def _after_fork_in_child() -> None:
    for holder in _holders:
        holder.begin_anew()


os.register_at_fork(after_in_child=_after_fork_in_child)
