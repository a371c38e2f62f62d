"""Factors: what a ranker asks of the order of offers, taken only if each is exactly what it should be. It ranks none.

Types are compared as they are, and what is taken is a copy, as for the limits of guardrails (`answers`).
"""

import math
from collections.abc import Iterable
from itertools import islice
from typing import Final

import attrs

from .catalog import Catalog
from .errors import PluginError
from .limits import Scope

#: Each of them is looked at in every decision.
FACTORS_MAX: Final = 16
#: No factor is greater, and none is smaller than its inverse.
TIMES_MAX: Final = 100.0
_WORDS_MAX_CHARS: Final = 1_000


@attrs.frozen
class Factor:
    """
    A factor on the worth of some offers, while a condition on the moment is surely true.

    It changes the order of what may be shown, and never what may be: help comes first all the same, a limit limits all
    the same.

    Attributes:
        when: A rule over context, channel and time; no personal value can be read.
        times: The factor, 0.01 to 100.
        scope: The offers that it concerns, those of any treatment in it.
    """

    when: str
    times: float
    scope: Scope


def factors_of(answer: Iterable[object], catalog: Catalog) -> tuple[Factor, ...]:
    """
    Return the factors that a ranker yields; those that concern no offer are left out.

    Raises:
        PluginError: At the first that is not exactly what it should be, or if there are too many.
    """
    found: list[Factor] = []
    for number, one in enumerate(islice(answer, FACTORS_MAX + 1), 1):
        if number > FACTORS_MAX:
            raise PluginError(f"it yields more than {FACTORS_MAX} factors")
        if type(one) is not Factor:
            raise PluginError(f"factor {number} is no Factor")
        when, times, scope = one.when, one.times, one.scope
        if type(when) is not str or not when.isprintable() or not 0 < len(when) <= _WORDS_MAX_CHARS:
            raise PluginError(f"factor {number}: when= is no rule in one line")
        if type(times) not in (int, float) or not math.isfinite(times) or not 1 / TIMES_MAX <= times <= TIMES_MAX:
            raise PluginError(f"factor {number}: times= is not from {1 / TIMES_MAX:g} to {TIMES_MAX:g}")
        if type(scope) is not Scope or type(scope.bits) is not int or scope.bits < 0 or scope.bits & ~catalog.all.bits:
            raise PluginError(f"factor {number}: scope= is no Scope of this catalog")
        if scope.bits:
            found.append(Factor(when, float(times), Scope(scope.bits)))
    return tuple(found)
