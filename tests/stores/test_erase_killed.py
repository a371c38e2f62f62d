"""An erasure that is killed went wholly or not at all, for each customer; asked again, it goes through."""

import random
import time

from tactful.testing.store_rights import fill
from tactful_adapters.sqlite import SQLiteStore

CHILD = """
import sys
from tactful_adapters.sqlite import SQLiteStore

with SQLiteStore(sys.argv[1]) as store:
    print("ready", flush=True)
    for number in range(40):
        store.erase(f"customer {number}")
        print(number, flush=True)
"""
EVERYONE = [f"customer {number}" for number in range(40)]


def test_a_killed_erasure_went_wholly_or_not_at_all(start, tmp_path):
    path, chance = tmp_path / "edge.db", random.Random(7)  # noqa: S311 - no secret
    with SQLiteStore(path) as store:
        for who in EVERYONE:
            fill(store, who)
        whole = {who: dict(store.held(who).counts) for who in EVERYONE}
    interrupted = 0
    for _ in range(5):
        child = start(CHILD, path)
        assert child.stdout.readline() == "ready\n"
        said = [child.stdout.readline() for _ in range(chance.randrange(12))]
        time.sleep(chance.uniform(0.0, 0.004))
        child.kill()
        said += child.communicate()[0].splitlines()
        with SQLiteStore(path) as store:
            counts = {who: dict(store.held(who).counts) for who in EVERYONE}
            for who, held in counts.items():
                assert not any(held.values()) or held == whole[who]
            for number in said:  # it was told that this one was erased
                assert not any(counts[f"customer {number.strip()}"].values())
            left = [who for who, held in counts.items() if any(held.values())]
            interrupted += 0 < len(left) < len(EVERYONE)
    assert interrupted
    with SQLiteStore(path) as store:
        for who in EVERYONE:
            store.erase(who)
            assert not any(store.held(who).counts.values())
