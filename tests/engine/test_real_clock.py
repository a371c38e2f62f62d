"""A clock that moves on while a decision is made."""

from itertools import count

from tactful import Always, Cap, Rolling

from .conftest import NOON_US
from .test_decide import shown


def test_the_first_decision_counts_though_the_clock_moves_on_while_the_customer_is_fetched(open_edge):
    moments = count(NOON_US)
    edge = open_edge(lambda c: Always(Cap(c.all, 1, Rolling(3600)), "", id="cap"))
    edge._clock = edge._snapshots._clock = lambda: next(moments)

    first = edge.decide("hero", "ann")
    assert shown(first) == ["olives"]
    assert "contacts not here: warm" not in first.careful
