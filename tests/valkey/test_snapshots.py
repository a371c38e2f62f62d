"""Profiles and consents that edges share in Valkey: what it loses never loosens, and what is damaged is nothing."""

import contextlib
import time

import attrs
import pytest
from tests.stores.shop import POLICY, offers

import tactful
from tactful import Consent, Consents, ConsentState, How, MemoryStore, Observation, Snapshot, Source, StoreError
from tactful.consent import EVERYTHING, standing
from tactful.testing.store_kit import full_snapshot
from tactful_adapters import valkey_snapshots
from tactful_adapters.valkey_snapshots import ValkeySnapshots

NOW_US = tactful.wall_clock()
YES = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOW_US - 9)
NO = Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, NOW_US - 5)
LATER_YES = attrs.evolve(YES, at_us=NOW_US - 1)


class Truth:
    """Where profiles and consents come from; it counts how often it is asked."""

    def __init__(self):
        self.store = MemoryStore()
        self.asked = 0
        self.meanwhile = None

    def profile(self, customer):
        self.asked += 1
        return self.store.profile(customer)

    def consents(self, customer):
        self.asked += 1
        found = self.store.consents(customer)
        if self.meanwhile is not None:
            done, self.meanwhile = self.meanwhile, None
            done()
        return found


class Edges:
    """Some edges that share a server: each has a store of its own."""

    def __init__(self, server, truth, number=2, **options):
        self.server, self.truth = server, truth
        self.each = [
            ValkeySnapshots(server.url(timeout_s=0.5), own=MemoryStore(), profiles=truth, consents=truth, **options)
            for _ in range(number)
        ]

    def __getitem__(self, number):
        return self.each[number]


@pytest.fixture
def truth():
    one = Truth()
    one.store.put_consents("ada", Consents((YES,), NOW_US - 8))
    one.store.put_profile(full_snapshot("ada"))
    return one


@pytest.fixture
def edges(server, truth):
    found = Edges(server, truth)
    yield found
    for one in found.each:
        one.close()


def stands(edge, customer="ada"):
    """Whether offers are agreed to, and refused, as an edge sees it."""
    found = edge.consents(customer)
    if found is None:
        return None
    now = standing(found, ("offers",), "web", NOW_US)
    return now.given, now.refused


def key_of(server, sort):
    (key,) = server.run("KEYS", f"*:{sort}:*")
    return key


def test_what_one_edge_asked_for_the_others_have(edges, truth):
    assert stands(edges[0]) == stands(edges[1]) == (True, False)
    assert edges[0].profile("ada") == edges[1].profile("ada") == full_snapshot("ada")
    assert truth.asked == 2
    assert edges[0].consents("eve") is None
    assert edges[1].profile("eve") is None


def test_what_is_no_longer_fresh_is_asked_for_again(server, truth):
    edges = Edges(server, truth, fresh_s=0.001)
    for edge in (*edges.each, *edges.each):
        assert stands(edge) == (True, False)
        time.sleep(0.01)
    assert truth.asked == 4
    with pytest.raises(StoreError, match="fresh_s= is above 0"):
        Edges(server, truth, fresh_s=0)


def test_a_no_at_one_edge_is_heard_by_the_others_at_once_though_the_truth_has_not_heard(edges, truth):
    assert stands(edges[1]) == (True, False)
    edges[0].add_consent("ada", NO)
    assert stands(edges[0]) == stands(edges[1]) == (False, True)
    edges[1].add_consent("ada", LATER_YES)
    assert stands(edges[0]) == (True, False)


def test_a_no_to_all_stays_when_a_yes_to_one_comes_after_the_rest_was_lost(edges, server):
    everything = attrs.evolve(NO, purpose=EVERYTHING)
    edges[0].add_consent("ada", everything)
    server.run("FLUSHALL")
    edges[1].add_consent("ada", LATER_YES)
    found = edges[0].consents("ada")
    assert standing(found, (EVERYTHING,), "web", NOW_US).refused


def evicted(server):
    server.run("DEL", key_of(server, "consents"))


def emptied(server):
    server.run("FLUSHALL")


def of_another_type(server):
    server.run("SET", key_of(server, "consents"), "x")


def truncated(server):
    key = key_of(server, "consents")
    server.run("HSET", key, "body", server.run("HGET", key, "body")[:-3])


def somebody_else_s(server):
    key = key_of(server, "consents")
    body = server.run("HGET", key, "body")
    server.run("HSET", key, "body", bytes(16) + body[16:])


@pytest.mark.parametrize("loss", [evicted, emptied, of_another_type, truncated, somebody_else_s])
def test_after_a_loss_an_edge_knows_its_own_noes_and_shares_them_again(server, edges, truth, loss):
    edges[0].add_consent("ada", NO)
    assert stands(edges[1]) == (False, True)
    loss(server)
    assert stands(edges[1]) == (True, False)  # as the truth, which has not heard
    assert stands(edges[0]) == (False, True)
    if loss is not of_another_type:  # which nothing can be kept in
        assert stands(edges[1]) == (False, True)
    truth.store.add_consent("ada", NO)
    loss(server)
    assert stands(edges[1]) == (False, True)


def test_who_is_known_nowhere_any_more_agreed_to_nothing(server, edges, truth):
    assert stands(edges[1]) == (True, False)
    truth.store.erase("ada")
    evicted(server)
    assert stands(edges[1]) is None


def test_while_the_truth_is_away_what_was_evicted_is_not_known(server, edges, truth):
    assert stands(edges[0]) == (True, False)

    def away():
        raise ConnectionError

    truth.meanwhile = away
    assert stands(edges[1]) == (True, False)  # it is shared
    evicted(server)
    with pytest.raises(ConnectionError):  # an edge that cannot fetch shows nothing personal
        edges[1].consents("ada")


def failed_over(server, edges, truth):
    """Lose a withdrawal of which the truth has heard, with an older yes still there; return how it stands."""
    assert stands(edges[1]) == (True, False)
    server.keep_a_copy()
    edges[0].add_consent("ada", NO)
    truth.store.add_consent("ada", NO)
    server.lose_what_came_since()
    return stands(edges[1])


def test_a_failover_that_lost_a_withdrawal_brings_no_consent_back(serve, truth):
    server = serve()
    assert failed_over(server, Edges(server, truth), truth) == (False, True)


def test_a_script_that_does_not_look_which_run_wrote_brings_it_back(serve, truth, monkeypatch):
    text, right = valkey_snapshots._script(), "kept[3] == life and "
    assert text.count(right) == 1
    monkeypatch.setattr(valkey_snapshots, "_script", lambda: text.replace(right, ""))
    server = serve()
    assert failed_over(server, Edges(server, truth), truth) == (True, False)


def test_a_no_of_another_run_counts_and_a_yes_does_not(serve, truth):
    server = serve()
    edges = Edges(server, truth)
    assert stands(edges[1]) == (True, False)
    edges[0].add_consent("ada", NO)
    server.restart()
    assert stands(edges[1]) == (False, True)  # of the truth that has not heard, with the no of before
    edges[0].add_consent("bob", YES)
    assert edges[1].consents("bob") is None


def between(server, truth):
    """Say no at one edge while the other one waits for the truth; return how it stands there, then and later."""
    edges = Edges(server, truth)
    truth.meanwhile = lambda: edges[0].add_consent("ada", NO)
    return stands(edges[1]), stands(edges[1])


def test_a_no_that_comes_in_between_is_not_lost(server, truth):
    assert between(server, truth) == ((False, True), (False, True))


def test_a_script_that_does_not_look_who_came_in_between_loses_it(server, truth, monkeypatch):
    text, right = valkey_snapshots._script(), "if before ~= ARGV[2] then"
    assert text.count(right) == 1
    monkeypatch.setattr(valkey_snapshots, "_script", lambda: text.replace(right, "if false then"))
    assert between(server, truth) == ((True, False), (True, False))


def stopped(server):
    server.stop()


def full(server):
    server.run("CONFIG", "SET", "maxmemory", "1")


def a_replica(server):
    server.run("REPLICAOF", "127.0.0.1", "1")


def paused(server):
    server.pause()


@pytest.mark.parametrize("fault", [stopped, full, a_replica, paused])
def test_without_the_server_the_truth_is_asked_and_a_no_is_kept_here(serve, truth, fault):
    server = serve()
    edges = Edges(server, truth)
    assert stands(edges[0]) == (True, False)
    fault(server)
    edges[0].add_consent("ada", NO)
    assert stands(edges[0]) == (False, True)
    truth.store.add_consent("ada", NO)
    assert stands(edges[1]) == (False, True)
    assert edges[1].profile("ada") == full_snapshot("ada")


def test_what_is_put_from_outside_keeps_the_noes_it_has_not_heard_of(edges, truth):
    edges[0].add_consent("ada", NO)
    assert edges[1].put_consents("ada", Consents((YES,), NOW_US - 2))
    assert stands(edges[1]) == (False, True)
    assert edges[1].put_consents("ada", Consents((LATER_YES,), NOW_US))
    assert stands(edges[1]) == (True, False)
    assert truth.asked == 0


def test_what_is_forgotten_is_asked_for_again_and_no_id_is_in_a_key(server, edges, truth):
    truth.store.put_consents("canary-4711", Consents((YES,), NOW_US))
    assert stands(edges[0], "canary-4711") == (True, False)
    assert "canary" not in str(server.run("KEYS", "*")) + repr(edges[0])
    assert edges[1].forget_shared("canary-4711") == 1
    assert server.run("KEYS", "*") == []


def test_a_damaged_profile_is_asked_for_again(server, edges, truth):
    assert edges[0].profile("ada") == full_snapshot("ada")
    server.run("SETRANGE", key_of(server, "profile"), 20, "xx")
    assert edges[1].profile("ada") == full_snapshot("ada")
    assert truth.asked == 2


def test_a_healed_entry_is_no_fresher_than_it_was(server, edges, truth):
    assert stands(edges[1]) == (True, False)
    before = server.run("HGET", key_of(server, "consents"), "until")
    edges[0]._own.add_consent("ada", NO)  # as if the server had been away
    assert stands(edges[0]) == stands(edges[1]) == (False, True)
    assert server.run("HGET", key_of(server, "consents"), "until") == before


def test_edges_decide_by_what_they_share(server, truth):
    truth.store.put_profile(Snapshot("ada", NOW_US, {"favourite": Observation("bread", Source.STATED, NOW_US)}, 9))
    truth.store.put_consents("ada", Consents((YES,), NOW_US))
    with contextlib.ExitStack() as stack:
        edges = []
        for _ in range(2):
            store = MemoryStore()
            shared = ValkeySnapshots(server.url(), own=store, profiles=truth, consents=truth)
            edges.append(stack.enter_context(tactful.open(POLICY, store=store, profiles=shared, consents=shared)))
        for edge in edges:
            assert edge.warm("ada", deadline_s=10)
            assert offers(edge, "ada") == ["bread"]
        edges[0].opt_out("ada")
        assert offers(edges[0], "ada") == []
        edges[1].warm("ada")
        assert offers(edges[1], "ada") == []


def test_an_erasure_takes_away_what_edges_share_and_waits_for_a_server_that_is_away(serve, truth):
    server = serve()
    store = MemoryStore()
    shared = ValkeySnapshots(server.url(timeout_s=0.5), own=store, profiles=truth, consents=truth)
    truth.store.put_profile(full_snapshot("ada"))
    truth.store.put_consents("ada", Consents((YES,), NOW_US))
    with tactful.open(POLICY, store=store, profiles=shared, consents=shared) as edge:
        edge.warm("ada")
        assert len(server.run("KEYS", "*")) == 2
        edge.rights.erase("ada")
        assert server.run("KEYS", "*") == []
        store.put_consents("ada", Consents((YES,), NOW_US))
        server.stop()
        with pytest.raises(StoreError):
            edge.rights.erase("ada")
        assert store.consents("ada") is not None
