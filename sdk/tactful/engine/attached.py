"""What a program keeps of customers beside an edge's store, and is told of each erasure. It opens nothing itself."""

import logging
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final

import attrs

from ..errors import UsageError
from ..rights_ports import Forgets

_log = logging.getLogger("tactful")
#: So many may be attached to one edge.
ATTACHED_MAX: Final = 10_000
#: So many ids are remembered for one that failed, to be forgotten there with the next erasure.
OWED_MAX: Final = 10_000
_NAME_MAX_CHARS: Final = 200


@attrs.frozen
class Told:
    """
    What came of telling all that is attached.

    Attributes:
        gone: How much each forgot, by name.
        failed: The names of those that may hold something still.
    """

    gone: Mapping[str, int]
    failed: tuple[str, ...]


@attrs.define(eq=False)
class _One:
    name: str
    keeper: Forgets
    owed: set[str] = attrs.field(factory=set)

    def forget(self, ids: Iterable[str]) -> int:
        """
        Have ids forgotten, with those that it still owes; return how much went.

        Raises:
            Exception: The last one that the keeper raised. It owes then what it failed to forget.
        """
        count, failed = 0, None
        for id_ in {*ids, *self.owed}:
            try:
                count += self.keeper.forget(id_)
            except Exception as error:  # noqa: BLE001 - a keeper of anybody's: the others are told all the same
                failed = error
                if len(self.owed) < OWED_MAX:
                    self.owed.add(id_)
            else:
                self.owed.discard(id_)
        if failed is not None:
            raise failed
        return count


class Attached:
    """Who keeps something of customers beside an edge's store. Safe under threads."""

    def __init__(self) -> None:
        self._all: list[_One] = []
        self.reset()

    def reset(self) -> None:
        """Be usable in a child process."""
        self._lock = Lock()

    def add(self, name: str, keeper: Forgets) -> None:
        """
        Tell a keeper of erasures from now on; one that equals an attached one of this name is the same.

        Raises:
            UsageError: If the name is none, the keeper cannot forget, or there are too many.
        """
        if not (0 < len(name) <= _NAME_MAX_CHARS and name.isprintable()):
            raise UsageError(f"attach: a name has 1 to {_NAME_MAX_CHARS} printable characters")
        if not isinstance(keeper, Forgets):
            raise UsageError(f"attach: {type(keeper).__name__} has no forget(customer)")
        with self._lock:
            if any(one.name == name and one.keeper == keeper for one in self._all):
                return
            if len(self._all) >= ATTACHED_MAX:
                raise UsageError(f"attach: {ATTACHED_MAX} are attached already; attach one that stands for many")
            self._all.append(_One(name, keeper))

    def forget(self, ids: Iterable[str]) -> Told:
        """Have ids forgotten by all that is attached; who fails owes them until the next erasure."""
        with self._lock:
            attached = tuple(self._all)
        gone: dict[str, int] = {}
        failed: dict[str, None] = {}
        for one in attached:
            try:
                gone[one.name] = gone.get(one.name, 0) + one.forget(ids)
            except Exception as error:  # noqa: BLE001 - its words may be personal
                _log.warning("an erasure did not reach %s: %s", one.name, type(error).__name__)
                failed[one.name] = None
        return Told(gone, tuple(failed))
