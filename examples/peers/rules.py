"""The targeting rules that every peer is given, and customers for them; plain Python says what is right."""

from collections.abc import Mapping
from random import Random
from typing import Final

import attrs

Attributes = Mapping[str, int | str]

#: Numbers are few, so that customers often stand right at a threshold.
NUMBERS: Final = ("age_band", "visits", "basket", "points", "distance", "months", "children", "returns")
TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "country": ("AT", "CH", "DE", "DK", "FR", "IT", "NL", "PL"),
    "tier": ("basic", "gold", "silver"),
    "device": ("desktop", "phone", "tablet", "kiosk"),
    "language": ("de", "en", "fr", "it", "pl"),
}
TOP: Final = 9


@attrs.frozen
class Condition:
    """What a rule asks of one attribute: that a number is at least, or a text is equal to, a value."""

    attribute: str
    value: int | str

    @property
    def at_least(self) -> bool:
        """Whether it is about a number."""
        return isinstance(self.value, int)

    def holds(self, attributes: Attributes) -> bool:
        """Return whether it is so."""
        found = attributes[self.attribute]
        if isinstance(self.value, int):
            return isinstance(found, int) and found >= self.value
        return found == self.value


@attrs.frozen
class Rule:
    """A flag that is on where all its conditions hold."""

    key: str
    conditions: tuple[Condition, ...]

    def holds(self, attributes: Attributes) -> bool:
        """Return what every peer must answer."""
        return all(condition.holds(attributes) for condition in self.conditions)


@attrs.frozen
class Customer:
    """Somebody made up; `id` ends in a number."""

    id: str
    attributes: Attributes


def rules(count: int, seed: int = 1) -> tuple[Rule, ...]:
    """Return so many rules, in turn: a number, a text, both; the same seed gives the same rules."""
    random = Random(seed)  # noqa: S311 - nothing secret
    made: list[Rule] = []
    for number in range(count):
        both = (_number(random), _text(random))
        made.append(Rule(f"offer-{number}", (both[:1], both[1:], both)[number % 3]))
    return tuple(made)


def customers(count: int, seed: int = 1) -> tuple[Customer, ...]:
    """Return so many customers; the same seed gives the same ones."""
    random = Random(seed)  # noqa: S311 - nothing secret
    return tuple(Customer(f"customer-{number}", _attributes(random)) for number in range(count))


def _attributes(random: Random) -> Attributes:
    numbers: dict[str, int | str] = {name: random.randint(0, TOP) for name in NUMBERS}
    return numbers | {name: random.choice(known) for name, known in TEXTS.items()}


def _number(random: Random) -> Condition:
    return Condition(random.choice(NUMBERS), random.randint(1, TOP))


def _text(random: Random) -> Condition:
    name = random.choice(tuple(TEXTS))
    return Condition(name, random.choice(TEXTS[name]))
