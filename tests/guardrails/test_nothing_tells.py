"""Where others see, sensitive evidence changes nothing that is seen: neither what is shown, nor how, nor why."""

import uuid

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tactful
from tactful import Privacy
from tactful.policy import Policy
from tactful_plugins import boudoir, overcrowding

from .customers import Draw
from .houses import NOON_US, House, demo, shop, without
from .mutants import mutated

SHOP = shop()
POLICIES = {"demo": lambda: demo().policy, "shop": lambda: SHOP}


def pages(policy: Policy) -> list[str]:
    """Return the placements that others see."""
    private = {channel.name for channel in policy.channels if channel.privacy is Privacy.PRIVATE}
    return [placement.name for placement in policy.placements if placement.channel not in private]


def visible(decision: tactful.Decision, place: str) -> object:
    picks = [(p.offer, p.treatment, p.tone, p.basis, p.worth, dict(p.content)) for p in decision.picks]
    return picks, list(decision.at(place)), decision.why()


def told_apart(house: House, policy: Policy, seed: int) -> str | None:
    """Return a page on which a customer is told apart from one who differs in what is sensitive alone."""
    draw = Draw(policy, seed)
    one = draw.customer()
    other = draw.with_other_secrets(one)
    for place in pages(policy):
        seen = [visible(house.decide(policy, place, "ann", k.context, **k.brought()), place) for k in (one, other)]
        if seen[0] != seen[1]:
            return place
    return None


@pytest.fixture(scope="module")
def houses():
    return House()


@pytest.mark.parametrize("name", POLICIES)
@given(seed=st.integers(0, 2**32))
def test_what_is_sensitive_changes_nothing_that_others_see(houses, name, seed):
    assert told_apart(houses, POLICIES[name](), seed) is None


@pytest.fixture(scope="module")
def shop_edge(houses):
    policy = houses.edge(SHOP).plan.policy
    store = tactful.MemoryStore()
    with tactful.open(policy, registry=houses.registry, store=store, clock=lambda: NOON_US) as edge:
        yield edge, store


@given(seed=st.integers(0, 2**32))
def test_nor_does_it_over_a_visit_in_which_all_that_is_shown_counts(shop_edge, seed):
    edge, store = shop_edge
    draw = Draw(SHOP, seed)
    one = draw.customer()
    visits = []
    for known in (one, draw.with_other_secrets(one)):
        id_ = f"{seed}/{len(visits)}/{uuid.uuid4()}"
        store.put_profile(attrs.evolve(known.brought()["profile"], customer=id_))
        store.record([attrs.evolve(contact, id=f"{id_}/{contact.id}", customer=id_) for contact in known.contacts])
        if known.consents is not None:
            store.put_consents(id_, known.consents)
        steps = []
        for place in pages(SHOP) * 2:
            decision = edge.decide(place, id_, known.context)
            steps.append(visible(decision, place))
            edge.record(decision)
        visits.append(steps)
    assert visits[0] == visits[1]


def test_it_does_change_what_a_letter_holds(houses):
    policy, changed = demo().policy, 0
    for seed in range(400):
        draw = Draw(policy, seed)
        one = draw.customer()
        both = [one, draw.with_other_secrets(one)]
        letters = [[p.offer for p in houses.decide(policy, "email.letter", "ann", **k.brought()).picks] for k in both]
        changed += letters[0] != letters[1]
    assert changed > 0


# What the property is able to see: each of these tells a customer apart within a few hundred draws.

LEAKS = {
    "without the guardrail": (None, "boudoir"),
    "evidence selects": (("yield When(where, Withhold(selected)", "0 and When(where, Withhold(selected)"), None),
    "affinities rank": (("yield When(where, blind,", "0 and When(where, blind,"), None),
    "who looks over a shoulder sees nothing": (
        ("< _PRIVACIES[self.private_from]]", "< Privacy.SEMI_PRIVATE]"),
        None,
    ),
    "words for the customer": (('seen, id="not_private")', 'seen, id="not_private", say="We hide it.")'), None),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_seen(leak):
    change, off = LEAKS[leak]
    house = House(mutated(boudoir, *change)) if change else House()
    policy = without(shop(), off) if off else shop()
    assert any(told_apart(house, policy, seed) for seed in range(300))


def test_a_purchase_that_counts_for_wider_topics_is_seen():
    house = House(mutated(overcrowding, 'Counted("purchase"), "topic", exact=True', 'Counted("purchase"), "topic"'))
    assert any(told_apart(house, shop(), seed) for seed in range(300))


def test_a_rest_after_a_sensitive_purchase_is_seen():
    house = House(
        mutated(overcrowding, "return self._sold(catalog) & ordinary & named", "return self._sold(catalog) & named")
    )
    assert any(told_apart(house, shop(), seed) for seed in range(300))
