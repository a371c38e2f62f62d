"""While a plan is built, threads that decide get their turn soon, and nothing searches all objects for garbage."""

import gc
import sys
import weakref

import pytest

from tactful.engine import giving_way as module
from tactful.engine import renewing
from tactful.engine.giving_way import TURN_S, GivingWay
from tactful.engine.renewing import let_go, parts_of
from tactful.errors import PolicyError
from tactful.plan import conditions
from tactful.plan.plan import Plan
from tactful.registry import Registry

from .conftest import policy


def settings():
    return round(sys.getswitchinterval(), 5), gc.get_threshold()


@pytest.fixture(autouse=True)
def restored():
    before = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(before[0])
    gc.set_threshold(*before[1])


def test_the_settings_are_others_inside_and_as_before_afterwards():
    before, way = settings(), GivingWay()
    with way:
        turn_s, thresholds = settings()
        assert turn_s == round(TURN_S, 5)
        assert thresholds == (before[1][0], module._NEVER, module._NEVER)  # the youngest garbage goes all the time
        with way:  # another thread's
            pass
        assert settings() == (turn_s, thresholds)
    assert settings() == before != (turn_s, thresholds)


def test_a_host_that_switches_sooner_or_changes_a_setting_meanwhile_is_left_alone():
    sys.setswitchinterval(0.0001)
    with GivingWay():
        assert round(sys.getswitchinterval(), 5) == 0.0001
        gc.set_threshold(9, 9, 9)
        sys.setswitchinterval(0.02)
    assert settings() == (0.02, (9, 9, 9))


def full_searches(monkeypatch, *, grow_old=None):
    """How often all objects are searched, by itself, soon after very many have come inside."""
    seen = []
    if grow_old is not None:
        monkeypatch.setattr(module, "_grow_old", grow_old)
    gc.collect()
    many = len(gc.get_objects()) // 2
    gc.callbacks.append(watch := lambda phase, told: seen.append(told["generation"]) if phase == "start" else None)
    try:
        with GivingWay():
            held = [[] for _ in range(many)]
            inside = set(seen)
        young, middle, old = gc.get_threshold()
        seen.clear()
        held += [[] for _ in range(young * (middle + 1) * (old + 2))]
    finally:
        gc.callbacks.remove(watch)
    assert inside <= {0}
    return seen.count(2)


@pytest.mark.skipif(not renewing._HAS_YOUNG, reason="without a global lock, Python has one generation")
def test_a_plan_that_came_is_no_reason_to_search_everything(monkeypatch):
    assert full_searches(monkeypatch) == 0
    assert full_searches(monkeypatch, grow_old=lambda: None) > 0


def test_what_a_host_has_frozen_stays_so():
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        with GivingWay():
            pass
        assert gc.get_freeze_count() >= before > 0
    finally:
        gc.unfreeze()


def test_a_child_that_is_forked_meanwhile_has_the_settings_of_before():
    before, way = settings(), GivingWay()
    with way:
        way.reset()  # as after a fork
        assert settings() == before


def test_an_update_gives_way_and_restores_also_when_it_is_refused(opened, monkeypatch):
    edge, before = opened(policy("A")), settings()
    inside = []
    build = Plan.build.__func__
    monkeypatch.setattr(Plan, "build", classmethod(lambda *a, **k: inside.append(settings()) or build(*a, **k)))
    edge.update(policy("B"))
    assert inside[0][0] == round(TURN_S, 5)
    assert inside[0][1][1:] == (module._NEVER, module._NEVER)
    assert settings() == before

    monkeypatch.setattr(Plan, "build", classmethod(lambda *_, **__: (_ for _ in ()).throw(PolicyError("no"))))
    with pytest.raises(PolicyError):
        edge.update(policy("C"))
    assert settings() == before


def gone_without_a_search():
    """Whether a plan that nobody holds any more goes at once, its generated functions too."""
    plan = Plan.build(policy("A"), Registry.installed())
    parts = [plan._shared_standing, *(channel.guard_standing for channel in plan.channels.values())]
    watched = [weakref.ref(plan), *(weakref.ref(part) for part in parts if part is not None)]
    assert len(watched) > 1
    gc.collect()
    gc.disable()
    try:
        del plan, parts
        return all(one() is None for one in watched)
    finally:
        gc.enable()


@pytest.mark.skipif(not renewing._HAS_YOUNG, reason="without a global lock, functions go with the next search only")
def test_an_old_plan_goes_at_once(monkeypatch):
    assert gone_without_a_search()

    compiled = conditions.compile_function

    def kept_in_a_circle(*args):
        function = compiled(*args)
        function.__globals__["me"] = function
        return function

    monkeypatch.setattr(conditions, "compile_function", kept_in_a_circle)
    assert not gone_without_a_search()


def test_the_parts_of_an_old_plan_can_go_one_after_the_other():
    plan = Plan.build(policy("A"), Registry.installed())
    watched, parts = weakref.ref(plan), parts_of(plan)
    pieces = [weakref.ref(one) for one in (*plan.policy.offers, *plan.catalog.entries, *plan.offers)]
    gc.collect()
    gc.disable()
    try:
        del plan
        assert watched() is None
        assert all(one() is not None for one in pieces)
        let_go(parts)
        assert all(one() is None for one in pieces)
    finally:
        gc.enable()
