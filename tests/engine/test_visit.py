"""How far from buying a visit is: the stage follows what happens in it, and nobody is ready who has just paid."""

import json

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.differential.mutating import Mutant, mutated

from tactful import ValueRefused, Visit
from tactful.policy import Boost, Ranking
from tactful.schema import ContextAttribute, ValueType
from tactful.visit import COUNT_MAX, DWELL_MAX_S

from .conftest import is_, offer

STAGES = ("researching", "evaluating", "ready")
SEEN = st.sampled_from([("saw_product",), ("compared",), ("dwelt", 5.0), ("dwelt", 90.0)])
EVENTS = st.one_of(SEEN, st.sampled_from([("began_checkout",), ("left_checkout",), ("paid",)]))


def after(events, visit=None):
    visit = Visit() if visit is None else visit
    for name, *arguments in events:
        visit = getattr(visit, name)(*arguments)
    return visit


CASES = [
    ([], "researching"),
    ([("saw_product",)] * 2, "researching"),
    ([("saw_product",)] * 3, "evaluating"),
    ([("compared",)], "evaluating"),
    ([("dwelt", 59.9)] * 9, "researching"),  # nine pages, none of them for long
    ([("dwelt", 60)], "evaluating"),
    ([("began_checkout",)], "ready"),
    ([("began_checkout",), ("left_checkout",)], "researching"),
    ([("compared",), ("began_checkout",), ("left_checkout",)], "evaluating"),
    ([("compared",), ("began_checkout",), ("paid",)], "researching"),
    ([("began_checkout",), ("paid",), ("began_checkout",)], "ready"),  # there is something else to buy
]


@pytest.mark.parametrize(("events", "stage"), CASES)
def test_the_stage_is_what_the_page_says(events, stage):
    assert after(events).stage() == stage


@given(st.lists(EVENTS), st.lists(SEEN))
@example([("began_checkout",)], [("saw_product",)])
def test_who_has_paid_is_not_ready_until_another_checkout_begins(before, then):
    assert after([*before, ("paid",)]).stage() == "researching"
    assert after([*before, ("paid",), *then]).stage() != "ready"


@given(st.lists(EVENTS))
@example([("began_checkout",), ("left_checkout",)])
def test_who_is_ready_is_in_a_checkout_and_who_is_in_one_is_ready(events):
    last = next((name for name, *_ in reversed(events) if name in ("began_checkout", "left_checkout", "paid")), "")

    assert (after(events).stage() == "ready") is (last == "began_checkout")


@given(st.lists(EVENTS), SEEN)
@example([("dwelt", 90.0)], ("dwelt", 5.0))
def test_to_see_more_never_leads_away_from_buying(events, one):
    before = after(events)

    assert STAGES.index(after([one], before).stage()) >= STAGES.index(before.stage())


@given(st.lists(SEEN).flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))))
@example(([("dwelt", 90.0), ("dwelt", 5.0)], [("dwelt", 5.0), ("dwelt", 90.0)]))
def test_in_which_order_things_were_seen_does_not_matter(orders):
    one, other = orders

    assert after(one) == after(other)


@given(st.builds(Visit, products=st.integers(0), comparisons=st.integers(0), dwell_s=st.floats(0, 1e300)), SEEN)
@example(Visit(products=COUNT_MAX), ("saw_product",))
def test_a_visit_stays_small_and_a_session_can_keep_it(visit, one):
    visit = after([one], visit)

    assert max(visit.products, visit.comparisons) <= COUNT_MAX
    assert visit.dwell_s <= DWELL_MAX_S
    assert Visit(**json.loads(json.dumps(attrs.asdict(visit)))) == visit


@pytest.mark.parametrize(
    "wrong",
    [
        {"products": -1},
        {"products": 1.5},
        {"products": True},
        {"comparisons": "4711"},
        {"dwell_s": float("nan")},
        {"dwell_s": float("inf")},
        {"dwell_s": -1},
        {"dwell_s": "4711"},
        {"checkout": 1},
    ],
)
def test_what_is_no_visit_is_refused_without_telling_it(wrong):
    with pytest.raises(ValueRefused) as refused:
        Visit(**wrong)
    assert "4711" not in str(refused.value)


def test_a_time_that_is_none_is_refused():
    with pytest.raises(ValueRefused, match="number of seconds"):
        Visit().dwelt(float("nan"))


def test_a_shop_sets_what_evaluating_is():
    visit = Visit(products=5, comparisons=1, dwell_s=300)

    assert visit.stage(products=6, comparisons=2, dwell_s=301) == "researching"
    assert visit.stage(products=5, comparisons=2, dwell_s=301) == "evaluating"
    assert visit.stage(products=6, comparisons=1, dwell_s=301) == "evaluating"
    assert visit.stage(products=6, comparisons=2, dwell_s=300) == "evaluating"


def test_the_stage_reaches_rules_and_ranking_and_is_unknown_where_nobody_tells_it(open_edge, policy):
    offers = (
        offer("pay", value=3.0, when=is_("context.stage", "ready")),
        offer("guide", value=2.0),
        offer("tips", value=1.0),
    )
    boosts = (Boost(is_("context.stage", "researching"), 4.0, offers=("tips",)),)
    context = (*policy.context, ContextAttribute("stage", ValueType.TEXT))
    edge = open_edge(changed=attrs.evolve(policy, offers=offers, context=context, ranking=Ranking(boosts=boosts)))

    def shown(context):
        return [pick.offer for pick in edge.decide("letter", None, context).picks]

    visit = Visit().saw_product().compared().began_checkout()
    assert shown({"stage": visit.stage()}) == ["pay", "guide"]
    assert shown({"stage": visit.paid().stage()}) == ["tips", "guide"]
    assert shown({"stage": visit.left_checkout().stage()}) == shown({}) == ["guide", "tips"]


LAWS = (
    test_who_has_paid_is_not_ready_until_another_checkout_begins,
    test_who_is_ready_is_in_a_checkout_and_who_is_in_one_is_ready,
    test_to_see_more_never_leads_away_from_buying,
    test_in_which_order_things_were_seen_does_not_matter,
    test_a_visit_stays_small_and_a_session_can_keep_it,
)
MUTANTS = [
    ("return Visit()", "return self"),
    ("attrs.evolve(self, checkout=False)", "self"),
    ("attrs.evolve(self, checkout=True)", "self"),
    ("attrs.evolve(self, comparisons=self.comparisons + 1)", "attrs.evolve(self, comparisons=0)"),
    ("max(self.dwell_s, _dwell_s(dwell_s))", "_dwell_s(dwell_s)"),
    ("min(value, COUNT_MAX)", "value"),
    ("min(float(value), DWELL_MAX_S)", "float(value)"),
    ("self.products >= products", "self.products > products"),
    ("self.dwell_s >= dwell_s", "self.dwell_s > dwell_s"),
]


def told():
    for events, stage in CASES:
        test_the_stage_is_what_the_page_says(events, stage)


def fails(check):
    try:
        check()
    except AssertionError:
        return True
    return False


def catches(check, mutant):
    with mutated(Mutant("visit", *mutant)) as changed:
        assert changed
        return fails(check)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant[0])
def test_a_mutant_is_caught(mutant):
    assert any(catches(check, mutant) for check in (told, *LAWS)), "nobody noticed"


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_each_law_catches_a_mutant(law):
    assert any(catches(law, mutant) for mutant in MUTANTS)
