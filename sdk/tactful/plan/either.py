"""Rules that the moment meets or something that stands, such as `context.hour > 18 || profile.visits > 5`.

What stands is worked out once for a customer, and what the moment says once for all who ask the same of it: the work of
a decision grows with what is asked of the moment, and not with the offers that ask it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs

from ..clock import NEVER_US
from ..expr import Call, Const, Expr, Local, Quantifier, Var, reads
from ..pieces import in_pieces
from ..schema import ValueType
from .fuse import Fused, Truth, fuse_requirements, is_momentary
from .requirements import Requirement, names_channel
from .slots import Slots


@attrs.frozen(eq=False)
class Either:
    """
    Tests on the moment, at most one of each treatment.

    Attributes:
        met: Gives the treatments whose test is met at a moment; those that have none among them.
        spare: Gives the treatments of which what they ask instead surely holds; None if nothing else will do.
    """

    met: Fused
    spare: Fused | None


@attrs.frozen(eq=False)
class Halves:
    """A requirement in two: what is asked of the moment, and what will do instead; None if nothing."""

    moment: Requirement
    instead: Requirement | None

    @property
    def member(self) -> tuple[str, object] | None:
        """The list of the context, and the value that must be in it, if the moment is asked nothing else."""
        return _member(self.moment.expr) if self.moment.kind == "when" else None


@attrs.define(eq=False)
class Layer:
    """Halves of different treatments, and all of these."""

    bits: int = 0
    halves: list[Halves] = attrs.field(factory=list)


def halved(requirement: Requirement, parts: Sequence[Expr], join: Callable[[tuple[Expr, ...]], Expr]) -> Halves | None:
    """
    Return a requirement in two; None if it asks nothing of the moment, or reads the channel, which is folded later.

    Args:
        requirement: The requirement.
        parts: The parts of its clause.
        join: Makes one expression of parts of a clause.
    """
    moment = tuple(part for part in parts if is_momentary(part))
    instead = tuple(part for part in parts if not is_momentary(part))
    if not moment or names_channel(requirement.expr):
        return None
    other = attrs.evolve(requirement, expr=join(instead)) if instead else None
    return Halves(shared(attrs.evolve(requirement, expr=join(moment))), other)


def shared(requirement: Requirement) -> Requirement:
    """Return a requirement under the first purpose if it is the same under all, as it reads no profile."""
    reads_profile = any(name.startswith("profile.") for name in reads(requirement.expr))
    return requirement if reads_profile else attrs.evolve(requirement, purpose=0)


def merged(requirements: Iterable[Requirement]) -> list[Requirement]:
    """Return those that ask the same as one, of all the treatments that ask it."""
    found: dict[tuple[object, ...], Requirement] = {}
    for one in in_pieces(requirements):
        key = one.kind, one.purpose, one.expr
        same = found.get(key)
        found[key] = one if same is None else attrs.evolve(same, bits=same.bits | one.bits)
    return list(found.values())


def eithers_of(slots: Slots, halves: Iterable[Halves], everything: int) -> tuple[Either, ...]:
    """Return what gives all treatments of which one half is met, or both; for each layer of different treatments."""
    members: list[Layer] = []
    others: list[Layer] = []
    for one in in_pieces(halves):
        _lay(others if one.member is None else members, one)
    by_member = (_either(slots, layer, _by_member(slots, layer, everything)) for layer in members)
    by_test = (
        _either(slots, one, fuse_requirements(slots, merged(it.moment for it in one.halves), everything))
        for one in others
    )
    return (*by_member, *by_test)


def _lay(layers: list[Layer], one: Halves) -> None:
    bits = one.moment.bits
    layer = next((layer for layer in layers if not layer.bits & bits and _goes_with(layer, one)), None)
    if layer is None:
        layers.append(layer := Layer())
    layer.bits |= bits
    layer.halves.append(one)


def _goes_with(layer: Layer, one: Halves) -> bool:
    """Return whether two look into the same list, if they look into one."""
    member = layer.halves[0].member if layer.halves else None
    return member is None or one.member is None or member[0] == one.member[0]


def _either(slots: Slots, layer: Layer, met: Fused) -> Either:
    instead = merged(one.instead for one in layer.halves if one.instead is not None)
    asked = sum(one.bits for one in instead)  # of different treatments
    spare = fuse_requirements(slots, instead, asked) if instead else None
    return Either(met, spare)


def _member(expr: Expr) -> tuple[str, object] | None:
    match expr:
        case Call("in", (Const(_, value), Var(name, type=type_))):
            pass
        case Quantifier("exists", local, Var(name, type=type_), Call("==", (one, other))):
            match (one, other) if isinstance(one, Local) else (other, one):
                case Local(at), Const(_, value) if at == local:
                    pass
                case _:
                    return None
        case _:
            return None
    listed = type_ in (ValueType.TEXTS, ValueType.INTS) and name.startswith("context.")
    return (name.removeprefix("context."), value) if listed else None


def _by_member(slots: Slots, layer: Layer, everything: int) -> Fused:
    """Return the look-up of what is in a list of the context: the items are asked, and not the rules."""
    allow: dict[object, int] = {}
    slot = -1
    for one in layer.halves:
        if one.member is not None:
            name, value = one.member
            slot = slots.context_slot(name)
            allow[value] = allow.get(value, 0) | one.moment.bits
    return _looking_up(slot, allow, everything & ~layer.bits)


def _looking_up(slot: int, allow: Mapping[object, int], otherwise: int) -> Fused:
    def met(v: object, n: object, q: object, k: object, c: tuple[tuple[object, ...] | None, ...], now: int) -> Truth:  # noqa: ARG001 - as any of them
        found = otherwise
        for item in c[slot] or ():
            found |= allow.get(item, 0)
        return found, 0, NEVER_US

    return met
