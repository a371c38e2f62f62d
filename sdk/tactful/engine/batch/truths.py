"""Truths: what conditions come to for many customers, each evaluated once for each distinct value of what it reads.

Conditions that read the same are one function, the very one that a single decision would call.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from ...expr import FALSE, TRUE, Expr, Var, walk
from ...plan.bounds import Bound
from ...plan.fuse import Fused, fuse_bounds, fuse_requirements
from ...plan.plan import ChannelPlan, Plan
from ...plan.slots import Slots
from .columns import Codes
from .fields import Field, Fields, Key, Seen

#: Treatments as bits, in words of 64.
Words = NDArray[np.uint64]
_WORD_BYTES: Final = 8
#: Combinations of values are numbered without sorting up to so many for each customer, and so many in any case.
_DENSE: Final = 4
_SMALL: Final = 1024
_SIZE_MAX: Final = 2**40


@attrs.frozen(eq=False)
class Reading:
    """Conditions that read the same fields, as one function."""

    keys: tuple[Key, ...]
    function: Fused


def words(treatments: int, count: int) -> Words:
    """Return a set of treatments as words, so many of them."""
    return np.frombuffer(treatments.to_bytes(count * _WORD_BYTES, "little"), dtype=np.uint64)


def guarding(plan: Plan, channel: ChannelPlan) -> tuple[Reading, ...]:
    """Return the bounds that depend on the customer or the moment, by what they read."""

    def make() -> tuple[Reading, ...]:
        groups: dict[tuple[Key, ...], list[tuple[Bound, int]]] = {}
        for bound, flags in zip(channel.bounds, channel.flag_of, strict=True):
            if bound.condition not in (TRUE, FALSE):
                groups.setdefault(_keys(plan.slots, bound.condition, None), []).append((bound, flags))
        return tuple(Reading(keys, fuse_bounds(plan.slots, some, plan.everything)) for keys, some in groups.items())

    return plan.once(("guarding", channel.channel.name), make)


def needing(plan: Plan, channel: ChannelPlan) -> tuple[Reading, ...]:
    """Return what treatments need, by what it reads."""

    def make() -> tuple[Reading, ...]:
        groups: dict[tuple[Key, ...], list[int]] = {}
        needed = [plan.requirement_on(number, channel.channel.name) for number in range(len(plan.requirements))]
        for number, one in enumerate(needed):
            groups.setdefault(_keys(plan.slots, one.expr, one.purpose), []).append(number)
        return tuple(
            Reading(keys, fuse_requirements(plan.slots, [needed[n] for n in some], plan.everything))
            for keys, some in groups.items()
        )

    return plan.once(("needing", channel.channel.name), make)


def _keys(slots: Slots, expr: Expr, purpose: int | None) -> tuple[Key, ...]:
    """Return where the variables of a condition lie, in a fixed order; what lies nowhere is unknown to the function."""
    found: set[Key] = set()
    for node in walk(expr):
        if isinstance(node, Var) and node.name != "now" and (place := slots.place(node, purpose)) is not None:
            space, index = place
            found.add(("p", int(space[1:]), index) if space.startswith("p") else (space, -1, index))
    return tuple(sorted(found))


class Rows:
    """
    What is left to each customer, and the flags that are set.

    Attributes:
        allowed: Customers by words: the treatments that are left.
        flags: The flags, as bits.
    """

    def __init__(self, count: int, allowed: Words, flags: int) -> None:
        self.allowed: Words = np.tile(allowed, (count, 1))
        self.flags: NDArray[np.int64] = np.full(count, flags, dtype=np.int64)

    def meet(self, codes: Codes | None, allowed: Sequence[int], flags: Sequence[int] = ()) -> None:
        """Leave what is allowed by each customer's code; without codes, all have the one."""
        width = self.allowed.shape[1]
        if codes is None or allowed.count(allowed[0]) == len(allowed):
            self.allowed &= words(allowed[0], width)
        else:
            table = np.frombuffer(b"".join(one.to_bytes(8 * width, "little") for one in allowed), dtype=np.uint64)
            self.allowed &= np.take(table.reshape(-1, width), codes, axis=0)
        if any(flags):
            self.flags |= np.array(flags, dtype=np.int64)[0 if codes is None else codes]


def apply(
    plan: Plan, readings: Iterable[Reading], fields: Fields, hidden: tuple[int, ...], now_us: int, rows: Rows
) -> None:
    """Leave to each customer what conditions allow, and set the flags that they set."""
    for one in readings:
        codes, combinations = combined([fields.field(key, hidden) for key in one.keys])
        said = [one.function(*_views(plan, one.keys, combination), now_us) for combination in combinations]
        rows.meet(codes, [allow for allow, _, _ in said], [flags for _, flags, _ in said])


def holding(
    plan: Plan, expr: Expr, function: Callable[..., object], fields: Fields, hidden: tuple[int, ...], now_us: int
) -> NDArray[np.bool_]:
    """Return for whom a condition that sees no profile surely holds."""
    keys = _keys(plan.slots, expr, None)
    codes, combinations = combined([fields.field(key, hidden) for key in keys])
    said = np.array([bool(function(*_views(plan, keys, one), now_us)) for one in combinations])
    return said[np.zeros(len(fields), dtype=np.int32) if codes is None else codes]


def combined(fields: Sequence[Field]) -> tuple[Codes | None, list[tuple[Seen, ...]]]:
    """Return the distinct combinations of values, and which one each customer has; of no fields, one for all."""
    if not fields:
        return None, [()]
    whole = fields[0].codes.astype(np.int64)
    size = len(fields[0].values)
    for one in fields[1:]:
        if size * len(one.values) > _SIZE_MAX:
            whole = np.unique(whole, return_inverse=True)[1].astype(np.int64)
            size = len(whole)
        whole = whole * len(one.values) + one.codes
        size *= len(one.values)
    codes, rows = _numbered(whole, size)
    return codes, [tuple(one.values[one.codes[row]] for one in fields) for row in rows]


def _numbered(whole: NDArray[np.int64], size: int) -> tuple[Codes, list[int]]:
    """Return numbers below a size as numbers without gaps, and for each of these a row that has it."""
    if size > max(_DENSE * len(whole), _SMALL):
        _, rows, codes = np.unique(whole, return_index=True, return_inverse=True)
        return codes.astype(np.int32), rows.tolist()
    row_of = np.full(size, -1, dtype=np.int64)
    row_of[whole] = np.arange(len(whole))
    there = np.flatnonzero(row_of >= 0)
    places = np.zeros(size, dtype=np.int32)
    places[there] = np.arange(len(there), dtype=np.int32)
    return places[whole], row_of[there].tolist()


def _views(plan: Plan, keys: Sequence[Key], values: Sequence[Seen]) -> tuple[object, ...]:
    """Return what a compiled function reads: views, seen slots, protective view, what is known, and the context."""
    slots = plan.slots
    views: dict[int, list[object]] = {
        purpose: [None] * len(slots.attributes) for space, purpose, _ in keys if space == "p"
    }
    seen = dict.fromkeys(views, 0)
    others: dict[str, list[object]] = {
        "q": [None] * (len(slots.protective) + 2 * len(slots.direct)),
        "k": [None] * len(slots.known),
        "c": [None] * len(slots.context),
    }
    for (space, purpose, index), (value, is_empty) in zip(keys, values, strict=True):
        if space == "p":
            views[purpose][index] = value
            seen[purpose] |= is_empty << index
        else:
            others[space][index] = value
    return views, seen, others["q"], others["k"], others["c"]
