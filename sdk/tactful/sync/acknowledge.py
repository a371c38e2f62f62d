"""An edge's word to its centre, how far it is with both lines, now and then. It asks nothing.

It holds nothing up and breaks nothing: where the word cannot be kept, as with an account that may only read, the edge
goes on, and its status says so.
"""

import os
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

from ..acknowledging import KEPT_IN_MEMORY_S, KEPT_S, keeps
from ..centre_ports import Centre
from ..changes import LINES, Line
from ..errors import StoreError
from ..memory import MemoryStore
from ..ports import Registers
from .account import Account
from .pauses import Backoff

#: What is new is told at most so often [s], and that there is nothing new, so often.
EVERY_S: Final = 5.0
IDLE_S: Final = 60.0
#: Where it cannot be kept it is tried again after at most so long [s].
_BACKOFF_MAX_S: Final = 3_600.0
_NAME: Final = "edge-name"
_KEEPS_NONE: Final = "this centre keeps no record of who follows it"


class Acknowledge:
    """Tells a centre how far an edge is. Each call is made by one thread at a time."""

    def __init__(
        self,
        store: Registers,
        centre: Centre,
        account: Account,
        name: str = "",
        *,
        clock_s: Callable[[], float] = monotonic,
    ) -> None:
        """
        Begin with nothing told.

        Args:
            store: The edge's store, in which its name is kept if none is given.
            centre: The connection.
            account: What went well and what did not.
            name: Its name; empty takes one that was drawn once for the store, and tells nothing.
            clock_s: Gives a time that only passes [s].
        """
        self._store, self._centre, self._account = store, centre, account
        self._name, self._clock_s = name, clock_s
        self._keep_s = KEPT_IN_MEMORY_S if isinstance(store, MemoryStore) and not name else KEPT_S
        self._told: Mapping[Line, int] | None = None
        self._next_s = self._idle_s = self._left_alone_s = clock_s()
        self._backoff = Backoff(_BACKOFF_MAX_S, chance=lambda _, high: high)

    def tell(self, reached: Callable[[Line], int], *, by_hand: bool = False) -> None:
        """
        Tell how far the edge is, if that is new or was not told for a while; it raises nothing.

        Args:
            reached: Gives how far a line is.
            by_hand: Whether what is new is told now, however short a time ago something was.
        """
        now_s = self._clock_s()
        early = now_s < self._left_alone_s or (now_s < self._next_s and not by_hand)
        if early or (centre := keeps(self._centre)) is None:
            return
        try:
            epochs: Mapping[Line, int] = {line: reached(line) for line in LINES}
            if epochs == self._told and now_s < self._idle_s:
                return
            with self._account.asking():
                centre.acknowledge(self.name(), epochs, self._keep_s)
        except Exception as error:  # noqa: BLE001 - a client or a store may raise anything; it is tried again
            self._account.failed(error)
            self._left_alone_s = now_s + max(IDLE_S, self._backoff.after(error))
        else:
            self._account.went_well()
            self._backoff.reset()
            self._told, self._next_s, self._idle_s = epochs, now_s + EVERY_S, now_s + IDLE_S

    def name(self) -> str:
        """
        Return the edge's name, the same for all processes of its store.

        Raises:
            StoreError: If the store cannot tell it.
        """
        if not self._name:
            drawn = self._store.register(_NAME) or self._store.claim_register(
                _NAME, b"edge-" + os.urandom(6).hex().encode()
            )
            self._name = drawn.decode("ascii", "replace")
        return self._name

    def status(self) -> Mapping[str, object]:
        """Return the edge's name, whether the centre keeps how far it is, and what went wrong."""
        try:
            name: str | None = self.name()
        except StoreError:  # the account of the store says it
            name = None
        is_kept = keeps(self._centre) is not None
        told = self._account.status()
        return {"edge": name, "kept": is_kept, **told, **({} if is_kept else {"says": _KEEPS_NONE})}
