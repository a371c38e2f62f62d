"""Over the demo's year, what households told is used while something comes back for it, and no longer."""

import attrs
import pytest

import tactful
from grocery import leases
from grocery.consents import agreed
from grocery.journey import moment_of
from grocery.leases import LEASED, looked_at, months, without_leases
from grocery.variants import grocer


@pytest.fixture(scope="module")
def some(households):
    """Households that told something and agreed to offers: some that redeem coupons, and some that never do."""
    asked = [one for one in households.numbers if agreed(one, "offers") and households.told(one)]
    redeem = [one for one in asked if households.gave_us(one, 364)]
    return [*redeem[:12], *[one for one in asked if one not in redeem][:12]]


@pytest.fixture(scope="module")
def year(households, some, silent):
    return list(months(grocer(), households, some, silent))


def test_each_month_tells_of_all_who_told_something(year, some):
    assert [month.day for month in year] == list(leases.DAYS)
    assert {looked_at(month.figures()) for month in year} == {len(some)}


def test_it_is_used_for_half_a_year_and_then_only_where_something_was_given(year, households, some):
    for month in year:
        gave_us = [households.gave_us(one, month.day) for one in some]
        now_us, lease_us = moment_of(month.day), 180 * 86_400_000_000
        paid = [moment is not None and moment + lease_us > now_us for moment in gave_us]
        young = moment_of(0, 0) + lease_us > now_us
        assert month.valued + month.fresh == (len(some) if young else sum(paid))
        assert month.ended == (0 if young else len(some) - sum(paid))
    assert year[5].ended == 0 < year[6].ended
    assert 0 < year[-1].valued < len(some)


def test_what_has_ended_changes_decisions_and_nothing_else_does(year):
    assert all(month.changed == 0 for month in year[:6])
    assert sum(month.changed for month in year[6:]) > 0
    assert all(month.decisions == 2 * month.ended for month in year)


def test_without_leases_nothing_ends(households, some, silent):
    free = without_leases(grocer())
    found = list(months(free, households, some, silent))
    assert [(month.ended, month.decisions, month.changed) for month in found] == [(0, 0, 0)] * 12


def test_it_is_as_if_the_edge_had_been_told_of_each_coupon(households, some):
    """`Edge.gave` at the till, on what is on record, comes to what the profiles of the demo have."""
    number = next(one for one in some if households.gave_us(one, 300))
    now_us = households.gave_us(number, 300)
    before, after = households.as_of(number, 0), households.as_of(number, 300)
    store = tactful.MemoryStore(clock=lambda: now_us)
    store.link({"card": str(number)}, customer=before.id)
    plain = {name: attrs.evolve(one, gave_us=None) for name, one in before.snapshot.attributes.items()}
    store.put_profile(attrs.evolve(before.snapshot, attributes=plain))
    with tactful.open(grocer(), store=store, clock=lambda: now_us) as edge:
        assert edge.gave("a coupon", who={"card": str(number)}, attributes=[LEASED])
    assert store.profile(before.id).attributes[LEASED] == after.snapshot.attributes[LEASED]
