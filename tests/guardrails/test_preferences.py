"""Preferences: what a customer stated goes before what a campaign wants, and allows nothing that others do not."""

import sys

import attrs
import pytest

from tactful import Familiarity, PluginError, Snapshot
from tactful.clock import DAY_US
from tactful.topics import Topic
from tactful_plugins import named as names_of_rules
from tactful_plugins import preferences, wishes

from . import mutants
from .houses import NOON_US, demo, dialled, hidden, named, no, reasons, said, shop_with, shown, without

NAME = "preferences"
WISHES = shop_with("wishes")
#: Offers for everybody that are sold or told, by what they are about.
FOOD = {"bread", "wine", "rival", "recall"}
HOME = {"leash", "plates", "toaster", "recipes", "opening", "greets"}
OTHERS = {"soap", "aspirin", "bill"}
ALL = FOOD | HOME | OTHERS
#: Help, and what a contract demands.
DUE = {"parcel", "hails", "refund", "recalled"}
EVERYWHERE = ("web.page", "inbox.letter", "kiosk.page", "wall.page")


def alone(**settings):
    return named(WISHES, NAME, **settings)


TOPICS = alone(muted_topics="no_topics")
CHANNELS = alone(muted_channels="no_channels")
TONE = alone(tone="speak")
HUSH = alone(silence="hush")
UNTIL = alone(silence="hush_until")


def decided(house, policy, place="web.page", profile=None, **more):
    return set(shown(house.decide(policy, place, profile=profile or {}, **more)))


# The story, and its counter-story.


def test_what_she_asked_to_leave_out_is_left_out(house):
    oven = {"coupons.u10000089245-c18", "baking_sheets", "pots_and_pans"}
    for place in ("email.letter", "web.home", "kiosk.welcome"):
        assert set(shown(house.persona(without(demo().policy, NAME), place, "molly"))) & oven
        right = house.persona(demo().policy, place, "molly")
        assert not set(shown(right)) & oven
        assert {"thank_regulars", "apples"} <= set(shown(right))
        assert "preferences.topic.kitchen" in reasons(right, "baking_sheets")
        assert "You asked us to leave this out." in right.why()
        assert set(shown(house.persona(demo().policy, place, "mila"))) & oven  # who asked for nothing


def test_who_wants_no_letters_is_welcome_in_the_shop(house):
    assert shown(house.persona(without(demo().policy, NAME), "email.letter", "moritz"))
    assert not shown(house.persona(demo().policy, "email.letter", "moritz"))
    for place in ("web.home", "kiosk.welcome"):
        wrong = house.persona(without(demo().policy, NAME), place, "moritz")
        right = house.persona(demo().policy, place, "moritz")
        assert max(pick.tone for pick in wrong.picks) > Familiarity.GENERIC
        assert {pick.tone for pick in right.picks} == {Familiarity.GENERIC}
        assert "thank_regulars" in shown(right)


def test_who_asked_for_silence_has_it_until_then(house):
    then_us = NOON_US + 60 * DAY_US
    for place in ("email.letter", "web.home", "kiosk.welcome"):
        assert shown(house.persona(without(demo().policy, NAME), place, "max"))
        assert not shown(house.persona(demo().policy, place, "max"))
    assert shown(house.persona(demo().policy, "web.home", "max", now_us=then_us))


# Topics.


def test_a_topic_is_left_out_with_what_lies_under_it(house):
    for place in EVERYWHERE:
        assert decided(house, TOPICS, place) >= ALL | DUE
        assert decided(house, TOPICS, place, {"no_topics": []}) >= ALL | DUE
        home = decided(house, TOPICS, place, {"no_topics": ["home"]})
        assert not home & HOME
        assert home >= FOOD | OTHERS | DUE
        kitchen = decided(house, TOPICS, place, {"no_topics": ["toasters", "bread"]})
        assert not kitchen & {"toaster", "bread", "rival", "recall"}
        assert kitchen >= DUE | {"plates", "recipes", "wine"}


def test_a_name_that_is_no_topic_may_mean_any(house):
    many = attrs.evolve(TOPICS, topics=(*TOPICS.topics, *(Topic(f"t{number:03}") for number in range(45))))
    for policy in (TOPICS, many):
        for wish in ("dishwashers", "Home", "", "aaa", "zzz", "home "):
            decision = house.decide(policy, "web.page", profile={"no_topics": ["soap", wish]})
            assert not set(shown(decision)) & ALL
            assert set(shown(decision)) >= DUE
            assert "You asked us to leave something out, and we could not tell what." in decision.why()
    for known in ("t000", "t022", "t044"):
        assert decided(house, many, profile={"no_topics": [known]}) >= ALL


def test_of_a_sensitive_topic_it_is_kept_without_words(house):
    for place in EVERYWHERE:
        decision = house.decide(TOPICS, place, profile={"no_topics": ["painkillers", "wine"]})
        assert not set(shown(decision)) & {"aspirin", "wine"}
        assert "You asked" not in decision.why()
        assert "preferences.topic.painkillers" in reasons(decision, "aspirin")
        assert "You asked us to leave this out." in house.decide(TOPICS, place, profile={"no_topics": ["soap"]}).why()


# Channels.


def test_a_channel_is_left_out_and_the_others_are_not(house):
    for place in EVERYWHERE:
        here = place.split(".")[0]
        others = [name for name in ("web", "inbox", "kiosk", "wall") if name != here]
        assert decided(house, CHANNELS, place, {"no_channels": others}) >= ALL | DUE
        decision = house.decide(CHANNELS, place, profile={"no_channels": [here]})
        assert not set(shown(decision)) & ALL
        assert set(shown(decision)) >= DUE
        assert f"preferences.channel.{here}" in reasons(decision, "bread")
        assert "You asked us to be silent here." in decision.why()


def test_a_name_that_is_no_channel_may_mean_any(house):
    for place in EVERYWHERE:
        for wish in ("Inbox", "e-mail", ""):
            assert not decided(house, CHANNELS, place, {"no_channels": [wish]}) & ALL
            assert decided(house, CHANNELS, place, {"no_channels": [wish]}) >= DUE


# Tone.

KNOWN = {"tier": "gold", "visits": 9}
TITLES = {
    "generic": ("For everybody", Familiarity.GENERIC),
    "context": ("Rain: yes", Familiarity.CONTEXT),
    "segment": ("Regular: yes", Familiarity.SEGMENT),
    "personal": ("For gold", Familiarity.PERSONAL),
    "formal": ("Rain: yes", Familiarity.CONTEXT),
    "Generic": ("Rain: yes", Familiarity.CONTEXT),
    "": ("Rain: yes", Familiarity.CONTEXT),
    None: ("For gold", Familiarity.PERSONAL),
    7: ("For everybody", Familiarity.GENERIC),  # it came, and cannot be read
}


def test_nobody_is_spoken_to_more_personally_than_they_want(house):
    for wish, (title, tone) in TITLES.items():
        profile = KNOWN if wish is None else {**KNOWN, "speak": wish}
        decision = house.decide(TONE, "inbox.letter", profile=profile, context={"rain": True})
        (pick,) = [pick for pick in decision.picks if pick.offer == "greets"]
        assert pick.content["title"] == title
        assert pick.tone is tone
        assert "thanks" in shown(decision)  # of the tone alone: what selects is for consent to say
    told = house.decide(TONE, "inbox.letter", profile={**KNOWN, "speak": "generic"})
    assert "preferences.tone.generic" in reasons(told, "greets")
    assert "You asked us to be less personal." in told.why()
    strange = house.decide(TONE, "inbox.letter", profile={**KNOWN, "speak": "formal"})
    assert "preferences.tone.unclear" in reasons(strange, "greets")


def test_help_speaks_as_it_must(house):
    decision = house.decide(TONE, "inbox.letter", profile={"order": "A 7", "speak": "generic"})
    assert "Hello, A 7" in [pick.content["title"] for pick in decision.picks]


# Silence.


def test_silence_is_kept_on_all_channels(house):
    for place in EVERYWHERE:
        assert decided(house, HUSH, place, {"hush": False}) >= ALL | DUE
        assert decided(house, HUSH, place) >= ALL | DUE
        decision = house.decide(HUSH, place, profile={"hush": True})
        assert not set(shown(decision)) & ALL
        assert set(shown(decision)) >= DUE
        assert "preferences.silence" in reasons(decision, "bread")
        assert "You asked us to be quiet for now." in decision.why()


def test_silence_until_a_time_ends_by_itself(house):
    assert decided(house, UNTIL) >= ALL
    for until_us, silent in ((NOON_US + 1, True), (NOON_US, False), (NOON_US - 1, False), (NOON_US + 9 * DAY_US, True)):
        assert bool(decided(house, UNTIL, profile={"hush_until": until_us}) & ALL) is not silent
    later = {"hush_until": NOON_US + DAY_US}
    assert not decided(house, UNTIL, profile=later) & ALL
    assert decided(house, UNTIL, profile=later, now_us=NOON_US + DAY_US) >= ALL


# What is not known.


def test_the_unknown_counts_as_stated(house):
    for policy, profile in (
        (TOPICS, {"no_topics": "soap"}),
        (TOPICS, {"no_topics": [1]}),
        (CHANNELS, {"no_channels": True}),
        (HUSH, {"hush": "no"}),
        (UNTIL, {"hush_until": "tomorrow"}),
        (alone(muted_topics="unheard"), {}),
        (alone(muted_channels="unheard"), {}),
    ):
        assert not decided(house, policy, profile=profile) & ALL
        assert decided(house, policy, profile=profile) >= DUE
    unsaid = house.decide(alone(tone="unsaid"), "inbox.letter", profile=KNOWN)
    assert {p.tone for p in unsaid.picks if p.offer in ALL} == {Familiarity.GENERIC}


def test_a_customer_who_is_not_here_yet_may_have_asked_for_anything(house):
    for policy in (TOPICS, CHANNELS, HUSH, UNTIL):
        assert not set(shown(house.decide(policy, "web.page", "somebody"))) & ALL
        assert set(shown(house.decide(policy, "web.page", None))) >= ALL
        assert set(shown(house.decide(policy, "web.page", {"cookie": "of nobody"}))) >= ALL
    by_cookie = house.decide(TOPICS, "web.page", {"cookie": "c1"}, profile={"no_topics": ["home"]})
    assert not set(shown(by_cookie)) & HOME


def test_who_brings_a_wish_without_a_name_is_sold_nothing_personal(house):
    assert "goes_with" in shown(house.decide(HUSH, "web.page", None, profile={"visits": 3}))
    for policy, wish in (
        (TOPICS, {"no_topics": ["soap"]}),
        (CHANNELS, {"no_channels": ["inbox"]}),
        (TONE, {"speak": "segment"}),
        (HUSH, {"hush": True}),
        (HUSH, {"hush": "maybe"}),
        (UNTIL, {"hush_until": NOON_US + 1}),
    ):
        decision = house.decide(policy, "web.page", None, profile={"visits": 3, **wish})
        assert "goes_with" not in shown(decision)
        assert all(pick.basis <= Familiarity.CONTEXT for pick in decision.picks if pick.offer in ALL)
    assert set(shown(house.decide(TOPICS, "web.page", None, profile=Snapshot("", NOON_US, {})))) >= ALL


def test_neither_a_missing_consent_nor_age_hides_a_wish(house):
    policy = named(WISHES, NAME, "breaking_bonds", "staleness", "accuracy", silence="hush")
    old = {"hush": {"value": True, "source": "modelled", "at": NOON_US - 900 * DAY_US, "confidence": 0.1}}
    for consents in (None, said(no("service"), no("offers"))):
        decision = house.decide(policy, "web.page", profile=old, consents=consents)
        assert not set(shown(decision)) & ALL
        assert not {name for name, _ in hidden(decision)} & {"hush"}


# Settings, and words.

REFUSED = (
    ({"muted_topics": "gone"}, "muted_topics: there is no attribute 'gone'; it would be a list of text"),
    ({"muted_topics": "speak"}, "'speak' must be a list of text, the names of topics, and is text"),
    ({"muted_channels": "hush"}, "'hush' must be a list of text, the names of channels, and is bool"),
    ({"tone": "no_topics"}, "must be a text, one of generic, context, segment, personal, and is list of text"),
    ({"silence": "counted"}, "must be a bool, or the time until which it is quiet, and is int"),
    ({"muted_topics": "loose"}, "'loose' must be marked in the schema: protect: true"),
    ({"muted_topics": "sick"}, "'sick' is sensitive, and what is left out would tell of it"),
    ({"tone": "copied"}, "'copied' is sensitive"),
)


def test_an_attribute_that_cannot_hold_the_wish_is_refused(house):
    for settings, wrong in REFUSED:
        rules = house.rules(alone(**settings), NAME)
        assert rules.broken is not None
        assert wrong in rules.broken
        assert rules.scope == house.rules(TOPICS, NAME).scope
        assert decided(house, alone(**settings)) & (ALL | DUE) == DUE  # and what it would limit is withheld


def test_settings_that_are_no_names_are_refused(house):
    for setting in ("muted_topics", "muted_channels", "tone", "silence"):
        for wrong in ("no topics", "protective.no_topics", 7, ["no_topics"]):
            with pytest.raises(PluginError, match=f"{setting} must be a name"):
                house.guardrail(NAME, **{setting: wrong})
    for setting in ("muted_topics", "muted_channels", "tone", "silence"):
        assert house.guardrail(NAME, **{setting: ""}) == house.guardrail(NAME)


def test_a_policy_that_knows_no_wishes_is_left_alone(house):
    assert house.rules(alone(), NAME).rules == ()
    assert decided(house, alone(), profile={"hush": True, "no_topics": ["home"]}) >= ALL | DUE


def test_a_wish_is_one_whatever_the_dial_says(house):
    for dial in ("conservative", "balanced", "bold"):
        for policy, wish in ((TOPICS, {"no_topics": ["home"]}), (HUSH, {"hush": True})):
            assert not decided(house, dialled(policy, dial), profile=wish) & HOME


def test_its_words_tell_its_settings(house):
    start = "What customers wish goes before what a campaign wants"
    assert house.guardrail(NAME).sentence() == f"{start}, and nothing says yet what they wish."
    assert house.guardrail(NAME, silence="hush").sentence() == f"{start}: they say until when to be quiet."
    both = house.guardrail(NAME, muted_topics="a", muted_channels="a", tone="b").sentence()
    assert both == (
        f"{start}: they say which topics to leave out, on which channels to be silent and in which tone to speak."
    )


MUTANTS = {
    "help goes silent": ("entry.offer.intent is not Intent.HELP and", ""),
    "informing goes on": ("entry.offer.intent is not Intent.HELP", "entry.offer.intent is Intent.SELL"),
    "what a contract demands goes silent": ("and not due(entry)", ""),
    "all of a contract goes on": ("entry.offer.offer_class is not OfferClass.DEFAULT and ", ""),
    "whatever calls itself mandatory goes on": (" and entry.offer.purpose in contracts", ""),
    "only mandatory goes on": ("is not OfferClass.DEFAULT", "is OfferClass.MANDATORY"),
    "another ground is a contract": ("is LegalBasis.CONTRACT}", "is LegalBasis.CONSENT}"),
    "a topic silences all": ("concerned & catalog.topic(topic)", "concerned"),
    "a topic silences help": ("concerned & catalog.topic(topic)", "catalog.topic(topic)"),
    "words tell of what is sensitive": ('if ordinary else ""', 'if 1 else ""'),
    "of what is left out nothing is said": ('if ordinary else ""', 'if 0 else ""'),
    "sensitive topics are not left out": ("if about := concerned", "if about := ordinary and concerned"),
    "strange topics are no matter": ('yield from _unclear(topics, concerned, value, "topic")', "pass"),
    "strange channels are no matter": ('yield from _unclear(channels, concerned, value, "channel")', "pass"),
    "channels are silent everywhere": ("""channel.name == "{name}" && "{name}" in""", """"{name}" in"""),
    "no channel is silent": ("""channel.name == "{name}" && "{name}" in""", """channel.name == "" && "{name}" in"""),
    "a tone is a basis": ("UpTo(concerned, tone=tone)", "UpTo(concerned, tone, tone)"),
    "a tone binds help": ("UpTo(concerned, tone=tone)", "UpTo(_catalog.all, tone=tone)"),
    "generic is context": ("UpTo(concerned, tone=tone)", "UpTo(concerned, tone=max(tone, Familiarity.CONTEXT))"),
    "a segment may not be named": ("if tone < Familiarity.PERSONAL", "if tone < Familiarity.SEGMENT"),
    "strange tones are no matter": ("UpTo(concerned, tone=Familiarity.CONTEXT)", "UpTo(concerned)"),
    "strange tones are generic": ("tone=Familiarity.CONTEXT)", "tone=Familiarity.GENERIC)"),
    "silence is for ever": ('"now < {}"', '"now > {}"'),
    "silence ends too late": ('"now < {}"', '"now <= {}"'),
    "silence is the default": ('ValueType.BOOL: "{}"', 'ValueType.BOOL: "!{}"'),
    "visitors hear nothing": ("identity.kind != \"none\"'", "identity.kind != \"\"'"),
    "cookies state nothing": ("identity.kind != \"none\"'", "identity.kind == \"person\"'"),
    "a wish without a name is no matter": ("Familiarity.CONTEXT, Familiarity.CONTEXT)", "Familiarity.PERSONAL)"),
    "any wish for a tone is personal": ("""'{} != "personal"'""", """'{} == "generic"'"""),
    "a time is no silence": ("(ValueType.BOOL, ValueType.TIME)", "(ValueType.BOOL,)"),
    "topics are ignored": ('"muted_topics": _topics', '"muted_topics": _channels'),
}  # fmt: skip
PARTS = {
    "what sorts before all names is one": ("if first else []", "if True else []"),
    "what sorts after all names is one": ("if rest else []", """if rest else [f'{{0}} <= "{here[-1]}"']"""),
    "only the first names are known": ("range(0, len(names), _NAMES_A_RULE)", "range(1)"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], preferences, *MUTANTS[mutant])


ATTRIBUTES = {
    "unprotected attributes are taken": ("if not spec.protect:", "if 0:"),
    "sensitive attributes are taken": ("if catalog.sensitivity(name) >", "if spec.sensitivity >"),
    "any type is taken": ("if spec.type not in types:", "if 0:"),
}


@pytest.mark.parametrize("mutant", ATTRIBUTES)
def test_a_mutant_of_what_can_hold_a_wish_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], preferences, *ATTRIBUTES[mutant], wishes)


@pytest.mark.parametrize("mutant", PARTS)
def test_a_mutant_of_its_part_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], preferences, *PARTS[mutant], names_of_rules)
