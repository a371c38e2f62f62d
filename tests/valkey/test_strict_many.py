"""Many processes, and edges, under one strict cap in Valkey, while the server is killed: never exceeded."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import tactful
from tactful.authoring import compile_files
from tactful.errors import StoreError
from tactful.testing.store_strict import ask
from tactful_adapters.valkey_strict import ValkeyStrictCaps

COUNT = 100
HAMMER = """
import json, random, sys, time
from tactful import StoreError
from tactful.testing.store_strict import ask
from tactful_adapters.valkey_strict import ValkeyStrictCaps
caps, used, empty = ValkeyStrictCaps(sys.argv[1]), [], 0
chance = random.Random(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
while empty < 5:
    try:
        (units,) = caps.reserve([ask(count=int(sys.argv[3]), wanted=chance.randint(1, 3))])
    except StoreError:
        time.sleep(0.01)
        continue
    empty = 0 if units else empty + 1
    if chance.random() < 0.3:
        try:
            caps.release(units)
            continue
        except StoreError:
            pass  # it was given back, or is held: it is not used
    else:
        while units:
            try:
                caps.confirm(units)
                break
            except StoreError:
                time.sleep(0.01)
        used += units
print(json.dumps(used))
"""


def test_eight_processes_keep_one_cap_while_the_server_is_killed(serve):
    server = serve()
    caps = ValkeyStrictCaps(server.url())
    caps.begin()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, server.url(), str(number), str(COUNT)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    time.sleep(0.05)
    server.restart(signal.SIGKILL)
    used = [unit for child in children for unit in json.loads(child.communicate()[0])]
    assert len(used) == len(set(used)) <= COUNT
    assert len(used) > COUNT // 2  # what was reserved as the server died is held until it lapses
    assert caps.reserve([ask(count=COUNT - 50)]) == ((),)
    caps.close()


SHOP = """\
channels: {web: private}
placements: {page: web}
topics: {food: {}}
purposes: {offers: contract}
offers: {bread: {intent: sell, topic: food, treatments: Your bread}}
guardrails: {breaking_bonds: off}
"""
RULES = "caps: {b: {count: 5, within: month, per: everyone, strict: true}}"


@pytest.mark.usefixtures("by_url")
def test_edges_of_different_hosts_keep_a_strict_cap_and_reach_it_when_the_server_is_away(serve):
    server = serve()
    ValkeyStrictCaps(server.url()).begin()
    policy = compile_files({"shop.yaml": SHOP.encode(), "rules.yaml": RULES.encode()})
    edges = [tactful.open(policy, store=tactful.MemoryStore(), strict=server.url()) for _ in range(2)]

    def sell(edge):
        decision = edge.decide("page")
        return edge.record(decision) if decision.picks else 0

    def sell_one(edge):
        """Sell as soon as there is room, which is fetched meanwhile."""
        for _ in range(1_000):
            if sell(edge):
                return 1
            time.sleep(0.01)
        raise AssertionError("no room came")

    sold = sum(sell_one(edge) for edge in edges)
    server.stop()
    for _ in range(6):  # what is in hand may be used; no more comes
        sold += sell(edges[0])
    assert edges[0].decide("page").explain().of("bread")[0].reasons[0].id == "overcrowding.b.strict"
    server.start()
    for _ in range(20):
        for edge in edges:
            sold += sell(edge)
            time.sleep(0.01)
    assert sold <= 5
    for edge in edges:
        edge.close()
    with pytest.raises(StoreError, match="centre of strict caps is named 'oracle'"):
        tactful.open(policy, strict="oracle://there")
