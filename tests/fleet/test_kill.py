"""A device that is killed destroys its key and its pack, and knows nobody any more; nothing unsigned kills one."""

import socket
import threading
from contextlib import closing as closed

import attrs
import pytest
from tests.fleet.conftest import DEVICE_KEY_TEXT
from tests.kiosk.conftest import STRANGER, shown

import tactful
from tactful import CentreError, MemoryCentre, PackError, SyncOptions, UsageError
from tactful.fleet.client import FleetRelay
from tactful.fleet.report import Orders, packed
from tactful.fleet.reports import last_reports
from tactful.fleet.upkeep import Done
from tactful.kiosk.device_key import destroy_device_key
from tactful.relay import answer
from tactful.relay.address import Address
from tactful.relay.answer import HEADER
from tactful.relay.devices import add_device, kill_device, remove_device

ADA = "Ada, your olives"


def test_a_killed_device_destroys_its_key_and_its_pack_and_shows_context_only(served, kiosk):
    one = kiosk()
    assert shown(one.edge) == ADA
    kill_device(served.devices, "k1")
    assert one.upkeep.step() == Done(killed=True)
    assert shown(one.edge) == STRANGER
    assert one.edge.decide("screen", {"card": "card-ada"}).careful != ()
    assert (one.pack.exists(), one.key.exists()) == (False, False)
    status = one.edge.status()["pack"]
    assert (status["killed"], status["ready"], status["kept"]) == (True, False, [])


def test_it_stays_so_after_a_restart_whatever_is_brought(served, kiosk, make):
    one = kiosk()
    kill_device(served.devices, "k1")
    one.upkeep.step()
    one.edge.close()
    one.store.close()
    one.key.write_text(DEVICE_KEY_TEXT, encoding="ascii")  # somebody brings the key back, and a newer pack
    one.pack.write_bytes(make("newer.pack", device="k1", epoch=2).read_bytes())
    again = kiosk()
    assert shown(again.edge) == STRANGER
    assert not again.pack.exists()
    with pytest.raises(PackError, match="told to destroy") as refused:
        again.edge.take_pack(make("newest.pack", device="k1", epoch=3))
    assert refused.value.code == "pack-killed"
    assert again.upkeep.step() == Done(killed=True)


def test_a_power_cut_after_the_mark_is_made_good_at_the_next_start(kiosk):
    one = kiosk()
    one.store.claim_register("pack-killed", b"1")
    one.edge.close()
    one.store.close()
    assert one.pack.exists()
    again = kiosk()
    assert (shown(again.edge), again.pack.exists(), again.key.exists()) == (STRANGER, False, False)


def test_the_operator_sees_that_it_is_done(served, kiosk):
    one = kiosk()
    one.upkeep.step()
    kill_device(served.devices, "k1")
    one.upkeep.step()
    before, after = last_reports(served.file)
    assert (before.device.killed, after.device.killed, after.report.killed, after.report.kept) == (False, True, True, 0)


def test_a_killed_device_may_do_nothing_but_report(served, kiosk, make):
    one = kiosk()
    (served.packs / "k1.pack").write_bytes(make("newer.pack", device="k1", epoch=2).read_bytes())
    kill_device(served.devices, "k1")
    for call in (one.relay.bundle, one.relay.pack, lambda: one.relay.changes("consents", 0, 1)):
        with pytest.raises(CentreError) as refused:
            call()
        assert refused.value.code == "centre-forbidden"
    assert one.relay.report(one.upkeep.report()) == Orders(kill=True)


def test_a_new_device_takes_the_name_and_the_stolen_one_is_still_told(served, kiosk, client):
    one = kiosk()
    kill_device(served.devices, "k1")
    (served.where / "new.token").write_text(add_device(served.devices, "k1") + "\n", encoding="utf-8")
    new = client("new")
    assert new.report(one.upkeep.report()) == Orders()
    assert one.upkeep.step() == Done(killed=True)
    remove_device(served.devices, "k1")
    with pytest.raises(CentreError):
        new.report(one.upkeep.report())


# Who else could kill


def test_a_refusal_kills_nothing(served, kiosk):
    one = kiosk()
    remove_device(served.devices, "k1")
    with pytest.raises(CentreError) as refused:
        one.upkeep.step()
    assert refused.value.code == "centre-forbidden"
    assert shown(one.edge) == ADA


class Impostor:
    """Answers every request with the same bytes, on a port of its own."""

    def __init__(self, status, headers, body):
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""])
        self._raw = head.encode() + body
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(self._raw)

    def close(self):
        self._socket.close()


KILL = packed(Orders(kill=True))


def forged():
    """Return the answers of who is between and has no key: no signature, somebody else's, an old one of the relay's."""
    other = answer.sign(answer.Statement(answer.Question("shop", "report", "0" * 32), 0, 0, answer.digest(KILL)), OTHER)
    return ({}, {HEADER: "nonsense"}, {HEADER: other})


OTHER = "A" * 43 + "="


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("status", [200, 401, 403, 410])
def test_an_unsigned_order_kills_nothing(served, kiosk, closing, status, number):
    served.let_in("k1")
    impostor = Impostor(status, forged()[number], KILL)
    closing.callback(impostor.close)
    relay = FleetRelay(Address.from_url(served.url("k1", port=impostor.port)))
    closing.callback(relay.close)
    one = kiosk(relay=relay)
    with pytest.raises(CentreError):
        one.upkeep.step()
    assert shown(one.edge) == ADA
    assert (one.pack.exists(), one.key.exists()) == (True, True)


def test_an_old_order_put_in_again_and_one_for_another_device_kill_nothing(served, kiosk, client):
    one, kept = kiosk(), []
    served.let_in("k2")
    kill_device(served.devices, "k2")
    other = client("k2")
    call = other._calls.call
    other._calls.call = lambda *given, **more: kept.append(call(*given, **more)) or kept[-1]
    assert other.report(attrs.evolve(one.upkeep.report(), device="k2")).kill
    one.relay._calls.call = lambda *_, **__: kept[0]  # the relay's own answer, to the other's report
    with pytest.raises(CentreError) as refused:
        one.upkeep.step()
    assert refused.value.code == "centre-replayed"
    # And whoever has the token of a killed device gets no order that fits the report of another.
    with pytest.raises(CentreError) as refused:
        other.report(one.upkeep.report())
    assert refused.value.status == 400
    assert shown(one.edge) == ADA


def test_a_kill_without_a_check_of_the_signature_is_noticed(served, kiosk, closing, monkeypatch):
    """The control: with the check taken out, what an impostor says would kill."""
    served.let_in("k1")
    impostor = Impostor(200, {}, KILL)
    closing.callback(impostor.close)
    relay = FleetRelay(Address.from_url(served.url("k1", port=impostor.port)))
    closing.callback(relay.close)
    one = kiosk(relay=relay)
    said = answer.Statement(answer.Question("shop", "report", ""), 0, 0, answer.digest(KILL))
    monkeypatch.setattr("tactful.relay.client.verified", lambda *_: said)
    assert one.upkeep.step() == Done(killed=True)
    assert shown(one.edge) == STRANGER


# What can be destroyed from here


def test_what_cannot_be_destroyed_from_here_is_told(kiosk, monkeypatch):
    monkeypatch.setenv("K1_KEY", DEVICE_KEY_TEXT)
    one = kiosk(device_key="env:K1_KEY")
    assert one.edge.destroy_pack() == ("device-key",)
    assert one.edge.status()["pack"]["kept"] == ["device-key"]
    assert one.upkeep.report().kept == 1
    assert shown(one.edge) == STRANGER  # all the same


class Chip:
    """A device key in an object."""

    def __init__(self, raw, *, fails=False):
        self.raw, self._fails = raw, fails

    def read(self):
        return self.raw

    def destroy(self):
        if self._fails:
            raise OSError("no")
        self.raw = b""


def test_every_kind_of_device_key_says_whether_it_is_gone(tmp_path, monkeypatch):
    file = tmp_path / "device.key"
    file.write_text(DEVICE_KEY_TEXT, encoding="ascii")
    chip = Chip(b"x" * 32)
    assert destroy_device_key(file)
    assert not file.exists()
    assert destroy_device_key(file)  # once more, as after a power cut
    assert destroy_device_key(chip)
    assert chip.raw == b""
    assert not destroy_device_key(Chip(b"x", fails=True))
    assert not any(destroy_device_key(one) for one in ("env:X", "command:print-key", b"x" * 32, tmp_path))
    ran = []
    monkeypatch.setattr("tactful.kiosk.device_key._run", lambda words: ran.append(words) or b"")
    assert destroy_device_key("keyring:shop/k1")
    assert ran == [["keyring", "del", "shop", "k1"]]


def test_a_killed_kiosk_breaks_in_nothing_that_is_called(served, kiosk):
    centre = MemoryCentre()
    one = kiosk(centre=centre, sync=SyncOptions(threads=False))
    one.edge.warm("ada")
    one.edge.record(one.edge.decide("screen", "ada"))
    kill_device(served.devices, "k1")
    one.upkeep.step()
    decision = one.edge.decide("screen", "ada")
    one.edge.record(decision)
    with pytest.raises(UsageError, match="stand for nobody"):
        one.edge.opt_out({"card": "card-ada"})
    one.edge.opt_out("ada")
    assert not one.edge.warm({"card": "card-ada"})
    assert one.edge.sync().events == 0
    assert one.edge.status()["decisions_failed"] == 0
    assert centre.events == ()


def test_an_edge_without_a_pack_has_none_to_destroy(policy):
    with closed(tactful.open(policy)) as edge, pytest.raises(UsageError, match="by no pack"):
        edge.destroy_pack()
