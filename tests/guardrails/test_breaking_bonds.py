"""Breaking bonds: data is used, and people are written to, only as far as they knowingly agreed."""

import sys
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from tactful import Consents, ConsentState, How, Identity, MemoryStore, Observation, PluginError, Snapshot, Source
from tactful.clock import DAY_US, SKEW_US, to_us
from tactful_plugins import breaking_bonds

from . import mutants
from .houses import NOON_US, House, demo, dialled, hidden, named, no, reasons, said, shop, shown, without, yes

NAME = "breaking_bonds"
ANN = {"visits": 9, "tier": "gold", "born": 1950, "order": "late"}
#: Under each purpose of the shop: an offer that needs a value of the profile.
KNOWING = {"offers": "tier", "news": "read", "again": "goes_with", "service": "order", "partners": "card"}
YEARS_2_US, WEEK_US = 730 * DAY_US, 7 * DAY_US


def alone(**settings):
    return named(shop(), NAME, **settings)


ALONE = alone()


def uses(house, purpose, *records, context=None, policy=ALONE, now_us=NOON_US, heard_ago_us=0, place="web.page"):
    """Return whether what is known of Ann is used for a purpose, after she has said this."""
    consents = said(*records, ago_us=heard_ago_us)
    decision = house.decide(policy, place, "ann", context, profile=ANN, consents=consents, now_us=now_us)
    return KNOWING[purpose] in shown(decision)


# The story, and its counter-story.


def test_a_partner_s_offer_needs_a_consent_of_its_own(house):
    wrong = house.persona(without(demo().policy, NAME), "web.home", "grace")
    right = house.persona(demo().policy, "web.home", "grace")

    assert "bank_card" in shown(wrong)
    assert "bank_card" not in shown(right)
    assert "breaking_bonds.partners.partner" in reasons(right, "bank_card")
    assert "Without your agreement we do not show offers of our bank partner." in right.why()


def test_a_pre_ticked_box_is_no_consent(house):
    wrong = house.persona(without(demo().policy, NAME), "email.letter", "paul")
    right = house.persona(demo().policy, "email.letter", "paul")

    assert "thank_regulars" in shown(wrong)
    assert shown(right) == ["open_question"]
    assert "breaking_bonds.offers.message" in reasons(right, "thank_regulars")
    assert ("tier", "breaking_bonds.offers.data") in hidden(right)
    assert "Without your agreement we do not choose offers for you." in right.why()


def test_who_agreed_is_known_and_written_to(house):
    assert "bank_card" in shown(house.persona(demo().policy, "web.home", "rita"))
    assert "thank_regulars" in shown(house.persona(demo().policy, "web.home", "grace"))
    assert "thank_regulars" in shown(house.persona(demo().policy, "email.letter", "grace"))


def test_what_asks_nobody_anything_is_shown_to_all(house):
    visitor = shown(house.decide(ALONE, "web.page", None))
    refused = shown(house.decide(ALONE, "web.page", profile=ANN, consents=said(no(), no("partners"), no("news"))))

    assert {"bread", "soap", "opening", "parcel"} <= set(visitor)
    assert {"bread", "soap", "opening", "order"} <= set(refused)


# What counts as a yes.


def test_only_ways_of_giving_that_are_accepted_count(house):
    counted = {how.value for how in How if uses(house, "offers", yes(how=how.value))}
    assert counted == {"explicit", "double_opt_in"}

    double = alone(accept=["double_opt_in"])
    assert not uses(house, "offers", yes(how="explicit"), policy=double)
    assert uses(house, "offers", yes(how="double_opt_in"), policy=double)
    assert uses(house, "offers", yes(how="implied"), policy=alone(accept=["explicit", "implied"]))


def test_only_states_that_permit_count(house):
    permitting = {state for state in ConsentState if uses(house, "offers", attrs.evolve(yes(), state=state))}
    assert permitting == {ConsentState.GIVEN, ConsentState.RENEWED}


def test_silence_is_no_yes(house):
    assert not uses(house, "offers")
    assert "tier" not in shown(house.decide(ALONE, "web.page", profile=ANN))  # nobody knows what she said


def test_a_yes_to_one_purpose_is_none_to_another(house):
    assert not uses(house, "offers", yes("news"), yes("again"), yes("service"))
    assert not uses(house, "again", yes("offers"))


def test_a_consent_falls_asleep_at_two_years(house):
    assert uses(house, "offers", yes(ago_us=YEARS_2_US - 1))
    assert not uses(house, "offers", yes(ago_us=YEARS_2_US))


def test_a_consent_ends_at_its_last_moment(house):
    assert uses(house, "offers", yes(until_us=NOON_US + 1))
    assert not uses(house, "offers", yes(until_us=NOON_US))


def test_what_was_last_known_a_week_ago_counts_as_not_given(house):
    assert uses(house, "offers", yes(), heard_ago_us=WEEK_US - 1)
    assert not uses(house, "offers", yes(), heard_ago_us=WEEK_US)
    for purpose in ("news", "again"):
        assert not uses(house, purpose, yes(purpose), heard_ago_us=WEEK_US)
    everything = [yes(), yes("partners")]
    assert uses(house, "partners", *everything)
    assert not uses(house, "partners", *everything, heard_ago_us=WEEK_US)


def test_a_clock_that_was_set_back_makes_no_consent_fresh(house):
    assert uses(house, "offers", yes(), heard_ago_us=-SKEW_US)
    assert not uses(house, "offers", yes(), heard_ago_us=-SKEW_US - 1)
    assert not uses(house, "offers", yes(ago_us=-SKEW_US - 1))


def test_a_withdrawal_for_one_channel_is_for_that_one_and_one_for_all_is_for_all(house):
    here, there = no(channel="inbox"), no(channel="kiosk")
    assert uses(house, "offers", yes(), here)
    assert not uses(house, "offers", yes(), here, place="inbox.letter")
    assert uses(house, "offers", yes(), there, place="inbox.letter")
    for older in (DAY_US, 60 * DAY_US):
        assert not uses(house, "offers", yes(channel="inbox"), no(ago_us=older), place="inbox.letter")


def test_moments_are_compared_whatever_zone_they_were_written_in(house):
    noon = datetime(2017, 11, 1, 16, tzinfo=UTC)
    for hours in (-12, 0, 5.75, 14):
        local = (noon - timedelta(days=730)).astimezone(timezone(timedelta(hours=hours)))
        assert not uses(house, "offers", attrs.evolve(yes(), at_us=to_us(local)))
        assert uses(house, "offers", attrs.evolve(yes(), at_us=to_us(local + timedelta(microseconds=1))))


# Markets and signals.


def test_silence_means_yes_only_where_the_market_says_so(house):
    markets = ("US", "DE", "FR", "us", "", None)
    assert [market for market in markets if uses(house, "offers", context={"market": market})] == ["US"]
    assert not uses(house, "offers", no(), context={"market": "US"})
    assert not uses(house, "offers", context={"market": "US"}, heard_ago_us=WEEK_US)
    assert "tier" not in shown(house.decide(ALONE, "web.page", "ann", {"market": "US"}, profile=ANN))


def test_a_browser_s_signal_only_takes_away(house):
    us, signal = {"market": "US"}, {"market": "US", "gpc": True}
    assert not uses(house, "offers", context=signal)
    assert uses(house, "offers", yes(), context=signal)  # what she agreed to herself is no sale
    assert not uses(house, "offers", context={**us, "gpc": "1"})  # not understood: as if it were set
    assert uses(house, "news")
    assert not uses(house, "news", context={"gpc": True})
    assert not uses(house, "partners", yes(), yes("partners"), context={"gpc": True})


# Other grounds than consent.


def test_a_legitimate_interest_lasts_until_an_objection(house):
    assert uses(house, "news")
    assert not uses(house, "news", no("news"))
    assert "read" not in shown(house.decide(ALONE, "web.page", profile=ANN))  # an objection may be there unheard
    right = house.decide(ALONE, "web.page", profile=ANN, consents=said(no("news")))
    assert "We tell you what is new only while you do not object." in right.why()


def test_a_soft_opt_in_stands_on_a_sale(house):
    assert not uses(house, "again")
    assert uses(house, "again", yes("again", "implied"))
    assert uses(house, "again", yes("again", "explicit"))
    assert not uses(house, "again", yes("again", "pre_ticked"))
    assert not uses(house, "again", yes("again", "implied", YEARS_2_US))
    assert not uses(house, "again", yes("again", "implied", 2 * DAY_US), no("again"))


def test_a_contract_needs_no_consent_and_covers_no_selling(house):
    for place in ("web.page", "inbox.letter"):
        decision = house.decide(ALONE, place, profile=ANN, consents=said(no("service")))
        assert {"order", "parcel"} <= set(shown(decision))
        assert "upsell" not in shown(decision)
        assert "breaking_bonds.service.sold" in reasons(decision, "upsell")


# Writing to people.


def test_nobody_is_written_to_without_a_ground_and_everyone_may_come(house):
    for records in ((), (no(),), (yes(how="pre_ticked"),)):
        assert "bread" in shown(house.decide(ALONE, "web.page", profile=ANN, consents=said(*records)))
        letter = house.decide(ALONE, "inbox.letter", profile=ANN, consents=said(*records))
        assert "bread" not in shown(letter)
        assert "breaking_bonds.offers.message" in reasons(letter, "bread")
    assert "bread" in shown(house.decide(ALONE, "inbox.letter", profile=ANN, consents=said(yes())))
    assert "bread" not in shown(house.decide(ALONE, "inbox.letter", None))


# Partners.


def test_a_partner_needs_an_explicit_yes_whatever_else_is_accepted(house):
    assert uses(house, "partners", yes("partners"))
    assert not uses(house, "partners", yes())
    lax = alone(accept=["implied"])
    assert not uses(house, "partners", yes("partners", "implied"), policy=lax)
    assert not uses(house, "partners", yes("partners", "explicit"), policy=lax)  # which does not count here at all
    assert not uses(house, "partners", context={"market": "US"})  # silence shares nothing


def test_who_withdraws_the_wider_consent_is_passed_on_no_more(house):
    assert not uses(house, "partners", yes("partners"), no())


def test_a_contract_is_no_ground_to_pass_data_on(house):
    wrong = house.decide(ALONE, "web.page", profile=ANN, consents=said(yes()))
    right = house.decide(ALONE, "web.page", profile=ANN, consents=said(yes("insured")))

    assert "cover" not in shown(wrong)
    assert "breaking_bonds.insured.partner" in reasons(wrong, "cover")
    assert "cover" in shown(right)
    visitor = house.decide(ALONE, "web.page", None)
    assert "Without your agreement we do not use what we know of you for this." in visitor.why()


def test_what_is_computed_from_a_value_goes_no_further_than_the_value(house):
    known = {**ANN, "wealth": 5.0, "standing": 5}
    decision = house.decide(ALONE, "web.page", profile=known, consents=said(yes(), yes("partners")))

    assert {"savings", "card"} <= set(shown(decision))
    assert "credit" not in shown(decision)
    assert ("standing", "breaking_bonds.partners.derived") in hidden(decision)


# Customers who turn out to be one.


def test_a_no_of_either_holds_for_both_when_they_are_one(house):
    store = MemoryStore()
    edge = house.edge(ALONE)
    for customer, record in (("ann", yes(ago_us=2 * DAY_US)), ("al", no(ago_us=9 * DAY_US))):
        store.put_profile(Snapshot(customer, NOON_US, {"tier": Observation("gold", Source.OBSERVED, NOON_US)}))
        store.put_consents(customer, Consents((record,), NOON_US))

    def tier(customer):
        consents, profile = store.consents(customer), store.profile(customer)
        return "tier" in shown(edge.decide("web.page", Identity(customer).customer, profile=profile, consents=consents))

    assert tier("ann")
    assert not tier("al")
    store.merge("ann", "al")
    assert not tier("ann")
    store.split("al")
    assert tier("ann")


# Settings, the dial, and the words.


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"accept": ["pre_ticked"]}, "accept must be one or more of explicit, double_opt_in, implied"),
        ({"accept": []}, "accept must be one or more of"),
        ({"accept": "explicit"}, "expected a list of texts"),
        ({"dormant_after_s": 0}, "dormant_after_s must be a whole number of 1 or more, not 0"),
        ({"fresh_for_s": "7d"}, "fresh_for_s must be a whole number of 1 or more, not '7d'"),
        ({"fresh": 7}, "unexpected keyword argument 'fresh'"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(settings, words):
    with pytest.raises(PluginError, match=f"guardrail 'breaking_bonds' of tactful: settings: .*{words}"):
        House().guardrail(NAME, **settings)


DIAL = {
    "conservative": {"dormant_after_s": 365, "fresh_for_s": 1},
    "balanced": {"dormant_after_s": 730, "fresh_for_s": 7},
    "bold": {"dormant_after_s": 1095, "fresh_for_s": 30},
}


def test_the_dial_sets_how_long_a_consent_lasts(house):
    for position, expected in DIAL.items():
        made = house.guardrail(NAME, position)
        assert {name: getattr(made, name) / 86_400 for name in expected} == expected
        policy = dialled(ALONE, position)
        last_us = expected["dormant_after_s"] * DAY_US
        assert uses(house, "offers", yes(ago_us=last_us - 1), policy=policy)
        assert not uses(house, "offers", yes(ago_us=last_us), policy=policy)


def test_its_sentence_tells_its_settings(house):
    sentence = house.guardrail(NAME, accept=["double_opt_in", "implied"], dormant_after_s=90 * 86_400).sentence()

    assert "double opt in or implied, younger than 90 days, and known to be true within the last 7 days" in sentence
    assert "A partner needs a consent of its own, and a contract is no ground to sell." in sentence


def test_it_knows_every_offer(house):
    assert house.rules(ALONE, NAME).scope.bits.bit_count() == len(house.edge(ALONE).plan.catalog.entries)
    assert house.rules(ALONE, NAME).broken is None


# Mutants: each breaks one clause, and a check above notices.

MUTANTS = {
    "any way of giving counts": ("{said}.how in {_texts(ways)} && ", ""),
    "a pre-ticked box counts": ("in {_texts(ways)}", "in {_texts([*ways, 'pre_ticked'])}"),
    "accept is ignored": ('given = f"{self._yes(said, self.accept)}', 'given = f"{self._yes(said, _OWN)}'),
    "no consent falls asleep": ("{_texts(ways)} && {young}", "{_texts(ways)}"),
    "consents sleep later": ("now - {said}.at < duration", "now - {said}.at <= duration"),
    "the dormancy of the setting is ignored": ('duration("{self.dormant_after_s}s")', 'duration("63072000s")'),
    "stale consents count": ("known = f'now - consents.at < duration(\"{self.fresh_for_s}s\")'", "known = 'true'"),
    "consents are fresh for a moment longer": ("now - consents.at < duration", "now - consents.at <= duration"),
    "no market is silent": ("if regime is Regime.OPT_OUT]", "if regime is None]"),
    "every market is silent": ("if regime is Regime.OPT_OUT]", "]"),
    "silence outlives a refusal": ('silence = f"!{said}.refused && !context', 'silence = f"!context'),
    "silence does not hear the browser": ("!{said}.refused && !context.gpc && {known}", "!{said}.refused && {known}"),
    "partners do not hear the browser": ('{known} && !context.gpc"', '{known}"'),
    "a partner takes what we accept": ("[way for way in self.accept if way in _OWN]", "self.accept"),
    "a partner's explicit yes counts uncounted": ("[way for way in self.accept if way in _OWN]", "_OWN"),
    "a partner needs no consent": (
        "if purpose.partner is not None:\n            return f",
        "if False:\n            return f",
    ),
    "a partner's stale consent counts": (' && {known} && !context.gpc"', ' && !context.gpc"'),
    "an interest needs a yes": (
        "LEGITIMATE_INTEREST:\n                return silence",
        "LEGITIMATE_INTEREST:\n                pass",
    ),
    "a soft opt-in needs no sale": (
        'return f"{self._yes(said, [*self.accept, How.IMPLIED.value])} && {known}"',
        "return silence",
    ),
    "a soft opt-in needs more than a sale": ("[*self.accept, How.IMPLIED.value]", "self.accept"),
    "a contract sells": ("sold = catalog.purpose(purpose.name) & catalog.intent(Intent.SELL)", "sold = Scope()"),
    "a contract does not even help": (" & catalog.intent(Intent.SELL)", ""),
    "data is used all the same": ("yield Unless(usable, hide", "0 and Unless(usable, hide"),
    "a partner's offers show all the same": (
        "if purpose.partner is not None:\n                reason",
        "if False:\n                reason",
    ),
    "messages go out all the same": ("yield Unless(asked, withhold", "0 and Unless(asked, withhold"),
    "nobody may even come": ("!(channel.name in {_texts(outbound)}) || ({usable})", "({usable})"),
    "what is derived travels": (
        "if origin is None or (origin.purposes and",
        "if origin is None and (origin.purposes and",
    ),
    "what is derived travels a step": ("waiting += origin.derived_from", "pass"),
    "the dial does nothing": (
        '"bold": {"dormant_after_s": 3 * 365 * DAY_S',
        '"bold": {"dormant_after_s": 2 * 365 * DAY_S',
    ),
    "customers hear nothing of it": ('f"{purpose.name}.partner", say)', 'f"{purpose.name}.partner")'),
    "customers hear nothing of data": ('f"{purpose.name}.data", say)', 'f"{purpose.name}.data")'),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], breaking_bonds, *MUTANTS[mutant])
