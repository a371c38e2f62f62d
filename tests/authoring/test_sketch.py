"""The sketch of the design, as it is written there: short where things are simple."""

from datetime import UTC, datetime

import attrs
import pytest

import tactful
from tactful import Dial, Intent, LegalBasis, Privacy, Sensitivity, Source, ValueType
from tactful.authoring import compile_files
from tactful.clock import to_us
from tactful.expr import text

SKETCH = """\
values: {dial: balanced}
channels: {email: private, kiosk: exposed}
topics:
  food: {}
  baby: {under: food, sensitivity: intimate, blend: 20%}
profile:
  loyalty:
    all: {owner: crm, purpose: offers, source: observed, max_age: 90d}
    first_name: text
    visits: {type: int, say: how often you visit}
segments:
  regulars: {when: profile.visits >= 6, say: you shop here often}
offers:
  olives:
    intent: sell
    topic: food
    run: 2026-12-01 to 2026-12-08
    when: segment.regulars
    value: 1.2
    treatments:
      - title: Olives half price
      - title: "{profile.first_name}, your olives"
caps:
  weekly: {per: customer, of: topic, count: 2, within: 7d, then: defer}
"""
#: What a sketch can leave out and a policy cannot: where it speaks, and what data is used for.
ADDITIONS = """\
placements: {letter: email}
purposes: {offers: consent}
"""
DURING_US = to_us(datetime(2026, 12, 2, 12, tzinfo=UTC))


@pytest.fixture(scope="module")
def policy():
    return compile_files({"sketch.yaml": SKETCH.encode(), "additions.yaml": ADDITIONS.encode()})


def test_the_sketch_says_what_it_seems_to_say(policy):
    assert policy.values.dial is Dial.BALANCED
    assert [(c.name, c.privacy) for c in policy.channels] == [("email", Privacy.PRIVATE), ("kiosk", Privacy.EXPOSED)]
    food, baby = policy.topics
    assert (food.under, food.sensitivity) == (None, Sensitivity.ORDINARY)
    assert (baby.under, baby.sensitivity, baby.blend) == ("food", Sensitivity.INTIMATE, 0.2)
    assert [(p.name, p.legal_basis) for p in policy.purposes] == [("offers", LegalBasis.CONSENT)]
    assert [(p.name, p.channel, p.slots) for p in policy.placements] == [("letter", "email", 1)]


def test_what_all_says_holds_for_all(policy):
    first_name, visits = policy.attributes
    assert (first_name.type, visits.type) == (ValueType.TEXT, ValueType.INT)
    for attribute in policy.attributes:
        assert (attribute.owner, attribute.purposes) == ("crm", ("offers",))
        assert (attribute.source, attribute.max_age_s) == (Source.OBSERVED, 90 * 86_400)
    assert visits.say == "how often you visit"


def test_the_offer_is_as_written(policy):
    (olives,) = policy.offers
    assert (olives.intent, olives.topic, olives.purpose, olives.value) == (Intent.SELL, "food", "offers", 1.2)
    assert olives.from_us == to_us(datetime(2026, 12, 1, tzinfo=UTC))
    assert olives.until_us == to_us(datetime(2026, 12, 9, tzinfo=UTC))
    assert text(olives.when) == "segment.regulars"
    plain, named = olives.treatments
    assert plain.content[0][1][0].parts == ("Olives half price",)
    assert [part if isinstance(part, str) else text(part) for part in named.content[0][1][0].parts] == [
        "profile.first_name",
        ", your olives",
    ]


def test_the_cap_is_as_written(policy):
    (overcrowding,) = [use for use in policy.guardrails if use.name == "overcrowding"]
    assert overcrowding.settings["caps"]["weekly"] == {
        "per": "customer",
        "of": "topic",
        "count": 2,
        "within_s": 604_800,
        "then": "defer",
    }


def test_the_sketch_decides(policy):
    edge = tactful.open(policy, clock=lambda: DURING_US)
    told = {"profile": {"first_name": "Ann", "visits": 9}, "consents": {"offers": "explicit"}}
    with edge:
        # Both treatments are worth the same, so that the name need not be shown.
        assert edge.decide("letter", {"card": "4711"}, **told).content == {"title": "Olives half price"}
        assert edge.decide("letter", {"card": "4711"}).content == {}
        assert edge.decide("letter", {"cookie": "c1"}, **told).content == {}


def test_every_line_of_the_sketch_matters(policy):
    lines = SKETCH.splitlines()
    for number, line in enumerate(lines):
        without = "\n".join(lines[:number] + lines[number + 1 :]).encode()
        try:
            changed = compile_files({"sketch.yaml": without, "additions.yaml": ADDITIONS.encode()})
        except tactful.PolicyError:
            continue
        if "dial" in line:  # it says what holds anyway
            assert changed == policy
        else:
            assert attrs.evolve(changed, conditions=()) != attrs.evolve(policy, conditions=()), line
