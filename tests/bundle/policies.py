"""Policies of every shape that the format can hold, meaningful or not: by the types of the fields, not by the codec."""

import enum
import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st

from tactful import Policy, ValueType
from tactful.clock import NEVER_US
from tactful.expr import Call, Const, Expr, Local, Quantifier, Var
from tactful.policy import Values
from tactful.schema import Value

WORDS = st.text(max_size=6)
WHOLE = st.integers(-NEVER_US, NEVER_US)
NUMBERS = st.floats(allow_nan=False)
INT64 = st.integers(-NEVER_US - 1, NEVER_US)
BY_TYPE = {
    ValueType.TEXT: WORDS,
    ValueType.INT: INT64,
    ValueType.NUMBER: NUMBERS,
    ValueType.BOOL: st.booleans(),
    ValueType.TIME: st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999),
    ValueType.DURATION: INT64,
    ValueType.TEXTS: st.lists(WORDS, max_size=3).map(tuple),
    ValueType.INTS: st.lists(INT64, max_size=3).map(tuple),
    ValueType.NUMBERS: st.lists(NUMBERS, max_size=3).map(tuple),
    ValueType.SCORES: st.dictionaries(WORDS, st.floats(0, 1e300), max_size=3),
}
TYPES = st.sampled_from(ValueType)
SETTINGS = st.recursive(
    st.none() | st.booleans() | WHOLE | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def rules() -> st.SearchStrategy[Expr]:
    leaves = TYPES.flatmap(lambda type_: st.builds(Const, st.just(type_), BY_TYPE[type_]))
    leaves |= st.builds(Var, WORDS, TYPES) | st.builds(Local, WORDS, TYPES)
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(Call, WORDS, st.lists(inner, max_size=3).map(tuple), TYPES)
            | st.builds(Quantifier, WORDS, WORDS, inner, inner, TYPES)
        ),
        max_leaves=6,
    )


RULES = rules()


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation, except for a `Value`, whose type stands beside it."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint == Expr:
        return RULES
    if hint is object:
        return SETTINGS
    if origin in (Union, types.UnionType):
        rule = [RULES] if any(one is Var for one in inner) else []
        others = [one for one in inner if one not in (Const, Var, Local, Call, Quantifier)]
        return st.one_of(*rule, *(st.none() if one is type(None) else of(one) for one in others))
    if origin is tuple:
        return st.lists(of(inner[0]), max_size=2).map(tuple) if inner[1:] == (...,) else st.tuples(*map(of, inner))
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(WORDS, of(inner[1]), max_size=2)
    if issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    return nouns(hint) if attrs.has(hint) else {str: WORDS, int: WHOLE, float: NUMBERS, bool: st.booleans()}[hint]


def nouns(cls: type) -> st.SearchStrategy[Any]:
    hints = get_type_hints(cls)
    valued = [name for name, hint in hints.items() if hint in (Value, Value | None)]
    plain = {name: of(hint) for name, hint in hints.items() if name not in valued}
    if cls is Values:
        plain["signatures"] = st.integers(-9, 1)  # one key signs them
    if not valued:
        return st.builds(cls, **plain)

    def with_type(type_: ValueType) -> st.SearchStrategy[Any]:
        values = {name: st.none() | BY_TYPE[type_] for name in valued}
        return st.builds(cls, **{**plain, **values, "type": st.just(type_)})

    return TYPES.flatmap(with_type)


POLICIES = nouns(Policy)
