"""An edge under threads, asyncio and fork; warming, recording, tokens; and no frame of pluggy in a decision."""

import asyncio
import base64
import cProfile
import os
import pstats
import sys
import threading
import time

import attrs
import pytest

import tactful
from tactful import Always, Cap, Rolling
from tactful.engine import edge as edge_module

from .conftest import ANN, OpenEdge
from .test_decide import shown


def test_warm_fetches_and_a_miss_asks_in_the_background(open_edge: OpenEdge):
    fetched = threading.Event()

    def fetch(_: str) -> dict[str, object]:
        fetched.set()
        return dict(ANN)

    edge = open_edge(profiles=fetch)
    assert edge.decide("rows", "ann").careful == ("profile not here: warm",)
    assert fetched.wait(5)
    assert edge.warm("ann", deadline_s=5)
    assert "wine" in shown(edge.decide("rows", "ann"))
    assert asyncio.run(edge.awarm("bob", deadline_s=5))


def test_warm_gives_up_at_its_deadline_and_goes_on_behind(open_edge: OpenEdge):
    go_on = threading.Event()

    def fetch(_: str) -> dict[str, object]:
        go_on.wait(10)
        return dict(ANN)

    edge = open_edge(profiles=fetch)
    assert edge.warm("ann", deadline_s=0.01) is False
    go_on.set()
    waited = threading.Event()
    while "wine" not in shown(edge.decide("rows", "ann")):
        assert not waited.wait(0.01)
    assert edge.warm("ann", deadline_s=5)


def test_a_source_that_raises_leaves_context(open_edge: OpenEdge, caplog):
    def fetch(customer: str) -> dict[str, object]:
        raise OSError(f"no profile of {customer}")

    edge = open_edge(profiles=fetch)
    assert edge.warm("Canary-5", deadline_s=5) is False
    assert shown(edge.decide("hero", "Canary-5")) == ["olives"]
    assert "Canary" not in caplog.text
    with pytest.raises(OSError, match="no profile"):
        edge.warm("ann")


def test_a_token_records_in_any_process_once_in_effect(open_edge: OpenEdge, clock):
    edge = open_edge(lambda c: Always(Cap(c.all, 5, Rolling(3600)), "", id="cap"))
    decision = edge.decide("rows", "ann", profile=ANN)
    token = decision.token

    assert b"ann" not in base64.urlsafe_b64decode(token)  # its letters can spell a name by chance
    assert edge.record(token) is True
    assert edge.record(decision) is False
    assert edge.record(token, "click", slot=1) is True
    with pytest.raises(tactful.UsageError, match="which slot"):
        edge.record(token, "click")
    with pytest.raises(tactful.UsageError, match="slot 9"):
        edge.record(token, "click", slot=9)
    clock.pass_s(86_400)
    with pytest.raises(tactful.TokenError, match="too old"):
        edge.record(token)


@pytest.mark.parametrize(
    "change", [lambda t: t[:-4], lambda t: "A" + t[1:], lambda _: "", lambda _: "é", lambda t: t * 999]
)
def test_an_altered_token_is_refused(edge, change):
    token = edge.decide("hero", "ann").token

    assert edge.record(token) is True
    with pytest.raises(tactful.TokenError):
        edge.record(change(token) if change(token) != token else token[::-1])


def test_threads_share_one_cap(open_edge: OpenEdge):
    edge = open_edge(lambda c: Always(Cap(c.all, 10, Rolling(3600)), "", id="cap"))
    edge.decide("hero", "ann", preview=True)
    counts: list[int] = []

    def many() -> None:
        counts.append(sum(len(edge.decide("hero", "ann").picks) for _ in range(50)))

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 10


def test_a_policy_is_swapped_under_threads_without_a_failed_decision(open_edge: OpenEdge, policy):
    edge = open_edge(profiles=lambda _: dict(ANN))
    edge.warm("ann")
    other = attrs.evolve(policy, offers=tuple(o for o in policy.offers if o.id != "wine"))
    failures: list[str] = []
    stop = threading.Event()

    def decide() -> None:
        while not stop.is_set():
            decision = edge.decide("rows", "ann")
            failures.extend(c for c in decision.careful if "failed" in c)
            if shown(decision) not in (["wine", "thanks", "olives"], ["thanks", "olives"]):
                failures.append(repr(decision))

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(20):
            edge.update(other if number % 2 else policy)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []


def test_of_two_updates_at_once_customers_come_under_the_newer_policy(open_edge: OpenEdge, policy, monkeypatch):
    edge = open_edge(profiles=lambda _: dict(ANN))
    edge.warm("ann")
    newer = threading.Thread(target=edge.update, args=(attrs.evolve(policy, name="newer"),))
    renew = edge_module.renew

    def while_another_comes(*parts):
        monkeypatch.setattr(edge_module, "renew", renew)
        newer.start()
        newer.join(0.2)  # unless it waits, it is through by then
        renew(*parts)

    monkeypatch.setattr(edge_module, "renew", while_another_comes)
    edge.update(attrs.evolve(policy, name="older"))
    newer.join(30)
    assert edge.plan.policy.name == "newer"
    assert edge._snapshots.here("ann").counters.plan is edge.plan


def test_a_forked_child_decides_warms_and_has_its_own_ids(open_edge: OpenEdge):
    edge = open_edge(profiles=lambda _: dict(ANN))
    edge.warm("ann", deadline_s=5)
    parent_id = edge.decide("rows", "ann").id
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        warmed = edge.warm("ann", deadline_s=5)
        decision = edge.decide("rows", "ann")
        os.write(write_end, f"{warmed} {decision.id} {shown(decision)}".encode())
        os._exit(0)
    deadline = time.monotonic() + 20
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        assert time.monotonic() < deadline, "the child hangs"
        time.sleep(0.01)
    warmed, child_id, offers = os.read(read_end, 1000).decode().split(" ", 2)
    assert (warmed, offers) == ("True", "['wine', 'thanks', 'olives']")
    assert child_id[:12] != parent_id[:12]


def test_after_close_decisions_show_fallbacks_and_the_rest_is_refused(edge):
    edge.close()
    edge.close()

    assert edge.decide("hero").content == {"title": "Welcome"}
    assert edge.decide("hero").careful == ("the edge is closed",)
    with pytest.raises(tactful.UsageError, match="closed"):
        edge.warm("ann")


def test_no_frame_of_pluggy_is_in_a_decision(open_edge: OpenEdge):
    edge = open_edge(lambda c: Always(Cap(c.all, 10, Rolling(3600)), "", id="cap"))
    profile = cProfile.Profile()
    profile.enable()
    edge.decide("rows", "ann", {"page": "garden"}, profile=ANN)
    profile.disable()

    files = {file for file, _, _ in pstats.Stats(profile).stats}
    assert any("compose" in file for file in files)
    assert not [file for file in files if "pluggy" in file]


def test_the_status_can_be_asked_while_customers_come(open_edge: OpenEdge):
    edge = open_edge(profiles=lambda _: dict(ANN))
    come = threading.Thread(target=lambda: [edge.warm(f"customer {number}", deadline_s=5) for number in range(400)])
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        come.start()
        while come.is_alive():
            assert edge.status()["customers_here"] <= 400
    finally:
        sys.setswitchinterval(before)
        come.join()
    assert edge.status()["customers_here"] == 400


def test_status_has_names_and_counts(edge):
    edge.decide("hero", "Canary-1")
    status = edge.status()

    assert (status["policy"], status["offers"], status["customers_here"]) == ("shop", 7, 1)
    assert "Canary" not in str(status)
