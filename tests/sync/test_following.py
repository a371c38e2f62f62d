"""Edges follow a centre: what is said at one takes effect at all, once, and nothing that fails holds consent up."""

import importlib.metadata
from types import SimpleNamespace

import pytest

import tactful
from tactful import CentreError, MemoryCentre, MemoryStore, UsageError
from tactful.testing.faulty_centres import WrappedCentre

from .conftest import BY_HAND, FRESH_S, NAMED, PLAIN, ada, at_once, known, no, title, yes


def test_an_edge_follows_what_the_centre_knows(open_edge, centre):
    edge = open_edge()
    assert title(edge) == PLAIN
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    done = edge.sync()
    assert (done.consents, done.profiles, dict(done.errors)) == (1, 1, {})
    assert title(edge) == NAMED
    assert edge.sync() == tactful.Synced()


def test_a_withdrawal_at_one_edge_takes_effect_there_at_once_and_at_the_other_after_a_pass(open_edge, centre, clock):
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    here, there = open_edge(), open_edge()
    for edge in (here, there):
        edge.sync()
        assert title(edge) == NAMED
    clock.pass_s(1)
    here.opt_out("ada")
    assert at_once(here) != {"title": NAMED}
    assert title(there) == NAMED
    assert here.sync().events == 1
    there.sync()
    assert at_once(there) == {}
    assert there.decide("page", "ada").careful == ()
    here.sync()
    assert title(here) is None


def test_a_yes_at_one_edge_reaches_the_other(open_edge, centre, clock):
    centre.put_profile(ada())
    here, there = open_edge(), open_edge()
    here.sync()
    here.opt_in("ada", "offers")
    assert title(here) == NAMED
    here.sync()
    there.sync()
    assert title(there) == NAMED


def test_no_decision_after_the_pass_uses_what_was_taken_back(open_edge, centre, clock):
    edge = open_edge()
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    edge.sync()
    assert title(edge) == NAMED
    clock.pass_s(1)
    centre.add_consent("ada", no(clock()))
    edge.sync()
    assert at_once(edge) == {"title": PLAIN}


def test_what_the_centre_never_heard_of_a_no_does_not_lift_it(open_edge, centre, clock):
    edge = open_edge()
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    edge.sync()
    edge.opt_out("ada")
    clock.pass_s(5)
    centre.put_consents("ada", known(yes(), at_us=clock()))
    edge.sync()
    assert title(edge) is None
    edge.sync()
    assert title(edge) is None


def test_past_the_freshness_limit_a_consent_counts_as_not_given_and_a_word_of_the_centre_renews_all(
    open_edge, centre, clock
):
    edge = open_edge()
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    edge.sync()
    clock.pass_s(FRESH_S - 1)
    assert title(edge) == NAMED
    clock.pass_s(2)
    assert title(edge) == PLAIN
    edge.sync()  # nothing is new, and that is known now
    assert title(edge) == NAMED


def test_consents_that_came_in_another_way_keep_their_own_time(open_edge, clock):
    store = MemoryStore(clock=clock)
    edge = open_edge(store)
    store.put_many([ada()], {"ada": known(yes())})
    clock.pass_s(FRESH_S + 1)
    edge.sync()
    assert title(edge) == PLAIN


def test_without_a_centre_there_is_nothing_to_sync(policy):
    with tactful.open(policy) as edge, pytest.raises(UsageError, match="centre="):
        edge.sync()
    with pytest.raises(UsageError, match="centre="):
        tactful.open(policy, sync=BY_HAND)
    with pytest.raises(CentreError, match="nowhere"):
        tactful.open(policy, centre="nowhere://")


def test_a_customer_in_memory_hears_of_a_yes_in_the_pass_itself(open_edge, centre, clock):
    edge = open_edge()
    centre.put_profile(ada())
    edge.sync()
    assert title(edge) == PLAIN
    centre.put_consents("ada", known(yes()))
    edge.sync()
    assert at_once(edge) == {"title": NAMED}


def test_a_card_that_is_someone_else_s_now_is_so_in_memory_too(open_edge, centre, clock):
    edge = open_edge()
    for customer in ("ada", "bob"):
        centre.put_profile(ada(name=customer, customer=customer))
        centre.put_consents(customer, known(yes()))
    centre.link({"card": "4711"}, "ada")
    edge.sync()
    assert title(edge, {"card": "4711"}) == "ada, your olives"
    centre.unlink({"card": "4711"})
    centre.link({"card": "4711"}, "bob")
    edge.sync()
    assert title(edge, {"card": "4711"}) == "bob, your olives"


def test_an_erasure_at_the_centre_reaches_store_outbox_and_memory_and_spares_what_came_after(open_edge, centre, clock):
    store = MemoryStore(clock=clock)
    edge = open_edge(store)
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    edge.sync()
    assert title(edge) == NAMED
    edge.observe("ada", "purchase")
    clock.pass_s(1)
    centre.erase("ada")
    edge.sync()
    assert at_once(edge) == {"title": PLAIN}
    assert (store.profile("ada"), store.consents("ada"), store.contacts("ada", 0)) == (None, None, ())
    clock.pass_s(1)
    centre.put_profile(ada(clock()))
    centre.put_consents("ada", known(yes(clock()), at_us=clock()))
    later = open_edge(store)  # it begins where the store is; a fresh one hears of all
    fresh = open_edge()
    for one in (later, fresh):
        one.sync()
        assert title(one) == NAMED


def test_a_url_opens_a_connection_for_each_part_and_all_are_closed(policy, monkeypatch):
    opened, closed = [], []

    class Mine(MemoryCentre):
        @classmethod
        def from_url(cls, url):
            opened.append(cls())
            return opened[-1]

        def close(self):
            closed.append(self)
            super().close()

    point = SimpleNamespace(name="mine", load=lambda: Mine)
    found = importlib.metadata.entry_points
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda **of: [point] if of["group"] == "tactful.centres" else found(**of)
    )
    registry = tactful.Registry.installed()
    with pytest.raises(tactful.BundleError):
        tactful.open(b"no bundle", centre="mine://here", development=True, registry=registry)
    assert opened == []
    tactful.open(policy, centre="mine://here", sync=BY_HAND, registry=registry).close()
    assert len(opened) == 3
    assert closed == opened


def test_a_pass_that_hangs_is_seen_before_it_fails(centre, open_edge, clock):
    seen = []

    class Slow(WrappedCentre):
        def changes(self, line, after, count):
            clock.pass_s(3)
            told = edge.status()["centre"][line]
            seen.append((told["under_way_s"], told["says"].partition(":")[0], told["last_error"]))
            return super().changes(line, after, count)

    edge = open_edge(at=Slow(centre))
    edge.sync()
    assert seen == [(3, "no answer for 3 s to what is under way", "")] * 2
    assert edge.status()["centre"]["consents"]["under_way_s"] is None
    assert edge.status()["centre"]["consents"]["says"] == ""


def test_a_long_pass_whose_calls_are_answered_is_no_silence(centre, open_edge, clock):
    seen = []

    class Slow(WrappedCentre):
        def deliver(self, events):
            clock.pass_s(1)
            seen.append(edge.status()["centre"]["events"])
            return super().deliver(events)

    edge = open_edge(at=Slow(centre), sync=tactful.SyncOptions(threads=False, batch=1))
    for _ in range(4):
        edge.observe("eve", "purchase")
        clock.pass_s(1)
    edge.sync()
    assert [one["under_way_s"] for one in seen] == [1, 2, 3, 4]
    assert {one["says"] for one in seen} == {""}


@pytest.mark.parametrize("ahead_s", [172_800, -172_800])
def test_a_clock_that_is_not_the_centre_s_is_seen(ahead_s, open_edge, clock):
    edge = open_edge(at=MemoryCentre(clock=lambda: clock() - ahead_s * 1_000_000))
    assert edge.status()["centre"]["clock_ahead_s"] is None
    edge.sync()
    assert edge.status()["centre"]["clock_ahead_s"] == ahead_s
