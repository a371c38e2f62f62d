"""While a plan is built, threads that decide get their turn soon, and nothing searches all objects for garbage."""

import gc
import sys
import weakref

import pytest

from tactful.engine import giving_way as module
from tactful.engine.giving_way import TURN_S, GivingWay
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
        assert thresholds[:2] == before[1][:2]  # young garbage is collected all the time
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
    assert inside[0][1][2] == module._NEVER
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


def test_an_old_plan_goes_at_once(monkeypatch):
    assert gone_without_a_search()

    compiled = conditions.compile_function

    def kept_in_a_circle(*args):
        function = compiled(*args)
        function.__globals__["me"] = function
        return function

    monkeypatch.setattr(conditions, "compile_function", kept_in_a_circle)
    assert not gone_without_a_search()
