"""A centre, and what can befall it: entered, a fault begins; left, it is mended."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

import attrs
import psutil

from tactful import Clock, wall_clock
from tactful.centre_ports import Centre

from .controls import Careless
from .store_faults import Fault, OwnStore
from .wire import Wire

#: No call is waited for longer than this [s].
TIMEOUT_S: Final = 0.5
#: All is well again within so long, or not at all [s].
PATIENCE_S: Final = 30.0


@attrs.frozen
class Place:
    """
    A centre.

    Attributes:
        url: The edge's way to it: its URL, or the centre.
        straight: A way to it past all that befalls the edge's.
        on_record: Gives how many events it has.
        faults: What can befall it, by name.
        clock: The edge's clock.
        control: What the control puts before the centre: something that loses by the first fault; None if nothing does.
        own: Opens the edge's own store, where that is what suffers; else None.
    """

    url: Any
    straight: Any
    on_record: Callable[[], int]
    faults: Mapping[str, Fault]
    clock: Clock = wall_clock
    control: Callable[[Centre], Centre] | None = Careless
    own: OwnStore | None = None


def on(wire: Wire) -> Mapping[str, Fault]:
    """Return what can befall the wire to a centre, by name."""
    return {
        "the wire is cut": lambda: wire.being("cut"),
        "the wire is silent": lambda: wire.being("silent"),
        "the wire flaps": wire.flapping,
        "answers trickle": lambda: wire.being("trickling"),
        "answers are lost": lambda: wire.being("losing"),
        "answers come twice": lambda: wire.being("doubling"),
        "answers are swapped": lambda: wire.being("swapping"),
    }


def soon(holds: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """Return whether something holds soon; wait for that."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if holds():
            return True
        time.sleep(0.02)
    return False


@contextmanager
def done(change: Callable[[], object], mend: Callable[[], object]) -> Iterator[None]:
    """Have a fault begin by one call, and mended by another."""
    change()
    try:
        yield
    finally:
        mend()


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """Have a process and its children stand still."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]

    def tell(what: signal.Signals) -> None:
        for one in family:
            with suppress(ProcessLookupError):  # a process of a connection that was just given up
                os.kill(one.pid, what)

    tell(signal.SIGSTOP)
    try:
        yield
    finally:
        tell(signal.SIGCONT)
