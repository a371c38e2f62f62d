"""Precedence: law, customer, policy, campaign. What is allowed is what all of them allow, whoever is asked first."""

import itertools

import attrs
import pytest

from tactful import Contact, Familiarity, Privacy
from tactful.clock import DAY_US
from tactful.policy import PluginUse, Policy

from .houses import NOON_US, House, no, reasons, said, shop_with, shown, yes

WISHES = shop_with("wishes")
STATED = {"muted_topics": "no_topics", "muted_channels": "no_channels", "tone": "speak", "silence": "hush"}
LAW, CUSTOMER, POLICY = "breaking_bonds", "preferences", "overcrowding"
#: The campaign's: it is worth a thousand times what others are, and is always first where it may be shown.
RIVAL = "rival"


def under(*names: str) -> Policy:
    """Return the shop under some of the three, in this order; its caps are its own."""
    there = {use.name: use for use in WISHES.guardrails} | {CUSTOMER: PluginUse(CUSTOMER, "", STATED)}
    return attrs.evolve(WISHES, guardrails=tuple(there[name] for name in names))


def with_a_wish(policy: Policy) -> Policy:
    """Return a policy whose cap `food_often` keeps to the customer's own number."""
    (use,) = [use for use in policy.guardrails if use.name == POLICY]
    caps = {**use.settings["caps"], "food_often": {**use.settings["caps"]["food_often"], "wish": "weekly"}}
    wished = attrs.evolve(use, settings={**use.settings, "caps": caps})
    return attrs.evolve(policy, guardrails=tuple(wished if one is use else one for one in policy.guardrails))


ALL_THREE = under(LAW, CUSTOMER, POLICY)
RHYTHM = with_a_wish(ALL_THREE)
NOTHING = under()


#: As often as the shop's cap `food_often` allows it in a week.
LOAVES = tuple(
    Contact(str(n), "ann", "shown", NOON_US - DAY_US, "bread", "bread", channel="inbox", intent="sell")
    for n in range(3)
)


def decide(house, policy, profile=None, consents=None, contacts=(), place="inbox.letter", **more):
    given = said(yes("offers")) if consents is None else consents
    return house.decide(policy, place, profile=profile or {}, consents=given, contacts=contacts, **more)


def test_where_nobody_minds_the_campaign_comes_first(house):
    for policy in (NOTHING, under(LAW), under(CUSTOMER), under(POLICY), ALL_THREE):
        bought = [offer for offer in shown(decide(house, policy)) if offer not in {"parcel", "hails"}]
        assert bought[0] == RIVAL


def test_law_before_customer_a_wish_for_more_is_no_consent(house):
    for wish in ({"speak": "personal"}, {"no_topics": [], "no_channels": [], "hush": False}):
        decision = decide(house, ALL_THREE, {**wish, "tier": "gold"}, said(no("offers")))
        assert "greets" not in shown(decision)
        assert any(id_.startswith(f"{LAW}.") for id_ in reasons(decision, "greets"))
        assert "greets" in shown(decide(house, under(CUSTOMER, POLICY), {**wish, "tier": "gold"}, said(no("offers"))))


def test_law_before_customer_what_a_contract_demands_comes_in_spite_of_a_wish(house):
    wish = {"no_topics": ["bread"], "no_channels": ["inbox"], "hush": True, "speak": "generic"}
    assert {"recalled", "parcel"} <= set(shown(decide(house, ALL_THREE, wish)))
    assert {"recalled", "parcel"} <= set(shown(decide(house, ALL_THREE, wish, said(no("offers"), no("service")))))


def test_law_before_policy_room_in_a_cap_is_no_consent(house):
    decision = decide(house, ALL_THREE, consents=said(no("offers")))
    assert RIVAL not in shown(decision)
    assert any(id_.startswith(f"{LAW}.") for id_ in reasons(decision, RIVAL))
    assert RIVAL in shown(decide(house, ALL_THREE))


def test_law_before_campaign_no_worth_buys_a_consent(house):
    assert RIVAL not in shown(decide(house, ALL_THREE, consents=said(no("offers"))))
    assert RIVAL in shown(decide(house, under(CUSTOMER, POLICY), consents=said(no("offers"))))


def test_customer_before_policy_room_in_a_cap_is_no_yes(house):
    assert RIVAL in shown(decide(house, ALL_THREE, {"no_topics": ["soap"]}))
    decision = decide(house, ALL_THREE, {"no_topics": ["bread"]})
    assert RIVAL not in shown(decision)
    assert reasons(decision, RIVAL) == {f"{CUSTOMER}.topic.bread"}


def test_customer_before_policy_a_channel_that_carries_more_does_not_say_more(house):
    said_gold = decide(house, ALL_THREE, {"tier": "gold"})
    assert max(pick.tone for pick in said_gold.picks) is Familiarity.PERSONAL
    told = decide(house, ALL_THREE, {"tier": "gold", "speak": "segment"})
    assert max(pick.tone for pick in told.picks if pick.offer == "greets") <= Familiarity.SEGMENT
    wanting_more = decide(house, ALL_THREE, {"tier": "gold", "speak": "personal"}, place="wall.page")
    (wall,) = [channel for channel in ALL_THREE.channels if channel.name == "wall"]
    assert wall.privacy is Privacy.PUBLIC
    narrow = attrs.evolve(
        ALL_THREE,
        channels=tuple(
            attrs.evolve(one, tone=Familiarity.GENERIC) if one.name == "wall" else one for one in ALL_THREE.channels
        ),
    )
    assert max(pick.tone for pick in wanting_more.picks) is Familiarity.PERSONAL
    held = decide(house, narrow, {"tier": "gold", "speak": "personal"}, place="wall.page")
    assert {pick.tone for pick in held.picks} == {Familiarity.GENERIC}


def test_customer_before_policy_fewer_than_a_cap_allows_is_what_counts(house):
    decision = decide(house, RHYTHM, {"weekly": 2}, contacts=LOAVES[:2])
    assert RIVAL not in shown(decision)
    assert reasons(decision, RIVAL) == {f"{POLICY}.food_often.wish"}
    assert RIVAL in shown(decide(house, RHYTHM, {"weekly": 3}, contacts=LOAVES[:2]))
    assert RIVAL in shown(decide(house, ALL_THREE, {"weekly": 2}, contacts=LOAVES[:2]))


def test_policy_before_a_wish_for_more_it_opens_no_cap(house):
    decision = decide(house, RHYTHM, {"weekly": 50}, contacts=LOAVES)
    assert RIVAL not in shown(decision)
    assert reasons(decision, RIVAL) == {f"{POLICY}.food_often"}


def test_law_before_customer_a_number_is_no_consent_and_keeps_off_no_recall(house):
    assert RIVAL not in shown(decide(house, RHYTHM, {"weekly": 50}, said(no("offers"))))
    assert {"recalled", "parcel"} <= set(shown(decide(house, RHYTHM, {"weekly": 0})))


def test_customer_before_campaign_no_worth_buys_one_more(house):
    decision = decide(house, RHYTHM, {"weekly": 0})
    assert RIVAL not in shown(decision)
    assert reasons(decision, RIVAL) == {f"{POLICY}.food_often.wish"}


def test_customer_before_campaign_no_worth_buys_a_yes(house):
    for wish in ({"no_topics": ["food"]}, {"no_channels": ["inbox"]}, {"hush": True}):
        decision = decide(house, ALL_THREE, wish)
        assert RIVAL not in shown(decision)
        assert all(id_.startswith(f"{CUSTOMER}.") for id_ in reasons(decision, RIVAL))
        assert RIVAL in shown(decide(house, under(LAW, POLICY), wish))


def test_policy_before_campaign_no_worth_buys_room_in_a_cap(house):
    decision = decide(house, ALL_THREE, contacts=LOAVES)
    assert RIVAL not in shown(decision)
    assert reasons(decision, RIVAL) == {f"{POLICY}.food_often"}
    assert RIVAL in shown(decide(house, under(LAW, CUSTOMER), contacts=LOAVES))
    assert RIVAL in shown(decide(house, under(CUSTOMER, POLICY), contacts=LOAVES, now_us=NOON_US + 7 * DAY_US))


@pytest.mark.parametrize("wish", [{}, {"no_topics": ["home"]}, {"no_channels": ["inbox"]}, {"hush": True}])
@pytest.mark.parametrize("consents", [said(yes("offers")), said(no("offers")), said()], ids=["yes", "no", "silent"])
def test_whoever_is_asked_first_the_same_is_allowed(house, wish, consents):
    allowed = []
    for names in itertools.permutations((LAW, CUSTOMER, POLICY)):
        decision = decide(house, kept(house, names), wish, consents, LOAVES)
        allowed.append((shown(decision), decision.why()))
    assert all(one == allowed[0] for one in allowed)
    for names in itertools.combinations((LAW, CUSTOMER, POLICY), 2):  # and none of them lets in what others keep out
        looser = decide(house, kept(house, names), wish, consents, LOAVES)
        assert set(allowed[0][0]) <= set(shown(looser))


_KEPT: dict[tuple[str, ...], Policy] = {}


def kept(house: House, names: tuple[str, ...]) -> Policy:
    """Return a policy that is the same object for the same names, so that its edge is opened once."""
    return _KEPT.setdefault(names, under(*names))
