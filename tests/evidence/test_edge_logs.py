"""An edge logs what it decides, off their path: in threads, over a fork, within bounds, until it is closed."""

import os
import threading

import attrs
import pytest

import tactful
from tactful import Familiarity, LoggedPick, MemoryStore, log_key, pseudonym
from tactful.engine import log as log_module
from tactful.sealing import EvidenceReader, EvidenceSeal
from tactful_adapters.sqlite import SQLiteStore

from ..engine.conftest import ANN, NOON_US, offer

EVER = (-(2**62), 2**62)
KEY = b"k" * 32
MARKER = "Canary"


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def open_logging(policy, clock, store):
    opened = []

    def opening(**options):
        opened.append(
            tactful.open(options.pop("changed", policy), **{"store": store, "clock": clock, "log": True} | options)
        )
        return opened[-1]

    yield opening
    for edge in opened:
        edge.close()


@pytest.fixture
def keeping(policy):
    return attrs.evolve(policy, values=attrs.evolve(policy.values, evidence_s=3600))


def ids(store):
    return [one.id for one in store.logged(*EVER)]


def test_what_was_decided_is_logged(open_logging, store):
    with open_logging() as edge:
        decision = edge.decide(["rows", "hero"], "ann", {"page": "garden"}, profile=ANN)
    (found,) = store.logged(*EVER)
    assert (found.id, found.at_us, found.channel) == (decision.id, NOON_US, "web")
    assert found.placements == ("rows", "hero")
    assert found.picks == tuple(
        LoggedPick(p.placement, p.offer, p.treatment, p.tone, p.basis, p.worth) for p in decision.picks
    )
    assert dict(found.limits) == decision.limits()
    assert (found.policy, found.epoch, found.kind, found.unlinked) == ("shop", None, "person", False)
    assert found.who == pseudonym(log_key(store), "ann")
    assert Familiarity(found.picks[0].tone) is decision.picks[0].tone


def test_nothing_is_logged_unless_it_is_asked_for(open_logging, store):
    with open_logging(log=False) as edge:
        edge.decide("hero", "ann")
    assert ids(store) == []
    assert store.register("log-key") is None


def test_previews_fallbacks_and_what_was_decided_before_are_not_logged(open_logging, store):
    with open_logging() as edge:
        edge.decide("hero", "ann", preview=True)
        edge.decide("no such place", "ann")
        first = edge.decide("hero", "ann", view="1")
        edge.decide("hero", "ann", view="1")
    edge.decide("hero", "ann")  # it is closed
    assert ids(store) == [first.id]


def test_a_view_that_is_decided_again_is_logged_again(open_logging, store, clock):
    with open_logging() as edge:
        edge.decide("hero", "ann", profile=ANN, view="1")
        clock.pass_s(1)
        again = edge.decide("hero", "ann", profile={}, view="1")
    assert ids(store) == [again.id, again.id]
    assert store.logged_decision(again.id).at_us == again.now_us


def test_a_share_is_drawn_by_the_id(open_logging, store):
    views = [str(number) for number in range(2_000)]
    with open_logging(log=0.25) as edge:
        decided = [edge.decide("hero", None, view=view).id for view in views]
    first = ids(store)
    assert 400 < len(first) < 600
    store.forget_logged(2**62)
    with open_logging(log=0.25) as edge:
        assert [edge.decide("hero", None, view=view).id for view in views] == decided
    assert ids(store) == first


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(open_logging, share):
    with pytest.raises(tactful.UsageError, match="from 0 to 1"):
        open_logging(log=share)


def test_the_thread_logs_by_itself(open_logging, store):
    edge = open_logging()
    decision = edge.decide("hero", "ann")
    waited = threading.Event()
    while not ids(store):
        assert not waited.wait(0.05)
    assert ids(store) == [decision.id]
    assert edge.status()["log_waiting"] == 0


def test_many_threads_lose_nothing(open_logging, store):
    edge = open_logging()
    decided = []

    def many():
        decided.extend(edge.decide("hero", None).id for _ in range(300))

    threads = [threading.Thread(target=many) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    edge.close()
    assert sorted(ids(store)) == sorted(decided)


def test_what_is_too_much_is_dropped_and_counted(open_logging, store, monkeypatch):
    monkeypatch.setattr(log_module, "_WAITING_MAX", 3)
    monkeypatch.setattr(log_module.Log, "_start", lambda self: None)
    edge = open_logging()
    kept = [edge.decide("hero", None).id for _ in range(5)][:3]
    assert (edge.status()["log_waiting"], edge.status()["log_dropped"]) == (3, 2)
    edge.close()
    assert ids(store) == kept


class Failing(MemoryStore):
    failing = True

    def log_decisions(self, records):
        if self.failing:
            raise OSError(f"no room for {MARKER}")
        return super().log_decisions(records)


def test_a_store_that_fails_costs_nothing_but_a_warning_and_gets_it_later(open_logging, caplog, monkeypatch):
    monkeypatch.setattr(log_module.Log, "_start", lambda self: None)
    store = Failing()
    edge = open_logging(store=store)
    decided = [edge.decide("hero", "ann").id for _ in range(2)]
    edge._log.flush()
    assert edge.status()["log_waiting"] == 2
    assert "could not be logged: OSError" in caplog.text
    assert MARKER not in caplog.text
    store.failing = False
    edge.close()
    assert ids(store) == decided


def test_a_decision_that_cannot_be_kept_does_not_stand_in_the_way(open_logging, store, policy):
    odd = attrs.evolve(policy, offers=(offer("half of a pair \ud800"),), placements=policy.placements[:2])
    edge = open_logging(changed=odd)
    assert len(edge.decide("hero", None).picks) == 1
    edge.update(policy)
    fine = edge.decide("hero", None).id
    edge.close()
    assert ids(store) == [fine]
    assert edge.status()["log_dropped"] == 1


def test_a_child_logs_its_own_decisions_and_not_its_parents(tmp_path, policy):
    store = SQLiteStore(tmp_path / "edge.db")
    edge = tactful.open(policy, store=store, log=True)
    mine = edge.decide("hero", None, view="of the parent").id
    read, write = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            its = edge.decide("hero", None, view="of the child").id
            assert edge.status()["log_waiting"] == 1
            edge.close()
            os.write(write, its.encode())
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    assert os.waitpid(child, 0)[1] == 0
    its = os.read(read, 100).decode()
    os.close(read)
    edge.close()
    assert sorted(ids(store)) == sorted([mine, its])
    store.close()


def test_a_store_that_keeps_no_log_is_refused(policy):
    class Plain:
        close = None

    with pytest.raises(tactful.UsageError, match="Plain keeps no decision log"):
        tactful.open(policy, store=Plain(), log=True)


# Evidence


def test_evidence_is_kept_where_policy_and_key_are_there(open_logging, store, keeping, clock):
    with open_logging(changed=keeping, evidence_key=KEY) as edge:
        assert edge.status()["evidence"] == "kept"
        decision = edge.decide("hero", "ann", profile=ANN)
    reader = EvidenceReader(store, EvidenceSeal(KEY), reader="eve", reason="complaint 7", clock=clock)
    found = reader.read(decision.id)
    assert found.customer == "ann"
    assert found.snapshot.attributes["first_name"].value == ANN["first_name"]
    assert [(one.reader, one.reason, one.decision) for one in store.accesses(*EVER)] == [
        ("eve", "complaint 7", decision.id)
    ]
    clock.pass_s(3600)
    assert reader.read(decision.id) is None
    assert len(store.accesses(*EVER)) == 2


@pytest.mark.parametrize(("wants", "key"), [(False, KEY), (True, None), (False, None)])
def test_evidence_needs_the_policy_and_a_key(open_logging, store, policy, keeping, wants, key):
    with open_logging(changed=keeping if wants else policy, evidence_key=key) as edge:
        assert edge.status()["evidence"] == (
            "the policy wants it: give evidence_key=" if wants else "the policy wants none"
        )
        edge.decide("hero", "ann", profile=ANN)
    assert len(ids(store)) == 1
    assert store._evidence == {}


def test_a_key_without_a_log_is_refused(open_logging):
    with pytest.raises(tactful.UsageError, match="give log=True"):
        open_logging(log=False, evidence_key=KEY)


def test_evidence_whose_time_is_over_goes_by_itself(open_logging, store, keeping, clock):
    edge = open_logging(changed=keeping, evidence_key=KEY)
    edge.decide("hero", "ann")
    edge._log.flush()
    clock.pass_s(3 * 3600)
    edge.decide("hero", "bob")
    edge._log.flush()
    assert [row.at_us for row in store._evidence.values()] == [clock.now_us]


def test_an_erasure_takes_the_evidence_and_unlinks_the_log(open_logging, store, keeping, clock):
    with open_logging(changed=keeping, evidence_key=KEY) as edge:
        mine, other = edge.decide("hero", "ann", profile=ANN), edge.decide("hero", "bob")
    gone = store.erase("ann")
    assert (gone["decisions"], gone["evidence"]) == (1, 1)
    reader = EvidenceReader(store, EvidenceSeal(KEY), reader="eve", reason="why", clock=clock)
    assert reader.read(mine.id) is None
    assert reader.read(other.id).customer == "bob"
    assert store.logged_decision(mine.id).unlinked


# Privacy


def _marked(policy):
    context = {"page": f"{MARKER}-page"}
    profile = {"first_name": f"{MARKER}-name", "visits": 424242, "tier": f"{MARKER}-tier", "scores": {f"{MARKER}": 0.5}}
    return {"context": context, "profile": profile, "consents": {f"{MARKER}-purpose": f"{MARKER}-word"}}


@pytest.mark.parametrize("sealed", [True, False])
def test_nothing_personal_is_in_the_bytes_of_the_store(tmp_path, policy, keeping, sealed):
    path = tmp_path / "edge.db"
    with SQLiteStore(path) as store:
        with tactful.open(keeping, store=store, log=True, evidence_key=KEY if sealed else None) as edge:
            decision = edge.decide(
                ["rows", f"{MARKER}-place"], f"{MARKER}-customer", view=f"{MARKER}-view", **_marked(policy)
            )
            assert decision.picks
            assert any(MARKER in one for one in decision.careful)
        (found,) = store.logged(*EVER)
        assert len(found.careful) == 2
        assert MARKER not in repr(found)
        assert len(list(store.read_evidence(tactful.Access(0, "a", "b", found.id)))) == sealed
    for file in tmp_path.iterdir():
        raw = file.read_bytes()
        assert MARKER.encode() not in raw
        assert (424242).to_bytes(3, "big") not in raw


def test_the_search_above_would_find_it(tmp_path, policy):
    with SQLiteStore(tmp_path / "edge.db") as store:
        with tactful.open(policy, store=store, log=True) as edge:
            decision = edge.decide("rows", f"{MARKER}-customer", **_marked(policy))
        record = decision.logged(log_key(store))
        store.log_decisions([attrs.evolve(record, id="leaky", careful=(MARKER,))])
    assert MARKER.encode() in (tmp_path / "edge.db").read_bytes()
