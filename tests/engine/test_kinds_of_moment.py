"""A place takes the kinds of moment that it names; of an offer that names none, it takes none."""

import attrs
import pytest

from tactful import PolicyError, Registry
from tactful.authoring import compile_files
from tactful.offers import MomentKind, Placement
from tactful.policy import Boost, Ranking

from .conftest import is_, offer

SHOP = """\
name: corner shop
channels: {web: semi-private}
placements: {home: web, note: {channel: web, moments: [ask, alert]}}
topics: {food: {}}
purposes: {offers: {basis: legitimate-interest, say: choose offers for you}}
profile: {all_of: {guests: int}}
offers:
  all: {topic: food, intent: inform}
  dinner: {%s, treatments: For how many do you cook?}
"""


def compiled(keys):
    return compile_files({"policy.yaml": (SHOP % keys).encode()}, registry=Registry.installed())


def shown(decision):
    return [pick.offer for pick in decision.picks]


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ((), ["late", "unsaid", "recipe"]),
        ((MomentKind.ALERT,), ["late"]),
        ((MomentKind.RECOMMENDATION, MomentKind.NEWS), ["recipe"]),
        ((MomentKind.REMINDER,), []),
        (tuple(MomentKind), ["late", "recipe"]),
    ],
)
def test_a_place_takes_the_kinds_that_it_names(open_edge, policy, taken, expected):
    offers = (
        offer("late", value=3.0, moment=MomentKind.ALERT),
        offer("unsaid", value=2.0),
        offer("recipe", value=1.0, moment=MomentKind.RECOMMENDATION),
    )
    changed = attrs.evolve(policy, offers=offers, placements=(Placement("rows", "web", 3, moments=taken),))
    decision = open_edge(changed=changed).decide("rows")

    assert shown(decision) == expected
    lost = {loss.offer: [reason.id for reason in loss.reasons] for loss in decision.explain().losses}
    assert lost == {id_: ["placement"] for id_ in {"late", "unsaid", "recipe"} - set(expected)}


def test_a_boost_can_be_for_some_kinds_of_moment(open_edge, policy):
    offers = (offer("recipe", value=2.0, moment=MomentKind.RECOMMENDATION), offer("basket", moment=MomentKind.REMINDER))
    boosts = (Boost(is_("context.page", "checkout"), 3.0, moments=(MomentKind.REMINDER,)),)
    edge = open_edge(changed=attrs.evolve(policy, offers=offers, ranking=Ranking(boosts=boosts)))

    assert shown(edge.decide("rows", None, {"page": "home"})) == ["recipe", "basket"]
    assert shown(edge.decide("rows", None, {"page": "checkout"})) == ["basket", "recipe"]


def test_an_offer_that_asks_is_an_ask_by_itself():
    (dinner,) = compiled("asks: guests, gives: a recipe that fits").offers

    assert dinner.moment is MomentKind.ASK
    assert compiled("moment: ask, asks: guests, gives: a recipe that fits").offers == (dinner,)
    assert compiled("moment: status-update").offers[0].moment is MomentKind.STATUS_UPDATE
    assert compiled("value: 1").offers[0].moment is None


@pytest.mark.parametrize("keys", ["moment: ask", "moment: news, asks: guests, gives: a recipe that fits"])
def test_nothing_else_is_an_ask_and_an_ask_is_nothing_else(keys):
    with pytest.raises(PolicyError, match=r"asks"):
        compiled(keys)
