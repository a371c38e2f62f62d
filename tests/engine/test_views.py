"""A page view takes room under the caps once: the same offer in it counts once, and any other one counts for itself."""

from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful import Registry
from tactful.authoring import compile_folder
from tactful.clock import SECOND_US
from tactful.engine.count import Counters
from tactful.engine.room import room_for
from tactful.plan.plan import Plan

MINUTE_US = 60 * SECOND_US
DAY_US = 24 * 60 * MINUTE_US
NOW_US = 1_700_000_000 * SECOND_US
RESERVED_US = 30 * MINUTE_US
POLICY = """
channels: {web: semi-private}
placements: {hero: {channel: web, fallback: {title: Welcome}}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
guardrails: {overcrowding: {after_purchase: 0, after_complaint: 0}}
caps: {day: {count: 1, within: 24h}}
VALUES
offers:
  bread: {intent: sell, topic: food, value: 3, treatments: Bread}
  wine: {intent: sell, topic: food, value: 2, treatments: Wine}
"""


@lru_cache
def policy(values):
    """Return the policy with a section of values, or none."""
    with TemporaryDirectory() as folder:
        Path(folder, "policy.yaml").write_text(POLICY.replace("VALUES", values))
        return compile_folder(Path(folder))


class World:
    """Processes that share a store, a clock, and a customer who is fetched anew before each page."""

    def __init__(self, processes=2, values="", **options):
        self.now_us, self._left = NOW_US, ExitStack()
        self._policy = policy(values)
        self._options = tactful.Options(**options)
        self._store = tactful.MemoryStore(clock=lambda: self.now_us)
        self.edges = [self.process() for _ in range(processes)]

    def process(self):
        """Return one more edge over the store."""
        edge = tactful.open(
            self._policy,
            store=self._store,
            profiles=lambda _: {},
            consents=lambda _: {"offers": "explicit"},
            clock=lambda: self.now_us,
            options=self._options,
        )
        return self._left.enter_context(edge)

    def page(self, edge, view):
        """Decide a page; return the decision."""
        edge.warm("ann")
        return edge.decide("hero", "ann", view=view)

    def shown(self, edge, view):
        """Decide a page and record it; return the offer, or nothing, and whether it counts anew."""
        decision = self.page(edge, view)
        return next((pick.offer for pick in decision.picks), ""), edge.record(decision)

    def renew(self, edge):
        """Give an edge its policy once more."""
        edge.update(self._policy)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._left.close()


ONCE_EACH = [("bread", True), ("wine", True), ("", False), ("", False)]


def a_view_that_several_processes_decide():
    with World(processes=4) as world:
        return [world.shown(edge, "page") for edge in world.edges] == ONCE_EACH


def a_view_that_had_to_make_way():
    with World(processes=1, views_max=1) as world:
        (edge,) = world.edges
        found = []
        for number in range(4):
            found.append(world.shown(edge, "page"))
            edge.decide("hero", view=f"another {number}")
        return found == ONCE_EACH


def a_view_under_a_policy_that_is_renewed():
    with World(processes=1) as world:
        (edge,) = world.edges
        found = []
        for _ in range(4):
            found.append(world.shown(edge, "page"))
            world.renew(edge)
        return found == ONCE_EACH


def room_alone_under_a_policy_that_is_renewed():
    with World(processes=1) as world:
        (edge,) = world.edges
        found = []
        for view in ("page", "page", "page", "another"):
            found.append([pick.offer for pick in world.page(edge, view).picks])
            world.renew(edge)
        return found == [["bread"], ["wine"], [], []]


def the_same_offer_in_the_same_view():
    with World() as world:
        first = world.page(world.edges[0], "page")
        world.now_us += MINUTE_US
        second = world.page(world.edges[1], "page")
        recorded = [edge.record(one) for edge, one in zip(world.edges, (first, second), strict=True)]
        again = world.shown(world.edges[0], "page")
        return first.id == second.id and recorded == [True, False] and again == ("bread", False)


def a_view_that_goes_on_for_hours():
    with World(processes=1) as world:
        (edge,) = world.edges
        found = [world.shown(edge, "page")]
        for waited_us in (RESERVED_US - 1, 1, DAY_US, 0, RESERVED_US):
            world.now_us += waited_us
            found.append(world.shown(edge, "page"))
        expected = [
            ("bread", True),
            ("bread", False),
            ("wine", True),
            ("bread", True),
            ("bread", False),
            ("wine", True),
        ]
        return found == expected


def a_view_whose_token_ends_first():
    with World(processes=1, values="values: {token: 5m}") as world:
        (edge,) = world.edges
        found = [world.shown(edge, "page")]
        world.now_us += 5 * MINUTE_US
        found.append(world.shown(edge, "page"))
        return found == [("bread", True), ("wine", True)]


def room_that_waits_to_be_counted():
    plan = Plan.build(policy(""), Registry.of())
    counters = Counters(plan, ())
    for one in plan.offers:
        counters.reserve("page", [room_for(plan, one.offer, "web")], NOW_US, NOW_US + RESERVED_US)
    return {one.offer for one in counters.reservations(NOW_US)} == {"bread", "wine"}


CHECKS = [
    room_that_waits_to_be_counted,
    a_view_that_several_processes_decide,
    a_view_that_had_to_make_way,
    a_view_under_a_policy_that_is_renewed,
    room_alone_under_a_policy_that_is_renewed,
    the_same_offer_in_the_same_view,
    a_view_that_goes_on_for_hours,
    a_view_whose_token_ends_first,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_is_shown_in_a_view_counts_once(check):
    assert check()


STEP = st.tuples(
    st.integers(0, 1),  # the process
    st.sampled_from(["v", "w", None]),
    st.sampled_from([0, MINUTE_US, RESERVED_US, RESERVED_US + 1, DAY_US]),
    st.booleans(),  # whether the policy is renewed before
)


@settings(max_examples=40)
@given(steps=st.lists(STEP, max_size=12))
def test_whatever_happens_to_views_the_cap_holds(steps):
    counted, seen = {}, {}
    with World() as world:
        for process, view, waited_us, is_renewed in steps:
            world.now_us += waited_us
            edge = world.edges[process]
            if is_renewed:
                world.renew(edge)
            offer, is_new = world.shown(edge, view)
            if offer and is_new:
                assert counted.get(offer, -DAY_US) + DAY_US <= world.now_us  # one within any day
                counted[offer] = seen[view, offer] = world.now_us
            elif offer:  # not counted: it was, for this view, and its room would still be kept
                assert world.now_us < seen[view, offer] + RESERVED_US


MUTANTS = [
    ("contacts", 'return f"{offer}/{event}"', "return event"),
    (
        "engine.count",
        "self._pending.append((decision, rooms, now_us, until_us))",
        "self._pending = [(decision, rooms, now_us, until_us)]",
    ),
    ("engine.views", "if abs(now_us - known.now_us) >= lasts_us(known.plan):", "if False:"),
    ("engine.views", "stretch = now_us // lasts_us(plan)", "stretch = 0"),
    ("engine.views", "stretch = now_us // lasts_us(plan)", "stretch = now_us"),
    ("engine.views", "min(values.reserve_s, values.token_s)", "values.reserve_s"),
    ("engine.views", "min(values.reserve_s, values.token_s)", "values.token_s"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[2]}")
def test_a_mutant_is_caught(mutant):
    with mutated(Mutant(*mutant)):
        assert any(fails(check) for check in CHECKS), "nobody noticed"


def fails(check):
    try:
        return not check()
    except tactful.TokenError:
        return True
