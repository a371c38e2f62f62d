"""Help before selling: who waits for our help is sold nothing, wholly or on its topics."""

import sys

import attrs
import pytest

from tactful import Familiarity, PluginError, Snapshot
from tactful.clock import DAY_US
from tactful.topics import Topic
from tactful_plugins import help_first
from tactful_plugins import named as names_of_rules

from . import mutants
from .houses import NOON_US, demo, dialled, hidden, named, no, reasons, said, shop_with, shown, without

NAME = "help_first"
HELPED = shop_with("helped")
FOOD = {"bread", "wine"}
HOME = {"leash", "plates", "toaster"}
SOLD = {*FOOD, *HOME, "soap", "aspirin"}
TOLD = {"recipes", "opening", "parcel", "recall", "refund"}
EVERYWHERE = ("web.page", "inbox.letter", "kiosk.page", "wall.page")


def alone(*open_):
    return named(HELPED, NAME, open=open_)


TICKET = alone("ticket")
TOPICS = alone("ticket_topics")


def decided(house, policy, place="web.page", profile=None, **more):
    return set(shown(house.decide(policy, place, profile=profile or {}, **more)))


# The story, and its counter-story.


def test_before_her_question_is_answered_she_is_sold_nothing(house):
    sold = {offer.id for offer in demo().policy.offers if offer.intent.value == "sell"}
    for place in ("email.letter", "web.home", "kiosk.welcome"):
        told_apart(house, place, sold)


def told_apart(house, place, sold):
    wrong = house.persona(without(demo().policy, NAME), place, "hana")
    right = house.persona(demo().policy, place, "hana")

    assert set(shown(wrong)) & sold
    assert not set(shown(right)) & sold
    assert "help_first.open_question" in reasons(right, "apples")
    assert "You are waiting for our help; until then we leave you in peace with this." in right.why()
    assert shown(right)[0] == "open_question"
    assert set(shown(house.persona(demo().policy, place, "hugo"))) & sold  # whom we answered


def test_a_complaint_of_flour_is_none_of_pans(house):
    wrong = house.persona(without(demo().policy, NAME), "email.letter", "hilda")
    right = house.persona(demo().policy, "email.letter", "hilda")
    assert "coupons.u10000089245-c18" in shown(wrong)
    assert "coupons.u10000089245-c18" not in shown(right)
    assert "baking_sheets" in shown(right)


# What it silences, and what it does not.


def test_an_open_ticket_silences_selling_on_all_channels(house):
    for place in EVERYWHERE:
        assert decided(house, TICKET, place, {"ticket": False}) >= SOLD | TOLD
        assert not decided(house, TICKET, place, {"ticket": True}) & SOLD
        assert decided(house, TICKET, place, {"ticket": True}) >= TOLD


def test_a_topic_silences_itself_and_what_lies_under_it(house):
    assert decided(house, TOPICS, profile={"ticket_topics": []}) >= SOLD | TOLD
    kitchen = decided(house, TOPICS, profile={"ticket_topics": ["kitchen"]})
    assert not kitchen & {"plates", "toaster"}
    assert kitchen >= (SOLD | TOLD) - {"plates", "toaster"}
    toasters = decided(house, TOPICS, profile={"ticket_topics": ["toasters"]})
    assert "toaster" not in toasters
    assert "plates" in toasters
    both = decided(house, TOPICS, profile={"ticket_topics": ["home", "soap"]})
    assert not both & (HOME | {"soap"})
    assert both >= FOOD


def test_a_text_names_one_topic(house):
    policy = alone("dispute")
    assert not decided(house, policy, profile={"dispute": "home"}) & HOME
    assert decided(house, policy, profile={"dispute": "home"}) >= FOOD
    assert not decided(house, policy, profile={"dispute": "food"}) & {"bread"}
    assert not decided(house, policy) & HOME  # as the schema says of who has none on record


def test_a_topic_that_nobody_knows_silences_all(house):
    for policy, profile in (
        (TOPICS, {"ticket_topics": ["dishwashers"]}),
        (TOPICS, {"ticket_topics": ["soap", "Kitchen"]}),
        (TOPICS, {"ticket_topics": ["Aaa"]}),
        (TOPICS, {"ticket_topics": ["zzz"]}),
        (alone("dispute"), {"dispute": ""}),
        (alone("dispute"), {"dispute": "zzz"}),
    ):
        assert not decided(house, policy, profile=profile) & SOLD
        assert decided(house, policy, profile=profile) >= TOLD


def test_a_large_graph_of_topics_is_read_in_parts(house):
    many = attrs.evolve(TOPICS, topics=(*TOPICS.topics, *(Topic(f"t{number:03}") for number in range(95))))
    for known in ("t000", "t047", "t094", "soap"):
        assert decided(house, many, profile={"ticket_topics": [known]}) >= FOOD
    for strange in ("a", "t", "t0470", "t095", "zz"):
        assert not decided(house, many, profile={"ticket_topics": [known, strange]}) & SOLD


def test_several_attributes_silence_together(house):
    policy = alone("ticket_topics", "ticket", "ticket")
    assert not decided(house, policy, profile={"ticket_topics": ["kitchen"], "ticket": True}) & SOLD
    assert "soap" in decided(house, policy, profile={"ticket_topics": ["kitchen"], "ticket": False})
    assert "plates" not in decided(house, policy, profile={"ticket_topics": ["kitchen"], "ticket": False})


def test_neither_a_missing_consent_nor_age_hides_what_is_open(house):
    policy = named(HELPED, NAME, "breaking_bonds", "staleness", "accuracy", open=("ticket",))
    old = {"ticket": {"value": True, "source": "modelled", "at": NOON_US - 900 * DAY_US, "confidence": 0.1}}
    for consents in (None, said(no("service"), no("offers"))):
        decision = house.decide(policy, "web.page", profile=old, consents=consents)
        assert not set(shown(decision)) & SOLD
        assert not {name for name, _ in hidden(decision)} & {"ticket"}


# What is not known.


def test_the_unknown_counts_as_open(house):
    policy = alone("unheard")
    assert decided(house, policy, profile={"unheard": False}) >= SOLD
    for profile in ({}, {"unheard": True}, {"unheard": "no"}):
        assert not decided(house, policy, profile=profile) & SOLD
        assert decided(house, policy, profile=profile) >= TOLD
    assert not decided(house, TICKET, profile={"ticket": "none"}) & SOLD  # it came, and cannot be read
    assert not decided(house, TOPICS, profile={"ticket_topics": "soap"}) & SOLD


def test_a_customer_who_is_not_here_yet_is_sold_nothing_and_nobody_in_particular_is(house):
    for policy in (TICKET, TOPICS):
        assert not set(shown(house.decide(policy, "web.page", "somebody"))) & SOLD
        for visitor in (None, {"cookie": "of nobody"}):
            assert set(shown(house.decide(policy, "web.page", visitor))) >= SOLD
    known_by_cookie = house.decide(TICKET, "web.page", {"cookie": "c1"}, profile={"ticket": True})
    assert not set(shown(known_by_cookie)) & SOLD


def test_who_brings_a_ticket_without_a_name_is_sold_nothing_personal(house):
    profile = Snapshot("", NOON_US, {})
    assert "goes_with" in set(shown(house.decide(TICKET, "web.page", None, profile={"visits": 3})))
    for ticket in (True, "maybe"):
        decision = house.decide(TICKET, "web.page", None, profile={"visits": 3, "ticket": ticket})
        assert "goes_with" not in shown(decision)
        assert all(pick.basis <= Familiarity.CONTEXT for pick in decision.picks if pick.offer in SOLD)
    assert set(shown(house.decide(TICKET, "web.page", None, profile=profile))) >= SOLD


# What is sensitive does not show.


def test_where_others_see_a_sensitive_topic_is_not_seen_to_be_silent(house):
    for place in ("web.page", "kiosk.page", "wall.page"):
        silent = house.decide(TOPICS, place, profile={"ticket_topics": ["painkillers", "wine"]})
        usual = house.decide(TOPICS, place, profile={"ticket_topics": []})
        assert shown(silent) == shown(usual)
        assert silent.why() == usual.why()
    letter = house.decide(TOPICS, "inbox.letter", profile={"ticket_topics": ["painkillers", "wine"]})
    assert not set(shown(letter)) & {"aspirin", "wine"}
    assert "bread" in shown(letter)
    assert help_first._SAY not in letter.why()
    assert help_first._SAY in house.decide(TOPICS, "web.page", profile={"ticket_topics": ["soap"]}).why()


REFUSED = {
    "gone": "there is no attribute 'gone'",
    "loose": "must be marked in the schema: protect: true",
    "counted": "must be a bool, or hold names of topics, and is int",
    "sick": "is sensitive, and silence would tell of it",
    "copied": "is sensitive, and silence would tell of it",
}


def test_an_attribute_that_cannot_tell_is_refused(house):
    for name, wrong in REFUSED.items():
        rules = house.rules(alone("ticket", name), NAME)
        assert rules.broken is not None
        assert wrong in rules.broken
        assert rules.scope.bits == house.rules(TICKET, NAME).scope.bits


def test_a_careful_house_goes_silent_altogether_and_helps(house):
    policy = dialled(named(HELPED, NAME, open=("ticket",)), "conservative")
    assert decided(house, policy, profile={"ticket": True}) >= {"parcel", "recall", "refund"}
    assert not decided(house, policy, profile={"ticket": True}) & (SOLD | {"recipes", "opening"})
    assert decided(house, policy, profile={"ticket": False}) >= SOLD | TOLD
    for wrong in (["help"], [], ["all"]):
        with pytest.raises(PluginError, match="one or more of sell, inform"):
            house.guardrail(NAME, silences=wrong)


def test_settings_that_are_no_list_are_refused(house):
    with pytest.raises(PluginError, match="a list of texts"):
        house.guardrail(NAME, open="ticket")


def test_it_claims_what_is_sold_and_no_more(house):
    edge = house.edge(TICKET)
    scope = house.rules(TICKET, NAME).scope
    held = {entry.offer.id for entry in edge.plan.catalog.entries if entry.index in scope}
    assert held >= SOLD
    assert not held & TOLD


def test_its_words_tell_its_settings(house):
    assert house.guardrail(NAME).sentence() == (
        "Help comes before selling, and nothing says yet what is open between a customer and us."
    )
    assert house.guardrail(NAME, open=["ticket", "ticket_topics"]).sentence() == (
        "Help comes before selling: while ticket or ticket topics is open, nothing is sold, wholly or of its topics."
    )
    soap = house.decide(TOPICS, "web.page", profile={"ticket_topics": ["soap"]}).explain().of("soap")
    assert "nothing is sold or told" in house.guardrail(NAME, "conservative", open=["ticket"]).sentence()
    told = [reason.text for loss in soap for reason in loss.reasons]
    assert "ticket_topics: something is open about soap" in told


MUTANTS = {
    "informing goes silent too": ("e.offer.intent.value in self.silences and", ""),
    "the setting is ignored": ("e.offer.intent.value in self.silences", "e.offer.intent is Intent.SELL"),
    "the dial does nothing": ('"silences": (Intent.SELL.value, Intent.INFORM.value)}', "}"),
    "what must be told goes silent": (" and e.offer.offer_class not in exempt", ""),
    "only a part of the topics counts": ("sold & catalog.topic(topic)", "catalog.topic(topic)"),
    "visitors are sold nothing": ("identity.kind != \"none\"'", "identity.kind != \"\"'"),
    "cookies are nobody": ("identity.kind != \"none\"'", "identity.kind == \"person\"'"),
    "who brings a ticket without a name is served": (
        "UpTo(sold, Familiarity.CONTEXT, Familiarity.CONTEXT)", "UpTo(sold)"),
    "what is stated is open if false": ('yield "", value, None', 'yield "", f"!{value}", None'),
    "silence tells of what is sensitive": ("> Sensitivity.ORDINARY:  # where", "> Sensitivity.INTIMATE:  # where"),
    "words tell of it": ('&& {found}", topic, False', '&& {found}", topic, True'),
    "no channel is private enough": ("is Privacy.PRIVATE)", "is Privacy.PUBLIC)"),
    "strange topics are no matter": ("topic, {unknown.format('topic')})", "topic, false)"),
    "a strange text is no matter": ("else unknown.format(value)", 'else "false"'),
    "one attribute is enough": ("in dict.fromkeys(self.open)", "in self.open[:1]"),
    "unprotected attributes are taken": ("if not spec.protect:", "if False:"),
    "sensitive attributes are taken": ("if catalog.sensitivity(name) >", "if spec.sensitivity >"),
    "any type is taken": ("if spec.type not in _ANYTHING:", "if False:"),
    "customers hear nothing": ('_SAY if told else ""', '""'),
}  # fmt: skip
PARTS = {
    "what sorts before all topics is one": ("if first else []", "if True else []"),
    "what sorts after all topics is one": ("if rest else []", """if rest else [f'{{0}} <= "{here[-1]}"']"""),
    "only the first topics are known": ("range(0, len(names), _NAMES_A_RULE)", "range(1)"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], help_first, *MUTANTS[mutant])


@pytest.mark.parametrize("mutant", PARTS)
def test_a_mutant_of_its_part_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], help_first, *PARTS[mutant], names_of_rules)
