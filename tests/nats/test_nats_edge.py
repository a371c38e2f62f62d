"""Edges that follow a centre in NATS: what one hears the other heeds, and what goes wrong stands in the status."""

import time

import pytest
from tests.stores.shop import POLICY, offers

import tactful
from tactful import Consent, Consents, ConsentState, How, Observation, Snapshot, Source, SyncOptions, wall_clock
from tactful_adapters.nats_centre import NATSCentre

from .delays import delays

BY_HAND = SyncOptions(threads=False)


def known(centre, who="ada"):
    now_us = wall_clock()
    centre.put_profile(Snapshot(who, now_us, {"favourite": Observation("bread", Source.STATED, now_us)}))
    centre.put_consents(who, Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us),), now_us))


@pytest.fixture
def centre(url):
    with NATSCentre(url) as one:
        yield one


def within_a_while(holds):
    until_s = time.monotonic() + 30
    while not holds():
        if time.monotonic() > until_s:
            return False
        time.sleep(0.02)
    return True


def test_a_withdrawal_at_one_edge_takes_effect_at_the_other(centre, url, tmp_path):
    known(centre)
    with (
        NATSCentre(url) as ones,
        NATSCentre(url) as others,
        tactful.open(POLICY, store=f"sqlite:///{tmp_path}/1.db", centre=ones, sync=BY_HAND) as one,
        tactful.open(POLICY, store=f"sqlite:///{tmp_path}/2.db", centre=others, sync=BY_HAND) as other,
    ):
        for edge in (one, other):
            assert edge.sync().errors == {}
            edge.warm("ada", deadline_s=10)
            assert offers(edge, "ada") == ["bread"]
        one.opt_out("ada")
        assert one.sync().errors == {}
        assert other.sync().consents == 1
        assert offers(other, "ada") == []


def test_an_edge_hears_of_a_withdrawal_by_a_hint(centre, tmp_path):
    known(centre)
    patient = SyncOptions(poll_s=3_600)  # only a hint brings it in time
    with tactful.open(POLICY, store=f"sqlite:///{tmp_path}/1.db", centre=centre, sync=patient) as edge:
        assert within_a_while(lambda: edge.warm("ada", deadline_s=10) and offers(edge, "ada") == ["bread"])
        time.sleep(1.5)  # until it listens again after what came in at first
        centre.add_consent("ada", Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, wall_clock()))
        assert within_a_while(lambda: offers(edge, "ada") == [])


def test_the_status_tells_what_is_wrong_and_an_edge_goes_on_from_what_it_has(own_server, as_admin, tmp_path):
    server = own_server()
    url = server.url("shop")
    with (
        NATSCentre(url) as centre,
        tactful.open(POLICY, store=f"sqlite:///{tmp_path}/1.db", centre=centre, sync=BY_HAND) as edge,
    ):
        known(centre)
        assert edge.sync().errors == {}
        server.stop()
        assert set(edge.sync().errors.values()) == {"centre"}
        edge.warm("ada", deadline_s=10)
        assert offers(edge, "ada") == ["bread"]
        edge.opt_out("ada")
        assert offers(edge, "ada") == []
        server.start()
        assert edge.sync().events == 1
        as_admin(url, lambda js: js.delete_stream("KV_shop_consents"))
        assert edge.sync().errors == {"consents": "centre-went-back"}
        assert edge.status()["centre"]["consents"]["last_error"] == "centre-went-back"


def test_delays_are_measured(url, tmp_path):
    found = delays(url, tmp_path, 2)
    assert found.withdrawals == 2
    assert 0 < found.median_ms <= found.p99_ms
