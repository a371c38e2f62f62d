"""Customers and moments that a policy's rules tell apart: values at, above and below what the rules compare with.

They are for the laws of a policy's own rules, segments and offers; random words would hardly ever meet a rule.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Final

import attrs

from ..clock import DAY_US, NEVER_US
from ..consent import Consent, Consents, ConsentState, How
from ..expr import Call, Const, Expr, Local, Quantifier, Var, walk
from ..offers import Offer
from ..policy import Policy
from ..profile import Observation, Snapshot
from ..schema import Source, ValueType
from .generators.chance import NOON_US
from .interpreter import UNKNOWN, evaluate

_ABSENT: Final = 0.1
_HOUR_US: Final = DAY_US // 24
#: The types of what lists hold.
_ELEMENTS: Final = {
    ValueType.TEXTS: ValueType.TEXT,
    ValueType.INTS: ValueType.INT,
    ValueType.NUMBERS: ValueType.NUMBER,
}
_PLAIN: Final[Mapping[ValueType, tuple[Any, ...]]] = {
    ValueType.TEXT: ("", "something else"),
    ValueType.INT: (0, 1, 50, 1_000),
    ValueType.NUMBER: (0.0, 0.5, 1.0, 100.0),
    ValueType.BOOL: (True, False),
    ValueType.TIME: (NOON_US - 400 * DAY_US, NOON_US - DAY_US, NOON_US + DAY_US),
    ValueType.DURATION: (0, DAY_US, 400 * DAY_US),
}


@attrs.frozen
class Told:
    """
    A customer at a moment.

    Attributes:
        snapshot: What is known.
        consents: A yes to everything.
        context: What the caller tells.
        now_us: The moment [us since 1970].
    """

    snapshot: Snapshot
    consents: Consents
    context: Mapping[str, Any]
    now_us: int


class Telling:
    """Makes customers of one policy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._compared = _compared(policy)
        self._begins_us = sorted({max(one.from_us, 0) for one in policy.offers})

    def one(self, chance: Random, offer: Offer | None = None) -> Told:
        """Return a customer at a moment, as chance has it, at which an offer runs."""
        policy = self._policy
        from_us = chance.choice(self._begins_us) if offer is None else offer.from_us
        until_us = NEVER_US if offer is None else offer.until_us
        now_us = min((from_us if from_us > 0 else NOON_US) + chance.randrange(24) * _HOUR_US, until_us - 1)
        values = {one.name: self._value(chance, f"profile.{one.name}", one.type) for one in policy.attributes}
        seen = {
            name: Observation(value, Source.STATED, now_us - chance.choice((0, DAY_US)))
            for name, value in values.items()
            if chance.random() > _ABSENT
        }
        said = (Consent(one.name, ConsentState.GIVEN, How.EXPLICIT, now_us) for one in policy.purposes if one.asks)
        context = {one.name: self._value(chance, f"context.{one.name}", one.type) for one in policy.context}
        return Told(Snapshot("someone", now_us, seen), Consents(tuple(said), now_us), context, now_us)

    def _value(self, chance: Random, name: str, type_: ValueType) -> Any:
        if type_ is ValueType.SCORES:
            return {one.name: chance.random() for one in self._policy.topics}
        element = _ELEMENTS.get(type_, type_)
        compared = [value for kind, value in self._compared[name] if kind is element]
        if type_ is not element:
            pool = compared or _PLAIN[element]
            return tuple(chance.sample(pool, chance.randint(0, min(3, len(pool)))))
        if type_ is ValueType.TIME:
            lengths = [value for kind, value in self._compared[name] if kind is ValueType.DURATION]
            compared += [NOON_US + sign * value for value in lengths for sign in (1, -1)]
        return chance.choice(compared if compared and chance.random() > _ABSENT else _PLAIN[type_])


@attrs.frozen
class Plainly:
    """What rules can read of a customer, whatever hides it in a decision."""

    policy: Policy
    told: Told

    def value(self, name: str) -> Any:
        """Return a variable's value or UNKNOWN."""
        space, _, rest = name.partition(".")
        if space == "profile":
            seen = self.told.snapshot.attributes.get(rest)
            return UNKNOWN if seen is None else seen.value
        if space == "segment":
            return evaluate(next(one.when for one in self.policy.segments if one.name == rest), self)
        if space == "context":
            return self.told.context.get(rest, UNKNOWN)
        return self.told.now_us if name == "now" else UNKNOWN

    def missing(self, name: str) -> Any:
        """Return whether an attribute has no value."""
        return self.value(name) is UNKNOWN


def _compared(policy: Policy) -> dict[str, list[tuple[ValueType, Any]]]:
    """Return by variable what the policy's rules compare it with, and what lies beside that, each with its type."""
    found: dict[str, dict[tuple[ValueType, Any], None]] = defaultdict(dict)
    rules = [rule for offer in policy.offers for rule in (offer.when, *offer.unless)]
    rules += [*(one.when for one in policy.segments), *(one.when for one in policy.ranking.boosts)]
    for rule in rules:
        over = {one.local: one.over for one in walk(rule) if isinstance(one, Quantifier)}
        for call in walk(rule):
            if isinstance(call, Call):
                beside = dict.fromkeys(pair for one in call.args for pair in _constants(one))
                for name in _variables(call, over):
                    found[name] |= beside
    return defaultdict(list, {name: list(values) for name, values in found.items()})


def _variables(call: Call, over: Mapping[str, Expr]) -> Iterator[str]:
    """Yield the variables in a call's arguments; that of a quantifier is what it goes over."""
    for arg in call.args:
        named = over.get(arg.name, arg) if isinstance(arg, Local) else arg
        yield from (one.name.replace("protective.", "profile.") for one in walk(named) if isinstance(one, Var))


def _constants(arg: Expr) -> Iterator[tuple[ValueType, Any]]:
    for one in walk(arg):
        if isinstance(one, Const):
            element = _ELEMENTS.get(one.type, one.type)
            values: tuple[Any, ...] = one.value if isinstance(one.value, tuple) else (one.value,)
            for value in values:
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                beside = (value, value + 1, value - 1) if is_number else (value,)
                yield from ((element, other) for other in beside)
