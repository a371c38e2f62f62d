"""Random guardrails: houses, whose every limit is random, and those that are installed, with random settings."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

import attrs

from ...catalog import Catalog
from ...errors import PluginError
from ...expr import Expr
from ...familiarity import Familiarity
from ...hookspecs import hookimpl
from ...limits import (
    Always,
    AtMost,
    Cap,
    Hide,
    Limit,
    LimitRule,
    Quiet,
    RankBlind,
    Require,
    Scope,
    Unless,
    UpTo,
    When,
    Withhold,
)
from ...policy import Dial, PluginUse, Policy
from ...registry import Registry
from ...schema import Source
from .caps import LENGTHS_S, cap, quiet
from .chance import NOWHERE, Chance
from .rules import Rules
from .words import Words

#: The houses; a policy may name them in any order.
HOUSES: Final = ("attic", "house", "yard")
_LEVELS: Final = tuple(Familiarity)
#: What a house limits: offers' treatments by the ids of both, so that it means the same when the policy changes.
Members = frozenset[tuple[str, str]]


@attrs.frozen
class Ask:
    """One limit of a house: the rule, whose scope is still empty, what it is for, and what may stand in for that."""

    rule: LimitRule
    members: Members
    instead: Members = frozenset()


@attrs.frozen
class House:
    """A guardrail that asks what it was told to ask."""

    name: ClassVar[str] = "house"

    asks: tuple[Ask, ...] = ()

    def scope(self, catalog: Catalog) -> Scope:
        """Return all that any of its limits is for; what is hidden can concern any."""
        if any(isinstance(ask.rule.limit, Hide | Require) for ask in self.asks):
            return catalog.all
        return _scope(catalog, frozenset[tuple[str, str]]().union(*(ask.members | ask.instead for ask in self.asks)))

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield its limits."""
        for ask in self.asks:
            limit = ask.rule.limit
            if not isinstance(limit, Hide | Require):
                limit = attrs.evolve(limit, scope=_scope(catalog, ask.members))
            if isinstance(limit, Cap):
                limit = attrs.evolve(limit, instead=_scope(catalog, ask.instead))
            yield attrs.evolve(ask.rule, limit=limit)

    def sentence(self) -> str:
        """Return its line in the policy document."""
        return "The house has its rules."


@attrs.frozen
class Attic(House):
    """Another one, first by its name."""

    name: ClassVar[str] = "attic"


@attrs.frozen
class Yard(House):
    """Another one, last by its name."""

    name: ClassVar[str] = "yard"


class Houses:
    """The plugin that brings them."""

    @staticmethod
    @hookimpl
    def tactful_guardrails() -> Iterable[type]:
        """Bring the houses."""
        return [House, Attic, Yard]


def _scope(catalog: Catalog, members: Members) -> Scope:
    return catalog.where(lambda entry: (entry.offer.id, entry.treatment.id) in members)


def asks(chance: Chance, words: Words, policy: Policy, house: str) -> tuple[tuple[Ask, ...], dict[str, Expr]]:
    """Return the limits of a house, and their conditions by the text that stands for each."""
    limits = _Limits(chance, words, policy)
    consents = tuple(name for name in words.guardrails if name.endswith((".given", ".refused", ".at")))
    rules = Rules(chance, words.guardrails, words.values, often=(*consents, *words.moment, *words.protective))
    apart = chance.apart()
    direct = Rules(apart, {**words.guardrails, **words.direct}, words.values, often=tuple(words.direct))
    found: list[Ask] = []
    conditions: dict[str, Expr] = {}
    counts = chance.happens(0.2)  # a house that asks for caps alone, so that they meet each other
    for number in range(chance.of((1, 2, 3, 4))):
        limit = cap(chance, words) if counts else limits.limit()
        text = f"{house} {number}"
        rule: LimitRule
        if isinstance(limit, Require | Cap | Quiet) or chance.happens(0.4):
            rule = Always(limit, "because", id=f"r{number}")
        else:
            is_when = chance.happens(0.5)
            rule = (When if is_when else Unless)(text, limit, "because", id=f"r{number}")
            if not chance.is_odd(0.05):  # else it is broken: its condition was not compiled
                condition = rules.condition()
                conditions[text] = direct.condition() if apart.happens(0.15) else condition
        replaces = isinstance(limit, Cap) and limit.then == "replace"
        found.append(Ask(rule, limits.members(), limits.members() if replaces else frozenset()))
    return tuple(found), conditions


@attrs.frozen
class _Limits:
    """Makes limits for one policy; the scope of each is still empty."""

    chance: Chance
    words: Words
    policy: Policy

    def limit(self) -> Limit:
        chance, nothing = self.chance, Scope()
        match chance.number(0, 9):
            case 0:
                return Withhold(nothing)
            case 1:
                return UpTo(nothing, chance.of(_LEVELS), chance.of(_LEVELS))
            case 2:
                return RankBlind(nothing)
            case 3 | 4 | 5:
                return self._quota()
            case 6:
                return Hide(self._attributes(), self._purposes())
            case 7:
                return self._requirement()
            case 8 if chance.happens(0.4):
                return quiet(chance, self.words)
        return cap(chance, self.words)

    def _quota(self) -> AtMost:
        chance = self.chance
        count = chance.of((0, 1, 1, 1, 2, 3)) if chance.happens(0.5) else None
        share = chance.of((0.0, 0.2, 0.34, 0.5, 0.5, 0.67, 1.0)) if count is None or chance.happens(0.3) else None
        return AtMost(Scope(), count, share)

    def _requirement(self) -> Require:
        chance = self.chance
        apart = chance.apart()
        return Require(
            self._attributes(),
            self._purposes(),
            chance.of((0.0, 0.5, 0.8)),
            frozenset(chance.some(tuple(Source), 4)) if chance.happens(0.5) else None,
            chance.of(LENGTHS_S) if chance.happens(0.5) else None,
            first_party=chance.happens(0.3),
            min_age_s=chance.of(LENGTHS_S) if chance.happens(0.3) else None,
            channels=chance.some(self.words.channels, 2) if chance.happens(0.3) else (),
            lease_s=apart.of(LENGTHS_S) if apart.happens(0.2) else None,
        )

    def members(self) -> Members:
        chance = self.chance
        share = chance.of((0.3, 0.5, 0.7, 1.0, 0.0 if chance.wild else 1.0))
        return frozenset(
            (offer.id, treatment.id)
            for offer in self.policy.offers
            for treatment in offer.treatments
            if chance.happens(share)
        )

    def _attributes(self) -> tuple[str, ...]:
        names = tuple(self.words.attributes)
        # A guardrail that names what is not there is broken.
        return self.chance.some((*names, NOWHERE) if self.chance.is_odd(0.05) else names)

    def _purposes(self) -> tuple[str, ...]:
        return self.chance.some(self.words.purposes, 2) if self.chance.happens(0.3) else ()


def use(chance: Chance, registry: Registry, name: str, dial: Dial) -> PluginUse:
    """Return a use of an installed guardrail with random settings, as far as it takes them."""
    settings: dict[str, object] = {}
    for field in attrs.fields(registry.guardrails[name].cls):
        if not chance.happens(0.4):
            continue
        before = settings.pop(field.name, None)
        settings[field.name] = chance.of(_candidates(field))
        try:
            registry.guardrail(PluginUse(name, settings=settings), dial)
        except PluginError:
            del settings[field.name]
            if before is not None:
                settings[field.name] = before
    return PluginUse(name, settings=settings)


def _candidates(field: "attrs.Attribute[Any]") -> tuple[object, ...]:
    """Return what a setting may be, by its default; the guardrail says what it takes."""
    options = getattr(field.validator, "options", None)
    if isinstance(options, Mapping | Iterable) and options:
        return tuple(options)
    match field.default:
        case bool():
            return (True, False)
        case float():
            return (0.0, 0.2, 0.34, 0.5, 0.8, 1.0)
        case int():
            return (0, *LENGTHS_S)
        case str():
            return ("a", "b", "", "k0", "p0")
    places = {"p0": ["mail", "broker", "third-party"]}
    return (("explicit",), ("explicit", "double_opt_in", "implied"), ("t0",), ("a0",), places)


#: Compiles a guardrail's condition; None if it is no rule here.
Compile = Callable[[str], Expr | None]


def with_guardrails(policy: Policy, registry: Registry, compile_: Compile | None, more: Mapping[str, Expr]) -> Policy:
    """
    Return a policy with the conditions of the guardrails that it names.

    Args:
        policy: The policy.
        registry: The guardrails that it can name.
        compile_: Compiles those that come as text; None leaves them out, so that their guardrails are broken.
        more: Conditions that come as trees.
    """
    conditions = dict(more)
    catalog = Catalog(policy)
    for guardrail in policy.guardrails if compile_ is not None else ():
        if guardrail.name in HOUSES:
            continue
        for _, rule in registry.rules(guardrail, catalog).rules:
            compiled = None if isinstance(rule, Always) or compile_ is None else compile_(rule.condition)
            if not isinstance(rule, Always) and compiled is not None:
                conditions[rule.condition] = compiled
    return attrs.evolve(policy, conditions=tuple(sorted(conditions.items())))
