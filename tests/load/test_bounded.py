"""However many come, an edge holds no more than its options say; and no plan of before."""

import gc
import types
import weakref

import pytest

import tactful
from tactful.consent import Consents
from tactful.engine.here import Here
from tactful.engine.households import Households
from tactful.engine.snapshot import Snapshots
from tactful.engine.views import Views
from tactful.plan.plan import Plan

from .conftest import NOW_US, agreed, known, policy

CUSTOMERS_MAX, VIEWS_MAX = 20, 10
#: Of these an edge holds one, or none that grows by those who come.
NOT_ITS_OWN = (Plan, tactful.MemoryStore, tactful.Policy, type, types.FunctionType, types.ModuleType, types.CodeType)


def large(edge, more_than):
    """The containers that an edge holds with more than so many items."""
    seen, found, waiting = set(), [], [edge]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, NOT_ITS_OWN):
            continue
        seen.add(id(one))
        if isinstance(one, dict | list | set | tuple | frozenset) and len(one) > more_than:
            found.append(type(one).__name__)
        waiting += gc.get_referents(one)
    return found


def crowded(**parts):
    """An edge to which very many have come: fetched, not fetched, by card, by views, and in households."""
    options = tactful.Options(customers_max=CUSTOMERS_MAX, views_max=VIEWS_MAX)
    profiles = parts.get("profiles", known)
    edge = tactful.open(
        policy("A", "household"),
        profiles=profiles,
        consents=lambda _: agreed(),
        clock=lambda: NOW_US,
        options=options,
    )
    for number in range(15 * CUSTOMERS_MAX):
        who = f"m{number}"
        edge.decide("home", f"unknown {number}")
        edge.warm(who)
        edge.decide("home", who, view=f"view {number}")
        edge.decide("home", {"card": who})
        edge.decide("home", None, {"page": who})
    return edge


def test_nothing_grows_with_those_who_come():
    with crowded() as edge:
        assert edge.status()["customers_here"] == CUSTOMERS_MAX
        assert len(edge._views._known) == VIEWS_MAX
        edge.close()  # what waits to be fetched is bounded apart
        edge._snapshots._questions._asked.clear()
        assert large(edge, 10 * CUSTOMERS_MAX) == []


def test_a_cache_without_bound_is_found_out(monkeypatch):
    reset = Snapshots.reset

    def boundless(snapshots):
        reset(snapshots)
        snapshots._households = Households(10**9)

    monkeypatch.setattr(Snapshots, "reset", boundless)
    with crowded() as edge:
        edge.close()
        edge._snapshots._questions._asked.clear()
        assert set(large(edge, 10 * CUSTOMERS_MAX)) == {"dict", "OrderedDict"}  # the cache, and its order


def old_plan_after_an_update(opened):
    """A weak reference to the plan of before an update, which customers, households and views were decided by."""
    edge = opened(policy("A", "household"), customers=40)
    for number in range(40):
        edge.decide("home", f"c{number}", view=f"view {number}")
    edge.decide("home", None)
    old = weakref.ref(edge.plan)
    edge.update(policy("B", "household"))
    gc.collect()
    return old()


@pytest.fixture
def few_are_made_ready(monkeypatch):
    monkeypatch.setattr("tactful.engine.renewing.LATEST_MAX", 3)


@pytest.mark.usefixtures("few_are_made_ready")
def test_nobody_holds_a_plan_of_before(opened):
    assert old_plan_after_an_update(opened) is None


@pytest.mark.usefixtures("few_are_made_ready")
@pytest.mark.parametrize(("holder", "name"), [(Here, "let_go"), (Snapshots, "let_go"), (Views, "forget")])
def test_whoever_does_not_let_go_holds_it(opened, monkeypatch, holder, name):
    monkeypatch.setattr(holder, name, lambda *_: None)
    assert old_plan_after_an_update(opened) is not None


@pytest.mark.usefixtures("few_are_made_ready")
def test_those_who_were_fetched_last_are_made_ready(opened):
    edge = opened(policy("A"), customers=10)
    for number in range(10):
        edge.decide("home", f"c{number}", preview=True)
        edge._snapshots._here[f"c{number}"].loaded_us = NOW_US + number
    edge.update(policy("B"))
    ready = {name for name, here in edge._snapshots._here.items() if here._as}
    assert ready == {"c7", "c8", "c9"}
    assert all(here.counters.plan is edge.plan for here in edge._snapshots._here.values())


def test_what_a_customer_said_meanwhile_is_not_undone_by_letting_go(opened):
    edge = opened(policy("A"))
    edge.decide("home", "c0", preview=True)
    here = edge._snapshots._here["c0"]
    held = here._as  # as a thread has it that is letting go
    edge.opt_out("c0")
    here.let_go(edge.plan)
    assert here._as is not held
    assert not edge.decide("home", "c0").picks
    assert isinstance(here._consents, Consents)
