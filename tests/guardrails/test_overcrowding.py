"""Overcrowding: one ledger over all channels and departments bounds how often a customer hears from us."""

import itertools
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest

from tactful import Calendar, Contact, Counted, Familiarity, Identity, MemoryStore, PluginError
from tactful.clock import DAY_US, SKEW_US, to_us
from tactful_plugins import caps, overcrowding, quiet

from . import mutants
from .houses import NOON_US, House, demo, dialled, named, reasons, shop, shown, without

NAME = "overcrowding"
MONTH_US = 30 * DAY_US
SOLD = {"bread", "soap", "leash", "plates", "toaster", "wine", "aspirin", "shared"}
_numbers = itertools.count()


def alone(caps=None, **settings):
    return named(shop(), NAME, caps=caps or {}, **settings)


QUIET = alone()  # no caps: what rests after a purchase and an offence


def capped(**cap):
    return alone({"cap": {"count": 2, "within_s": 7 * 86_400, **cap}}, after_purchase_s=0, after_complaint_s=0)


def event(what="shown", ago_us=DAY_US, topic="", offer="", **more):
    return Contact(f"c{next(_numbers)}", "ann", what, NOON_US - ago_us, topic, offer, **more)


def decide(house, policy, *contacts, place="web.page", now_us=NOON_US, profile=None):
    return house.decide(policy, place, "ann", contacts=contacts, profile=profile or {"visits": 9}, now_us=now_us)


def seen(house, policy, *contacts, **more):
    return set(shown(decide(house, policy, *contacts, **more)))


# The story, and its counter-story.


def test_after_a_toaster_three_departments_keep_quiet_about_kitchens(house):
    wrong = house.persona(without(demo().policy, NAME), "email.letter", "tom")
    right = house.persona(demo().policy, "email.letter", "tom")

    assert {"baking_sheets", "pots_and_pans"} <= set(shown(wrong))
    assert not {"baking_sheets", "pots_and_pans", "kitchen_show"} & set(shown(right))
    assert "overcrowding.after_purchase" in reasons(right, "baking_sheets")
    assert "What you bought lately we do not sell you again." in right.why()


def test_the_same_thanks_three_times_are_enough(house):
    wrong = house.persona(without(demo().policy, NAME), "web.home", "mona")
    right = house.persona(demo().policy, "web.home", "mona")

    assert "thank_regulars" in shown(wrong)
    assert "thank_regulars" not in shown(right)
    assert "overcrowding.one_offer" in reasons(right, "thank_regulars")
    assert "Of this you have seen enough from us for now." in right.why()


def test_who_bought_no_toaster_hears_of_kitchens_and_others_of_what_they_buy_weekly(house):
    assert "baking_sheets" in shown(house.persona(demo().policy, "email.letter", "tess"))
    toms = house.persona(demo().policy, "email.letter", "tom")
    assert len(shown(toms)) == 6
    assert "coupons.u10000089245-c18" in shown(toms)  # he bought sugar yesterday
    assert seen(house, QUIET) >= SOLD


# After a purchase.


def test_what_was_bought_is_not_sold_for_thirty_days(house):
    def resting(ago_us):
        return SOLD - seen(house, QUIET, event("purchase", ago_us, "kitchen"))

    assert resting(0) == resting(MONTH_US - 1) == {"plates", "toaster"}
    assert resting(MONTH_US) == set()
    assert resting(-DAY_US) == {"plates", "toaster"}  # their clock is ahead of ours, or ours was set back


def test_a_purchase_rests_its_own_topic_and_what_lies_under_it(house):
    for topic, rests in {
        "home": {"leash", "plates", "toaster", "shared"},
        "toasters": {"toaster"},
        "pets": {"leash"},
        "": set(),
        "unheard_of": set(),
    }.items():
        assert SOLD - seen(house, QUIET, event("purchase", topic=topic)) == rests


def test_informing_helping_and_what_must_be_told_go_on(house):
    everything = [event("purchase", topic=topic) for topic in ("home", "food", "care")]
    assert {"recipes", "opening", "parcel", "recall"} <= seen(house, QUIET, *everything)


def test_a_sensitive_purchase_rests_nothing(house):
    for topic in ("wine", "medicine", "painkillers", "baby"):
        assert seen(house, QUIET, event("purchase", topic=topic)) >= SOLD


def test_a_policy_names_what_is_bought_once_in_years(house):
    durable = alone(after_purchase_topics=["kitchen"])
    both = [event("purchase", topic="kitchen"), event("purchase", topic="bread"), event("purchase", topic="pets")]
    assert SOLD - seen(house, durable, *both) == {"plates", "toaster"}
    assert SOLD - seen(house, alone(after_purchase_s=0), *both) == set()


# After an offence.


@pytest.mark.parametrize("what", ["complaint", "unsubscribe", "too_personal"])
def test_after_an_offence_nothing_is_sold_and_help_goes_on(what):
    _after_an_offence(House(), what)


def _after_an_offence(house, what):
    quiet = decide(house, QUIET, event(what, MONTH_US - 1))
    assert not SOLD & set(shown(quiet))
    assert {"parcel", "opening", "recall", "thanks"} <= set(shown(quiet))
    assert f"overcrowding.after_{what}" in reasons(quiet, "bread")
    assert "for a while we sell you nothing." in quiet.why()
    assert seen(house, QUIET, event(what, MONTH_US)) >= SOLD
    assert seen(house, alone(after_complaint_s=0), event(what)) >= SOLD


def test_every_sign_of_offence_is_heard(house):
    for what in ("complaint", "unsubscribe", "too_personal"):
        _after_an_offence(house, what)
    assert seen(house, QUIET, event("click"), event("return")) >= SOLD


# Caps.


def test_a_cap_counts_within_its_window(house):
    two = capped(of="offer")
    for ago_us, there in ((7 * DAY_US - 1, False), (7 * DAY_US, True)):
        contacts = [event(ago_us=ago_us, offer="bread"), event(ago_us=DAY_US, offer="bread")]
        assert ("bread" in seen(house, two, *contacts)) is there
    assert "bread" in seen(house, two, event(offer="bread"), event("click", offer="bread"), event(offer="soap"))
    clicks = [event("click", offer="bread"), event("click", offer="bread")]
    assert "bread" not in seen(house, capped(of="offer", event="click"), *clicks)
    ahead = [event(ago_us=-SKEW_US - 1, offer="bread"), event(offer="bread")]
    assert "bread" not in seen(house, two, *ahead)


DIMENSIONS = {
    "offer": ({"offer": "plates"}, {"plates"}),
    "topic": ({"topic": "kitchen"}, {"plates", "toaster", "leash", "shared"}),  # it counts for homes as well
    "tag": ({"tags": ("new",)}, set()),
    "owner": ({"owner": "kitchens"}, {"plates"}),
    "channel": ({"channel": "web"}, SOLD),
    "all": ({}, SOLD),
}


def test_a_cap_counts_by_its_dimension(house):
    for of, (what, limited) in DIMENSIONS.items():
        contacts = [event(**what), event(**what)]
        assert SOLD - seen(house, capped(of=of), *contacts) == limited
    inbox = [event(channel="inbox"), event(channel="inbox")]
    assert "bread" in seen(house, capped(of="channel"), *inbox)  # another channel's count is not this one's


def test_a_cap_limits_what_it_is_for_and_exempts_what_it_exempts(house):
    contacts = [event(topic="bread"), event(topic="bread")]
    for only, limited in (
        ({"topic": "food"}, {"bread", "wine"}),
        ({"intent": "sell"}, SOLD),
        ({"intent": "inform"}, set()),
        ({"tag": "new"}, set()),
    ):
        everything = seen(house, capped(of="all", **only), *contacts)
        assert SOLD - everything == limited
        assert "recall" in everything
    assert "recall" not in seen(house, capped(of="all", exempt=[]), *contacts)
    assert "bread" in seen(house, capped(of="all", exempt=["default", "mandatory", "transactional"]), *contacts)


def test_what_happens_when_a_cap_is_reached(house):
    contacts = [event(), event()]
    profile = {"visits": 9, "tier": "gold", "scores": {"pets": 9.0}}
    for then in ("suppress", "defer"):
        assert seen(house, capped(of="all", then=then), *contacts, profile=profile) == {"recall"}
    softened = decide(house, capped(of="all", then="downgrade"), *contacts, profile=profile)
    assert {"bread", "named"} <= set(shown(softened))
    assert all(pick.tone <= Familiarity.CONTEXT and pick.basis <= Familiarity.CONTEXT for pick in softened.picks)


def test_a_cap_stays_reached_for_as_long_as_it_says(house):
    longer = capped(of="offer", count=2, within_s=3600, suppress_s=9 * 86_400)
    close = [event(ago_us=8 * DAY_US, offer="bread"), event(ago_us=8 * DAY_US + 1, offer="bread")]
    apart = [event(ago_us=8 * DAY_US, offer="bread"), event(ago_us=8 * DAY_US + 3_600_000_000, offer="bread")]
    assert "bread" not in seen(house, longer, *close)
    assert "bread" in seen(house, longer, *apart)
    assert "bread" in seen(house, longer, *close, now_us=NOON_US + DAY_US)
    assert "bread" in seen(house, capped(of="offer", within_s=3600), *close)


def test_a_day_is_a_day_where_the_clocks_change(house):
    # In New York the night to 5 November 2017 had 25 hours; the window is counted in hours that pass.
    local = datetime(2017, 11, 4, 12, tzinfo=ZoneInfo("America/New_York"))
    day = capped(of="offer", count=1, within_s=86_400)
    contact = Contact("1", "ann", "shown", to_us(local.astimezone(UTC)), offer="bread")
    for hours, there in ((23.99, False), (24, True)):
        now_us = to_us(local.astimezone(UTC) + timedelta(hours=hours))
        assert ("bread" in seen(house, day, contact, now_us=now_us)) is there


# Missing data, and customers who turn out to be one.


def test_of_a_customer_whose_contacts_are_not_known_every_cap_is_reached(house):
    edge = house.edge(QUIET)
    away = edge.decide("web.page", "nobody-is-here", profile={"visits": 9}, preview=True)
    assert set(shown(away)) >= SOLD  # the memory store knows all there is: nothing
    from tactful import open as open_edge  # noqa: PLC0415 - beside the builtin of that name

    with open_edge(edge.plan.policy, registry=house.registry, profiles=lambda _: None, clock=lambda: NOON_US) as other:
        unknown = other.decide("web.page", "ann", profile={"visits": 9}, preview=True)
    assert not SOLD & set(shown(unknown))
    assert {"parcel", "opening", "recall"} <= set(shown(unknown))
    assert "contacts not here: warm" in unknown.careful


def test_a_visitor_of_whom_nothing_is_known_has_no_count(house):
    assert set(shown(house.decide(QUIET, "web.page", None))) >= SOLD


def test_customers_who_are_one_are_counted_as_one(house):
    store, two = MemoryStore(), capped(of="offer")
    edge = house.edge(two)
    for customer in ("ann", "al"):
        store.record([Contact(customer, customer, "shown", NOON_US - DAY_US, offer="bread")])

    def bread(customer):
        contacts = store.contacts(customer, 0)
        return "bread" in shown(edge.decide("web.page", Identity(customer).customer, profile={}, contacts=contacts))

    assert bread("ann")
    store.merge("ann", "al")
    assert not bread("ann")
    assert not bread("al")


# Settings, the dial, and the words.


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"after_purchase_s": -1}, "after_purchase_s must be a whole number of 0 or more, not -1"),
        ({"after_complaint_s": "90d"}, "after_complaint_s must be a whole number of 0 or more, not '90d'"),
        ({"after_purchase_topics": "kitchen"}, "expected a list of texts, not 'kitchen'"),
        ({"caps": {"c": {"count": 0, "within_s": 1}}}, "cap 'c': count must be a whole number of 1 or more, not 0"),
        ({"caps": {"c": {"count": 1, "within_s": True}}}, "cap 'c': within_s must be a whole number of 1 or more"),
        ({"caps": {"c": {"count": 1, "within_s": 1, "of": "shop"}}}, "cap 'c': of must be one of offer, topic, tag"),
        ({"caps": {"c": {"count": 1, "within_s": 1, "then": "beg"}}}, "cap 'c': then must be one of suppress, defer"),
        ({"caps": {"c": {"count": 1, "within_s": 1, "intent": "beg"}}}, "cap 'c': intent must be one of help, inform"),
        ({"caps": {"c": {"count": 1, "within_s": 1, "event": "a b"}}}, "cap 'c': 'event' must match regex"),
        ({"caps": {"c": {"count": 1, "within_s": 1, "exempt": ["me"]}}}, "cap 'c': exempt must be one of default"),
        ({"caps": {"c": {"within_s": 1}}}, "cap 'c': .*missing 1 required positional argument: 'count'"),
        ({"caps": {"c": 3}}, "cap 'c' must be settings by name, not 3"),
        ({"caps": {"after_purchase": {"count": 1, "within_s": 1}}}, "cap 'after_purchase' has the name of a rule"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(settings, words):
    with pytest.raises(PluginError, match=f"settings: {words}"):
        House().guardrail(NAME, **settings)


def test_a_topic_that_is_not_there_is_no_cap(house):
    for policy, where in (
        (alone(after_purchase_topics=["kichen"]), "after_purchase_topics"),
        (capped(topic="kichen"), "cap 'cap'"),
    ):
        found = house.rules(policy, NAME)
        assert found.broken == f"{where}: there is no topic 'kichen'"
        assert not found.rules


EVERY = {
    "count": 2,
    "unit": "week",
    "times": 2,
    "zone": "Europe/Berlin",
    "week_start": "sunday",
    "of": "tag",
    "per": "household",
    "event": "click",
    "channels": ["web"],
    "then": "replace",
    "instead": "recipes",
    "suppress_s": 60,
    "topic": "food",
    "intent": "sell",
    "tag": "new",
    "owner": "bakery",
    "exempt": ["mandatory"],
}


def limit_of(house, name, policy):
    rules = dict(house.rules(policy, NAME).rules)
    assert f"{NAME}.{name}" in rules
    return rules[f"{NAME}.{name}"].limit


def test_every_setting_of_a_cap_reaches_its_limit(house):
    limit = limit_of(house, "cap", alone({"cap": EVERY}))
    catalog = house.edge(QUIET).plan.catalog

    assert limit.scope == catalog.where(lambda e: e.offer.owner == "bakery" and "new" in e.offer.tags)
    owned = limit_of(house, "cap", alone({"cap": {"count": 1, "within_s": 9, "owner": "bakery"}})).scope
    assert owned == catalog.where(lambda e: e.offer.owner == "bakery" and e.offer.offer_class.value == "default")
    assert limit.instead == catalog.by_offer()["recipes"]
    assert (limit.count, limit.window) == (2, Calendar("week", 2, "Europe/Berlin", 6))
    assert limit.counted == Counted("click", ("sell",), ("food",), ("new",), ("bakery",), ("mandatory",))
    assert (limit.of, limit.per, limit.channels) == ("tag", "household", ("web",))
    assert (limit.then, limit.suppress_s) == ("replace", 60)
    assert limit_of(house, "cap", alone({"cap": {**EVERY, "count_exempt": True}})).counted.exempt == ()


def test_a_calendar_is_the_customers_where_the_policy_knows_it(house):
    def zone(values, **cap):
        policy = alone({"cap": {"count": 2, "unit": "day", **cap}})
        return limit_of(house, "cap", attrs.evolve(policy, values=attrs.evolve(policy.values, **values))).window.zone

    berlin = {"zone": "Europe/Berlin"}
    assert zone(berlin) == "Europe/Berlin"
    assert zone(berlin, zone="customer") == ""
    assert zone({**berlin, "customer_zone": "tier"}) == ""
    assert zone({**berlin, "customer_zone": "tier"}, zone="Asia/Tokyo") == "Asia/Tokyo"
    assert zone({**berlin, "customer_zone": "tier"}, per="household") == "Europe/Berlin"


def test_quiet_hours_are_for_where_we_write_to_the_customer(house):
    quiet = {"from_min": 1290, "to_min": 480}
    limit = limit_of(house, "quiet_hours", alone(quiet=quiet))

    assert (limit.from_min, limit.to_min, limit.days) == (1290, 480, (0, 1, 2, 3, 4, 5, 6))
    assert (limit.channels, limit.zone) == (("inbox",), "UTC")
    exempt = {e.offer.id for e in house.edge(QUIET).plan.catalog.entries if e.index not in limit.scope}
    assert exempt == {"recall"}
    some = limit_of(house, "quiet_hours", alone(quiet={**quiet, "days": ["sunday"], "channels": ["web"], "exempt": []}))
    assert (some.days, some.channels) == ((6,), ("web",))
    assert "recall" in {e.offer.id for e in house.edge(QUIET).plan.catalog.entries if e.index in some.scope}
    days = ["2026-12-26", "2026-12-24", "2026-12-25", "2027-01-01"]
    holidays = limit_of(house, "quiet_hours", alone(quiet={**quiet, "dates": days}))
    assert holidays.dates == ((date(2026, 12, 24), date(2026, 12, 26)), (date(2027, 1, 1), date(2027, 1, 1)))
    night_us = NOON_US + 12 * 3_600_000_000
    assert "quiet_hours" in str(
        reasons(decide(house, alone(quiet=quiet), place="inbox.letter", now_us=night_us), "bread")
    )
    assert "bread" in seen(house, alone(quiet=quiet), place="inbox.letter")


SENSELESS = [
    ({"count": 2}, "within a length of time or a unit of the calendar"),
    ({"count": 2, "within_s": 60, "unit": "day"}, "within a length of time or a unit of the calendar"),
    ({"count": 2, "within_s": 60, "then": "replace"}, "`then: replace` and `instead:` go together"),
    ({"count": 2, "within_s": 60, "instead": "recipes"}, "`then: replace` and `instead:` go together"),
    ({"count": 2, "within_s": 60, "per": "everyone", "suppress_s": 9}, "takes no `suppress`"),
    ({"count": 2, "unit": "day", "zone": "Atlantis/Capital"}, "must be a time zone such as Europe/Berlin"),
    ({"count": 0, "within_s": 60}, "count must be a whole number of 1 or more"),
    ({"count": 2, "within_s": 60, "times": "often"}, "times must be a whole number"),
]
UNKNOWN = [
    ({"a": {**EVERY, "channels": ["pigeon"]}}, "cap 'a': there is no channel 'pigeon'"),
    ({"a": {**EVERY, "instead": "nothing"}}, "cap 'a': instead: 'nothing' is no offer"),
    ({"a": EVERY, "b": EVERY}, "cap 'b': instead: 'recipes' stands in for another cap already"),
]


def test_a_cap_that_makes_no_sense_says_so(house):
    for cap, words in SENSELESS:
        with pytest.raises(PluginError, match=f"cap 'cap': .*{words}"):
            house.guardrail(NAME, caps={"cap": cap})


def test_a_cap_that_names_what_is_not_there_is_broken(house):
    for caps_, words in UNKNOWN:
        assert house.rules(alone(caps_), NAME).broken == words
    elsewhere = {"from_min": 0, "to_min": 60, "channels": ["pigeon"]}
    assert house.rules(alone(quiet=elsewhere), NAME).broken == "quiet hours: there is no channel 'pigeon'"


DIAL = {
    "conservative": {"after_purchase_s": 60, "after_complaint_s": 90},
    "balanced": {"after_purchase_s": 30, "after_complaint_s": 30},
    "bold": {"after_purchase_s": 14, "after_complaint_s": 14},
}


def test_the_dial_sets_how_long_it_rests(house):
    for position, expected in DIAL.items():
        made, policy = house.guardrail(NAME, position), dialled(QUIET, position)
        assert {name: getattr(made, name) / 86_400 for name in expected} == expected
        assert made.caps == {}
        for what, topic, name in (("purchase", "bread", "after_purchase_s"), ("complaint", "", "after_complaint_s")):
            last_us = expected[name] * DAY_US
            assert "bread" not in seen(house, policy, event(what, last_us - 1, topic))
            assert "bread" in seen(house, policy, event(what, last_us, topic))


def test_its_sentence_tells_its_settings(house):
    caps = {
        "a": {"count": 3, "within_s": 86_400, "of": "topic", "topic": "food", "intent": "sell", "tag": "new"},
        "b": {"count": 50, "within_s": 7 * 86_400, "of": "all"},
    }
    assert house.guardrail(NAME, caps=caps, after_purchase_topics=["kitchen", "home"]).sentence() == (
        "All channels and departments together: shown at most 3 times within 1 day per topic to sell about food tagged "
        "new; shown at most 50 times within 7 days in all; nothing of its topic is sold for 30 days after a purchase "
        "(of kitchen and home); nothing is sold for 30 days after a complaint."
    )
    every = {**EVERY, "then": "defer", "instead": None}
    quiet = {"from_min": 1290, "to_min": 480, "days": ["friday", "saturday"], "channels": ["inbox"]}
    assert house.guardrail(NAME, caps={"a": every}, quiet=quiet, after_purchase_s=0).sentence() == (
        "All channels and departments together: click at most 2 times within 2 weeks per tag for a household to sell "
        "about food tagged new of bakery on web, then later; quiet from 21:30 to 08:00 from friday and saturday on "
        "inbox; nothing is sold for 30 days after a complaint."
    )
    holidays = house.guardrail(NAME, quiet={**quiet, "dates": ["2026-12-24", "2026-12-25", "2027-01-01"]})
    assert "on inbox, and all day on 2026-12-24 to 2026-12-25 and 2027-01-01;" in holidays.sentence()
    silent = house.guardrail(NAME, after_purchase_s=0, after_complaint_s=0)
    assert silent.sentence() == "All channels and departments together: no bound."


def test_it_knows_what_it_may_limit_and_no_more(house):
    def offers(policy):
        scope = house.rules(policy, NAME).scope
        return {e.offer.id for e in house.edge(policy).plan.catalog.entries if e.index in scope}

    assert offers(QUIET) >= SOLD
    assert not {"recipes", "parcel", "recall", "thanks"} & offers(QUIET)
    assert {"recipes", "thanks"} <= offers(capped(of="all"))


MUTANTS = {
    "what was bought is sold": ("if self.after_purchase_s:\n            limit", "if False:\n            limit"),
    "a purchase counts for wider topics": ('Counted("purchase"), "topic", exact=True', 'Counted("purchase"), "topic"'),
    "a purchase counts for everything": ('Counted("purchase"), "topic", exact=True', 'Counted("purchase"), "all"'),
    "a click is a purchase": ('Counted("purchase")', 'Counted("click")'),
    "two purchases make one": ("self._resting(catalog), 1,", "self._resting(catalog), 2,"),
    "the length of the rest is ignored": ("1, Rolling(self.after_purchase_s)", "1, Rolling(2592000)"),
    "a sensitive purchase rests": ("self._sold(catalog) & ordinary & named", "self._sold(catalog) & named"),
    "the topics of the rest are ignored": ("named = Scope() if self.after_purchase_topics else", "named ="),
    "what is told is sold": ("e.offer.intent is Intent.SELL and e.offer", "e.offer"),
    "what must be told rests as well": (
        "e.offer.intent is Intent.SELL and e.offer.offer_class not in exempt",
        "e.offer.intent is Intent.SELL",
    ),
    "an offence changes nothing": ("if self.after_complaint_s:\n            for", "if False:\n            for"),
    "an unsubscription is no offence": ('    "unsubscribe": "You asked', '    "unsubscribed": "You asked'),
    "what is too personal is no offence": ('    "too_personal": "We were', '    "personal": "We were'),
    "the length of the quiet is ignored": ("1, Rolling(self.after_complaint_s)", "1, Rolling(2592000)"),
    "there are no quiet hours": ("if self.quiet is not None:\n            yield", "if False:\n            yield"),
    "a topic that is not there is ignored": ("self._know_topics(catalog)\n", "pass\n"),
    "a channel that is not there is ignored": ("self._know_others(catalog)\n", "pass\n"),
    "the dial does nothing": ('"bold": {"after_purchase_s": 14 * DAY_S', '"bold": {"after_purchase_s": 30 * DAY_S'),
    "customers hear nothing of a rest": ('say="What you bought lately we do not sell you again."', 'say=""'),
    "customers hear nothing of a cap": ('say = "Of this you have seen enough from us for now." if', 'say = "" if'),
    "customers hear nothing of an offence": ('f"after_{event}", say)', 'f"after_{event}")'),
    # The settings of caps and quiet hours.
    "a cap counts one more": ("count=self.count,", "count=self.count + 1,", caps),
    "the window of a cap is ignored": ("return Rolling(self.within_s)", "return Rolling(604800)", caps),
    "the unit of a calendar is ignored": ('Calendar(self.unit or "day", self', 'Calendar("day", self', caps),
    "the times of a calendar are ignored": ('"day", self.times, zone', '"day", 1, zone', caps),
    "the zone of a calendar is ignored": ('zone = "" if own else self.zone or values.zone', 'zone = "UTC"', caps),
    "nobody has a calendar of their own": ("and values.customer_zone and self.per", "and False and self.per", caps),
    "weeks begin on Mondays": ("WEEKDAYS.index(self.week_start)", "0", caps),
    "the event of a cap is ignored": ("event=self.event,", 'event="shown",', caps),
    "the dimension of a cap is ignored": ("of=self.of,", 'of="all",', caps),
    "households are customers": ("per=self.per,", 'per="customer",', caps),
    "the channels of a cap are ignored": (
        "            channels=self.channels,\n            then",
        "            then",
        caps,
    ),
    "what follows from a cap is ignored": ("then=self.then,", 'then="suppress",', caps),
    "nothing stands in": ("instead=self.stand_in(catalog),", "instead=Scope(),", caps),
    "the suppression of a cap is ignored": ("suppress_s=self.suppress_s,", "suppress_s=None,", caps),
    "the topic of a cap is ignored": ("self.topic is None or self.topic in", "True or self.topic in", caps),
    "a cap is for its topic alone": (
        "self.topic in catalog.topics.above(offer.topic)",
        "self.topic == offer.topic",
        caps,
    ),
    "the intent of a cap is ignored": ("self.intent is None or offer.intent", "True or offer.intent", caps),
    "the tag of a cap is ignored": ("self.tag is None or self.tag in", "True or self.tag in", caps),
    "the owner of a cap is ignored": ("self.owner is None or offer.owner", "True or offer.owner", caps),
    "what is exempt is limited": ("offer.offer_class.value not in self.exempt\n", "True\n", caps),
    "what is exempt is counted": ("exempt=() if self.count_exempt else self.exempt,", "exempt=(),", caps),
    "what is exempt is never counted": ("() if self.count_exempt else self.exempt", "self.exempt", caps),
    "quiet hours begin at midnight": ("from_min=self.from_min,", "from_min=0,", quiet),
    "quiet hours are on all days": ("tuple(WEEKDAYS.index(day) for day in self.days)", "(0, 1, 2, 3, 4, 5, 6)", quiet),
    "quiet hours are everywhere": ("channels=self.channels or outbound,", "channels=self.channels,", quiet),
    "no day is quiet as a whole": ("dates=self._spans(),", "dates=(),", quiet),
    "only the last day is quiet": ("spans.append((spans.pop()[0] if follows", "spans.append((day if follows", quiet),
    "quiet hours hold back what must be told": (
        "lambda entry: entry.offer.offer_class.value not in self.exempt",
        "lambda entry: True",
        quiet,
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_caught(mutant):
    mutants.assert_caught(sys.modules[__name__], overcrowding, *MUTANTS[mutant])
