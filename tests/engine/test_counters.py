"""Counters tell of a cap what all that is kept tells when it is looked at one by one, whatever was asked on the way."""

import itertools

import attrs
from hypothesis import given
from hypothesis import strategies as st

import tactful
from tactful.bench.shop import NEAR, NOW_US, PLACE, shop
from tactful.engine.count import Counters
from tactful.engine.counter import Counter
from tactful.engine.room import room_for, shown
from tactful.memory import MemoryStore

CHANNEL = "web"
SECOND_US = 1_000_000


def _plan(caps=""):
    with tactful.open(shop(20, 1, caps=caps).policy, store=MemoryStore(clock=lambda: NOW_US)) as edge:
        return edge.decide(PLACE, preview=True).plan


PLAN, FAR = _plan(NEAR), _plan()
OFFERS = [one.offer for one in PLAN.offers[:3]]
#: All caps that count what is shown: some for each offer, some for topics, one of a minute that a page fills.
KEYS = {key: cap for offer in OFFERS for key, cap in room_for(PLAN, offer, CHANNEL).counting.items()}

offers = st.sampled_from(OFFERS)
ages_s = st.integers(-5, 130)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("page"), st.lists(offers, min_size=1, max_size=3), ages_s, st.integers(1, 150)),
        st.tuples(st.just("shown"), offers, ages_s),
        st.tuples(st.just("confirmed"), st.integers(0, 5), ages_s),
        st.tuples(st.just("asked"), st.sampled_from(sorted(KEYS))),
    ),
    max_size=40,
)


def counted(taken):
    """Counters to which all that was done, in this order."""
    counters, numbers = Counters(PLAN, ()), itertools.count()
    for what, *step in taken:
        if what == "page":
            at_us = NOW_US - step[1] * SECOND_US
            rooms = [room_for(PLAN, offer, CHANNEL) for offer in step[0]]
            counters.reserve(f"d{next(numbers)}", rooms, at_us, at_us + step[2] * SECOND_US)
        elif what == "asked":
            counters.full(step[0], KEYS[step[0]], 1, NOW_US)
        else:
            at_us = NOW_US - step[1] * SECOND_US
            if what == "shown":
                contact = attrs.evolve(shown(step[0], CHANNEL, f"s{next(numbers)}", at_us, 0), until_us=None)
            else:
                contact = attrs.evolve(shown(OFFERS[0], CHANNEL, f"d{step[0]}/0/shown", at_us, 0), until_us=None)
            counters.add([contact], NOW_US)
    return counters


def wrong(counters):
    """Of which keys counters tell otherwise than what they keep, looked at one by one."""
    kept = counters.kept()[0]
    found = []
    for key, cap in KEYS.items():
        mine = [one for one in kept if key in one.counting]
        inside = sum(min(cap.leaves_us(one.at_us, None), one.until_us) > NOW_US for one in mine)
        told = {more: counters.full(key, cap, more, NOW_US) for more in (1, 2, cap.cap.count)}
        found += [(key, more) for more, full in told.items() if full != (inside + more >= cap.cap.count)]
    return found


@given(steps)
def test_counters_tell_of_each_cap_what_is_kept(taken):
    assert wrong(counted(taken)) == []


def test_a_window_that_ended_just_now_counts_no_more():
    for age_s in (59, 60, 61):
        assert wrong(counted([("shown", OFFERS[0], age_s)] * 3)) == []


def test_room_that_lapsed_just_now_counts_no_more():
    for until_s in (9, 10, 11):
        assert wrong(counted([("page", OFFERS, 10, until_s)])) == []


def test_what_an_offer_was_shown_often_enough_for_is_asked_at_once():
    rooms = [room_for(FAR, one.offer, CHANNEL) for one in FAR.offers[:3]]
    withheld = []
    for pages in range(4, 15):
        counters = Counters(FAR, ())
        for number in range(pages):  # what four pages of three showed is counted, what comes after waits
            counters.limited(CHANNEL, NOW_US)
            counters.reserve(f"d{number}", rooms if number < 4 else rooms[:1], NOW_US, NOW_US + SECOND_US)
        asked = counters.limited(CHANNEL, NOW_US)
        anew = Counters(FAR, [one.contact() for one in counters.kept()[0]])
        assert asked.withheld == anew.limited(CHANNEL, NOW_US).withheld
        withheld.append(asked.withheld != 0)

    assert withheld == [False] * 8 + [True] * 3  # `comfort.unanswered` allows a dozen


def test_counters_that_do_not_look_at_what_came_since_are_found_out(monkeypatch):
    look = Counter.events
    monkeypatch.setattr(Counter, "events", lambda self, kept, zone: self._events or look(self, kept, zone))
    asked = ("asked", next(key for key, cap in KEYS.items() if cap.cap.count == 3))

    assert wrong(counted([("page", OFFERS, 100, 150), asked, ("page", OFFERS, 1, 150)])) != []
