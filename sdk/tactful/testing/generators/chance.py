"""Chance: what is random here, in a few words; and the times and texts that all generators share, so that they meet."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final, TypeVar

import attrs

from ...clock import DAY_US, SECOND_US
from ...schema import Value, ValueType

#: Around this moment everything happens [us].
NOON_US: Final = 20_000 * DAY_US
HOUR_US: Final = 3600 * SECOND_US
#: Few lengths of time, so that what is random coincides often [us].
LENGTHS_US: Final = (
    0,
    1,
    SECOND_US,
    60 * SECOND_US,
    300 * SECOND_US,
    HOUR_US,
    2 * HOUR_US,
    3 * HOUR_US,
    DAY_US,
    7 * DAY_US,
)
TEXTS: Final = ("a", "a", "a", "b", "gold", "t0", "")
#: A name that no policy has.
NOWHERE: Final = "nowhere"
_Item = TypeVar("_Item")


@attrs.frozen
class Chance:
    """
    Random choices.

    Attributes:
        random: Where they come from.
        wild: Whether to choose, now and then, what nobody would mean.
    """

    random: Random
    wild: bool

    def apart(self) -> "Chance":
        """Return other choices, which take nothing from these: what is made of these stays as it was."""
        state = self.random.getstate()[1]  # numbers alone: the hash of None is another one in each process
        return Chance(Random(hash(state)), self.wild)  # noqa: S311 - the same ones each time

    def happens(self, chance: float) -> bool:
        """Return true with a chance."""
        return self.random.random() < chance

    def is_odd(self, chance: float = 0.06) -> bool:
        """Return true with a chance, and never where all is well formed."""
        return self.wild and self.random.random() < chance

    def of(self, items: Sequence[_Item]) -> _Item:
        """Return one of some items."""
        return items[int(self.random.random() * len(items))]

    def some(self, items: Sequence[_Item], most: int = 3) -> tuple[_Item, ...]:
        """Return up to so many of some items, at least one."""
        return tuple(dict.fromkeys(self.of(items) for _ in range(1 + int(self.random.random() * most))))

    def name(self, names: Sequence[str]) -> str:
        """Return one of some names, or an odd one."""
        return NOWHERE if not names or self.is_odd() else self.of(names)

    def number(self, low: int, high: int) -> int:
        """Return a whole number from low to high."""
        return low + int(self.random.random() * (high - low + 1))

    def moment_us(self) -> int:
        """Return a moment around noon that others meet often."""
        return NOON_US + self.of((-1, 1)) * self.of(LENGTHS_US)

    def value(self, type_: ValueType) -> Value:
        """Return a value of a type."""
        made: Value = _VALUES[type_](self)
        return made

    def list(self, type_: ValueType) -> tuple[Any, ...]:
        """Return a few values of a type."""
        return tuple(self.value(type_) for _ in range(self.number(0, 3)))


_VALUES: Final[Mapping[ValueType, Callable[[Chance], Any]]] = {
    ValueType.TEXT: lambda chance: chance.of(TEXTS),
    ValueType.INT: lambda chance: chance.number(0, 4),
    ValueType.NUMBER: lambda chance: chance.of((0.0, 0.5, 1.0, 2.5)),
    ValueType.BOOL: lambda chance: chance.happens(0.5),
    ValueType.TIME: Chance.moment_us,
    ValueType.DURATION: lambda chance: chance.of(LENGTHS_US),
    ValueType.TEXTS: lambda chance: chance.list(ValueType.TEXT),
    ValueType.INTS: lambda chance: chance.list(ValueType.INT),
    ValueType.NUMBERS: lambda chance: chance.list(ValueType.NUMBER),
    ValueType.SCORES: lambda chance: {
        key: chance.of((0.0, 0.5, 1.0, 2.0, 3.0, 12.0)) for key in chance.some(("t0", "t1", "t2", "x"), 4)
    },
}
