"""An edge whose own store is in trouble says so: what, since when, how often; and is well again when that is over."""

import os

import pytest
from tests.proofs.store_faults import deleted, full, locked, read_only, replaced, set_back, written_over

import tactful
from tactful import MemoryCentre, StoreError, status_readings
from tactful.authoring import compile_files
from tactful.cli.wrong import wrong_of
from tactful.clock import SECOND_US
from tactful.engine.store_account import StoreAccount
from tactful.strict import MemoryStrictCaps
from tactful_adapters.sqlite import SQLiteStore

from .conftest import BY_HAND, SHOP, ada, at_once, yes

ONCE = "caps: {topics: {of: topic, count: 1, within: 24h}}\n"
FOR_ALL = "caps: {reach: {of: offer, count: 2, within: 24h, per: everyone}}\n"


#: Somebody else's file, or none, stands where the store's was.
ANOTHER = [deleted, replaced, written_over, set_back]
FAULTS = [full, read_only, locked, *ANOTHER]


@pytest.fixture
def store(tmp_path, clock):
    with SQLiteStore(tmp_path / "edge.db", clock=clock, busy_s=0.05) as one:
        yield one


@pytest.fixture
def edge(policy, store, clock):
    for name in ("ada", "bob"):
        store.put_profile(ada(clock(), customer=name))
        store.add_consent(name, yes(clock()))
    with tactful.open(policy, store=store, clock=clock) as one:
        yield one


def refused(edge, said):
    """Observe until it is refused."""
    for _ in range(2000):
        try:
            edge.observe("ada", "purchase")
        except StoreError as error:
            assert said in str(error)  # noqa: PT017 - how often it went well before is no matter
            return
    raise AssertionError("the store takes everything")


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_said_counted_and_over_with_the_next_call_that_comes_through(fault, store, edge):
    assert edge.status()["store"]["ready"]
    assert list(wrong_of(edge.status(), None, store)) == []
    with fault(store) as said:
        refused(edge, said)
        with pytest.raises(StoreError):
            edge.opt_out("bob")
        told = edge.status()["store"]
        assert not told["ready"]
        assert said in told["writes"]["says"]
        assert told["writes"]["failing_s"] >= 0
        assert sum(told["writes"]["errors"].values()) >= 2
        assert [(one.part, said in one.says) for one in wrong_of(edge.status(), None, store)] == [("store", True)]
        readings = {(one.name, *one.labels.values()): one.value for one in status_readings(edge.status())}
        assert readings["tactful_store_ready",] == 0
        assert readings["tactful_store_errors_total", "writes", told["writes"]["last_error"]] >= 2
        assert at_once(edge, "bob") != {"title": "Ada, your olives"}  # the no counts all the same
    edge.observe("ada", "purchase")
    edge._tail.catch_up()
    assert edge.status()["store"]["ready"]
    assert edge.status()["store"]["writes"]["says"] == ""
    assert sum(edge.status()["store"]["writes"]["errors"].values()) >= 2


@pytest.mark.parametrize("fault", [locked, *ANOTHER])
def test_a_ledger_that_cannot_be_read_is_said_too(fault, store, edge):
    edge._tail.catch_up()
    assert edge.status()["store"]["reads"]["last_contact_age_s"] == 0
    with fault(store) as said:
        edge._tail.catch_up()
        assert said in edge.status()["store"]["reads"]["says"]
    edge._tail.catch_up()
    assert edge.status()["store"]["ready"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_probe_finds_what_no_call_meets_and_that_it_is_over(fault, store):
    steady = Steady()
    account = StoreAccount(store, steady)
    with fault(store) as said:
        for _ in range(5):
            steady.now_us += 31 * SECOND_US
            account.look()
        assert said in account.status()["store"]["writes"]["says"]
        assert sum(account.status()["store"]["writes"]["errors"].values()) == 1  # probes are no calls
    steady.now_us += SECOND_US
    account.look()
    assert account.status()["store"]["ready"]


class Steady:
    """A clock that passes when it is told to."""

    now_us = 0

    def __call__(self):
        return self.now_us

    def steady_us(self):
        return self.now_us


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("caps", [ONCE, FOR_ALL])
def test_what_was_shown_counts_although_it_could_not_be_kept(fault, caps, store, clock):
    policy = compile_files({"policy.yaml": (SHOP + caps).encode()})
    with tactful.open(policy, store=store, clock=clock) as edge:
        edge.warm("ada")
        edge._tail.catch_up()
        with fault(store) as said:
            if fault is full:
                refused(edge, said)
            shown = 0
            for _ in range(6):
                decision = edge.decide("page", "ada")
                shown += bool(decision.picks)
                if decision.picks:
                    with pytest.raises(StoreError):
                        edge.record(decision, "shown")
                clock.pass_s(3600)  # room that was only taken lapses
                edge._tail.catch_up()
            assert shown <= (1 if caps is ONCE else 2)


@pytest.mark.parametrize("another", [replaced, written_over, set_back])
def test_a_store_that_was_replaced_is_not_taken_for_one_in_which_nothing_was_shown(another, store, clock):
    policy = compile_files({"policy.yaml": (SHOP + FOR_ALL).encode()})
    with tactful.open(policy, store=store, clock=clock) as edge:
        edge.warm("ada")
        for _ in range(2):
            edge.record(edge.decide("page", "ada"), "shown")
        with another(store) as said:
            if hasattr(os, "fork") and not os.fork():  # both sides close the file, and open one when they need it
                os._exit(0)
            edge._tail.catch_up()
            assert not edge.decide("page", "ada").picks
            with pytest.raises(StoreError, match=said):
                edge.warm("bob")
        assert not edge.decide("page", "ada").picks


@pytest.mark.parametrize("fault", FAULTS)
def test_a_state_with_a_centre_tells_all_it_can_and_is_well_again_although_nothing_waits(fault, policy, store, clock):
    with tactful.open(policy, store=store, centre=MemoryCentre(clock=clock), sync=BY_HAND, clock=clock) as edge:
        edge.sync()
        assert edge.status()["centre"]["events"]["waiting"]
        with fault(store) as said:
            for _ in range(2):
                edge.sync()
                clock.pass_s(1)
                told = edge.status()["centre"]
                assert told["events"]["waiting"].keys() == {"exposure", "outcome", "disclosure", "withdrawal"}
            if fault in (locked, *ANOTHER):
                assert said in told["events"]["says"]
        assert edge.sync().errors == {}
        assert all(edge.status()["centre"][part]["last_error"] == "" for part in ("consents", "profiles", "events"))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_decision_log_that_cannot_be_written_says_so_and_keeps_all(fault, policy, store, clock):
    with tactful.open(policy, store=store, clock=clock, log=True) as edge:
        edge.decide("page", "ada")
        edge._log.flush()
        with fault(store) as said:
            for _ in range(60):  # what is logged of one may find room
                edge.decide("page", "ada")
            edge._log.flush()
            assert said in edge.status()["store"]["writes"]["says"]
            assert edge.status()["log_waiting"] == 60
        edge._log.flush()
        assert edge.status()["log_waiting"] == edge.status()["log_dropped"] == 0
        assert edge.status()["store"]["writes"]["says"] == ""


class CapsElsewhere:
    """A centre of strict caps that can be away."""

    def __init__(self, clock):
        self.inner, self.is_away = MemoryStrictCaps(clock), False

    def _answering(self):
        if self.is_away:
            raise StoreError("nobody answers; is it up?")
        return self.inner

    def reserve(self, asks):
        return self._answering().reserve(asks)

    def confirm(self, units):
        return self._answering().confirm(units)

    def release(self, units):
        return self._answering().release(units)


def test_a_centre_of_strict_caps_that_is_away_is_said_and_over_when_it_answers(store, clock):
    policy = compile_files({"policy.yaml": (SHOP + FOR_ALL.replace("24h", "24h, strict: true")).encode()})
    caps = CapsElsewhere(clock)
    with tactful.open(policy, store=store, strict=caps, clock=clock) as edge:
        caps.is_away = True
        with pytest.raises(StoreError):
            edge.warm("ada")
        told = edge.status()["strict"]
        assert told["says"] == "nobody answers; is it up?"
        assert told["errors"] == {"store": 1}
        assert [str(one) for one in wrong_of(edge.status(), None)] == [
            "strict caps, for 0 s: nobody answers; is it up? Meanwhile what is under such a cap is held back"
        ]
        failed = [one for one in status_readings(edge.status()) if one.labels.get("part") == "strict"]
        assert {one.name for one in failed} == {"tactful_store_errors_total", "tactful_store_failing_seconds"}
        caps.is_away = False
        edge.warm("ada")
        assert edge.status()["strict"]["says"] == ""


def test_what_is_recorded_of_a_decision_ends_what_failed_and_an_empty_page_does_not(store, edge):
    edge.warm("ada")
    decision = edge.decide("page", "ada")
    edge.opt_out("bob")
    nothing = edge.decide("page", "bob")
    with full(store) as said:
        refused(edge, said)
        assert not nothing.picks
        edge.record(nothing, "shown")
        assert said in edge.status()["store"]["writes"]["says"]
    edge.record(decision, "shown")
    assert edge.status()["store"]["writes"]["says"] == ""
