"""What one decision gives: eligibility, treatments, ranking, composing, and the ways to be careful."""

import attrs
import pytest

import tactful
from tactful import Familiarity
from tactful.clock import DAY_US
from tactful.policy import Boost

from .conftest import ANN, at_least, is_, offer, treatment


def shown(decision: tactful.Decision) -> list[str]:
    return [pick.offer for pick in decision.picks]


def test_a_visitor_gets_what_needs_no_profile(edge):
    decision = edge.decide("hero")

    assert shown(decision) == ["olives"]
    assert decision.content == {"title": "Olives"}
    assert decision.picks[0].tone is Familiarity.GENERIC
    assert decision.careful == ()


def test_a_profile_makes_eligible_and_ranks(edge):
    decision = edge.decide("rows", "ann", profile=ANN)

    assert shown(decision) == ["wine", "thanks", "olives"]
    assert decision.picks[2].content == {"title": "Ann, your olives"}


def test_what_is_not_surely_true_is_not_eligible(edge):
    decision = edge.decide("rows", "ann", profile={"first_name": "Ann"})

    assert shown(decision) == ["olives"]
    losses = {loss.offer: [reason.id for reason in loss.reasons] for loss in decision.explain().losses}
    assert losses["wine"] == ['when:profile.tier == "gold"']
    assert losses["thanks"] == ["when:segment.regulars"]


def test_an_unknown_customer_bounds_to_context_and_says_what_to_do(open_edge):
    edge = open_edge(profiles=lambda _: None)
    decision = edge.decide("rows", "nobody")

    assert all(pick.tone <= Familiarity.CONTEXT and pick.basis <= Familiarity.CONTEXT for pick in decision.picks)
    assert decision.careful == ("profile not here: warm",)
    assert "profile not here: warm" in repr(decision)


def test_a_treatment_whose_value_is_unknown_yields_to_a_less_familiar_one(edge):
    decision = edge.decide("hero", "ann", profile={"visits": 1})

    assert decision.content == {"title": "Olives"}


@pytest.mark.parametrize(("margin", "expected"), [(0.1, "named"), (0.3, "plain")])
def test_familiarity_has_a_price(open_edge, policy, margin, expected):
    values = attrs.evolve(policy.values, exposure_margin=margin)
    edge = open_edge(changed=attrs.evolve(policy, values=values))

    assert edge.decide("hero", "ann", profile={"first_name": "Ann"}).picks[0].treatment == expected


def test_periods_begin_and_end_on_the_microsecond(edge, clock):
    clock.now_us -= 1
    assert shown(edge.decide("hero")) == ["past"]
    clock.now_us += 1
    assert shown(edge.decide("hero")) == ["olives"]
    clock.now_us += DAY_US
    assert shown(edge.decide("hero")) == ["soon"]


def test_help_outranks_selling(edge):
    assert shown(edge.decide("letter")) == ["ticket", "olives"]


def test_context_selects_and_a_wrong_type_is_unknown(edge):
    assert shown(edge.decide("hero", None, {"page": "garden"})) == ["spade"]
    decision = edge.decide("hero", None, {"page": 7, "nonsense": 1})
    assert shown(decision) == ["olives"]
    assert decision.careful == ("context.page does not fit its type",)


def test_affinity_ranks_and_is_named_in_the_basis(edge):
    decision = edge.decide("rows", "ann", profile={"visits": 8, "scores": {"food": 4.0}}, context={"page": "garden"})

    assert [(pick.offer, pick.worth) for pick in decision.picks] == [("thanks", 8.0), ("olives", 4.0), ("spade", 3.0)]
    assert decision.picks[1].basis is Familiarity.PERSONAL
    assert decision.picks[2].basis is Familiarity.CONTEXT
    assert "what you chose before" in decision.why()


def test_a_boost_of_the_moment_changes_the_order(open_edge, policy):
    boosts = (Boost(is_("context.page", "garden"), 10.0, offers=("olives",)),)
    edge = open_edge(changed=attrs.evolve(policy, ranking=attrs.evolve(policy.ranking, boosts=boosts)))

    assert shown(edge.decide("hero", None, {"page": "garden"})) == ["olives"]
    assert shown(edge.decide("hero", None, {"page": "home"})) == ["olives"]
    assert shown(edge.decide("rows", None, {"page": "garden"})) == ["olives", "spade"]


def test_variety_bounds_a_topic_in_a_placement(open_edge, policy):
    more = tuple(offer(f"food{number}", value=7.0 + number) for number in range(4))
    edge = open_edge(changed=attrs.evolve(policy, offers=policy.offers + more))
    decision = edge.decide("rows", None, {"page": "garden"})

    assert shown(decision) == ["food3", "food2", "spade"]
    assert [r.id for r in decision.explain().of("food1")[0].reasons] == ["outranked"]


def test_a_page_is_decided_together_and_no_offer_is_there_twice(edge):
    decision = edge.decide(["hero", "rows"], "ann", profile=ANN)

    assert shown(decision) == ["wine", "thanks", "olives"]
    assert decision.at("hero") == ({"title": "wine"},)
    assert [content["title"] for content in decision.at("rows")] == ["thanks", "Ann, your olives"]


def test_an_empty_slot_shows_the_fallback(edge):
    edge.update(attrs.evolve(edge.plan.policy, offers=(offer("never", when=at_least("profile.visits", 100)),)))

    decision = edge.decide("hero")
    assert decision.picks == ()
    assert decision.content == {"title": "Welcome"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere",),
        ((),),
        (None,),
        (["hero", "letter"],),
        ("hero", {"card": 7}),
        ("hero", {"card": ""}),
        ("hero", {"x" * 10_000: "y" * 10_000}),
        ("hero", 7),
        ("hero", None, {"page": object()}),
        ("hero", None, 7),
    ],
)
def test_nothing_raises_inside_decide(edge, arguments):
    decision = edge.decide(*arguments)

    assert isinstance(decision, tactful.Decision)
    assert isinstance(decision.why(), str)
    assert decision.explain() is not None
    assert decision.token


@pytest.mark.parametrize("profile", [{"visits": "many"}, {"visits": True}, {"scores": {"food": -1}}, {"first_name": 3}])
def test_a_value_that_does_not_fit_is_unknown_and_named(edge, profile):
    decision = edge.decide("rows", "ann", profile=profile)

    assert shown(decision) == ["olives"]
    assert decision.careful == (f"profile.{next(iter(profile))} does not fit its type",)


def test_an_attribute_ends_with_its_age_on_the_microsecond(open_edge, clock):
    seen = tactful.Observation("gold", tactful.Source.STATED, clock.now_us)
    edge = open_edge(profiles=lambda customer: tactful.Snapshot(customer, clock.now_us, {"tier": seen}))
    edge.warm("ann")

    clock.now_us += 30 * DAY_US
    assert "wine" in shown(edge.decide("rows", "ann"))
    clock.now_us += 1
    assert "wine" not in shown(edge.decide("rows", "ann"))
    clock.now_us -= 1
    assert "wine" in shown(edge.decide("rows", "ann"))


def test_a_cookie_is_not_a_person(open_edge):
    edge = open_edge(profiles=lambda _: dict(ANN))
    for who in ({"card": "1"}, {"cookie": "1"}):
        edge.warm(who)

    assert edge.decide("rows", {"card": "1"}).picks[0].offer == "wine"
    decision = edge.decide("rows", {"cookie": "1"})
    assert "wine" not in shown(decision)
    assert all(pick.tone < Familiarity.PERSONAL for pick in decision.picks)
    assert "core.weak_identity" in decision.limits()


def test_escaping_belongs_to_the_channel(edge):
    decision = edge.decide("hero", "ann", profile={"first_name": "<b>&Ann"})

    assert decision.content == {"title": "&lt;b&gt;&amp;Ann, your olives"}


def test_nothing_personal_is_in_a_repr(edge):
    profile = {"first_name": "Canary-7Q", "visits": 8}
    decision = edge.decide("rows", {"card": "Canary-9Z"}, profile=profile, consents={"offers": "explicit"})

    seen = repr(decision) + repr(decision.picks) + repr(decision.receipt()) + repr(edge) + decision.why()
    seen += str(decision.explain()) + repr(decision._moment.customer)
    assert "Canary" in str(decision.picks[1].content)
    assert "Canary" not in seen


def test_treatments_of_one_offer_have_no_second_pick(edge):
    decision = edge.decide("rows", "ann", profile=ANN)

    assert [r.id for r in decision.explain().of("olives")[0].reasons] == ["familiarity"]
    assert treatment("x", "y").id == "x"
