"""A kiosk whose one open port is that of the relay hears a customer's no there, before its next pack."""

import time

from tests.kiosk.conftest import DEVICE_KEY, STRANGER, shown, title

import tactful
from tactful import Consent, Consents, ConsentState, How, Pack, SyncOptions, wall_clock


def test_a_kiosk_behind_a_relay_hears_a_no(served, client, make, policy, signer, closing, tmp_path):
    served.let_in("k1")
    path = make("k1.pack", device="k1")
    given = Pack(path, DEVICE_KEY, key=signer[1], hears=True)
    edge = tactful.open(
        policy,
        pack=given,
        store=f"sqlite:///{tmp_path / 'kiosk.db'}",
        centre=client("k1"),
        sync=SyncOptions(poll_s=0.2),
    )
    closing.callback(edge.close)
    assert shown(edge) == "Ada, your olives"
    at_us = wall_clock()
    no = Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, at_us)
    served.centre.put_consents("ada", Consents((no,), at_us))
    until = time.monotonic() + 20
    while title(edge.decide("screen", "ada", preview=True)) != STRANGER and time.monotonic() < until:
        time.sleep(0.01)
    assert title(edge.decide("screen", "ada", preview=True)) == STRANGER
    assert shown(edge, "bob") == "Bob, your olives"
