"""A plan is swapped while a customer's decision is under way: the room under the caps is taken once, not twice."""

import pytest

from tactful.engine.loading import add
from tactful.engine.tally import Tally

from .conftest import NOW_US, letters, policy

SUBJECTS = ("customer", "household", "everyone")


class Meanwhile(dict):
    """A context in whose reading something happens, once: after the contacts were looked up, before room is taken."""

    def __init__(self, happens):
        super().__init__()
        self.happens = happens

    def __bool__(self):
        return True

    def __iter__(self):
        happens, self.happens = self.happens, None
        if happens is not None:
            happens()
        return super().__iter__()

    def get(self, name, default=None):
        list(self)
        return super().get(name, default)

    def items(self):
        list(self)
        return super().items()


def decided_around_a_swap(edge, per):
    """What a decision shows that began before a swap, and one that was made in the middle of it under the new plan."""
    inner = []

    def swap():
        edge.update(policy("B", per, count=2))
        inner.append(edge.decide("home", "c0"))

    edge.decide("home", "c0", preview=True)
    outer = edge.decide("home", "c0", Meanwhile(swap))
    assert inner, "nothing happened meanwhile"
    return outer, inner[0]


@pytest.mark.parametrize("per", SUBJECTS)
def test_room_that_the_new_plan_took_is_not_taken_again_by_the_old_one(opened, per):
    edge = opened(policy("A", per, count=2))
    outer, inner = decided_around_a_swap(edge, per)
    assert letters(inner) == {"B"}
    assert len(inner.picks) == 2
    assert not outer.picks
    assert outer.plan is edge.plan  # it was made anew, by the plan under which everything is counted


@pytest.mark.parametrize("per", SUBJECTS)
def test_an_engine_that_does_not_look_takes_it_twice(opened, per, monkeypatch):
    monkeypatch.setattr(Tally, "is_left", lambda _: False)
    outer, inner = decided_around_a_swap(opened(policy("A", per, count=2)), per)
    assert len(outer.picks) + len(inner.picks) == 4


def test_what_is_heard_of_a_customer_counts_wherever_the_contacts_are_by_now(opened):
    edge = opened(policy("A", count=2))
    decision = edge.decide("home", "c0")
    here = edge._snapshots._here["c0"]
    before = here.counters
    edge.update(policy("B", count=2))
    edge.decide("home", "c0", preview=True)
    assert before.moved is here.counters is not before

    shown = [kept.contact() for kept in before.kept()[0]]
    again = type(shown[0])("later", "c0", "shown", NOW_US, offer="one", topic="food", channel="web")
    add(before, [again], NOW_US)
    assert "later" in {kept.id for kept in here.counters.kept()[0]}
    assert "later" not in {kept.id for kept in before.kept()[0]}
    assert len(decision.picks) == 2


def test_contacts_are_counted_in_one_place_however_often_plans_come_and_go(opened):
    edge = opened(policy("A"))
    edge.decide("home", "c0")
    counters = edge._snapshots._here["c0"].counters
    old, own = edge.plan, counters.own
    edge.update(policy("B"))
    new = edge.plan
    there = counters.under(new, own)
    assert counters.under(new, own) is there
    back = counters.under(old, own)
    assert back is not counters
    assert there.under(old, own) is back
    assert there.moved is back
    assert back.moved is None
