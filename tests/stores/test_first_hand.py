"""A yes that only an edge's own store was told stays one until it is taken back; what others tell grows old."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tactful
from tactful import (
    Consent,
    Consents,
    ConsentState,
    How,
    MemoryCentre,
    MemoryStore,
    Merge,
    Merges,
    Observation,
    Snapshot,
    Source,
    SyncOptions,
    merging,
)
from tactful.authoring import compile_files
from tactful.clock import DAY_US
from tactful.engine.fetch import Sources
from tactful.testing.clocks import FakeClock
from tactful_adapters.postgresql import PostgreSQLStore
from tactful_adapters.sqlite import SQLiteStore

NOON_US = 20_000 * DAY_US
DAY_S = 86_400
POLICY = compile_files(
    {
        "policy.yaml": b"""
channels: {web: private}
placements: {home: web}
topics: {food: {}}
purposes: {offers: consent}
guardrails: {breaking_bonds: {fresh_for: 7d}}
profile: {shop: {all: {owner: crm, purpose: offers, max_age: 900d}, visits: {type: int, say: visits}}}
offers:
  bread: {intent: sell, topic: food, treatments: Bread}
  olives: {intent: sell, topic: food, when: profile.visits > 2, value: 3, treatments: Olives}
"""
    }
)
KNOWN, STRANGER = "Olives", "Bread"
LATER = (0, 6, 8, 30, 300)


@pytest.fixture
def clock():
    return FakeClock(NOON_US)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request, clock, tmp_path):
    if request.param == "memory":
        kept = MemoryStore(clock=clock)
    elif request.param == "sqlite":
        kept = SQLiteStore(tmp_path / "edge.db", clock=clock)
    else:
        kept = PostgreSQLStore(request.getfixturevalue("postgresql").url(tmp_path))
    with kept:
        yield filled(kept)


@pytest.fixture
def own(clock):
    """A store in memory, where which store it is changes nothing."""
    return filled(MemoryStore(clock=clock))


def filled(store, now_us=NOON_US):
    """A store whose profiles are new: consents alone grow old."""
    for name in ("ann", "al"):
        store.put_profile(Snapshot(name, now_us, {"visits": Observation(9, Source.OBSERVED, now_us)}))
    return store


def yes(at_us=NOON_US):
    return Consent("offers", ConsentState.GIVEN, How.EXPLICIT, at_us)


def edge_on(store, clock, **others):
    return tactful.open(POLICY, store=store, clock=clock, **others)


def shown(edge, who="ann"):
    edge.warm(who)
    return edge.decide("home", who, preview=True).content.get("title")


def after_days(edge, clock, store, *others):
    """What ann sees so many days after the yes, and others with her."""
    found = []
    for days in LATER:
        clock.now_us = NOON_US + days * DAY_US
        filled(store, clock.now_us)
        seen = {shown(edge, who) for who in ("ann", *others)}
        found.append(" or ".join(sorted(seen)))
    return found


def bounded(fresh_days=7):
    """What a customer sees where a yes counts for so long unless it is told again."""
    return [KNOWN if days < fresh_days else STRANGER for days in LATER]


def test_a_yes_that_only_its_own_store_was_told_does_not_grow_stale(store, clock):
    with edge_on(store, clock) as edge:
        assert shown(edge) == STRANGER
        edge.opt_in("ann", "offers")
        assert after_days(edge, clock, store) == [KNOWN] * len(LATER)
        edge.opt_out("ann")
        assert shown(edge) is None


def test_the_host_may_tell_the_store_itself_and_many_are_decided_alike(store, clock):
    pytest.importorskip("pyarrow")
    import pyarrow as pa  # noqa: PLC0415 - an extra

    store.add_consent("ann", yes())
    store.put_consents("al", Consents((yes(),), NOON_US))
    clock.pass_s(8 * DAY_S)
    customers = pa.table({"customer": ["ann", "al"], "visits": [9, 9]})
    filled(store, clock())
    with edge_on(store, clock) as edge:
        assert [shown(edge, who) for who in ("ann", "al")] == [KNOWN, STRANGER]
        found = edge.decide_many("home", customers)
        assert [found[row].content["title"] for row in range(2)] == [KNOWN, STRANGER]


def test_what_a_host_puts_counts_from_its_own_time_whatever_was_said_here(store, clock):
    store.put_consents("ann", Consents((), NOON_US))
    store.add_consent("ann", yes())
    store.add_consent("al", yes())
    store.put_consents("al", Consents((yes(),), NOON_US))
    with edge_on(store, clock) as edge:
        assert after_days(edge, clock, store, "al") == bounded()
        store.put_consents("ann", Consents((yes(),), clock()))
        assert shown(edge) == KNOWN


def test_what_was_put_under_one_id_bounds_what_was_said_under_another(store, clock):
    store.add_consent("ann", yes(NOON_US - 300 * DAY_US))
    store.put_consents("al", Consents((yes(),), NOON_US))
    store.merge("ann", "al")
    with edge_on(store, clock) as edge:
        assert after_days(edge, clock, store) == bounded()


def test_first_hand_ids_that_are_merged_stay_first_hand(store, clock):
    store.add_consent("ann", yes())
    store.add_consent("al", yes())
    store.merge("ann", "al")
    with edge_on(store, clock) as edge:
        assert after_days(edge, clock, store) == [KNOWN] * len(LATER)


def of_a_centre_that_has_not_echoed(own, clock):
    with edge_on(own, clock, centre=MemoryCentre(clock=clock), sync=SyncOptions(threads=False)) as edge:
        edge.opt_in("ann", "offers")
        return after_days(edge, clock, own)


def of_a_source_of_the_host(clock, source):
    clock.now_us = NOON_US
    own = filled(MemoryStore(clock=clock))
    own.add_consent("ann", yes())
    with edge_on(own, clock, consents=source) as edge:
        return after_days(edge, clock, own)


def test_with_a_centre_a_yes_that_it_has_not_echoed_counts_from_its_own_time(own, clock):
    assert of_a_centre_that_has_not_echoed(own, clock) == bounded()


def test_where_consents_come_from_elsewhere_they_are_as_old_as_they_say(clock):
    other = MemoryStore(clock=clock)
    other.add_consent("ann", yes())
    for source in (other, other.consents, lambda _: other.consents("ann")):
        assert of_a_source_of_the_host(clock, source) == bounded()
    for known in (Consents((yes(),), 0), Consents((yes(),), -1)):
        assert of_a_source_of_the_host(clock, lambda _, known=known: known) == [STRANGER] * len(LATER)


def test_what_a_caller_brings_is_as_old_as_it_says(own, clock):
    with edge_on(own, clock) as edge:
        clock.pass_s(8 * DAY_S)
        profile = filled(own, clock()).profile("ann")
        brought = Consents.first_hand((yes(),), NOON_US)
        for consents, title in ((brought, STRANGER), (attrs.evolve(brought, at_us=clock()), KNOWN)):
            assert edge.decide("home", "ann", profile=profile, consents=consents).content["title"] == title


@pytest.mark.parametrize("loose", ["any source", "any consents"])
def test_a_fetch_that_is_looser_is_caught(own, clock, monkeypatch, loose):
    def as_of(sources, consents, now_us):
        keeps = sources.consents is sources.ledger
        holds = consents is not None and (consents.is_first_hand if loose == "any source" else keeps)
        return attrs.evolve(consents, at_us=now_us) if holds else consents

    monkeypatch.setattr(Sources, "as_of", as_of)
    if loose == "any source":
        assert of_a_centre_that_has_not_echoed(own, clock) != bounded()
    else:
        with pytest.raises(AssertionError):
            test_what_a_host_puts_counts_from_its_own_time_whatever_was_said_here(own, clock)


AT = st.integers(1, 50)
FIRST_HAND = st.builds(lambda at_us: Consents.first_hand((yes(at_us),), at_us), AT)
TOLD = st.builds(lambda at_us, epoch: Consents((yes(at_us),), at_us, epoch), AT, st.sampled_from((0, 0, 3, 4)))


@st.composite
def kept(draw):
    names = ("ann", "al", "x")
    return {name: one for name in names if (one := draw(st.one_of(st.none(), FIRST_HAND, TOLD))) is not None}


def together(found):
    return Merges([Merge("ann", "al", 60), Merge("ann", "x", 61)]).consents("al", found)


def hold_together(found):
    """Hold what merged ids come to against what each of them is."""
    known, told = together(found), [one for one in found.values() if not one.is_first_hand]
    if not found:
        assert known is None
        return
    assert known.is_first_hand == (not told)
    assert known.at_us <= min((one.at_us for one in told), default=50)  # whoever told bounds it
    if any(one.is_from_centre for one in told):
        assert known.at_us == min(one.at_us for one in found.values())
    assert known.is_from_centre == all(one.is_from_centre for one in found.values())


@given(found=kept())
def test_merged_consents_are_no_younger_than_what_was_told(found):
    hold_together(found)


def _first_hand_if_any_is(consents):
    return min(one.at_us for one in consents), min(one.epoch for one in consents)


def _as_young_as_the_youngest(consents):
    return max(one.at_us for one in consents), min(max(one.epoch, 0) for one in consents)


def _deaf_to_the_centre(consents):
    told = [one for one in consents if not one.is_first_hand] or list(consents)
    return min(one.at_us for one in told), min(one.epoch for one in told)


@pytest.mark.parametrize("loose", [_first_hand_if_any_is, _as_young_as_the_youngest, _deaf_to_the_centre])
def test_a_merge_that_is_looser_is_caught(monkeypatch, loose):
    monkeypatch.setattr(merging, "_known", loose)
    of_host = {"ann": Consents((yes(5),), 5), "al": Consents((yes(9),), 9), "x": Consents.first_hand((yes(7),), 7)}
    of_centre = {"ann": Consents.first_hand((yes(5),), 5), "al": Consents((yes(9),), 9, 3)}
    with pytest.raises(AssertionError):
        hold_together(of_centre if loose is _deaf_to_the_centre else of_host)


EVENTS = st.lists(st.tuples(st.sampled_from(("add", "put", "erase")), st.integers(1, 9)), max_size=8)


@given(events=EVENTS)
def test_consents_are_first_hand_exactly_while_nobody_told_of_them(events):
    store, told, first_us, clock_us = MemoryStore(clock=lambda: NOON_US), False, None, 0
    for what, step in events:
        clock_us += step
        if what == "add":
            store.add_consent("ann", yes(clock_us))
            first_us = first_us or clock_us
        elif what == "put":
            store.put_consents("ann", Consents((yes(clock_us),), clock_us))
            told, first_us = True, clock_us
        else:
            store.erase("ann")
            told, first_us = False, None
    known = store.consents("ann")
    assert (known is None) == (first_us is None)
    if known is not None:
        assert (known.is_first_hand, known.at_us) == (not told, first_us)
