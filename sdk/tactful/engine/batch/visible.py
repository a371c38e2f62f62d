"""Visible: which values of many customers exist under a purpose, as `mask` says of one. It knows no rule."""

import numpy as np
from numpy.typing import NDArray

from ...clock import NEVER_US, SKEW_US
from ...plan.visibility import Demand
from .columns import Told

Flags = NDArray[np.bool_]


def exists(told: Told, demand: Demand, now_us: int) -> Flags:
    """
    Return for which customers a value meets what is demanded of it at a moment.

    Args:
        told: What is known about the values.
        demand: What is demanded.
        now_us: The moment [us since 1970].
    """
    fit = np.array([_fits(demand, *sort) for sort in told.sorts], dtype=np.bool_)
    met: Flags = np.full(len(told.sort_of), fit[0]) if len(fit) == 1 else fit[told.sort_of]
    if demand.lasts_us is None and demand.lease_us is None and not demand.waits_us:
        return met
    at_us = told.at_us
    met &= now_us >= at_us + (demand.waits_us or -SKEW_US)
    if demand.lasts_us is not None:
        met &= now_us < at_us + demand.lasts_us
    if demand.lease_us is not None:
        # A time ahead of our clock tells of nothing that was given yet.
        was_given = (told.gave_us != -NEVER_US) & (now_us >= told.gave_us - SKEW_US)
        from_us = np.maximum(at_us, np.where(was_given, told.gave_us, at_us))
        met &= now_us < from_us + demand.lease_us
    return met


def _fits(demand: Demand, source: object, confidence: float, first_party: bool) -> bool:  # noqa: FBT001 - of a sort
    fits = confidence >= demand.confidence and source in demand.sources
    return fits and (first_party or not demand.first_party)
