"""Moral hazards: what is legal, but shameful if it were printed, is not done."""

import functools
import re
import sys

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful import Approval, PluginError
from tactful.authoring import compile_files
from tactful.clock import DAY_US
from tactful_plugins import moral_hazards

from . import mutants
from .houses import NOON_US, House, demo, dialled, installed, named, reasons, shown, without

NAME = "moral_hazards"
#: A shop in New York, where it is noon of 1 November 2017.
SHOP = """
name: a shop
values: {zone: America/New_York}
channels: {web: private}
placements: {page: {channel: web, slots: 99}}
topics: {food: {}, baby: {sensitivity: sensitive}}
purposes: {service: {basis: legitimate-interest}}
profile:
  known:
    visits: int
    young: {type: bool, protect: true}
    test: {type: bool, topic: baby}
    guess: {type: bool, derived_from: [test]}
    tone: {type: bool, derived_from: [young]}
    voice: {type: bool, derived_from: [tone]}
segments: {parents: {when: profile.test, size: 900}}
offers:
  all: {intent: sell, topic: food}
  bread: {treatments: Bread}
  trick: {tactics: [false_urgency], treatments: A trick}
  signed_trick:
    tactics: [countdown, guilt]
    approvals:
      - {tactic: guilt, by: Ada, role: ethics, until: 2018-01-01}
      - {tactic: countdown, by: Ada, role: ethics, until: 2018-01-01}
    treatments: A trick
  bare: {tactics: [countdown], treatments: Hurry}
  signed:
    tactics: [countdown]
    approvals: {tactic: countdown, by: Ada, role: ethics, until: 2017-11-10}
    treatments: Hurry
  lapsed:
    tactics: [countdown]
    approvals: [{tactic: countdown, by: Ada, role: ethics, until: 2017-10-31}]
    treatments: Hurry
  today:
    tactics: [scarcity]
    approvals: [{tactic: scarcity, by: Ada, role: legal, until: 2017-11-01}]
    treatments: Few
  by_hour:
    tactics: [scarcity]
    approvals: [{tactic: scarcity, by: Ada, role: legal, until: 2017-11-01 13:00}]
    treatments: Few
  own_role:
    tactics: [gamble]
    approvals: [{tactic: gamble, by: Bo, role: sales, until: 2018-01-01}]
    treatments: A wheel
  wheel:
    tactics: [gamble]
    approvals: [{tactic: gamble, by: Ada, role: ethics, until: 2018-01-01}]
    treatments: A wheel
  half:
    tactics: [countdown, scarcity]
    approvals: [{tactic: countdown, by: Ada, role: ethics, until: 2018-01-01}]
    treatments: Hurry, few
  both:
    tactics: [countdown, scarcity]
    approvals:
      - {tactic: countdown, by: Ada, role: ethics, until: 2018-01-01}
      - {tactic: scarcity, by: Bo, role: sales, until: 2018-01-01}
      - {tactic: scarcity, by: Cy, role: legal, until: 2017-11-20}
      - {tactic: scarcity, by: Cy, role: legal, until: 2017-11-05}
    treatments: Hurry, few
  regulars:
    when: profile.visits > 5
    tactics: [countdown]
    approvals: [{tactic: countdown, by: Ada, role: ethics, until: 2018-01-01}]
    treatments: Hurry
"""
SIGNED = ", tactics: [countdown], approvals: [{tactic: countdown, by: Ada, role: ethics, until: 2018-01-01}]"
#: How an offer with a signed countdown picks those who are vulnerable, or speaks to them.
VULNERABLE = {
    "protected": "when: profile.young",
    "sensitive": "when: profile.test",
    "by_group": "when: segment.parents",
    "by_guess": "when: profile.guess",
    "by_voice": "when: profile.voice",
    "by_absence": "unless: profile.test",
}
KNOWN = {"visits": 9, "young": True, "test": True, "guess": True, "voice": True}
RUNNING = {"signed", "today", "by_hour", "wheel", "both", "regulars"}
WITHHELD = {"trick", "signed_trick", "bare", "lapsed", "own_role", "half"}


@functools.cache
def shop(**settings):
    more = "".join(f"  {name}: {{{rule}{SIGNED}, treatments: Hurry}}\n" for name, rule in VULNERABLE.items())
    more += f'  told: {{treatments: [Hurry, {{title: \'Hurry{{profile.test ? "!" : ""}}\', lift: 2}}]{SIGNED}}}\n'
    policy = compile_files({"shop.yaml": (SHOP + more).encode()}, registry=installed())
    return named(policy, NAME, **{name: list(value) for name, value in settings.items()})


def decided(house, policy=None, profile=KNOWN, now_us=NOON_US):
    return house.decide(policy or shop(), "page", profile=profile, now_us=now_us)


def offers(house, policy=None, profile=KNOWN, now_us=NOON_US):
    return set(shown(decided(house, policy, profile, now_us)))


# The story, and its counter-story.


def test_those_whose_medicine_we_know_of_get_no_countdown(house):
    assert "pain_timer" in shown(house.persona(without(demo().policy, NAME), "email.letter", "vera"))
    right = house.persona(demo().policy, "email.letter", "vera")
    assert "pain_timer" not in shown(right)
    assert reasons(right, "pain_timer") >= {"moral_hazards.vulnerable"}
    assert "pharmacist" in shown(right)


def test_a_countdown_that_is_signed_and_running_is_shown_to_everybody(house):
    for profile in (KNOWN, {}, None):
        assert "signed" in offers(house, profile=profile)
    assert "thanksgiving" in shown(house.persona(demo().policy, "email.letter", "pia"))
    assert offers(house) >= RUNNING


# What is refused.


def test_what_is_shameful_is_refused_whoever_signs_it(house):
    assert offers(house, without(shop(), NAME)) >= WITHHELD
    decision = decided(house)
    assert not set(shown(decision)) & WITHHELD
    for trick in ("trick", "signed_trick"):
        assert reasons(decision, trick) == {"moral_hazards.refused"}


@pytest.mark.parametrize("tactic", moral_hazards.SHAMEFUL)
def test_no_shameful_tactic_can_be_signed(tactic):
    approval = Approval(tactic, "ethics", "Ada", NOON_US + DAY_US)
    assert not shows_with(House(), (tactic,), (approval,))


@pytest.mark.parametrize("tactic", moral_hazards.HAZARDOUS)
def test_each_hazardous_tactic_can_be_signed(tactic):
    approval = Approval(tactic, "ethics", "Ada", NOON_US + DAY_US)
    assert shows_with(House(), (tactic,), (approval,))
    assert not shows_with(House(), (tactic,), ())


def shows_with(house, tactics, approvals, **settings):
    """Return whether bread is shown if it uses these tactics."""
    policy = shop(**settings)
    (bread,) = [offer for offer in policy.offers if offer.id == "bread"]
    pressing = attrs.evolve(bread, tactics=tactics, approvals=approvals)
    return "bread" in offers(house, attrs.evolve(policy, offers=(pressing,)))


def test_a_tactic_that_others_know_is_hazardous(house):
    assert not shows_with(house, ("hypnosis",), ())
    assert shows_with(house, ("hypnosis",), (Approval("hypnosis", "ethics", "Ada", NOON_US + DAY_US),))


def test_a_signature_needs_a_name(house):
    for by in ("", " "):
        assert not shows_with(house, ("gamble",), (Approval("gamble", "ethics", by, NOON_US + DAY_US),))


def test_a_signature_that_never_ends_is_none(house):
    for until_us in (2**63 - 1, 0, -(2**63)):
        assert house.rules(named(offer_with(("gamble",), until_us), NAME), NAME).broken is None
        assert not shows_with(house, ("gamble",), (Approval("gamble", "ethics", "Ada", until_us),))


def offer_with(tactics, until_us):
    approval = Approval(tactics[0], "ethics", "Ada", until_us)
    return attrs.evolve(shop(), offers=(attrs.evolve(shop().offers[0], tactics=tactics, approvals=(approval,)),))


# Sign-offs, and their end.


def test_what_nobody_signed_is_withheld(house):
    decision = decided(house)
    for offer in ("bare", "own_role", "half"):
        assert reasons(decision, offer) == {"moral_hazards.unsigned"}
    for one in ("bare", "trick", "lapsed"):  # each alone says so
        alone = attrs.evolve(shop(), offers=tuple(offer for offer in shop().offers if offer.id in (one, "bread")))
        assert moral_hazards._SAY in decided(house, alone).why()


def test_a_sign_off_ends(house):
    before, after = NOON_US + 12 * 3_600_000_000 - 1, NOON_US + 12 * 3_600_000_000  # midnight in New York
    assert "today" in offers(house, now_us=before)
    assert "today" not in offers(house, now_us=after)
    hour = NOON_US + 3_600_000_000
    assert "by_hour" in offers(house, now_us=hour - 1)
    decision = decided(house, now_us=hour)
    assert "by_hour" not in shown(decision)
    assert all(reason.startswith("moral_hazards.lapsed.") for reason in reasons(decision, "by_hour"))
    assert all(reason.startswith("moral_hazards.lapsed.") for reason in reasons(decided(house), "lapsed"))


def test_a_sign_off_ends_in_an_edge_that_is_open(house):
    edge = house.edge(shop())
    house.now_us = NOON_US
    assert "by_hour" in shown(edge.decide("page", "ann", preview=True))
    house.now_us = NOON_US + DAY_US
    assert "by_hour" not in shown(edge.decide("page", "ann", preview=True))


def test_the_first_tactic_whose_sign_off_ends_ends_it_all(house):
    assert "both" in offers(house, now_us=NOON_US + 19 * DAY_US)  # the later of two signatures of one tactic counts
    assert "both" not in offers(house, now_us=NOON_US + 20 * DAY_US)


# The vulnerable.


def test_nothing_presses_the_vulnerable_whoever_signed_it(house):
    everyone = {*VULNERABLE, "told"}
    for profile in (KNOWN, {"test": False, "young": False}):
        loose, tight = (decided(house, policy, profile) for policy in (without(shop(), NAME), shop()))
        assert set(shown(loose)) & everyone
        assert set(shown(tight)) & everyone <= {"told"}
    assert offers(house, without(shop(), NAME)) >= everyone - {"by_absence"}
    for offer in set(VULNERABLE) - {"by_absence"}:
        assert reasons(decided(house), offer) == {"moral_hazards.vulnerable"}


def test_nor_is_it_told_in_words_that_know_of_them(house):
    texts = {
        policy: next(p for p in decided(house, policy_).picks if p.offer == "told").content["title"]
        for policy, policy_ in (("loose", without(shop(), NAME)), ("tight", shop()))
    }
    assert texts == {"loose": "Hurry!", "tight": "Hurry"}


def test_they_are_not_told_what_we_hold_them_to_be(house):
    only = tuple(offer for offer in shop().offers if offer.id in {*VULNERABLE, "bread"})
    assert moral_hazards._SAY not in decided(house, attrs.evolve(shop(), offers=only)).why()


def test_regulars_are_not_vulnerable(house):
    assert "regulars" in offers(house)


# Settings, the dial, and the words.


def test_a_house_refuses_more(house):
    assert offers(house, shop(refuse=("gamble",))) == offers(house) - {"wheel"}
    assert not shows_with(house, ("gamble",), (), refuse=("gamble",), unsigned=("gamble",))


def test_a_house_lets_some_go_without_a_signature(house):
    free = offers(house, shop(unsigned=("countdown",)))
    assert free - offers(house) == {"bare", "lapsed"}
    assert not free & {*VULNERABLE}


def test_a_house_says_who_may_sign(house):
    assert "own_role" in offers(
        house,
        shop(
            roles=(
                "sales",
                "ethics",
            )
        ),
    )
    assert "today" not in offers(house, shop(roles=("ethics",)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"refuse": ["countdwn"]}, "refuse must be any of countdown, free_trial_that_renews, "),
        ({"unsigned": ["guilt"]}, "unsigned must be any of countdown, "),
        ({"roles": []}, "roles must be one name or more, not ()"),
        ({"roles": [" "]}, "roles must be one name or more"),
        ({"roles": "ethics"}, "expected a list of texts, not 'ethics'"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(settings, words):
    with pytest.raises(PluginError, match=re.escape(f"settings: {words}")):
        House().guardrail(NAME, **settings)


DIAL = {
    "conservative": {"refuse": ("gamble", "personal_price", "social_pressure"), "unsigned": (), "roles": ("ethics",)},
    "balanced": {"refuse": (), "unsigned": (), "roles": ("ethics", "legal")},
    "bold": {"refuse": (), "unsigned": ("countdown", "scarcity"), "roles": ("ethics", "legal", "brand")},
}


def test_the_dial_sets_what_is_refused_and_who_signs(house):
    for position, expected in DIAL.items():
        made = house.guardrail(NAME, position)
        assert {name: getattr(made, name) for name in expected} == expected
        seen = offers(house, dialled(shop(), position))
        assert ("wheel" in seen, "today" in seen, "bare" in seen) == (
            position != "conservative",
            position != "conservative",
            position == "bold",
        )


def test_its_sentence_tells_its_settings(house):
    assert house.guardrail(NAME).sentence() == (
        "What we would be ashamed to see printed is not done: nobody can sign it. Every other way to press or tempt "
        "needs the sign-off of a named reviewer (ethics or legal), which expires, and never meets those whom something "
        "sensitive picks."
    )
    other = house.guardrail(NAME, refuse=["gamble"], unsigned=["countdown", "gamble"], roles=["ethics"]).sentence()
    assert "is not done, nor what uses gamble: nobody" in other
    assert "press or tempt but countdown needs the sign-off of a named reviewer (ethics)," in other


def test_it_knows_what_it_may_limit_and_no_more(house):
    scope = house.rules(shop(), NAME).scope
    pressing = {entry.offer.id for entry in house.edge(shop()).plan.catalog.entries if entry.index in scope}
    assert pressing == {offer.id for offer in shop().offers} - {"bread"}


# Laws.

TACTICS = st.lists(st.sampled_from((*moral_hazards.HAZARDOUS[:3], "guilt", "hypnosis")), max_size=3, unique=True)
APPROVALS = st.lists(
    st.builds(
        Approval,
        st.sampled_from(moral_hazards.HAZARDOUS[:3]),
        st.sampled_from(("ethics", "legal", "sales")),
        st.sampled_from(("Ada", "")),
        st.sampled_from((NOON_US - DAY_US, NOON_US, NOON_US + DAY_US)),
    ),
    max_size=4,
)


@settings(max_examples=60)
@given(TACTICS, APPROVALS, st.data())
def test_a_signature_more_withholds_nothing_and_a_tactic_more_shows_nothing(tactics, approvals, data):
    house = House()
    fewer = tactics[: data.draw(st.integers(0, len(tactics)))]
    some = approvals[: data.draw(st.integers(0, len(approvals)))]
    is_shown = shows_with(house, tuple(tactics), tuple(approvals))
    assert is_shown >= shows_with(house, tuple(tactics), tuple(some))
    assert is_shown <= shows_with(house, tuple(fewer), tuple(approvals))
    signed = {a.tactic for a in approvals if a.by and a.role != "sales" and a.until_us > NOON_US}
    assert is_shown is (set(tactics) <= signed)


MUTANTS = {
    "shame is no matter": ("yield Always(Withhold(refused)", "0 and Always(Withhold(refused)"),
    "what others know is harmless": (
        "if tactic not in self.unsigned]",
        "if tactic in HAZARDOUS and tactic not in self.unsigned]",
    ),
    "what is computed from the protected is not": ("        protected |= more", "        break"),
    "what a house refuses is signed": ("or tactic in self.refuse", ""),
    "one tactic alone is refused": (
        "self._is_refused, entry.offer.tactics",
        "self._is_refused, entry.offer.tactics[:1]",
    ),
    "the vulnerable are pressed": ("yield Always(Withhold(vulnerable)", "0 and Always(Withhold(vulnerable)"),
    "the protected are not vulnerable": ("or not protected.isdisjoint(read)", ""),
    "the sensitive are not vulnerable": ("entry.labels.sensitivity > Sensitivity.ORDINARY or ", ""),
    "everybody is vulnerable": ("or not protected.isdisjoint(read)", "or bool(read)"),
    "the intimate alone are vulnerable": ("> Sensitivity.ORDINARY or", "> Sensitivity.SENSITIVE or"),
    "what nobody signed is shown": ("yield Always(Withhold(scope)", "0 and Always(Withhold(scope)"),
    "sign-offs do not end": ("yield When(f'now", "0 and When(f'now"),
    "sign-offs end a moment later": ("f'now >= timestamp", "f'now > timestamp"),
    "any role signs": ("a.role in self.roles and ", ""),
    "no name is needed": (" and a.by.strip())", ")"),
    "any tactic's signature will do": ("if a.tactic == tactic and a.role", "if a.role"),
    "the first signature counts": (
        "max(self._ends(offer, tactic), default=None)",
        "min(self._ends(offer, tactic), default=None)",
    ),
    "the last tactic ends it": ("else min(end", "else max(end"),
    "one signed tactic is enough": ("None if None in ends else", "None if ends == [None] else"),
    "what never ends is signed": ("0 < approval.until_us < _LATEST_US", "0 < approval.until_us"),
    "all need a signature": ("if tactic not in self.unsigned]", "]"),
    "the dial refuses nothing": ('"refuse": ("gamble", "personal_price", "social_pressure"), ', ""),
    "the bold sign everything": ('"unsigned": ("countdown", "scarcity"), ', ""),
    "the vulnerable hear of it": (
        '"it presses those whom protected knowledge picks", "vulnerable")',
        '"it presses those whom protected knowledge picks", "vulnerable", _SAY)',
    ),
    "nobody hears of it": ('"unsigned", _SAY)', '"unsigned")'),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], moral_hazards, *MUTANTS[mutant])
