"""The contact policy, a test for each sentence: windows, subjects, dimensions, actions, quiet hours, the unknown."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import attrs
import pytest

import tactful
from tactful import Always, Calendar, Cap, Contact, Counted, Quiet, Rolling, Scope
from tactful.clock import SECOND_US, to_us
from tactful.familiarity import Familiarity
from tactful.offers import OfferClass
from tactful.schema import Attribute, ValueType

from .conftest import offer
from .test_decide import shown
from .test_limits_act import reasons

BERLIN = ZoneInfo("Europe/Berlin")
EVER = Rolling(10**9)


def local(text: str) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=BERLIN))


@pytest.fixture
def zoned(policy):
    """The shop, with the customer's own time zone in the profile and an offer that everyone may get on any channel."""
    values = attrs.evolve(policy.values, customer_zone="zone", zone="America/New_York")
    return attrs.evolve(
        policy,
        values=values,
        attributes=(*policy.attributes, Attribute("zone", ValueType.TEXT, protect=True)),
        offers=(offer("olives", value=9.0), offer("wine", topic="wine", value=5.0), offer("spade", topic="garden")),
    )


def at(decide_at_us, edge, clock, placement="hero", **more):
    clock.now_us = decide_at_us
    return shown(edge.decide(placement, "ann", preview=True, **more))


@pytest.mark.parametrize(
    ("window", "sent", "last_closed", "first_open"),
    [
        (Calendar("day"), "2026-03-28T23:59", "2026-03-28T23:59:59", "2026-03-29T00:00"),
        (Calendar("day", 2), "2026-03-28T00:00", "2026-03-29T23:59:59", "2026-03-30T00:00"),
        (Calendar("day"), "2026-10-25T00:30", "2026-10-25T23:59:59", "2026-10-26T00:00"),  # a day of 25 hours
        (Calendar("week"), "2026-03-25T12:00", "2026-03-29T23:59:59", "2026-03-30T00:00"),
        (Calendar("week", week_start=6), "2026-03-25T12:00", "2026-03-28T23:59:59", "2026-03-29T00:00"),
        (Calendar("month"), "2026-02-01T00:00", "2026-02-28T23:59:59", "2026-03-01T00:00"),
        (Calendar("month", 2), "2026-12-31T12:00", "2027-01-31T23:59:59", "2027-02-01T00:00"),
        (Calendar("day", zone="Asia/Tokyo"), "2026-03-28T15:59", "2026-03-28T15:59:59", "2026-03-28T16:00"),
        (Rolling(3600), "2026-03-29T01:30", "2026-03-29T03:29:59", "2026-03-29T03:30"),  # an hour skipped
    ],
)
def test_windows_end_where_the_customers_calendar_says(open_edge, zoned, clock, window, sent, last_closed, first_open):
    edge = open_edge(lambda c: Always(Cap(c.all, 1, window), "", id="cap"), changed=zoned)
    known = {
        "profile": {"zone": "Europe/Berlin"},
        "contacts": [Contact("1", "ann", "shown", local(sent), offer="olives")],
    }

    assert at(local(sent), edge, clock, **known) == ["wine"]
    assert at(local(last_closed), edge, clock, **known) == ["wine"]
    assert at(local(first_open), edge, clock, **known) == ["olives"]


@pytest.mark.parametrize("profile", [{}, {"zone": "Atlantis/Capital"}, {"zone": "../etc/passwd"}])
def test_where_the_time_zone_is_not_known_the_cap_is_reached(open_edge, zoned, profile):
    edge = open_edge(lambda c: Always(Cap(c.topic("food"), 99, Calendar("day")), "", id="cap"), changed=zoned)

    assert shown(edge.decide("hero", "ann", profile=profile, contacts=())) == ["spade"]


def test_a_household_counts_together(open_edge, zoned, clock):
    store = tactful.MemoryStore(clock=clock)
    for name in ("ann", "bob", "eve"):
        store.link({"card": name}, customer=name)
    for name in ("ann", "bob"):
        store.link({"household": "elm street 1"}, customer=name)
    edge = open_edge(
        lambda c: Always(Cap(c.all, 2, EVER, of="offer", per="household"), "", id="cap"), changed=zoned, store=store
    )

    assert [shown(edge.decide("hero", who)) for who in ("ann", {"card": "bob"}, "ann", "bob")] == [
        ["olives"],
        ["olives"],
        ["wine"],
        ["wine"],
    ]
    assert shown(edge.decide("hero", "eve")) == ["olives"]  # who is in no household is one


def test_what_a_household_was_shown_elsewhere_counts(open_edge, zoned, clock):
    store = tactful.MemoryStore(clock=clock)
    for name in ("ann", "bob"):
        store.link({"household": "elm street 1"}, customer=name)
    store.record([Contact("1", "bob", "shown", clock.now_us, offer="olives")])
    edge = open_edge(lambda c: Always(Cap(c.all, 1, EVER, per="household"), "", id="cap"), changed=zoned, store=store)

    assert shown(edge.decide("hero", "ann")) == ["wine"]


def test_a_budget_counts_everyone_and_frees_what_is_not_confirmed(open_edge, zoned, clock):
    edge = open_edge(lambda c: Always(Cap(c.all, 3, EVER, per="everyone"), "", id="cap"), changed=zoned)

    kept = edge.decide("hero", "ann")
    assert [shown(edge.decide("hero", who)) for who in ("bob", None, "eve")] == [["olives"], ["olives"], ["wine"]]
    assert edge.record(kept)
    clock.pass_s(1801)  # the room of the others lapses
    assert [shown(edge.decide("hero", who)) for who in ("bob", "eve", "zoe")] == [["olives"], ["olives"], ["wine"]]


def test_a_budget_ends_with_its_window(open_edge, zoned, clock):
    clock.now_us = local("2026-06-01T12:00")
    day = Calendar("day", zone="Europe/Berlin")
    edge = open_edge(lambda c: Always(Cap(c.all, 1, day, per="everyone"), "", id="cap"), changed=zoned)
    assert edge.record(edge.decide("hero", "ann"))

    clock.now_us = local("2026-06-01T23:59:59")
    assert shown(edge.decide("hero", "bob")) == ["wine"]
    clock.now_us = local("2026-06-02T00:00")
    assert shown(edge.decide("hero", "eve")) == ["olives"]


def test_a_budget_that_cannot_be_read_is_used_up(open_edge, zoned, clock):
    class Silent(tactful.MemoryStore):
        def tail(self, after, count):
            raise tactful.StoreError("the ledger cannot be read")

    budget = lambda c: Always(Cap(c.topic("food"), 99, EVER, per="everyone"), "", id="cap")  # noqa: E731 - shorter so
    assert shown(open_edge(budget, changed=zoned, store=Silent(clock=clock)).decide("hero", "ann")) == ["spade"]
    assert shown(open_edge(budget, changed=zoned).decide("hero", "ann")) == ["olives"]


def test_channels_are_counted_and_limited_as_a_set(open_edge, zoned, clock):
    edge = open_edge(lambda c: Always(Cap(c.all, 1, EVER, of="all", channels=("email",)), "", id="cap"), changed=zoned)
    web = Contact("1", "ann", "shown", clock.now_us, offer="olives", channel="web")

    assert len(shown(edge.decide("letter", "ann", contacts=[web], profile={}))) == 1
    email = attrs.evolve(web, channel="email")
    assert shown(edge.decide("letter", "ann", contacts=[email], profile={})) == []
    assert len(shown(edge.decide("rows", "ann", contacts=[email], profile={}))) == 3


@pytest.mark.parametrize(
    ("counted", "contact", "counts"),
    [
        (Counted("click"), {"event": "click"}, True),
        (Counted("click"), {"event": "shown"}, False),
        (Counted(intents=("sell",)), {"intent": "sell"}, True),
        (Counted(intents=("sell",)), {"intent": "help"}, False),
        (Counted(intents=("sell",)), {"intent": ""}, True),  # what is not known speaks for counting it
        (Counted(topics=("food",)), {"topic": "wine"}, True),  # wine is under food
        (Counted(topics=("food",)), {"topic": "garden"}, False),
        (Counted(tags=("spring",)), {"tags": ("spring", "big")}, True),
        (Counted(tags=("spring",)), {"tags": ("autumn",)}, False),
        (Counted(owners=("bakery",)), {"owner": "bakery"}, True),
        (Counted(owners=("bakery",)), {"owner": "deli"}, False),
        (Counted(exempt=("transactional",)), {"offer_class": "transactional"}, False),
        (Counted(exempt=("transactional",)), {"offer_class": "default"}, True),
    ],
)
def test_what_a_cap_counts(open_edge, zoned, clock, counted, contact, counts):
    edge = open_edge(lambda c: Always(Cap(c.all, 1, EVER, counted, of="all"), "", id="cap"), changed=zoned)
    happened = Contact(
        **{"id": "1", "customer": "ann", "event": "shown", "at_us": clock.now_us, "offer": "x", **contact}
    )

    assert (shown(edge.decide("hero", "ann", contacts=[happened], profile={})) == []) is counts


def test_tags_count_as_they_were_when_it_was_sent(open_edge, zoned, clock):
    offers = tuple(attrs.evolve(one, tags=("spring",)) for one in zoned.offers)
    edge = open_edge(
        lambda c: Always(Cap(c.all, 1, EVER, of="tag"), "", id="cap"), changed=attrs.evolve(zoned, offers=offers)
    )
    then = Contact("1", "ann", "shown", clock.now_us, offer="olives", tags=("winter",))

    assert shown(edge.decide("hero", "ann", contacts=[then], profile={})) == ["olives"]
    assert shown(edge.decide("hero", "ann", contacts=[attrs.evolve(then, tags=("spring",))], profile={})) == []


def test_what_is_shown_carries_what_caps_will_ask(open_edge, zoned):
    mail = attrs.evolve(zoned.offers[0], offer_class=OfferClass.TRANSACTIONAL, tags=("spring",), owner="deli")
    store = tactful.MemoryStore()
    edge = open_edge(changed=attrs.evolve(zoned, offers=(mail,)), store=store)
    edge.record(edge.decide("hero", "ann").token)

    (contact,) = store.contacts("ann", 0)
    kept = (contact.intent, contact.offer_class, contact.tags, contact.owner, contact.topic, contact.channel)
    assert kept == ("sell", "transactional", ("spring",), "deli", "food", "web")


def test_a_page_stays_within_a_cap_by_itself(open_edge, policy, clock):
    foods = tuple(offer(f"food{n}", value=9.0 - n) for n in range(4))
    changed = attrs.evolve(policy, offers=(*foods, offer("spade", topic="garden")))
    edge = open_edge(lambda c: Always(Cap(c.topic("food"), 2, EVER, of="topic"), "", id="cap"), changed=changed)

    none = edge.decide("rows", "ann", profile={}, contacts=(), preview=True)
    assert shown(none) == ["food0", "food1", "spade"]
    assert reasons(none, "food2") == ["house.cap"]
    once = [Contact("1", "ann", "shown", clock.now_us, "food")]
    assert shown(edge.decide("rows", "ann", profile={}, contacts=once, preview=True)) == ["food0", "spade"]


def test_a_page_fills_what_everyone_shares_too(open_edge, policy):
    foods = tuple(offer(f"food{n}", value=9.0 - n) for n in range(4))
    changed = attrs.evolve(policy, offers=(*foods, offer("spade", topic="garden")))
    edge = open_edge(
        lambda c: Always(Cap(c.topic("food"), 1, EVER, of="topic", per="everyone"), "", id="cap"), changed=changed
    )

    assert shown(edge.decide("rows", None)) == ["food0", "spade"]
    assert shown(edge.decide("rows", "ann")) == ["spade"]


def test_downgrade_lets_only_what_is_not_personal_through(open_edge, clock):
    edge = open_edge(lambda c: Always(Cap(c.all, 1, EVER, of="offer", then="downgrade"), "", id="cap"))
    ann = {"profile": {"first_name": "Ann"}, "preview": True}
    before = [Contact("1", "ann", "shown", clock.now_us, offer="olives")]

    assert edge.decide("hero", "ann", contacts=(), **ann).picks[0].tone is Familiarity.PERSONAL
    assert edge.decide("hero", "ann", contacts=before, **ann).picks[0].tone is Familiarity.GENERIC


def test_replace_lets_the_stand_in_come_only_when_the_cap_is_reached(open_edge, zoned, clock):
    rich = attrs.evolve(zoned, offers=(*zoned.offers, offer("recipe", value=99.0)))

    def cap(catalog):
        by_offer = catalog.by_offer()
        return Always(Cap(by_offer["olives"], 1, EVER, then="replace", instead=by_offer["recipe"]), "", id="cap")

    edge = open_edge(cap, changed=rich)
    fresh = edge.decide("hero", "ann", profile={}, contacts=())
    assert shown(fresh) == ["olives"]
    assert reasons(fresh, "recipe") == ["house.cap.instead"]
    assert "recipe" not in fresh.why()  # a stand-in waits in silence
    assert shown(edge.decide("hero", None)) == ["olives"]
    before = [Contact("1", "ann", "shown", clock.now_us, offer="olives")]
    assert shown(edge.decide("hero", "ann", profile={}, contacts=before)) == ["recipe"]


def test_a_deferred_offer_says_from_when_it_may_come(open_edge, zoned, clock):
    edge = open_edge(
        lambda c: Always(Cap(c.topic("food"), 1, Rolling(3600), then="defer"), "", id="cap"), changed=zoned
    )
    earlier_us = clock.now_us - 600 * SECOND_US
    decision = edge.decide(
        "hero", "ann", profile={}, contacts=[Contact("1", "ann", "shown", earlier_us, offer="olives")], preview=True
    )

    assert shown(decision) == ["wine"]
    assert decision.deferred() == {"olives": earlier_us + 3600 * SECOND_US}
    assert at(earlier_us + 3600 * SECOND_US, edge, clock, profile={}, contacts=()) == ["olives"]


def test_suppression_outlasts_the_window(open_edge, zoned, clock):
    cap = lambda c: Always(Cap(c.topic("food"), 2, Rolling(60), suppress_s=3600), "", id="cap")  # noqa: E731 - shorter so
    edge = open_edge(cap, changed=zoned)
    start = clock.now_us
    twice = [Contact(str(n), "ann", "shown", start + n * SECOND_US, offer="olives") for n in range(2)]

    assert at(start + 3600 * SECOND_US, edge, clock, profile={}, contacts=twice) == ["wine"]
    assert at(start + 3601 * SECOND_US, edge, clock, profile={}, contacts=twice) == ["olives"]
    apart = [attrs.evolve(twice[0], at_us=start - 60 * SECOND_US), twice[0]]
    assert at(start + 30 * SECOND_US, edge, clock, profile={}, contacts=apart) == ["olives"]


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-06-01T21:29:59", False),
        ("2026-06-01T21:30", True),
        ("2026-06-02T07:59:59", True),
        ("2026-06-02T08:00", False),
        ("2026-03-29T02:30", True),  # skipped by the clocks
        ("2026-10-25T07:59:59", True),  # after an hour that came twice
    ],
)
def test_quiet_hours_follow_the_customers_clock(open_edge, zoned, clock, moment, quiet):
    rule = lambda c: Always(Quiet(c.all, 21 * 60 + 30, 8 * 60, channels=("email",)), "quiet", id="quiet")  # noqa: E731 - shorter so
    edge = open_edge(rule, changed=zoned)
    ann = {"profile": {"zone": "Europe/Berlin"}, "contacts": ()}

    assert (at(local(moment), edge, clock, "letter", **ann) == []) is quiet
    assert at(local(moment), edge, clock, "hero", **ann) == ["olives"]


def test_quiet_hours_say_when_they_end_and_hold_where_no_zone_is_known(open_edge, zoned, clock):
    rule = lambda c: Always(Quiet(c.all, 21 * 60 + 30, 8 * 60, channels=("email",)), "quiet", id="quiet")  # noqa: E731 - shorter so
    edge = open_edge(rule, changed=zoned)
    clock.now_us = local("2026-10-24T22:00")
    known = edge.decide("letter", "ann", profile={"zone": "Europe/Berlin"}, contacts=())
    assert set(known.deferred().values()) == {local("2026-10-25T08:00")}

    clock.now_us = local("2026-06-01T12:00")
    unknown = edge.decide("letter", "ann", profile={}, contacts=())
    assert (shown(unknown), unknown.deferred()) == ([], {})
    assert shown(edge.decide("letter", None)) == []


def test_quiet_on_some_nights(open_edge, zoned, clock):
    weekend = lambda c: Always(Quiet(c.all, 0, 0, "Europe/Berlin", days=(5, 6)), "", id="q")  # noqa: E731 - shorter so
    edge = open_edge(weekend, changed=zoned)

    assert at(local("2026-06-05T23:59"), edge, clock) == ["olives"]
    assert at(local("2026-06-06T00:00"), edge, clock) == []
    assert edge.decide("hero", "ann").deferred()["olives"] == local("2026-06-08T00:00")
    assert at(local("2026-06-08T00:00"), edge, clock) == ["olives"]


def test_whole_days_are_quiet_and_join_the_nights_around_them(open_edge, zoned, clock):
    dates = ((date(2026, 3, 29), date(2026, 3, 30)), (date(2026, 10, 25), date(2026, 10, 25)))  # clocks change twice
    holidays = Quiet(Scope(7), 22 * 60, 6 * 60, "Europe/Berlin", dates=dates)
    edge = open_edge(lambda _: Always(holidays, "", id="q"), changed=zoned)

    assert at(local("2026-03-28T21:59"), edge, clock) == ["olives"]
    for quiet in ("2026-03-28T22:00", "2026-03-29T00:00", "2026-03-29T12:00", "2026-03-30T21:59", "2026-03-31T05:59"):
        assert at(local(quiet), edge, clock) == [], quiet
        assert edge.decide("hero", "ann").deferred()["olives"] == local("2026-03-31T06:00")
    assert at(local("2026-03-31T06:00"), edge, clock) == ["olives"]
    assert at(local("2026-10-25T12:00"), edge, clock) == []
    assert at(local("2026-10-26T12:00"), edge, clock) == ["olives"]


def test_a_day_far_away_is_quiet_when_it_comes_also_where_no_night_is(open_edge, zoned, clock):
    far = Quiet(Scope(7), 0, 0, "Europe/Berlin", (), dates=((date(2026, 5, 1), date(9998, 1, 1)),))
    edge = open_edge(lambda _: Always(far, "", id="q"), changed=zoned)

    assert at(local("2026-03-01T12:00"), edge, clock) == ["olives"]
    assert at(local("2026-04-30T23:59:59"), edge, clock) == ["olives"]
    assert at(local("2026-05-01T00:00"), edge, clock) == []
    assert at(local("2030-05-01T00:00"), edge, clock) == []


@pytest.mark.parametrize(
    "dates",
    [
        (date(2026, 5, 1),),
        ((date(2026, 5, 2), date(2026, 5, 1)),),
        ((datetime(2026, 5, 1, tzinfo=BERLIN), date(2026, 5, 1)),),
        ((date(2026, 5, 1), date.max),),
        [(date(2026, 5, 1), date(2026, 5, 1))],
    ],
)
def test_days_that_no_clock_has_break_the_guardrail_and_its_scope_is_withheld(open_edge, zoned, clock, dates):
    edge = open_edge(lambda c: Always(Quiet(c.topic("food"), 0, 0, "UTC", (), dates=dates), "", id="q"), changed=zoned)
    clock.now_us = local("2026-06-01T12:00")

    assert "olives" not in shown(edge.decide("hero", "ann"))
    assert edge.decide("hero", "ann").explain().of("olives")[0].reasons[0].id == "core.broken.house"


def test_identifiers_that_stand_for_nobody_have_reached_every_cap_and_a_visitor_none(open_edge, zoned):
    edge = open_edge(lambda c: Always(Cap(c.topic("food"), 99, EVER), "", id="cap"), changed=zoned)

    stranger = edge.decide("hero", {"card": "0000"})
    assert (shown(stranger), stranger.careful) == (["spade"], ("the identifiers stand for nobody: link",))
    assert shown(edge.decide("hero", None)) == ["olives"]


def test_several_caps_hold_at_once(open_edge, zoned, clock):
    def caps(catalog):
        return [
            Always(Cap(catalog.all, 2, Rolling(3600), of="all"), "", id="hour"),
            Always(Cap(catalog.all, 3, Rolling(86_400), of="all"), "", id="day"),
        ]

    edge = open_edge(*(lambda c, n=n: caps(c)[n] for n in range(2)), changed=zoned)
    start, seen = clock.now_us, []
    for minutes in (0, 10, 20, 61, 71):
        clock.now_us = start + minutes * 60 * SECOND_US
        decision = edge.decide("hero", "ann")
        seen.append(len(decision.picks))
        if decision.picks:
            edge.record(decision)
    assert seen == [1, 1, 0, 1, 0]


def test_edges_on_one_file_follow_each_other(open_edge, zoned, tmp_path):
    url = f"sqlite:///{tmp_path}/edge.db"
    budget = lambda c: Always(Cap(c.all, 5, EVER, per="everyone"), "", id="cap")  # noqa: E731 - shorter so
    edges = [open_edge(budget, changed=zoned, store=url) for _ in range(3)]
    for number, edge in enumerate(edges):
        edge._tail.catch_up()
        assert edge.record(edge.decide("hero", None))
        edge.record(edge.decide("hero", None))
        for other in edges:
            other._tail.catch_up()
        expected = ["olives"] if number < 2 else ["wine"]
        assert {tuple(shown(other.decide("hero", None, preview=True))) for other in edges} == {tuple(expected)}


def test_nothing_in_scope_is_a_cap_on_nothing(open_edge, zoned):
    edge = open_edge(Always(Cap(Scope(), 1, EVER), "", id="cap"), changed=zoned)

    assert [shown(edge.decide("hero", "ann")) for _ in range(3)] == [["olives"]] * 3
