"""Equality and membership tests on the context as look-ups: one per attribute, however many offers test it.

A rule that is content with something else too, such as `context.page == "cart" || profile.visits > 5`, is looked up as
well: for whom the rest surely holds, it is spared the test.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import attrs

from ..expr import Expr, conjunction, disjunction, disjuncts
from ..pieces import in_pieces
from ..schema import Value
from .clauses import clauses
from .either import Either, Halves, eithers_of, halved, merged, shared
from .fuse import Fused, fuse_requirements, is_momentary
from .requirements import ContextTest, Requirement, context_test, names_channel
from .slots import Slots


@attrs.frozen(eq=False)
class ContextLookup:
    """
    Tests on one context attribute, at most one of each treatment.

    Attributes:
        slot: The attribute's index in the context.
        allow: The treatments that stay allowed, by value.
        otherwise: The treatments that stay allowed for any other value, and for none.
        spare: Gives the treatments of which what they ask instead surely holds; None if nothing else will do.
    """

    slot: int
    allow: Mapping[Value | None, int]
    otherwise: int
    spare: Fused | None


@attrs.frozen(eq=False)
class _Looked:
    """A requirement that a test on the context meets, and the same one without the test; None if nothing is left."""

    test: ContextTest
    bits: int
    instead: Requirement | None


@attrs.define(eq=False)
class _Layer:
    """Tests of different treatments, and all of these."""

    bits: int = 0
    tests: list[_Looked] = attrs.field(factory=list)


class Index(NamedTuple):
    """
    How requirements are looked at.

    Attributes:
        lookups: Tests of one context attribute, looked up by its value.
        eithers: Other tests of the moment, or something that stands.
        left: What is left to be evaluated.
    """

    lookups: tuple[ContextLookup, ...]
    eithers: tuple[Either, ...]
    left: tuple[Requirement, ...]


def indexed(slots: Slots, requirements: Sequence[Requirement], everything: int) -> Index:
    """Return how requirements are looked at: by few look-ups and tests, however many ask for them."""
    index = {attribute.name: number for number, attribute in enumerate(slots.context)}
    layers: dict[tuple[str, bool], list[_Layer]] = {}
    left: list[Requirement] = []
    halves: list[Halves] = []
    for one, parts in _pieces(requirements):
        found = _looked(one)
        half = halved(one, parts, disjunction if one.kind == "when" else conjunction)
        if found is not None and found.test.attribute in index:
            _lay(layers.setdefault((found.test.attribute, found.instead is None), []), found)
        elif half is not None and (half.instead is not None or half.member is not None):
            halves.append(half)
        else:
            left.append(shared(one) if half is not None else one)
    lookups = (
        _lookup(slots, index[attribute], layer, everything)
        for (attribute, _), several in layers.items()
        for layer in several
    )
    return Index(tuple(lookups), eithers_of(slots, halves, everything), tuple(merged(left)))


def _pieces(requirements: Sequence[Requirement]) -> Iterator[tuple[Requirement, tuple[Expr, ...]]]:
    """Yield requirements with the parts of which one is enough; what asks the moment is split into its clauses."""
    split: list[tuple[Requirement, tuple[Expr, ...]]] = []
    for one in in_pieces(requirements):
        if one.kind == "content" or not is_momentary(one.expr):
            yield one, (one.expr,)
            continue
        join = disjunction if one.kind == "when" else conjunction
        found = clauses(one.expr, wanted=one.kind == "when")
        split += [(attrs.evolve(one, expr=join(parts)), parts) for parts in found]
    parts_of = {one.expr: parts for one, parts in split}
    for one in in_pieces(merged(one for one, _ in split)):
        yield one, parts_of[one.expr]


def _looked(requirement: Requirement) -> _Looked | None:
    """Return a requirement as it is looked up, if it can be."""
    if requirement.kind != "when":
        return None
    parts = [(part, context_test(part)) for part in disjuncts(requirement.expr)]
    tests = [test for _, test in parts if test is not None]
    others = tuple(part for part, test in parts if test is None)
    if len({test.attribute for test in tests}) != 1 or any(is_momentary(one) or names_channel(one) for one in others):
        return None
    test = ContextTest(tests[0].attribute, tuple(value for test in tests for value in test.values))
    instead = attrs.evolve(requirement, expr=disjunction(others)) if others else None
    return _Looked(test, requirement.bits, instead)


def _lay(layers: list[_Layer], found: _Looked) -> None:
    """Put a test into the first layer in which no treatment of it has another one."""
    layer = next((layer for layer in layers if not layer.bits & found.bits), None)
    if layer is None:
        layer = _Layer()
        layers.append(layer)
    layer.bits |= found.bits
    layer.tests.append(found)


def _lookup(slots: Slots, slot: int, layer: _Layer, everything: int) -> ContextLookup:
    met: dict[Value | None, int] = {}
    for one in in_pieces(layer.tests):
        for value in one.test.values:
            met[value] = met.get(value, 0) | one.bits
    otherwise = everything & ~layer.bits
    instead = [one.instead for one in layer.tests if one.instead is not None]
    spare = fuse_requirements(slots, instead, everything) if instead else None
    return ContextLookup(slot, {value: otherwise | bits for value, bits in met.items()}, otherwise, spare)
