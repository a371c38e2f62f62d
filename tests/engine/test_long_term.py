"""What an offer does in the long term counts beside the next sale where the policy says so, and only there."""

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tactful import Catalog, Intent, Policy, Privacy, Purpose
from tactful.offers import Channel, Placement
from tactful.plan.worth import ranked_offers
from tactful.policy import Ranking, Values
from tactful.topics import Topic

from .conftest import offer

SHARES = st.none() | st.floats(0, 1)
WEIGHTS = st.floats(0, 100)
OFFERS = st.lists(
    st.builds(
        lambda value, chance, glad, stay: {"value": value, "chance": chance, "satisfaction": glad, "retention": stay},
        st.floats(0, 100),
        st.floats(0, 1),
        SHARES,
        SHARES,
    ),
    min_size=1,
    max_size=6,
)
SHOP = Policy(
    name="shop",
    values=Values(),
    channels=(Channel("web", Privacy.SEMI_PRIVATE),),
    placements=(Placement("hero", "web"),),
    topics=(Topic("food"),),
    purposes=(Purpose("offers"),),
    attributes=(),
    offers=(),
)


def of(fields, **weights):
    """The catalog of offers with these fields, under these weights."""
    offers = tuple(offer(f"o{number}", **one) for number, one in enumerate(fields))
    return Catalog(attrs.evolve(SHOP, offers=offers, ranking=Ranking(**weights)))


def shown(decision):
    return [pick.offer for pick in decision.picks]


def test_who_stays_can_be_worth_more_than_the_next_sale(open_edge, policy):
    offers = (offer("sale", value=1.0, chance=0.5), offer("class", value=0.1, chance=0.5, retention=0.4))
    by_sale = attrs.evolve(policy, offers=offers)
    by_both = attrs.evolve(by_sale, ranking=Ranking(retention=2.0))

    assert shown(open_edge(changed=by_sale).decide("rows")) == ["sale", "class"]
    decision = open_edge(changed=by_both).decide("rows")
    assert [(pick.offer, pick.worth) for pick in decision.picks] == [("class", 0.05 + 2.0 * 0.4), ("sale", 0.5)]


def test_explain_tells_how_much_of_an_offers_worth_is_not_the_next_sale(open_edge, policy):
    offers = (offer("sale", value=1.0), offer("class", value=0.5, satisfaction=0.5, topic="garden"))
    changed = attrs.evolve(policy, offers=offers, ranking=Ranking("scores", satisfaction=3.0))
    explained = open_edge(changed=changed).decide("rows", "ann", profile={"scores": {"garden": 4.0}}).explain()

    assert explained.long_term == (("class", 0.75),)
    assert "+ class/plain  worth 8, 75% of it in the long term" in str(explained)
    assert "+ sale/plain  worth 1\n" in f"{explained}\n"


def test_help_comes_first_whatever_the_long_term_promises(open_edge, policy):
    offers = (offer("club", value=9.0, retention=1.0), offer("ticket", intent=Intent.HELP, value=0.1))
    edge = open_edge(changed=attrs.evolve(policy, offers=offers, ranking=Ranking(retention=100.0)))

    assert shown(edge.decide("rows")) == ["ticket", "club"]


@given(OFFERS)
def test_without_weights_what_is_expected_changes_nothing(fields):
    plain = [{"value": one["value"], "chance": one["chance"]} for one in fields]
    order = [(entry.offer.id, ranked.base) for entry, ranked in pairs(of(fields))]

    assert order == [(entry.offer.id, ranked.base) for entry, ranked in pairs(of(plain))]


@given(OFFERS, WEIGHTS, WEIGHTS)
def test_the_catalogs_order_is_that_of_base_worth(fields, glad, stay):
    catalog = of(fields, satisfaction=glad, retention=stay)
    worths = [ranked.base for ranked in ranked_offers(catalog, ("offers",))]

    assert worths == sorted(worths, reverse=True)
    assert [entry.offer.id for entry in catalog.entries] == [one.offer.id for _, one in pairs(catalog)]


@given(OFFERS, WEIGHTS, WEIGHTS, st.data())
def test_to_expect_more_of_an_offer_never_ranks_it_lower(fields, glad, stay, data):
    which = data.draw(st.integers(0, len(fields) - 1))
    name = data.draw(st.sampled_from(("satisfaction", "retention")))
    more = data.draw(st.floats(fields[which][name] or 0.0, 1))
    better = [{**one, name: more} if number == which else one for number, one in enumerate(fields)]

    def place(offers):
        catalog = of(offers, satisfaction=glad, retention=stay)
        return [entry.offer.id for entry in catalog.entries].index(f"o{which}")

    assert place(better) <= place(fields)


def pairs(catalog):
    return zip(catalog.entries, ranked_offers(catalog, ("offers",)), strict=True)
