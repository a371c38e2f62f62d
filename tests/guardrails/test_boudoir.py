"""Boudoir topics: a sensitive situation is never exploited, and never shows."""

import sys

import attrs
import pytest

from tactful import Familiarity, PluginError
from tactful.authoring import compile_files
from tactful_plugins import boudoir

from . import mutants
from .houses import SHOP, House, demo, dialled, installed, named, reasons, shop, shown, without

NAME = "boudoir"
#: What tells of a sensitive matter, and the offers that it selects.
TELLING = {
    "test": {"prams", "albums"},
    "unscented": {"cushions", "albums"},
    "expecting": {"arrival"},
    "trimester": {"quiet"},
    "pills": {"tea"},
    "drinks": {"party"},
    "debts": {"advice"},
}
EVERYTHING = {"visits": 9, "tier": "gold", "bought": ["baby"], **dict.fromkeys(TELLING, True), "drinks": False}
SELECTED = {"prams", "albums", "cushions", "arrival", "quiet", "tea", "party", "loved", "advice"}
ABOUT = {"wine", "aspirin", "prams"}


def alone(**settings):
    return named(shop(), NAME, **settings)


def made(change):
    """Return the shop with a part of its text changed, under this guardrail alone."""
    text = SHOP.read_text(encoding="utf-8")
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    return named(compile_files({"shop.yaml": text.encode()}, registry=installed()), NAME)


ALONE = alone()
FREE = alone(blend=1.0)  # where the share is no matter
UNSEEN = without(FREE, NAME)


def decided(house, place, profile, policy=FREE, **more):
    return set(shown(house.decide(policy, place, profile=profile, **more)))


# The story, and its counter-story.


def test_on_a_screen_nothing_tells_of_the_test(house):
    for place in ("kiosk.welcome", "web.home"):
        wrong = house.persona(without(demo().policy, NAME), place, "grace")
        right = house.persona(demo().policy, place, "grace")

        assert "family_week" in shown(wrong)
        assert "family_week" not in shown(right)
        assert "boudoir.not_private" in reasons(right, "family_week")
        assert shown(right) == shown(house.persona(demo().policy, place, "greta"))  # who bought no test
        assert right.why() == house.persona(demo().policy, place, "greta").why()


def test_pregnancy_that_is_inferred_shows_no_more_than_pregnancy_that_is_known(house):
    for fact in ("unscented", "trimester", "expecting"):
        assert decided(house, "kiosk.page", {fact: True}, UNSEEN) & TELLING[fact]
        assert not decided(house, "kiosk.page", {fact: True}) & SELECTED


def test_in_a_letter_it_tilts_a_basket(house):
    letter = house.persona(demo().policy, "email.letter", "grace")

    assert "family_week" in shown(letter)
    assert len(shown(letter)) == 6
    assert "thank_regulars" in shown(house.persona(demo().policy, "web.home", "grace"))
    for fact, selected in TELLING.items():
        assert selected & decided(house, "inbox.letter", {**EVERYTHING, fact: fact != "drinks"})


def test_what_is_ordinary_is_personal_everywhere(house):
    for place in ("web.page", "kiosk.page", "inbox.letter"):
        assert {"tier", "thanks", "bread"} <= decided(house, place, EVERYTHING)


# Where others see.


def test_sensitive_evidence_selects_nothing_where_others_see(house):
    for place in ("web.page", "kiosk.page", "wall.page"):
        assert SELECTED - {"albums"} <= decided(house, place, EVERYTHING, UNSEEN)
        assert not decided(house, place, EVERYTHING) & SELECTED
    assert decided(house, "inbox.letter", EVERYTHING) >= SELECTED


def test_nor_is_anything_seen_to_be_missing(house):
    # An `unless:` on something sensitive tells by its absence: so the offer is absent whatever is known.
    assert "party" in decided(house, "web.page", {"drinks": False}, UNSEEN)
    for known in ({"drinks": True}, {"drinks": False}, {}):
        assert "party" not in decided(house, "web.page", known)
    assert "party" in decided(house, "inbox.letter", {"drinks": False})


def first(house, place, key, policy=FREE):
    """Return what leads, and on which basis, for a customer of whom one affinity is known; help apart."""
    picks = house.decide(policy, place, profile={"scores": {key: 9.0}}).picks
    lead = next(pick for pick in picks if pick.offer != "parcel")
    return lead.offer, lead.basis


def test_sensitive_affinities_do_not_rank_where_others_see(house):
    for key, offer in (("wine", "wine"), ("painkillers", "aspirin")):
        assert first(house, "web.page", key, UNSEEN) == (offer, Familiarity.PERSONAL)
        for place in ("web.page", "kiosk.page", "wall.page"):
            assert first(house, place, key) == ("bread", Familiarity.GENERIC)
        assert first(house, "inbox.letter", key) == (offer, Familiarity.PERSONAL)
    assert first(house, "web.page", "pets") == ("leash", Familiarity.PERSONAL)  # an ordinary one does


def test_an_ordinary_offer_does_not_borrow_a_sensitive_key(house):
    leash, aspirin = "{intent: sell, topic: pets,", "{intent: sell, topic: painkillers,"
    named_so = made({leash: f"{leash} affinity: medicine,"})  # the name of a sensitive topic
    shared = made({leash: f"{leash} affinity: k1,", aspirin: f"{aspirin} affinity: k1,"})  # a sensitive offer's key
    for policy, key in ((named_so, "medicine"), (shared, "k1")):
        assert first(house, "web.page", key, without(policy, NAME))[0] in ("leash", "aspirin")
        assert first(house, "web.page", key, policy) == ("bread", Familiarity.GENERIC)
        assert first(house, "inbox.letter", key, policy)[1] is Familiarity.PERSONAL


def test_affinities_that_are_sensitive_themselves_rank_nothing_where_others_see(house):
    secret = made({"scores: {type: scores,": "scores: {type: scores, sensitivity: sensitive,"})

    def order(place):
        return shown(house.decide(secret, place, profile={"scores": {"pets": 9.0}}))[1]

    assert (order("web.page"), order("inbox.letter")) == ("bread", "leash")


# On a private channel.


def test_all_that_is_sensitive_fills_a_share_of_what_is_shown(house):
    letter = shown(house.decide(alone(blend=0.2), "inbox.letter", profile=EVERYTHING))
    sensitive = [offer for offer in letter if offer in SELECTED | ABOUT]
    assert 0 < len(sensitive) <= 0.2 * len(letter)
    note = shown(house.decide(alone(blend=0.2), "inbox.note", profile=EVERYTHING))
    assert len([offer for offer in note if offer in SELECTED | ABOUT]) == 1
    assert len(note) == 5


def test_nothing_sensitive_stands_alone(house):
    alone_there = made(
        {"inbox.note: {channel: inbox, slots: 5}": "inbox.note: {channel: inbox, slots: 5, topics: [baby]}"}
    )
    decision = house.decide(alone_there, "inbox.note", profile=EVERYTHING)
    assert shown(decision) == []
    assert "quota:boudoir.blend" in reasons(decision, "prams")


def test_a_topic_s_own_share_is_smaller_still(house):
    wide = house.decide(FREE, "inbox.letter", profile=EVERYTHING)
    medicine = [offer for offer in shown(wide) if offer in ("tea", "aspirin")]
    assert 0 < len(medicine) <= 0.1 * len(shown(wide))
    narrow = house.decide(FREE, "inbox.note", profile=EVERYTHING)  # a tenth of five is none
    assert not {"tea", "aspirin"} & set(shown(narrow))
    assert "quota:boudoir.blend.medicine" in reasons(narrow, "tea")
    generous = made({"blend: 10%": "blend: 90%"})
    few = [o for o in shown(house.decide(generous, "inbox.letter", profile=EVERYTHING)) if o in SELECTED | ABOUT]
    assert len(few) <= 0.2 * 99


def test_it_is_never_named(house):
    for place in ("web.page", "inbox.letter", "kiosk.page"):
        titles = [p.content["title"] for p in house.decide(FREE, place, profile=EVERYTHING).picks if p.offer == "told"]
        assert titles == ["A letter"]
    decision = house.decide(FREE, "inbox.letter", profile=EVERYTHING)
    assert "boudoir.never_named" in reasons(decision, "told")
    by_name = made({"Your test: {profile.test}": '{\\"baby\\" in profile.bought ? \\"For you two\\" : \\"For you\\"}'})
    titles = [
        p.content["title"] for p in house.decide(by_name, "inbox.letter", profile=EVERYTHING).picks if p.offer == "told"
    ]
    assert titles == ["A letter"]


# Missing, unknown.


def test_a_topic_that_nobody_declared_is_intimate(house):
    lost = attrs.evolve(FREE, topics=tuple(t for t in FREE.topics if t.name != "money"))
    assert "savings" in decided(house, "web.page", {"standing": 9}, FREE)
    scope = house.rules(lost, NAME).scope
    about = {entry.offer.id for entry in house.edge(lost).plan.catalog.entries if entry.index in scope}
    assert {"savings", "card"} <= about


def test_without_a_profile_there_is_nothing_to_tell(house):
    assert not decided(house, "inbox.letter", None) & SELECTED
    assert {"bread", "wine"} <= decided(house, "web.page", None)


# Settings, the dial, and the words.


def test_a_policy_says_what_is_private_enough(house):
    trusting = alone(blend=1.0, private_from="semi-private")
    assert "prams" in decided(house, "web.page", EVERYTHING, trusting)
    assert not decided(house, "kiosk.page", EVERYTHING, trusting) & SELECTED


def test_a_policy_says_what_is_sensitive_enough(house):
    intimate = alone(blend=1.0, sensitive_from="intimate")
    seen = decided(house, "web.page", EVERYTHING, intimate)
    assert {"tea", "party"} <= seen
    assert not {"prams", "cushions", "albums", "loved"} & seen


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"private_from": "public"}, "private_from must be one of private, semi-private, not 'public'"),
        ({"private_from": "exposed"}, "private_from must be one of private, semi-private"),
        ({"sensitive_from": "ordinary"}, "sensitive_from must be one of sensitive, intimate, not 'ordinary'"),
        ({"blend": 1.5}, "blend must be a share from 0 to 1, not 1.5"),
        ({"blend": "20%"}, "blend must be a share from 0 to 1, not '20%'"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(settings, words):
    with pytest.raises(PluginError, match=f"settings: {words}"):
        House().guardrail(NAME, **settings)


DIAL = {
    "conservative": {"blend": 0.0, "private_from": "private", "sensitive_from": "sensitive"},
    "balanced": {"blend": 0.2, "private_from": "private", "sensitive_from": "sensitive"},
    "bold": {"blend": 0.34, "private_from": "private", "sensitive_from": "sensitive"},
}


def test_the_dial_sets_how_much_of_a_letter_it_fills(house):
    for position, expected in DIAL.items():
        made_ = house.guardrail(NAME, position)
        assert {name: getattr(made_, name) for name in expected} == expected
        letter = shown(house.decide(dialled(ALONE, position), "inbox.letter", profile=EVERYTHING))
        count = len([offer for offer in letter if offer in SELECTED | ABOUT])
        assert count <= expected["blend"] * len(letter)
        assert (count > 0) is (expected["blend"] > 0)


def test_its_sentence_tells_its_settings(house):
    assert house.guardrail(NAME).sentence() == (
        "What tells of a sensitive matter is never named. On a private channel it may fill at most 20% of what is "
        "shown, among other things; on all others its presence changes nothing that is seen."
    )
    other = house.guardrail(NAME, private_from="semi-private", sensitive_from="intimate", blend=0.0).sentence()
    assert "an intimate matter" in other
    assert "On a semi-private or private channel it chooses nothing;" in other


def test_it_keeps_silent_to_the_customer(house):
    assert all(rule.say == "" for _, rule in house.rules(ALONE, NAME).rules)


def test_it_knows_what_it_may_limit_and_no_more(house):
    scope = house.rules(ALONE, NAME).scope
    offers = {entry.offer.id for entry in house.edge(ALONE).plan.catalog.entries if entry.index in scope}
    assert offers == SELECTED | ABOUT | {"told", "shared"}


EXPOSED = "if privacy < _PRIVACIES[self.private_from]]"
MUTANTS = {
    "others see it on the web": (EXPOSED, "if privacy < Privacy.SEMI_PRIVATE]"),
    "others see it in the inbox": (EXPOSED, "]"),
    "the setting of privacy is ignored": (EXPOSED, "if privacy < Privacy.PRIVATE]"),
    "evidence selects where others see": (
        "yield When(where, Withhold(selected)",
        "0 and When(where, Withhold(selected)",
    ),
    "the topic is what others must not see": ("When(where, Withhold(selected)", "When(where, Withhold(about)"),
    "evidence selects nowhere": ("When(where, Withhold(selected),", "Always(Withhold(selected),"),
    "affinities rank where others see": ("yield When(where, blind,", "0 and When(where, blind,"),
    "affinities rank nowhere": ("When(where, blind, ", "Always(blind, "),
    "keys are not shared": (
        "keys = {catalog.entries[index].offer.affinity for index in self._about(catalog)}",
        "keys = set()",
    ),
    "topics are no keys": (
        "keys |= {topic.name for topic in catalog.topics if",
        "keys |= {topic.name for topic in catalog.topics if 0 and",
    ),
    "sensitive affinities are ordinary": ("if affinity is not None and self", "if affinity is None and self"),
    "it is named": ("yield Always(Withhold(named)", "0 and Always(Withhold(named)"),
    "what it selects is never told": (
        "self._sensitive(entry.labels.shows_sensitivity)",
        "self._sensitive(entry.labels.sensitivity)",
    ),
    "it fills all there is": ("yield Always(AtMost(everything", "0 and Always(AtMost(everything"),
    "the share is ignored": ("AtMost(everything, share=self.blend)", "AtMost(everything, share=0.2)"),
    "the share is of evidence alone": ("everything = selected | about", "everything = selected"),
    "the share is of topics alone": ("everything = selected | about", "everything = about"),
    "a topic's share is ignored": ("if own is not None and own < self.blend and", "if own is None and own and"),
    "a topic's share may be larger": (
        "yield Always(AtMost(everything, share=self.blend)",
        "yield Always(AtMost(everything, share=max([self.blend, *(t.blend or 0 for t in catalog.topics)]))",
    ),
    "a topic's share forgets evidence": ("(entry.offer.topic, *entry.labels.topics)", "(entry.offer.topic,)"),
    "a topic's share forgets narrower topics": ("topic in catalog.topics.above(one)", "topic == one"),
    "what is sensitive is intimate": (
        "return level >= _LEVELS[self.sensitive_from]",
        "return level > Sensitivity.SENSITIVE",
    ),
    "what is intimate is sensitive": (
        "return level >= _LEVELS[self.sensitive_from]",
        "return level > Sensitivity.ORDINARY",
    ),
    "evidence is ordinary": ("selected, about = self._selected(catalog),", "selected, about = Scope(),"),
    "what no topic is set on is ordinary": (
        "selected, about = self._selected(catalog),",
        "selected, about = self._selected(catalog) & catalog.where(lambda entry: any(entry.labels.topics)),",
    ),
    "what segments read is ordinary": (
        "selected, about = self._selected(catalog),",
        "selected, about = self._selected(catalog) & catalog.where(lambda e: 'segment' not in repr(e.offer.when)),",
    ),
    "what must not be is ordinary": (
        "selected, about = self._selected(catalog),",
        "selected, about = self._selected(catalog) & catalog.where(lambda entry: not entry.offer.unless),",
    ),
    "the dial does nothing": ('"bold": {"blend": 0.34}', '"bold": {}'),
    "the conservative blend": ('"conservative": {"blend": 0.0}', '"conservative": {}'),
    "it tells the customer": ('seen, id="not_private")', 'seen, id="not_private", say="We hide it.")'),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], boudoir, *MUTANTS[mutant])
