"""What a program keeps of customers beside an edge's store, and is told of each erasure. It opens nothing itself.

Who fails owes the erasure: the store remembers it, and it is told again until it is done, by this process or another.
"""

import logging
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final

import attrs

from ..errors import UsageError
from ..rights_ports import Forgets, Owing
from .owed import PAUSES_S, Reminder

_log = logging.getLogger("tactful")
#: So many may be attached to one edge.
ATTACHED_MAX: Final = 10_000
#: So many ids are remembered for one that failed, to be forgotten there later.
OWED_MAX: Final = 10_000
_NAME_MAX_CHARS: Final = 200
_TOLD_AGAIN: Final = "the store remembers it, and the edge that has it attached tells it until it has forgotten"
_AGAIN: Final = "erase once more"


@attrs.frozen
class Told:
    """
    What came of telling all that is attached.

    Attributes:
        gone: How much each forgot, by name.
        failed: Those that may hold something still, by name; and whether the store remembers what they owe.
    """

    gone: Mapping[str, int]
    failed: Mapping[str, bool]

    def in_words(self) -> tuple[str, ...]:
        """Return who has still to forget, for whoever keeps the receipt."""
        return tuple(
            f"{name} could not be told: {_TOLD_AGAIN if kept else _AGAIN}" for name, kept in self.failed.items()
        )


def both(before: Told, after: Told) -> Mapping[str, int]:
    """Return how much went, by name, before and after the store's rows."""
    names = dict.fromkeys((*before.gone, *after.gone))
    return {name: before.gone.get(name, 0) + after.gone.get(name, 0) for name in names}


@attrs.define(eq=False)
class _One:
    """
    Somebody who is told.

    Attributes:
        name: As receipts have it.
        keeper: What forgets.
        owed: Whom it has still to forget.
        kept: Whom of these the store remembers.
        is_full: Whether it owed so many at its last telling that one was not remembered.
        turn: Held while it is told.
    """

    name: str
    keeper: Forgets
    owed: set[str] = attrs.field(factory=set)
    kept: set[str] = attrs.field(factory=set)
    is_full: bool = False
    turn: Lock = attrs.field(factory=Lock)

    @property
    def key(self) -> str:
        """What the store knows it by: of two journals of one name, each owes its own."""
        where = getattr(self.keeper, "path", None)
        return self.name if where is None else f"{self.name} {where}"

    def forget(self, ids: Iterable[str]) -> int:
        """
        Have ids forgotten, with those that it still owes; return how much went.

        Raises:
            Exception: The last one that the keeper raised. It owes then what it failed to forget.
        """
        count, failed, self.is_full = 0, None, False
        for id_ in {*ids, *self.owed}:
            try:
                count += self.keeper.forget(id_)
            except Exception as error:  # noqa: BLE001 - a keeper of anybody's: the others are told all the same
                failed = error
                if id_ not in self.owed and len(self.owed) >= OWED_MAX:
                    self.is_full = True
                else:
                    self.owed.add(id_)
            else:
                self.owed.discard(id_)
        if failed is not None:
            raise failed
        return count


class Attached:
    """Who keeps something of customers beside an edge's store. Safe under threads."""

    def __init__(self, store: object = None, *, pauses_s: tuple[float, float] = PAUSES_S) -> None:
        """
        Begin with nobody.

        Args:
            store: What remembers what is owed, if it is `Owing`; with others it is gone with the process.
            pauses_s: Who fails is left alone at least and at most for so long [s].
        """
        self._store = store if isinstance(store, Owing) else None
        self._all: list[_One] = []
        self._again = Reminder(self.tell_again, pauses_s=pauses_s)
        self.reset()

    def reset(self) -> None:
        """Be usable in a child process."""
        self._lock = Lock()
        for one in self._all:
            one.turn = Lock()
        self._again.reset()

    def close(self) -> None:
        """Tell nobody any more; what is owed then is told by whoever has the store next."""
        self._again.close()

    def add(self, name: str, keeper: Forgets) -> None:
        """
        Tell a keeper of erasures from now on, soon of those that it owes; an equal one of this name is the same.

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
            one = _One(name, keeper)
            self._all.append(one)
        if self._store is not None:
            self._recall(one, self._store)

    def forget(self, ids: Iterable[str]) -> Told:
        """Have ids forgotten by all that is attached; who fails owes them, and is told again until it is done."""
        gone: dict[str, int] = {}
        failed: dict[str, bool] = {}
        for one in self._everyone():
            with one.turn:
                try:
                    gone[one.name] = gone.get(one.name, 0) + one.forget(ids)
                except Exception as error:  # noqa: BLE001 - its words may be personal
                    _log.warning("an erasure did not reach %s: %s", one.name, type(error).__name__)
                    failed[one.name] = failed.get(one.name, True)
                if (not self._remembered(one) or one.is_full) and one.name in failed:
                    failed[one.name] = False
        if failed:
            self._again.look()
        return Told(gone, failed)

    def tell_again(self) -> bool:
        """Have forgotten what is owed; return whether nothing is any more."""
        is_done = True
        for one in self._everyone():
            with one.turn:
                if one.owed:
                    try:
                        one.forget(())
                    except Exception as error:  # noqa: BLE001 - as above
                        _log.debug("an erasure did not reach %s: %s", one.name, type(error).__name__)
                is_done = self._remembered(one) and not one.owed and is_done
        return is_done

    def status(self) -> Mapping[str, object]:
        """Return how many erasures each still owes, by name; nothing if nobody does."""
        owed: dict[str, int] = {}
        for one in self._everyone():
            if one.owed:
                owed[one.name] = owed.get(one.name, 0) + len(one.owed)
        return {"erasures_owed": owed} if owed else {}

    def _everyone(self) -> tuple[_One, ...]:
        with self._lock:
            return tuple(self._all)

    def _recall(self, one: _One, store: Owing) -> None:
        """Take from the store what somebody owes since earlier."""
        try:
            found = store.owed_erasures().get(one.key, frozenset())
        except Exception as error:  # noqa: BLE001 - a store may raise anything; the next erasure or start finds it
            _log.warning("what %s owes could not be read: %s", one.name, type(error).__name__)
            return
        if found:
            with one.turn:
                one.owed |= found
                one.kept |= found
            self._again.look(now=True)

    def _remembered(self, one: _One) -> bool:
        """Have the store remember what somebody owes, and no more than that; return whether it does."""
        if one.owed == one.kept:
            return True
        if self._store is None:
            return not one.owed
        alike = [other for other in self._everyone() if other is not one and other.key == one.key]
        new, done = one.owed - one.kept, one.kept - one.owed
        try:
            if new:
                self._store.owe_erasure(one.key, new)
            if settled := done.difference(*(other.owed for other in alike)):
                self._store.settle_erasure(one.key, settled)
        except Exception as error:  # noqa: BLE001 - as above; it is tried again with the next telling
            _log.warning("what %s owes could not be kept: %s", one.name, type(error).__name__)
            return False
        one.kept = set(one.owed)
        return True
