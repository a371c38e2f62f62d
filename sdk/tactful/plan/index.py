"""Equality and membership tests on the context as look-ups: one per attribute, however many offers test it."""

from collections.abc import Iterable, Mapping

import attrs

from ..schema import Value
from .requirements import ContextTest


@attrs.frozen(eq=False)
class ContextLookup:
    """
    All tests on one context attribute.

    Attributes:
        slot: The attribute's index in the context.
        allow: The treatments that stay allowed, by value.
        otherwise: The treatments that stay allowed for any other value, and for none.
    """

    slot: int
    allow: Mapping[Value | None, int]
    otherwise: int


def build_lookups(
    tests: Iterable[tuple[ContextTest, int]], slots: Mapping[str, int], everything: int
) -> tuple[ContextLookup, ...]:
    """Return a look-up for each context attribute that the tests (each with the treatments that need it) test."""
    by_attribute: dict[str, list[tuple[ContextTest, int]]] = {}
    for test, bits in tests:
        by_attribute.setdefault(test.attribute, []).append((test, bits))
    lookups = []
    for attribute, group in by_attribute.items():
        allow: dict[Value | None, int] = {}
        for value in {value for test, _ in group for value in test.values}:
            allow[value] = everything
            for test, bits in group:
                if value not in test.values:
                    allow[value] &= ~bits
        otherwise = everything
        for _, bits in group:
            otherwise &= ~bits
        lookups.append(ContextLookup(slots[attribute], allow, otherwise))
    return tuple(lookups)
