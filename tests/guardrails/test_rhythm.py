"""Rhythm: how often a customer asks to hear from us at most counts where a cap allows more, and never loosens it."""

import sys

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.differential.mutating import Mutant, mutated

from tactful import Contact, Familiarity, Intent, MemoryStore, Observation, OfferClass, PluginError, Snapshot, Source
from tactful import open as open_edge
from tactful.clock import DAY_US
from tactful_plugins import caps, overcrowding, wishes

from . import mutants
from .houses import NOON_US, House, demo, named, no, reasons, said, shop_with, shown, without, yes

NAME = "overcrowding"
HOUR_US = DAY_US // 24
WISHES = shop_with("wishes")
WEEK_S = 7 * 86_400
SOLD = {"bread", "soap", "leash", "plates", "toaster", "wine", "rival"}
WISH, CAP = f"{NAME}.cap.wish", f"{NAME}.cap"
SAID = "You asked us to come no more often than this."


def capped(policy=WISHES, **cap):
    setting = {"count": 3, "within_s": WEEK_S, "of": "all", "intent": "sell", "wish": "weekly", **cap}
    return named(policy, NAME, caps={"cap": setting}, after_purchase_s=0, after_complaint_s=0)


LETTERS = capped(event="letter", channels=["inbox"])
#: Their windows, dimensions and consequences differ.
CAPS = {
    "letters": LETTERS,
    "offers": capped(of="offer"),
    "days": capped(unit="day", within_s=None, zone="Europe/Berlin"),
    "weighs": capped(weights={"click": -1}),
    "rests": capped(suppress_s=WEEK_S),
    "softens": capped(then="downgrade"),
}


def letters(count, ago_us=DAY_US, event="letter", **more):
    more = {"channel": "inbox", "offer": "bread", "topic": "bread", **more}
    return tuple(Contact(f"{event}{n}", "ann", event, NOON_US - ago_us - n, **more) for n in range(count))


def decide(house, policy, wish=None, had=(), place="inbox.letter", **more):
    profile = {"visits": 9, "tier": "gold"} | ({} if wish is None else {"weekly": wish})
    return house.decide(policy, place, profile=profile, contacts=had, **more)


def is_silent(decision):
    return not SOLD & set(shown(decision))


# The story, and its counter-story.


def test_who_asked_for_a_letter_a_week_gets_no_second_one(house):
    wrong = house.persona(without(demo().policy, NAME), "email.letter", "wilma")
    right = house.persona(demo().policy, "email.letter", "wilma")
    assert {"thank_regulars", "apples"} <= set(shown(wrong))
    assert not shown(right)
    assert "overcrowding.letters.wish" in reasons(right, "thank_regulars")
    assert SAID in right.why()
    then = house.persona(demo().policy, "email.letter", "winnie")  # who asked for ten, and had what the policy allows
    assert not shown(then)
    assert "overcrowding.letters" in reasons(then, "thank_regulars")
    assert SAID not in then.why()


def test_who_said_nothing_of_it_gets_a_second_one_and_all_are_welcome_elsewhere(house):
    assert {"thank_regulars", "apples"} <= set(shown(house.persona(demo().policy, "email.letter", "wanda")))
    for place in ("web.home", "kiosk.welcome"):
        assert "thank_regulars" in shown(house.persona(demo().policy, place, "wilma"))


# The number.


def test_fewer_count_and_more_do_not(house):
    for wish in (None, 0, 1, 2, 3, 4, 99, 2**62):
        for had in range(5):
            decision = decide(house, LETTERS, wish, letters(had))
            assert is_silent(decision) is (had >= min(3, 99 if wish is None else wish)), (wish, had)
            if is_silent(decision):
                assert reasons(decision, "bread") == ({WISH} if wish in (0, 1, 2) else {CAP})
            assert {"refund", "recall", "recalled"} <= set(shown(decision))


def test_less_than_none_is_none_and_so_is_what_cannot_be_read(house):
    for wish in (-1, -(2**62), "2", "weekly", 1.5, True, ["2"]):
        for policy in CAPS.values():
            decision = decide(house, policy, wish)
            assert WISH in reasons(decision, "greets") or is_silent(decision), wish
            assert not {pick.tone for pick in decision.picks if pick.offer in SOLD} - {
                Familiarity.GENERIC,
                Familiarity.CONTEXT,
            }


def test_of_a_customer_whose_profile_is_not_here_nobody_knows_what_was_asked_for(house):
    with open_edge(house.edge(LETTERS).plan.policy, registry=house.registry, clock=lambda: NOON_US) as edge:
        assert is_silent(edge.decide("inbox.letter", "ann", contacts=(), preview=True))
        assert not is_silent(edge.decide("inbox.letter", "ann", profile={}, contacts=(), preview=True))
        assert not is_silent(edge.decide("inbox.letter", None, preview=True))  # a visitor has no count at all


def test_neither_consent_nor_age_nor_its_source_hides_it(house):
    more = named(WISHES, NAME, "breaking_bonds", "staleness", "accuracy")
    policy = attrs.evolve(more, guardrails=(LETTERS.guardrails[0], *more.guardrails[1:]))
    for source in ("stated", "modelled", "third-party"):
        old = {"value": 1, "source": source, "at": NOON_US - 900 * DAY_US, "confidence": 0.1}
        for consents in (said(yes("offers")), said(no("offers")), said()):
            decision = decide(house, policy, old, letters(1), consents=consents)
            assert WISH in reasons(decision, "bread")
        assert is_silent(decide(house, policy, {**old, "value": 9}, letters(3), consents=said(yes("offers"))))


# With all that caps know.


def test_it_holds_on_the_channels_of_its_cap_alone(house):
    assert not is_silent(decide(house, LETTERS, 1, letters(3), place="web.page"))
    assert not is_silent(decide(house, LETTERS, 0, place="web.page"))
    assert not is_silent(decide(house, LETTERS, 1, letters(1, channel="web")))


def test_a_page_keeps_to_it_by_itself(house):
    sold = {
        offer.id for offer in WISHES.offers if offer.intent is Intent.SELL and offer.offer_class is OfferClass.DEFAULT
    }
    for wish, most in ((None, 3), (9, 3), (2, 2), (1, 1), (0, 0)):
        assert len(sold & set(shown(decide(house, capped(), wish, place="web.page")))) == most


def test_an_engine_that_fills_pages_by_the_policy_s_number_is_caught(house):
    mistake = Mutant("engine.count", "return more >= self.own.counts[cap.number]", "return more >= 3")
    with mutated(mistake), pytest.raises(AssertionError):
        test_a_page_keeps_to_it_by_itself(house)


def test_a_window_of_the_calendar_frees_it_at_midnight(house):
    days = CAPS["days"]
    late = letters(1, 12 * HOUR_US, "shown")  # at midnight in New York, at five in the morning in Berlin
    assert is_silent(decide(house, days, 1, late))
    assert not is_silent(decide(house, days, 2, late))
    assert not is_silent(decide(house, days, 1, late, now_us=NOON_US + 8 * HOUR_US))
    own = attrs.evolve(WISHES, values=attrs.evolve(WISHES.values, customer_zone="hour"))
    nowhere = capped(own, unit="day", within_s=None, zone="customer")
    profile = {"weekly": 2, "hour": "Atlantis/Capital"}
    decision = house.decide(nowhere, "inbox.letter", profile=profile, contacts=())
    assert reasons(decision, "bread") == {CAP}  # it has no clock, so it is reached for everybody


def test_once_reached_it_rests_as_long_as_its_cap_says(house):
    rests = capped(of="offer", within_s=3600, suppress_s=9 * 86_400)
    had = letters(1, 8 * DAY_US, "shown")
    assert "bread" not in shown(decide(house, rests, 1, had))
    assert "bread" in shown(decide(house, rests, 2, had))
    assert "bread" in shown(decide(house, rests, 1, had, now_us=NOON_US + DAY_US))


def test_what_speaks_against_a_cap_gives_no_room_to_who_wants_none(house):
    clicks = letters(3, HOUR_US, "click")
    assert not is_silent(decide(house, CAPS["weighs"], 1, (*letters(1, event="shown"), *clicks)))
    assert is_silent(decide(house, CAPS["weighs"], 0, (*letters(1, event="shown"), *clicks)))


def test_it_softens_where_the_cap_only_softens(house):
    decision = decide(house, CAPS["softens"], 0, context={"rain": True})
    assert {pick.tone for pick in decision.picks if pick.offer == "greets"} == {Familiarity.CONTEXT}
    assert WISH in reasons(decision, "greets")
    assert max(pick.tone for pick in decide(house, CAPS["softens"], 9).picks) > Familiarity.CONTEXT


# Over time, and customers who turn out to be one.


def at_home(house, policy, store):
    return open_edge(house.edge(policy).plan.policy, registry=house.registry, store=store, clock=lambda: NOON_US)


def wants(store, customer, weekly, at_us=NOON_US - DAY_US):
    seen = {"weekly": Observation(weekly, Source.STATED, at_us)}
    assert store.put_profile(Snapshot(customer, at_us, seen))


def test_the_next_decision_knows_a_new_number(house):
    store = MemoryStore(clock=lambda: NOON_US)
    store.record(letters(2))
    with at_home(house, LETTERS, store) as edge:
        for at_us, (weekly, silent) in enumerate(((3, False), (2, True), (5, False), (0, True)), NOON_US - 9):
            wants(store, "ann", weekly, at_us)
            edge.forget("ann")
            for _ in range(2):
                assert is_silent(edge.decide("inbox.letter", "ann", preview=True)) is silent


def test_room_that_is_reserved_counts_against_it(house):
    store = MemoryStore(clock=lambda: NOON_US)
    wants(store, "ann", 1)
    with at_home(house, capped(of="topic", topic="bread", exempt=["mandatory", "transactional"]), store) as edge:
        assert "rival" in shown(edge.decide("inbox.letter", "ann"))
        assert not {"rival", "bread"} & set(shown(edge.decide("inbox.letter", "ann")))


def test_customers_who_are_one_have_one_number_and_one_count(house):
    store = MemoryStore(clock=lambda: NOON_US)
    for customer, weekly in (("ann", 2), ("al", 2)):
        wants(store, customer, weekly)
        store.record([attrs.evolve(letters(1)[0], id=customer, customer=customer)])
    with at_home(house, LETTERS, store) as edge:
        assert not is_silent(edge.decide("inbox.letter", "ann", preview=True))
        store.merge("ann", "al")
        for customer in ("ann", "al"):
            edge.forget(customer)
            assert is_silent(edge.decide("inbox.letter", customer, preview=True))


# Never looser.


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(sorted(CAPS)),
    wish=st.one_of(st.integers(-3, 6), st.none(), st.just("x")),
    lower=st.integers(-3, 6),
    had=st.lists(st.tuples(st.sampled_from(["shown", "letter", "click"]), st.integers(0, 9 * 24)), max_size=6),
)
def test_a_wish_never_lets_in_what_the_policy_keeps_away(name, wish, lower, had):
    contacts = [
        Contact(str(n), "ann", event, NOON_US - ago * HOUR_US, "bread", "bread", channel="inbox", intent="sell")
        for n, (event, ago) in enumerate(had)
    ]
    kept = [kept_away(decide(PLAIN, CAPS[name], one, contacts)) for one in (None, wish)]
    assert kept[0] <= kept[1]
    if isinstance(wish, int) and lower <= wish:
        assert kept[1] <= kept_away(decide(PLAIN, CAPS[name], lower, contacts))


PLAIN = House()


def kept_away(decision):
    """The treatments that the cap keeps away by what happened before this page."""
    lost = decision.explain().losses
    full = {(one.offer, one.treatment) for one in lost for reason in one.reasons if reason.id in (CAP, WISH)}
    return full - {(pick.offer, pick.treatment) for pick in decision.picks}


# Settings, and words.

SENSELESS = (
    ({"per": "household"}, "a cap with a `wish` is per customer, and takes no `strict` and no `instead`"),
    ({"per": "everyone"}, "a cap with a `wish` is per customer"),
    ({"strict": True}, "a cap with a `wish` is per customer"),
    ({"then": "replace", "instead": "recipes"}, "a cap with a `wish` is per customer"),
    ({"wish": "protective.weekly"}, "wish must be a name of letters, digits and _"),
    ({"wish": 2}, "wish must be a name of letters, digits and _"),
)
UNFIT = {
    "gone": "there is no attribute 'gone'; it would be an int, so many at most",
    "speak": "'speak' must be an int, so many at most, and is text",
    "unprotected": "'unprotected' must be marked in the schema: protect: true",
    "ill": "'ill' is sensitive, and what is left out would tell of it; name an ordinary one",
    "counted": "'counted' must be stated by the customer, in the schema: source: stated",
    "unsaid_weekly": "'unsaid_weekly' must say in the schema what holds for who states nothing: absent: 3",
}


def refusal(house, cap):
    try:
        house.guardrail(NAME, caps={"cap": {"count": 3, "within_s": WEEK_S, "wish": "weekly", **cap}})
    except PluginError as error:
        return str(error)
    return ""


def test_a_cap_that_cannot_keep_a_wish_is_refused(house):
    assert refusal(house, {}) == ""
    for setting, words in SENSELESS:
        assert f"cap 'cap': {words}" in refusal(house, setting)


def test_an_attribute_that_cannot_hold_a_number_is_refused(house):
    for name, words in UNFIT.items():
        assert house.rules(capped(wish=name), NAME).broken == f"cap 'cap': wish: {words}"
        assert is_silent(decide(house, capped(wish=name)))  # and what it would limit is withheld


def test_without_a_wish_a_cap_is_the_policys(house):
    plain = capped(event="letter", wish=None)
    assert not is_silent(decide(house, plain, 1, letters(2)))
    assert reasons(decide(house, plain, 1, letters(3)), "bread") == {CAP}


def test_its_words_tell_of_it(house):
    sentence = house.guardrail(NAME, caps=dict(LETTERS.guardrails[0].settings["caps"]), after_purchase_s=0).sentence()
    assert "letter at most 3 times, or as few as a customer asks for, within 7 days in all to sell on inbox" in sentence


MUTANTS = {
    "the wish gets lost": ('wish=self.wish or ""', 'wish=""'),
    "households wish": ('self.per != "customer" or self.strict', "self.strict"),
    "a strict cap takes a wish": ("or self.strict or self.instead is not None):", "or self.instead is not None):"),
    "who wants none gets something instead": ("or self.strict or self.instead is not None):", "or self.strict):"),
    "nobody says so": ('"" if self.wish is None else ", or as few', '"" if 1 else ", or as few'),
}  # fmt: skip
ATTRIBUTES = {
    "anything is stated": ("if spec.source is not Source.STATED:", "if 0:"),
    "who states nothing wants nothing": ("if spec.absent is None:", "if 0:"),
    "any type is a number": ("(ValueType.INT,)", "ValueType"),
    "nobody asks": ("if cap.wish is not None:", "if 0:"),
    "what consent hides is taken": ("if not spec.protect:", "if 0:"),
    "what is sensitive is taken": ("if catalog.sensitivity(name) >", "if spec.sensitivity >"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], overcrowding, *MUTANTS[mutant], caps)


@pytest.mark.parametrize("mutant", ATTRIBUTES)
def test_a_mutant_of_what_can_hold_a_number_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], overcrowding, *ATTRIBUTES[mutant], wishes)
