"""Edges that follow a centre through a relay, and take the policy's bundle from it."""

import os
import subprocess
import sys
import time

import pytest

import tactful
from tactful import (
    CentreError,
    Consent,
    Consents,
    ConsentState,
    How,
    MemoryCentre,
    MemoryStore,
    Observation,
    Snapshot,
    Source,
    SyncOptions,
    wall_clock,
)
from tactful import bundle as bundles
from tactful.bundle import make_keys
from tactful.clock import DAY_US

PRIVATE, PUBLIC = make_keys()


def built(policy, epoch):
    now_us = wall_clock()
    return bundles.write(
        policy, private_key=PRIVATE, tenant="shop", epoch=epoch, issued_us=now_us, expires_us=now_us + DAY_US
    )


def offered(edge, who):
    edge.warm(who, deadline_s=10)
    return (edge.decide("page", who, preview=True).content or {}).get("title")


def test_a_kiosk_follows_and_a_withdrawal_goes_both_ways(serve, opened, policy):
    centre = MemoryCentre()
    now_us = wall_clock()
    for customer in ("ada", "bob"):
        centre.put_profile(Snapshot(customer, now_us, {"first_name": Observation("Ada", Source.OBSERVED, now_us)}))
        centre.put_consents(customer, Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us),), now_us))
    served = serve(centre)
    with tactful.open(policy, store=MemoryStore(), centre=opened(served.url()), sync=SyncOptions(poll_s=0.05)) as kiosk:
        until = time.monotonic() + 30
        while offered(kiosk, "ada") != "Ada, your olives" and time.monotonic() < until:
            time.sleep(0.01)
        assert kiosk.status()["centre"]["ready"]
        kiosk.opt_out("ada")
        centre.put_consents(
            "bob", Consents((Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, wall_clock()),), 1)
        )
        while time.monotonic() < until and (len(centre.events) < 1 or offered(kiosk, "bob") == "Ada, your olives"):
            time.sleep(0.01)
        assert [one.event for one in centre.events] == ["withdrawal"]
        assert offered(kiosk, "ada") != "Ada, your olives"
        assert offered(kiosk, "bob") != "Ada, your olives"
        assert kiosk.status()["centre"]["consents"]["last_error"] == ""


def test_bundle_and_changes_come_through_one_port(serve, opened, policy, tmp_path):
    file = tmp_path / "shop.bundle"
    served = serve(MemoryCentre(), bundle=file)
    client = opened(served.url())
    with pytest.raises(CentreError) as caught:
        client.bundle()
    assert caught.value.code == "centre-refuses"
    file.write_bytes(built(policy, 7))
    first = client.bundle()
    assert client.bundle() is first  # nothing went over: it has not changed
    with tactful.open(first, key=PUBLIC, tenant="shop", centre=client, sync=SyncOptions(threads=False)) as kiosk:
        assert kiosk.status()["epoch"] == 7
        newer = built(policy, 8)
        for torn in (newer[:-9], b"", built(policy, 6)):
            file.write_bytes(torn)  # in the middle of being copied, or an older one
            assert client.bundle() == first
        file.write_bytes(newer)
        kiosk.update(client.bundle())
        assert kiosk.status()["epoch"] == 8


def test_an_edge_hears_through_a_relay_that_the_centre_went_back(serve, opened, policy):
    centre = MemoryCentre()
    for customer in ("ada", "bob"):
        centre.put_consents(customer, Consents((), 1))
    served, store = serve(centre), MemoryStore()
    by_hand = SyncOptions(threads=False)
    with tactful.open(policy, store=store, centre=opened(served.url()), sync=by_hand) as edge:
        assert edge.sync().consents == 2
    restored = serve(MemoryCentre())
    with tactful.open(policy, store=store, centre=opened(restored.url()), sync=by_hand) as edge:
        assert edge.sync().errors["consents"] == "centre-went-back"


FORKING = """
import os, sys
from tactful.relay.client import RelayCentre
centre = RelayCentre.from_url(sys.argv[1])
assert centre.changes("consents", 0, 9).epoch == 1
centre.wait("consents", 0, 0.01)
if (child := os.fork()) == 0:
    assert centre.changes("consents", 0, 9).epoch == 1
    centre.wait("consents", 9, 0.05)
    centre.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert centre.changes("consents", 0, 9).epoch == 1
centre.close()
"""


def test_a_forked_child_connects_anew_and_harms_not_its_parent(serve):
    centre = MemoryCentre()
    centre.put_consents("ada", Consents((), 1))
    paths = os.pathsep.join(path for path in sys.path if path)
    ended = subprocess.run(
        [sys.executable, "-c", FORKING, serve(centre).url()],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
