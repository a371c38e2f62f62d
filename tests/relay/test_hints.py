"""Hints over server-sent events: they come soon, heartbeats in between, so many listen and no more."""

import json
import threading
import time

import attrs
import httpx2
import pytest

from tactful import CentreError, Consent, Consents, ConsentState, How, MemoryCentre
from tactful.relay.devices import DevicesFile, remove_device

from .conftest import QUICK

YES = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 1),), 1)
SLOW_POLL = attrs.evolve(QUICK, poll_s=30.0)


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.005)
    return true()


def test_who_waits_is_woken_by_what_is_new(serve, opened):
    centre = MemoryCentre()
    served = serve(centre, options=SLOW_POLL)  # without a hint of the centre's, nobody would hear of it
    client = opened(served.url())
    client.wait("consents", 0, 0.001)
    assert until(lambda: served.relay.listeners == {"kiosk-1": 1})
    heard = []
    waiting = threading.Thread(target=lambda: heard.append(client.wait("consents", 0, 20)))
    waiting.start()
    centre.put_consents("ada", YES)
    waiting.join(20)
    assert heard == [True]
    assert client.wait("consents", 1, 0.001) is False  # the same connection goes on
    centre.put_consents("bob", YES)
    assert client.wait("consents", 1, 20) is True


def test_one_connection_serves_all_who_wait(serve, opened):
    served = serve(MemoryCentre())
    client = opened(served.url())
    for _ in range(20):
        assert client.wait("consents", 0, 0.01) is False
    assert served.relay.listeners == {"kiosk-1": 1}
    client.wait("profiles", 0, 0.01)
    assert until(lambda: served.relay.listeners == {"kiosk-1": 2})


def raw(served):
    headers = {"Authorization": f"Bearer {served.token}"}
    return httpx2.stream("GET", f"{served.base}/v1/lines/consents/hints?after=0", headers=headers, timeout=20)


def test_heartbeats_come_while_nothing_is_new_and_the_place_is_given_back(serve):
    served = serve(MemoryCentre())
    with raw(served) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        beats = stream.iter_lines()
        assert [line for line, _ in zip(beats, range(8), strict=False)].count(":") + 4 >= 4
        assert served.relay.listeners == {"kiosk-1": 1}
    assert until(lambda: served.relay.listeners == {})


def test_so_many_listen_and_no_more(serve):
    served = serve(MemoryCentre(), options=attrs.evolve(QUICK, listeners=2))
    with raw(served) as one, raw(served) as other:
        both = one.iter_raw(), other.iter_raw()
        assert [next(beats) for beats in both]
        with raw(served) as third:
            assert third.status_code == 429
            assert json.loads(third.read())["code"] == "too-many-listeners"
            assert int(third.headers["Retry-After"]) > 0
    assert until(lambda: served.relay.listeners == {})
    with raw(served) as again:
        assert again.status_code == 200


def test_a_device_listens_four_times_at_most(serve):
    served = serve(MemoryCentre())
    streams = [raw(served) for _ in range(5)]
    statuses = [stream.__enter__().status_code for stream in streams]
    for stream in streams:
        stream.__exit__(None, None, None)
    assert sorted(statuses)[:4] == [200] * 4
    assert statuses.count(429) <= 1
    assert until(lambda: served.relay.listeners == {})


def test_a_device_that_is_removed_hears_no_more(serve):
    served = serve(MemoryCentre())
    with raw(served) as stream:
        chunks = stream.iter_raw()
        next(chunks)
        remove_device(served.devices, "kiosk-1")
        served.relay._devices = DevicesFile(served.devices)
        assert b"data" not in b"".join(chunks)  # it ends


def test_without_hints_an_edge_is_told_why(serve, opened):
    served = serve(MemoryCentre(), options=attrs.evolve(QUICK, listeners=1))
    with raw(served) as taken:
        beats = taken.iter_raw()
        assert next(beats)
        client = opened(served.url())
        with pytest.raises(CentreError) as caught:
            client.wait("consents", 0, 20)
    assert caught.value.code == "centre-busy"
    assert caught.value.retry_after_s == 30


def test_a_relay_that_ends_waits_for_no_listener(serve, opened):
    served = serve(MemoryCentre())
    client = opened(served.url())
    client.wait("consents", 0, 0.1)
    began = time.monotonic()
    served.stop()
    assert time.monotonic() - began < 20


def test_a_hint_that_lies_costs_one_call(serve, opened):
    """Hints are not signed: whatever epoch one says, it wakes once, and true ones are heard after it."""
    centre = MemoryCentre()
    served = serve(centre)
    client = opened(served.url())
    client.wait("consents", 0, 0.01)
    assert until(lambda: served.relay.listeners == {"kiosk-1": 1})
    client._hints["consents"]._hear(b"data: 9223372036854775807")
    assert client.wait("consents", 0, 20) is True
    assert client.wait("consents", 0, 0.01) is False
    for line in (b"data: ada", b"data:", b"", b"event: x", b"data: " + b"9" * 5000, b"\xff\xfe"):
        client._hints["consents"]._hear(line)
    centre.put_consents("ada", YES)
    assert client.wait("consents", 0, 20) is True
