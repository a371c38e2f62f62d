"""The kit for rules, segments and offers: a policy that is right holds every law; each law has one that fails it."""

from pathlib import Path
from random import Random

import pytest
from tests.differential.mutating import Mutant, mutated

from tactful.authoring import compile_files
from tactful.testing.policies import PolicyConformance
from tactful.testing.telling import Telling

ROOT = Path(__file__).parents[2]
SHOP = """
channels: {web: private, email: {privacy: private, outbound: true}}
placements: {home: {channel: web, fallback: {title: Welcome}}, letter: email}
topics: {food: {}}
purposes: {offers: consent}
context: {page: text, open_at: list of int}
profile:
  crm:
    all: {owner: crm, purpose: offers, source: stated}
    visits: {type: int, say: how often you visit}
    tags: {type: list of text, say: what you like}
    joined: {type: time, say: since when you are here}
    likes: {type: scores, say: what you like}
ranking: {affinity: likes}
segments:
  regulars: {when: profile.visits >= 6, say: you are here often}
  new_here: {when: 'now - profile.joined < duration("720h")', say: you are new here}
offers:
  all: {intent: sell, topic: food, purpose: offers}
  olives: {when: 'context.page == "deli" && segment.regulars', treatments: Olives}
  wine: {when: 'profile.tags.exists(t, t == "wine")', treatments: Wine}
  hello: {when: segment.new_here, treatments: Hello}
  bread: {treatments: Bread}
"""


def laws(policy, **more):
    return type("Laws", (PolicyConformance,), {"policy": policy, "examples": 100, **more})()


LAWS = [name for name in dir(PolicyConformance) if name.startswith("test_")]


@pytest.mark.parametrize("policy", [SHOP, ROOT / "examples" / "shoes" / "policy"], ids=["text", "folder"])
@pytest.mark.parametrize("law", LAWS)
def test_a_policy_that_is_right_holds_each_law(law, policy):
    getattr(laws(policy, examples=500 if isinstance(policy, Path) else 100), law)()


SEGMENTS = "test_each_segment_has_somebody_in_it_and_somebody_outside"
OFFERS = "test_each_offer_is_shown_to_somebody"
STRANGERS = "test_each_placement_has_something_for_a_stranger"
NEVER = "profile.visits > 6 && profile.visits < 3"
WRONG = {
    "nobody of 100 is in the segment regulars": (SEGMENTS, ("profile.visits >= 6", NEVER)),
    "everybody of 100 is in the segment regulars": (SEGMENTS, ("profile.visits >= 6", 'now > now - duration("1h")')),
    "these are shown to nobody: wine": (OFFERS, ('t == "wine"', 't == "wine" && t == "beer"')),
    "give a fallback: home": (
        STRANGERS,
        (", fallback: {title: Welcome}}", "}"),
        ("  bread: {", "  bread: {when: segment.regulars, "),
    ),
}


@pytest.mark.parametrize("said", WRONG)
def test_each_law_catches_a_policy_that_breaks_it(said):
    law, *changes = WRONG[said]
    text = SHOP
    for right, wrong in changes:
        assert right in text
        text = text.replace(right, wrong)
    with pytest.raises(AssertionError, match=said):
        getattr(laws(text), law)()


def test_what_is_rare_need_not_be_met():
    text = SHOP.replace("profile.visits >= 6", NEVER)
    for law in (SEGMENTS, OFFERS):
        getattr(laws(text, rare={"regulars", "olives"}), law)()


def test_an_engine_that_reads_a_rule_otherwise_is_caught():
    every = Mutant("testing.interpreter", '(either, False) if expr.kind == "exists" else (both, True)', "(both, True)")
    with mutated(every), pytest.raises(AssertionError, match="the engines differ"):
        laws(SHOP).test_each_rule_says_what_it_says_when_it_is_read_plainly()


def test_a_decision_that_fails_is_caught(monkeypatch):
    def fails(*_):
        raise RuntimeError

    monkeypatch.setattr("tactful.engine.middle.decide", fails)
    with pytest.raises(AssertionError, match="failed"):
        laws(SHOP).test_no_customer_and_no_moment_makes_a_decision_fail()


def test_customers_are_told_apart_by_what_rules_compare():
    policy = compile_files({"policy.yaml": SHOP.encode()})
    telling, chance = Telling(policy), Random(0)  # noqa: S311 - the same each time
    told = [telling.one(chance) for _ in range(300)]
    visits = {one.snapshot.attributes["visits"].value for one in told if "visits" in one.snapshot.attributes}
    assert {5, 6, 7} <= visits
    assert {"deli"} < {one.context["page"] for one in told}
    assert any("wine" in one.snapshot.attributes["tags"].value for one in told if "tags" in one.snapshot.attributes)
    assert any("visits" not in one.snapshot.attributes for one in told)
