"""A score model puts the best few in order: it brings nothing back, and is not asked for the rest."""

import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import Intent, ValueType
from tactful.expr import Var
from tactful.plan.scoring import ScoringPlan
from tactful.policy import Ranking
from tactful.score_model import Feature, ScoreModel, Term, logistic

from .conftest import is_, offer

RAIN = Var("context.rain", ValueType.BOOL)


def shown(decision):
    return [pick.offer for pick in decision.picks]


def ranked(policy, offers, *terms, **more):
    model = ScoreModel(terms, **more)
    return attrs.evolve(policy, offers=offers, ranking=Ranking("scores", model=model))


def test_what_the_model_promises_comes_first(open_edge, policy):
    offers = (offer("dear", value=2.0), offer("liked", value=1.0, topic="garden"))
    changed = ranked(policy, offers, Term(3.0, topics=("garden",)), intercept=-2.0)

    assert shown(open_edge(changed=attrs.evolve(changed, ranking=Ranking("scores"))).decide("rows")) == [
        "dear",
        "liked",
    ]
    decision = open_edge(changed=changed).decide("rows")
    assert [(pick.offer, pick.worth) for pick in decision.picks] == [
        ("liked", pytest.approx(1 / (1 + math.exp(-1)))),
        ("dear", pytest.approx(2 / (1 + math.exp(2)))),
    ]


def test_a_model_is_not_asked_beyond_its_shortlist(open_edge, policy):
    offers = tuple(offer(f"o{n}", value=10.0 - n, topic=("food", "wine", "garden")[n % 3]) for n in range(9))
    changed = ranked(policy, offers, Term(5.0, offers=("o1", "o2")), intercept=-5.0, shortlist=2)
    decision = open_edge(changed=changed).decide("rows")

    assert shown(decision) == ["o1", "o0", "o2"]  # o2 would be first, if it were on the list
    assert [offer for offer, *_ in decision.explain().scores] == ["o1", "o0"]


@pytest.fixture
def scored(monkeypatch):
    """How many offers the model is asked for."""
    asked = []
    real = ScoringPlan.score

    def score(self, ranked, holding, affinity):
        asked.append(ranked.offer.id)
        return real(self, ranked, holding, affinity)

    monkeypatch.setattr(ScoringPlan, "score", score)
    return asked


def test_of_many_offers_only_the_shortlist_is_scored_and_each_once(open_edge, policy, scored):
    offers = tuple(offer(f"o{n}", value=1 + n / 100) for n in range(300))
    edge = open_edge(changed=ranked(policy, offers, Term(1.0), shortlist=20))
    edge.decide("rows", "ann", profile={})

    assert sorted(scored) == sorted({f"o{n}" for n in range(280, 300)})


def test_a_model_brings_back_nothing_that_may_not_be_shown(open_edge, policy, scored):
    barred = offer("gold_only", when=is_("profile.tier", "gold"), value=9.0)
    edge = open_edge(changed=ranked(policy, (barred, offer("plain")), Term(100.0, offers=("gold_only",))))

    assert shown(edge.decide("rows", "ann", profile={"tier": "silver"})) == ["plain"]
    assert scored == ["plain"]


def test_help_comes_first_whatever_a_model_says(open_edge, policy):
    offers = (offer("ticket", intent=Intent.HELP, value=0.1), offer("sale", value=9.0))
    changed = ranked(policy, offers, Term(-100.0, offers=("ticket",)), Term(100.0, offers=("sale",)))

    assert shown(open_edge(changed=changed).decide("rows")) == ["ticket", "sale"]


def test_a_weight_can_be_for_the_customers_affinity_and_for_what_all_have_if_it_is_not_known(open_edge, policy):
    offers = (offer("bread", value=1.1), offer("spade", value=1.0, topic="garden"))
    model = ScoreModel((Term(-2.0, Feature.AFFINITY, topics=("food",)),))
    edge = open_edge(changed=attrs.evolve(policy, offers=offers, ranking=Ranking("scores", model=model)))

    assert shown(edge.decide("rows")) == ["spade", "bread"]
    explained = edge.decide("rows", "ann", profile={"scores": {"food": 4.0}}).explain()
    parts = {id_: dict(parts) for id_, _, parts in explained.scores}
    assert parts["bread"] == {"to begin with": 0.0, "the customer's affinity for food": -8.0}


def test_explain_tells_a_score_and_its_parts_in_words(open_edge, policy):
    changed = ranked(
        attrs.evolve(
            policy, context=(*policy.context, attrs.evolve(policy.context[0], name="rain", type=ValueType.BOOL))
        ),
        (offer("soup", chance=0.5),),
        Term(2.0, when=RAIN, offers=("soup",)),
        Term(1.0, Feature.CHANCE),
        Term(-1.0),
        intercept=0.5,
    )
    edge = open_edge(changed=changed)
    wet, dry = (str(edge.decide("rows", "ann", {"rain": rain}, profile={}).explain()) for rain in (True, False))

    assert "score 0.881\n      +0.5 to begin with\n      +2 for soup while context.rain\n      +0.5 its chance\n" in wet
    assert "score 0.5\n      +0.5 to begin with\n      +0.5 its chance\n      -1 for every offer" in dry


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_score_is_above_0_and_below_1_and_grows_with_the_log_odds(one, other):
    low, high = sorted((one, other))

    assert 0 < logistic(low) <= logistic(high) < 1
