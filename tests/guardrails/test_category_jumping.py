"""Category jumping: what is known of one thing is not joined with another that has little to do with it."""

import functools
import re
import sys

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful import Familiarity, PluginError, Withhold
from tactful.authoring import compile_files
from tactful.expr import Call, Const, Var
from tactful.schema import ValueType
from tactful.topics import Topic
from tactful_plugins import category_jumping

from . import mutants
from .houses import House, demo, dialled, installed, named, reasons, shown, without

NAME = "category_jumping"
#: A car dealer of the same company that sells bicycles and food.
DEALER = """
name: a dealer
channels: {web: private}
placements: {page: {channel: web, slots: 99}}
topics:
  cars: {}
  car_mats: {under: cars}
  winter_mats: {under: car_mats}
  racks: {under: cars}
  sport: {}
  bicycles: {under: sport}
  food: {}
  pasta: {under: food, related: [sauces]}
  sauces: {under: food}
  soda: {under: food, forbidden: [diet]}
  diet_soda: {under: soda}
  spices: {related: [sauces]}
  diet: {under: food, related: [soda]}
  weight_loss: {under: diet}
  health: {sensitivity: sensitive}
purposes: {service: {basis: legitimate-interest}}
profile:
  known:
    bought: list of text
    scores: scores
    mats: {type: bool, topic: car_mats}
    bicycle: {type: bool, topic: bicycles}
    pasta: {type: bool, topic: pasta}
    soda: {type: bool, topic: diet_soda}
    ill: {type: bool, topic: health}
    sporty: {type: bool, derived_from: [bicycle]}
segments:
  drivers: {when: profile.mats, size: 900}
  cyclists: {when: segment.drivers && profile.bicycle, size: 900}
ranking: {affinity: scores, absent: 1}
offers:
  all: {intent: sell}
  rack: {topic: racks, when: profile.mats && profile.bicycle, treatments: A rack}
  rack_by_name: {topic: racks, when: '"car_mats" in profile.bought && "bicycles" in profile.bought', treatments: A rack}
  rack_by_group: {topic: racks, when: segment.cyclists, treatments: A rack}
  rack_by_guess: {topic: racks, when: profile.sporty, treatments: A rack}
  rack_told: {topic: racks, treatments: [A rack, {title: 'A rack{profile.bicycle ? " for two" : ""}', lift: 2}]}
  rack_but: {topic: racks, unless: '!profile.bicycle', treatments: A rack}
  rack_either: {topic: racks, when: profile.mats || profile.bicycle, treatments: A rack}
  rest: {topic: racks, when: profile.mats, unless: [profile.bicycle, profile.bicycle || profile.ill], treatments: Rest}
  winter: {topic: winter_mats, when: profile.mats, treatments: Winter mats}
  covers: {topic: racks, when: profile.mats, treatments: Covers}
  mats: {topic: winter_mats, when: segment.drivers, treatments: Mats}
  service: {topic: cars, treatments: A service}
  roof: {topic: bicycles, when: profile.mats && profile.bicycle, intent: help, treatments: Your rack is recalled}
  sauce: {topic: sauces, when: profile.pasta, treatments: A sauce}
  spice: {topic: spices, when: profile.pasta, treatments: Spices}
  curry: {topic: spices, when: '"food" in profile.bought', treatments: Curry}
  slim: {topic: weight_loss, when: profile.soda, treatments: Weigh less}
  light: {topic: diet, when: '"soda" in profile.bought', treatments: Weigh less}
  fizz: {topic: food, when: profile.soda && "diet" in profile.bought, treatments: Fizz}
  care: {topic: racks, when: profile.ill, treatments: Easy to lift}
  pump: {topic: bicycles, value: 0.9, affinity: pasta, treatments: A pump}
  oil: {topic: sauces, value: 0.9, affinity: pasta, treatments: Oil}
  bell: {topic: bicycles, value: 0.9, affinity: k7, treatments: A bell}
  bottle: {topic: food, value: 0.9, affinity: k7, treatments: A bottle}
  lamp: {topic: bicycles, value: 0.9, affinity: k8, treatments: A lamp}
"""
EVERYTHING = {
    "bought": ("car_mats", "bicycles", "soda", "diet", "food"),
    **dict.fromkeys(("mats", "bicycle", "pasta", "soda", "ill", "sporty"), True),
}
FAR = {"rack", "rack_by_name", "rack_by_group", "rack_by_guess", "rack_told", "rack_but", "rack_either", "care"}
FORBIDDEN = {"slim", "light", "fizz"}
NEAR = {"winter", "covers", "mats", "sauce", "spice"}


@functools.cache
def dealer(distance=None, **changes):
    text = DEALER
    for old, new in changes.items():
        text, count = re.subn(rf"^( +){old}: .*$", rf"\1{old}: {new}", text, flags=re.MULTILINE)
        assert count == 1
    policy = compile_files({"dealer.yaml": text.encode()}, registry=installed())
    return named(policy, NAME, **({} if distance is None else {"distance": distance}))


def decided(house, policy=None, profile=EVERYTHING):
    return house.decide(policy or dealer(), "page", profile=profile)


def offers(house, policy=None, profile=EVERYTHING):
    return set(shown(decided(house, policy, profile)))


# The story, and its counter-story.


def test_car_mats_and_a_bicycle_are_no_reason_to_offer_a_rack(house):
    known = {"mats": True, "bicycle": True}
    assert "rack" in offers(house, without(dealer(), NAME), known)
    right = decided(house, profile=known)
    assert "rack" not in shown(right)
    assert reasons(right, "rack") == {"category_jumping.unlinked.racks"}
    assert category_jumping._SAY in right.why()


def test_soda_is_no_reason_to_speak_of_weight(house):
    assert "light_menu" in shown(house.persona(without(demo().policy, NAME), "email.letter", "sam"))
    right = house.persona(demo().policy, "email.letter", "sam")
    assert "light_menu" not in shown(right)
    assert "category_jumping.forbidden.diet.silent" in reasons(right, "light_menu")
    assert offers(house, without(dealer(), NAME)) >= FORBIDDEN
    assert not offers(house) & FORBIDDEN


def test_who_buys_pasta_gets_sauces(house):
    assert "sauces" in shown(house.persona(demo().policy, "email.letter", "pia"))
    assert "sauce" in offers(house, profile={"pasta": True})


# What is joined.


def test_what_no_links_join_is_not_joined_by_any_rule_or_text(house):
    assert offers(house, without(dealer(), NAME)) >= FAR
    assert offers(house) & FAR == {"rack_told"}  # told without it
    told = next(pick for pick in decided(house).picks if pick.offer == "rack_told")
    assert told.content["title"] == "A rack"


def test_what_is_near_is_offered(house):
    assert offers(house) >= NEAR


def test_whom_a_rule_keeps_away_it_does_not_pick(house):
    assert "rest" in offers(house, profile={"mats": True, "bicycle": False, "ill": False})
    assert "rest" not in offers(house)
    assert "rack_but" not in offers(house)  # which picks cyclists


def test_help_is_given_whatever_it_joins(house):
    assert "roof" in offers(house)


def test_who_is_not_known_is_offered_what_is_for_everybody(house):
    assert offers(house, profile=None) >= {"service", "pump", "oil", "bell"}


def test_the_same_company_is_no_link(house):
    apart = dealer(cars="{}", sport="{}")
    joined = dealer(cars="{related: [sport]}")
    assert "rack_by_guess" not in offers(house, dealer(3))
    assert "rack_by_guess" in offers(house, named(joined, NAME, distance=3))
    assert "rack_by_guess" not in offers(house, named(apart, NAME, distance=99))


def test_what_is_joined_must_be_linked_with_one_another_too(house):
    # A rack is one step from cars and one from bicycles; from mats to bicycles it is three.
    thin = dealer(racks="{under: cars, related: [bicycles]}")
    assert offers(house, thin) & {"rack_by_guess", "covers"} == {"rack_by_guess", "covers"}
    assert not offers(house, thin) & {"rack", "rack_by_name", "rack_by_group", "rack_either"}
    assert "rack" in offers(house, dealer(3, racks="{under: cars, related: [bicycles]}"))


def test_a_link_goes_both_ways(house):
    assert "spice" in offers(house)  # pasta → sauces ← spices
    assert "curry" not in offers(house, dealer(1))
    assert "curry" in offers(house)


def test_what_is_forbidden_stays_so_at_any_distance(house):
    linked = dealer(99, diet="{under: food, related: [soda, diet_soda, weight_loss]}")
    assert not offers(house, linked) & FORBIDDEN
    assert {"forbidden"} == {reason.split(".")[1] for one in FORBIDDEN for reason in reasons(decided(house), one)}


def test_what_lies_under_the_forbidden_is_forbidden(house):
    assert "category_jumping.forbidden.weight_loss" in reasons(decided(house), "slim")


def test_a_topic_that_nobody_declared_is_linked_with_nothing(house):
    lost = attrs.evolve(dealer(9), topics=tuple(topic for topic in dealer().topics if topic.name != "winter_mats"))
    scope = house.rules(lost, NAME).scope
    far = {entry.offer.id for entry in house.edge(lost).plan.catalog.entries if entry.index in scope}
    assert {"winter", "mats"} <= far
    assert "covers" not in far


# Ranking.


def first(house, key, policy=None):
    """Return what leads among what is worth least, and on which basis, where one affinity is known."""
    picks = decided(house, policy, {"scores": {key: 9.0}}).picks
    return {pick.offer: pick.basis for pick in picks}


def test_the_score_of_another_thing_does_not_rank(house):
    assert first(house, "pasta", without(dealer(), NAME))["pump"] is Familiarity.PERSONAL
    assert first(house, "pasta")["pump"] is Familiarity.GENERIC
    assert first(house, "pasta")["oil"] is Familiarity.PERSONAL  # which goes with pasta


def test_nor_does_a_key_that_things_share_which_have_nothing_in_common(house):
    keyed = first(house, "k7")
    assert (keyed["bell"], keyed["bottle"]) == (Familiarity.GENERIC, Familiarity.GENERIC)
    assert first(house, "k8")["lamp"] is Familiarity.PERSONAL


def test_a_borrowed_key_does_not_harm_what_it_belongs_to(house):
    borrowed = dealer(lamp="{topic: food, value: 0.9, affinity: bicycles, treatments: A lamp}")
    rank = first(house, "bicycles", borrowed)
    assert (rank["lamp"], "pump" in rank) == (Familiarity.GENERIC, True)
    own = dealer(
        bell="{topic: bicycles, treatments: A bell}", lamp="{topic: food, affinity: bicycles, treatments: A lamp}"
    )
    assert first(house, "bicycles", own)["bell"] is Familiarity.PERSONAL


def test_scores_of_one_topic_do_not_rank_another(house):
    of_food = dealer(scores="{type: scores, topic: food}")
    assert first(house, "k8", of_food)["lamp"] is Familiarity.GENERIC
    assert first(house, "pasta", of_food)["oil"] is Familiarity.PERSONAL


def test_help_is_ranked_by_what_it_likes(house):
    keyed = dealer(roof="{topic: bicycles, affinity: pasta, intent: help, treatments: Your rack is recalled}")
    assert first(house, "pasta", keyed)["roof"] is Familiarity.PERSONAL


# Settings, the dial, and the words.


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "two"])
def test_a_wrong_setting_is_refused_in_words(wrong):
    with pytest.raises(PluginError, match="settings: distance must be a whole number of 1 or more"):
        House().guardrail(NAME, distance=wrong)


DIAL = {"conservative": 1, "balanced": 2, "bold": 3}


def test_the_dial_sets_how_far_is_too_far(house):
    for position, distance in DIAL.items():
        assert house.guardrail(NAME, position).distance == distance
        near = offers(house, dialled(dealer(), position))
        assert ("sauce" in near, "covers" in near) == (True, distance >= 2)
        thin = dealer(racks="{under: cars, related: [bicycles]}")
        assert ("rack" in offers(house, dialled(thin, position))) is (distance >= 3)


def test_its_sentence_tells_its_settings(house):
    assert house.guardrail(NAME).sentence() == (
        "Nothing is offered because of things that have little to do with it, or with one another: between what an "
        "offer joins lie at most 2 links, and some links are forbidden for ever."
    )
    assert "at most 1 link," in house.guardrail(NAME, distance=1).sentence()


def test_an_engineer_hears_which_topics(house):
    rules = dict(house.rules(dealer(1), NAME).rules)
    words = getattr(rules.get("category_jumping.unlinked.racks"), "reason", "")
    assert words == "it joins what is more than 1 link apart: bicycles and car_mats, bicycles and racks, and 1 more"
    assert rules["category_jumping.forbidden.diet"].reason == "it joins what must never be linked: diet and soda"


def test_of_what_is_sensitive_the_customer_hears_nothing(house):
    ill = decided(house, profile={"ill": True})
    assert reasons(ill, "care") == {"category_jumping.unlinked.racks.silent"}
    assert category_jumping._SAY not in ill.why()
    secret = dealer(racks="{under: cars, sensitivity: sensitive}")
    assert category_jumping._SAY not in decided(house, secret, {"mats": True, "bicycle": True}).why()


def test_it_knows_what_it_may_limit_and_no_more(house):
    scope = house.rules(dealer(), NAME).scope
    limited = {entry.offer.id for entry in house.edge(dealer()).plan.catalog.entries if entry.index in scope}
    assert limited == FAR | FORBIDDEN | {"pump", "bell", "bottle"}


def test_a_rule_that_names_what_is_no_topic_joins_nothing(house):
    base = dealer()
    when = Call("in", (Const(ValueType.TEXT, "boats"), Var("profile.bought", ValueType.TEXTS)), ValueType.BOOL)
    offer = attrs.evolve(next(o for o in base.offers if o.id == "service"), when=when)
    unnamed = attrs.evolve(base, offers=(*(o for o in base.offers if o.id != "service"), offer))
    known = {"bought": ("boats",)}
    assert "service" in offers(house, unnamed, known)
    named_now = attrs.evolve(unnamed, topics=(*unnamed.topics, Topic("boats")))
    assert "service" not in offers(house, named_now, known)


# Laws.


def withheld(policy, distance=2):
    """Return the treatments that it withholds."""
    rules = House().rules(named(policy, NAME, distance=distance), NAME).rules
    return {index for _, rule in rules if isinstance(rule.limit, Withhold) for index in rule.limit.scope}


def linked(name, **links):
    """Return the dealer with one topic linked further."""
    topics = [attrs.evolve(topic, **links) if topic.name == name else topic for topic in dealer().topics]
    return attrs.evolve(dealer(), topics=tuple(topics))


TOPICS = st.sampled_from([topic.name for topic in dealer().topics])
UNLINKED = [topic.name for topic in dealer().topics if not topic.related and not topic.forbidden]


@settings(max_examples=60)
@given(st.sampled_from(UNLINKED), TOPICS, st.integers(1, 4))
def test_a_link_more_withholds_nothing_more_and_a_forbidden_one_nothing_less(name, other, distance):
    as_it_is = withheld(dealer(), distance)
    assert withheld(linked(name, related=(other,)), distance) <= as_it_is
    assert withheld(linked(name, forbidden=(other,)), distance) >= as_it_is
    assert withheld(dealer(), distance + 1) <= as_it_is


def test_topics_that_go_round_in_a_circle_end(house):
    round_ = linked("cars", under="winter_mats")
    assert "rack" not in offers(house, round_)
    assert "winter" in offers(house, round_)


MUTANTS = {
    "the forbidden is only far": ("if graph.forbidden(*pair):", "if False:"),
    "what is far is near": ('return "unlinked" if', 'return "" if'),
    "the distance is ignored": ("distance(*pair, self.distance)", "distance(*pair, 2)"),
    "one link more": ("distance(*pair, self.distance)", "distance(*pair, self.distance + 1)"),
    "the offer's topic is no matter": (
        "sorted({entry.offer.topic, *entry.labels.joined})",
        "sorted(entry.labels.joined)",
    ),
    "what is joined need not be linked with one another": (
        "return combinations_with_replacement(sorted({entry.offer.topic, *entry.labels.joined}), 2)",
        "return [tuple(sorted((entry.offer.topic, one))) for one in entry.labels.joined]",
    ),
    "whom it keeps away it picks": ("*entry.labels.joined})", "*entry.labels.topics})"),
    "help jumps": ("if entry.offer.intent is Intent.HELP or not entry", "if not entry"),
    "what is not withheld shows": ("yield Always(Withhold(jumps.scope())", "0 and Always(Withhold(jumps.scope())"),
    "any score ranks": ("yield Always(RankBlind(ranked)", "0 and Always(RankBlind(ranked)"),
    "keys are of no topic": (
        "{topic.name: {topic.name} for topic in catalog.topics}",
        "{t.name: set() for t in catalog.topics}",
    ),
    "shared keys are of no topic": (
        "keys.setdefault(offer.affinity, set()).add(offer.topic)",
        "keys[offer.affinity] = set()",
    ),
    "a borrowed key harms": ("if offer.affinity not in catalog.topics:", "if True:"),
    "the scores' own topic is no matter": ("about = held | keys", "about = keys"),
    "help is ranked for nobody": ("entry.offer.intent is not Intent.HELP and jumps(entry)", "jumps(entry)"),
    "the dial does nothing": ('"bold": {"distance": 3}', '"bold": {}'),
    "the conservative distance": ('"conservative": {"distance": 1}', '"conservative": {}'),
    "it tells of what is sensitive": ('say = _SAY if _is_ordinary(catalog, entry) else ""', "say = _SAY"),
    "it tells nothing": ('say = _SAY if _is_ordinary(catalog, entry) else ""', 'say = ""'),
    "a sensitive topic alone is told": (
        "return max(about, entry.labels.sensitivity)",
        "return entry.labels.sensitivity",
    ),
    "the engineer hears every pair": ("_PAIRS_TOLD = 2", "_PAIRS_TOLD = 9"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], category_jumping, *MUTANTS[mutant])
