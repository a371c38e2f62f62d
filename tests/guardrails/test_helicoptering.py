"""Helicoptering: nobody is followed around."""

import sys

import attrs
import pytest

from tactful import Contact, Familiarity, LegalBasis, Observation, PluginError, Source
from tactful.catalog import Catalog
from tactful.clock import DAY_US, SECOND_US
from tactful.policy import PluginUse
from tactful_plugins import helicoptering, places

from . import mutants
from .houses import NOON_US, House, demo, dialled, hidden, named, no, reasons, said, shop_with, shown, without, yes

NAME = "helicoptering"
PLACES = shop_with("places")
HOUR_US = 3_600 * SECOND_US
HERE = {"place": "elm street", "region": "north", "dwell": 300}
AGREED = said(yes("location"))
#: Offers that need to know where a customer is: from the moment, and from the profile.
BY_MOMENT, BY_PROFILE = {"shoes", "passing"}, {"neighbour"}
COARSE = {"fair", "townsfolk"}
PAGES = ("web.page", "inbox.letter", "kiosk.page", "wall.page")


def old(value, age_us=7 * DAY_US):
    return Observation(value, Source.OBSERVED, NOON_US - age_us)


PROFILE = {
    "near": old("elm street"),
    "haunt": old("elm street"),
    "town": old("north"),
    "looked_at": old(("shoes",)),
    "wish": old(value=True),
    "tier": old("gold"),
}


def alone(**settings):
    return named(PLACES, NAME, **{"dwell_attribute": "dwell", **settings})


ALONE = alone()
FREE = alone(cool_down_s=0)  # where how often is no matter
UNSEEN = without(ALONE, NAME)


def decide(house, place="inbox.letter", policy=FREE, consents=AGREED, context=HERE, profile=PROFILE, **more):
    return house.decide(policy, place, context=context, profile=profile, consents=consents, **more)


def decided(house, *args, **more):
    return set(shown(decide(house, *args, **more)))


# The story, and its counter-story.


def test_nobody_is_greeted_by_name_in_the_dressing_room(house):
    for place in ("kiosk.page", "wall.page"):
        wrong = decide(house, place, UNSEEN)
        right = decide(house, place)
        assert {pick.tone for pick in wrong.picks} >= {Familiarity.PERSONAL}
        assert "Hello, gold" in titles(wrong)
        assert max(pick.tone for pick in right.picks) <= Familiarity.SEGMENT
        assert "Hello, gold" not in titles(right)
        assert {"tier", "again"} <= set(shown(right))  # what she likes is not forgotten, only not said
        assert "helicoptering.on_the_spot" in reasons(right, "named")
        assert "On the spot we do not speak to you personally." in right.why()


def test_what_was_looked_at_last_week_is_around_the_corner(house):
    context = {"place": "elm_street", "dwell": 300}
    right = house.persona(demo().policy, "phone.note", "leo", context)
    assert shown(right) == ["pans_nearby"]
    assert max(pick.tone for pick in right.picks) <= Familiarity.SEGMENT
    for name in ("lena", "liam"):
        assert "pans_nearby" in shown(house.persona(without(demo().policy, NAME), "phone.note", name, context))
        assert "pans_nearby" not in shown(house.persona(demo().policy, "phone.note", name, context))
    assert "shoes" in decided(house, "inbox.letter", ALONE)
    assert {"tier", "again", "wished"} <= decided(house, context={}, consents=None)  # and without any place


def titles(decision):
    return {pick.content["title"] for pick in decision.picks}


# A consent of its own.


def test_a_place_needs_a_consent_of_its_own(house):
    for place in PAGES:
        assert decided(house, place, UNSEEN) >= BY_MOMENT | BY_PROFILE
        assert decided(house, place) >= BY_MOMENT | BY_PROFILE
        for consents in (
            None,
            said(),
            said(yes("offers")),
            said(no("location")),
            said(yes("location"), no("location")),
        ):
            decision = decide(house, place, consents=consents)
            assert not set(shown(decision)) & (BY_MOMENT | BY_PROFILE)
            assert "helicoptering.precise.here" in reasons(decision, "passing")
            assert ("near", "helicoptering.precise") in hidden(decision)
            assert ("haunt", "helicoptering.precise") in hidden(decision)
            assert "Without your agreement we do not look where you are." in decision.why()


def test_a_consent_is_given_knowingly_and_counts_for_a_while(house):
    for how, counts in (("explicit", 1), ("double_opt_in", 1), ("implied", 0), ("pre_ticked", 0), ("forced", 0)):
        assert ("passing" in decided(house, consents=said(yes("location", how)))) is bool(counts)
    for ago_us, counts in ((729 * DAY_US, 1), (730 * DAY_US, 0)):
        assert ("passing" in decided(house, consents=said(yes("location", ago_us=ago_us)))) is bool(counts)
    for ago_us, counts in ((7 * DAY_US - 1, 1), (7 * DAY_US, 0)):
        assert ("passing" in decided(house, consents=said(yes("location"), ago_us=ago_us))) is bool(counts)
    assert not decided(house, context={**HERE, "gpc": True}) & (BY_MOMENT | BY_PROFILE | COARSE)


def test_another_purpose_can_be_the_one_that_is_asked_for(house):
    news = alone(consent="news", cool_down_s=0)
    assert "passing" in decided(house, policy=news, consents=said(yes("news")))
    assert "passing" not in decided(house, policy=news)
    alone_there = attrs.evolve(news, purposes=tuple(p for p in news.purposes if p.name != "location"))
    assert "passing" in decided(house, policy=alone_there, consents=said(yes("news")))


def test_without_such_a_purpose_no_precise_place_is_used(house):
    lost = attrs.evolve(FREE, purposes=tuple(p for p in FREE.purposes if p.name != "location"))
    assert not decided(house, policy=lost) & (BY_MOMENT | BY_PROFILE)
    assert decided(house, policy=lost) >= COARSE
    assert not decided(house, policy=lost, context={**HERE, "gpc": True}) & COARSE


def test_a_town_is_no_street(house):
    for consents in (said(), said(yes("offers")), AGREED):
        assert decided(house, consents=consents) >= COARSE
    for consents in (None, said(no("location")), said(ago_us=7 * DAY_US)):
        assert not decided(house, consents=consents) & COARSE
    nobody = house.decide(FREE, "web.page", None, HERE)
    assert "fair" in shown(nobody)
    assert "passing" not in shown(nobody)
    strict = alone(coarse_needs_consent=True)
    assert not decided(house, policy=strict, consents=said()) & COARSE
    assert decided(house, policy=strict) >= COARSE


# Not in passing, not over and over.


def test_who_passes_by_is_left_alone(house):
    for dwell, counts in ((119, 0), (120, 1), (None, 0), ("long", 0), (-5, 0)):
        context = {**HERE, "dwell": dwell}
        assert (decided(house, context=context) >= BY_MOMENT) is bool(counts)
        assert "helicoptering.dwell" in reasons(decide(house, context={**HERE, "dwell": 1}), "passing")
    assert "neighbour" in decided(house, context={})  # of the profile, not of the moment
    stay = alone(dwell_attribute="stay", cool_down_s=0)
    assert "passing" in decided(house, policy=stay, context={**HERE, "stay": 120 * SECOND_US})
    assert "passing" not in decided(house, policy=stay, context={**HERE, "stay": 119 * SECOND_US})
    assert "fair" in decided(house, context={**HERE, "dwell": 0})


def test_where_nobody_knows_for_how_long_everybody_passes_by(house):
    assert not decided(house, policy=alone(dwell_attribute="", cool_down_s=0)) & BY_MOMENT
    assert decided(house, policy=alone(dwell_attribute="", dwell_s=0, cool_down_s=0)) >= BY_MOMENT


def contact(tags, ago_us=HOUR_US, event="shown", offer="passing"):
    return Contact("1", "ann", event, NOON_US - ago_us, "home", offer, channel="inbox", tags=tags)


def test_one_message_that_uses_a_place_is_enough_for_a_while(house):
    assert len(decided(house, policy=ALONE, contacts=()) & (BY_MOMENT | BY_PROFILE)) == 1
    for seen in (contact(("location",)), contact(("location",), offer="fair"), contact(("location",), DAY_US - 1)):
        decision = decide(house, policy=ALONE, contacts=(seen,))
        assert not set(shown(decision)) & (BY_MOMENT | BY_PROFILE)
        assert set(shown(decision)) >= COARSE
        assert "helicoptering.cool_down" in reasons(decision, "passing")
        assert "We brought up where you are not long ago." in decision.why()
    for seen in (contact(("other",)), contact(("location",), DAY_US), contact(("location",), event="click")):
        assert decided(house, policy=ALONE, contacts=(seen,)) & (BY_MOMENT | BY_PROFILE)


def test_what_cannot_be_counted_is_withheld(house):
    assert "untagged" in decided(house)
    decision = decide(house, policy=ALONE, contacts=())
    assert "untagged" not in shown(decision)
    assert "helicoptering.untagged" in reasons(decision, "untagged")


# On the spot, and too soon.


def test_a_place_is_not_told_of_on_the_spot(house):
    inside = alone(spot="inside", cool_down_s=0)
    for policy, context, personal in (
        (FREE, {}, True),
        (FREE, {"inside": True}, True),
        (inside, {"inside": False}, True),
        (inside, {}, True),
        (inside, {"inside": True}, False),
        (inside, {"inside": "yes"}, False),
    ):
        greeting = "Hello, gold" in titles(decide(house, "inbox.letter", policy, context={**HERE, **context}))
        assert greeting is personal
    assert "Hello, gold" in titles(decide(house, "web.page"))


def test_what_was_done_just_now_is_not_brought_up_at_once(house):
    shoes = alone(delayed=["looked_at"], cool_down_s=0)
    just_now = {**PROFILE, "looked_at": old(("shoes",), 6 * HOUR_US - 1), "wish": old(value=True, age_us=0)}
    in_time = {**PROFILE, "looked_at": old(("shoes",), 6 * HOUR_US), "wish": old(value=True, age_us=6 * HOUR_US)}
    for place in ("inbox.letter", "kiosk.page", "wall.page"):
        assert {"again", "wished"} <= decided(house, place, shoes, profile=in_time)
        assert {"again", "wished"} <= decided(house, place, profile=just_now)  # which does not name it
        decision = decide(house, place, shoes, profile=just_now)
        assert not {"again", "wished", "shoes"} & set(shown(decision))
        assert "fitting" in shown(decision)  # what a contract covers does not wait
        assert {("looked_at", "helicoptering.delay"), ("wish", "helicoptering.delay")} <= hidden(decision)
        assert "What you did just now we did not bring up." in decision.why()
    assert {"again", "wished"} <= decided(house, "web.page", shoes, profile=just_now)  # it is her own visit
    assert hidden(decide(house, "web.page", shoes, profile=just_now)) == set()


def test_nor_where_somebody_was_just_now(house):
    for name, offer in (("haunt", "neighbour"), ("town", "townsfolk")):
        just_now = {**PROFILE, name: attrs.evolve(PROFILE[name], at_us=NOON_US)}
        assert offer in decided(house)
        assert offer not in decided(house, profile=just_now)
        assert offer in decided(house, policy=alone(delay_s=0, cool_down_s=0), profile=just_now)


def test_a_wait_ends_by_itself(house):
    shoes = alone(delayed=["looked_at"], cool_down_s=0)
    profile = {**PROFILE, "looked_at": old(("shoes",), 5 * HOUR_US)}
    assert "again" not in decided(house, policy=shoes, profile=profile)
    assert "again" in decided(house, policy=shoes, profile=profile, now_us=NOON_US + HOUR_US)


def test_of_something_sensitive_it_keeps_silent(house):
    told = {**PROFILE, "clinic": old("elm street")}
    assert "treated" in decided(house, policy=UNSEEN, profile=told)
    assert "treated" in decided(house, profile=told)
    young = decide(house, profile={**PROFILE, "clinic": old("elm street", 0)})
    assert ("clinic", "helicoptering.delay.sensitive") in hidden(young)
    assert "just now" not in young.why()
    cooling = decide(
        house, policy=ALONE, profile={"clinic": old("elm street")}, contacts=(contact(("location",)),), context={}
    )
    assert "helicoptering.cool_down.sensitive" in reasons(cooling, "treated")
    assert "not long ago" not in cooling.why()


# Settings, the dial, and the words.


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"consent": "the place"}, "consent must be a name"),
        ({"consent": ""}, "consent must be a name"),
        ({"tag": ""}, "tag must be a name"),
        ({"spot": "context.inside"}, "spot must be a name"),
        ({"dwell_s": -1}, "dwell_s must be a whole number of 0 or more"),
        ({"fresh_for_s": 0}, "fresh_for_s must be a whole number of 1 or more"),
        ({"coarse_needs_consent": "no"}, "coarse_needs_consent must be true or false"),
        ({"delayed": "looked_at"}, "expected a list of texts"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(settings, words):
    with pytest.raises(PluginError, match=words):
        House().guardrail(NAME, **settings)


def test_a_name_that_is_not_there_is_refused(house):
    for settings, words in (
        ({"dwell_attribute": "dwel"}, "dwell_attribute: the context has no number of seconds 'dwel'"),
        ({"dwell_attribute": "place"}, "dwell_attribute: the context has no number of seconds 'place'"),
        ({"spot": "dwell"}, "spot: the context has no truth 'dwell'"),
        ({"delayed": ["looked"]}, "delayed: there is no attribute 'looked'"),
    ):
        assert words in (house.registry.rules(PluginUse(NAME, "", settings), Catalog(PLACES)).broken or "")


DAY_S = 86_400
DIAL = {
    "conservative": (365 * DAY_S, DAY_S, True, 300, 7 * DAY_S, DAY_S),
    "balanced": (730 * DAY_S, 7 * DAY_S, False, 120, DAY_S, 21_600),
    "bold": (1095 * DAY_S, 30 * DAY_S, False, 60, 21_600, 3_600),
}


def test_the_dial_sets_how_close_we_come(house):
    for position, expected in DIAL.items():
        made = house.guardrail(NAME, position)
        dormant_s, fresh_s, coarse, dwell_s, cool_down_s, delay_s = expected
        assert (made.dormant_after_s, made.fresh_for_s, made.coarse_needs_consent) == (dormant_s, fresh_s, coarse)
        assert (made.dwell_s, made.cool_down_s, made.delay_s) == (dwell_s, cool_down_s, delay_s)
        policy = dialled(ALONE, position)
        assert ("passing" in decided(house, policy=without(policy, NAME), contacts=())) is True
        assert bool(decided(house, policy=policy, context={**HERE, "dwell": dwell_s}, contacts=()) & BY_MOMENT)
        assert not decided(house, policy=policy, context={**HERE, "dwell": dwell_s - 1}, contacts=()) & BY_MOMENT
        seen = (contact(("location",), cool_down_s * SECOND_US - 1),)
        assert not decided(house, policy=policy, contacts=seen) & (BY_MOMENT | BY_PROFILE)
        assert ("fair" in decided(house, policy=policy, consents=said())) is not coarse


def test_its_sentence_tells_its_settings(house):
    assert house.guardrail(NAME).sentence() == (
        "Where a customer is, closer than the town, is used only with a consent to location of its own, after "
        "2 minutes there, once in 1 day. On the spot nobody is spoken to personally. What was done less than 6 hours "
        "ago is not brought up where we write or others see."
    )
    bare = house.guardrail(
        NAME, coarse_needs_consent=True, dwell_s=0, cool_down_s=0, delay_s=0, consent="near"
    ).sentence()
    assert bare == (
        "Where a customer is, even the town, is used only with a consent to near of its own. "
        "On the spot nobody is spoken to personally."
    )


def test_a_policy_that_knows_no_place_is_left_alone(house):
    plain = named(shop_with("elsewhere"), NAME)
    ids = {id_.removeprefix(f"{NAME}.") for id_, _ in house.rules(plain, NAME).rules}
    assert ids == {"on_the_spot", "on_the_spot.sensitive"}
    assert {p.legal_basis for p in PLACES.purposes} >= {LegalBasis.CONTRACT}


MUTANTS = {
    "no consent is needed": ("yield Unless(condition, limit, reason, id_, say)", "pass"),
    "any consent will do": ('return f"{own} && {young}', 'return f"{said}.given && {young}'),
    "a consent lasts for ever": ("{own} && {young} && {known}", "{own} && {known}"),
    "consents stay fresh": ("{own} && {young} && {known}", "{own} && {young}"),
    "the browser's signal is ignored": ("&& {known} && !context.gpc", "&& {known}"),
    "the browser's signal is ignored for towns": ('return f"!context.gpc{silent}"', 'return f"true{silent}"'),
    "a refusal is ignored for towns": ("(!{said}.refused && {known})", "({known})"),
    "an old refusal": ("(!{said}.refused && {known})", "(!{said}.refused)"),
    "nobody is somebody": ('identity.kind == "none" || ', ""),
    "another purpose": ("purpose.name == self.consent for", 'purpose.name == "location" for'),
    "no purpose, no need": ("if condition is None:", "if condition is None and 0:"),
    "towns need no consent": ("or self.coarse_needs_consent:", "or 0:"),
    "towns need consent": ("or self.coarse_needs_consent:", "or 1:"),
    "the profile may know": ("if names := places.known(precision):", "if 0 and (names := 1):"),
    "the moment may know": ("found += [(Withhold(scope)", "0 and [(Withhold(scope)"),
    "no dwell": ("if self.dwell_s else ()", "if 0 else ()"),
    "a dwell of its own": ("least = places.seconds(self.dwell_attribute, self.dwell_s)", "least = 120"),
    "nobody knows, nobody waits": (
        'yield Always(Withhold(scope), "no `dwell',
        '0 and Always(Withhold(scope), "no `dwell',
    ),
    "no cool-down": ("if not self.cool_down_s:", "if 1:"),
    "all contacts cool": ('Counted("shown", tags=(self.tag,))', 'Counted("shown")'),
    "each offer cools": ('(self.tag,)), "all")', "(self.tag,)))"),
    "the moment cools alone": ("using = places.used(", "using = places.of_the_moment("),
    "what cannot be counted passes": ("if using - tagged:", "if 0:"),
    "personal on the spot": ("yield When(where, UpTo(", "if 0: yield When(where, UpTo("),
    "personal nowhere": (
        "yield When(where, UpTo(scope, tone=Familiarity.SEGMENT),",
        "yield Always(UpTo(scope, tone=Familiarity.SEGMENT),",
    ),
    "the spot is ignored": ('if self.spot else ""', 'if 0 else ""'),
    "on the web too": ("privacy <= Privacy.EXPOSED}", "privacy <= Privacy.SEMI_PRIVATE}"),
    "on walls alone": ("privacy <= Privacy.EXPOSED}", "privacy < Privacy.EXPOSED}"),
    "nothing waits": ("if not (self.delay_s and", "if 1 or not (self.delay_s and"),
    "it waits everywhere": ("channels=channels", "channels=()"),
    "it waits on screens alone": ("if c.outbound or c.privacy in _SEEN)", "if c.privacy in _SEEN)"),
    "it waits in letters alone": ("if c.outbound or c.privacy in _SEEN)", "if c.outbound)"),
    "contracts wait": ("if p.legal_basis is not LegalBasis.CONTRACT)", ")"),
    "it tells of the sensitive": (
        '(sensitive, "delay.sensitive", "")',
        '(sensitive, "delay.sensitive", _SAY.replace("Without", "just now"))',
    ),
    "it tells of sensitive offers": (
        'yield scope - ordinary, ".sensitive", ""',
        'yield scope - ordinary, ".sensitive", say',
    ),
    "the dial does nothing": ('"cool_down_s": 6 * _HOUR_S,', ""),
    "conservative towns": ('"coarse_needs_consent": True,', ""),
}
PARTS = {
    "derived places are none": ("for origin in self._catalog.origins(name)}", "for origin in (name,)}"),
    "the moment's segments": ("self._catalog.reads(entry)", "entry.labels.evidence"),
    "what is derived does not wait": ("first.isdisjoint(self._catalog.origins(a.name))", "first.isdisjoint((a.name,))"),
    "places do not wait": ("if a.location is not None)", "if 0)"),
    "what is named does not wait": ("first = {*names, *(", "first = {*("),
    "towns are streets": ("(Precision.PRECISE, Precision.COARSE) if", "(Precision.PRECISE,) if"),
    "dwell is not checked": ("if dwell and", "if 0 and"),
    "the spot is not checked": ("if spot and", "if 0 and"),
    "names are not checked": ("if name not in attributes:", "if 0:"),
    "durations are minutes": ('"{}s"', '"{}m"'),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], helicoptering, *MUTANTS[mutant])


@pytest.mark.parametrize("mutant", PARTS)
def test_a_mutant_of_its_part_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], helicoptering, *PARTS[mutant], places)
