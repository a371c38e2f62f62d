"""A one-time code lets one device in, in one store, for a while, once; and tells whoever guesses nothing."""

import threading
from contextlib import closing as closing_now

import attrs
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.kiosk.conftest import DEVICE_KEY

from tactful import CentreError, PackError, UsageError, wall_clock
from tactful.clock import DAY_US
from tactful.fleet import enrolment
from tactful.fleet.asked import Admitted, Asked
from tactful.fleet.codes import kept_of, make_code, open_device_key, proof_of, read_code, seal_device_key
from tactful.fleet.enrolling import enrol, keep_device_key
from tactful.fleet.enrolment import Refusal, admit, make_enrolment, refused_tries
from tactful.fleet.fleet_file import FleetFile
from tactful.fleet.report import packed
from tactful.relay.answer import HEADER, NONCE
from tactful.relay.devices import (
    Device,
    DevicesFile,
    add_device,
    all_devices,
    device_named,
    hashed,
    kill_device,
    make_token,
    remove_device,
)
from tactful.relay.relaying import RelayOptions

from .conftest import Served

KIOSK = Device("k1", ring="canary", store="berne")
DIGEST = "a" * 64


def code_for(served, device=KIOSK, *, now_us=None, life_us=DAY_US, device_key=DEVICE_KEY):
    at_us = wall_clock() if now_us is None else now_us
    return make_enrolment(served.file, device, now_us=at_us, life_us=life_us, device_key=device_key)


def test_a_device_sends_its_code_and_has_its_token_and_its_key(served, client):
    code = code_for(served)
    found = enrol(served.url("k1"), code.lower().replace("-", " "), "berne")
    assert attrs.astuple(found) == ("k1", "berne", "canary", DEVICE_KEY)
    token = served.where / "k1.token"
    assert token.stat().st_mode & 0o077 == 0
    assert not token.with_name("k1.token.waiting").exists()
    assert device_named(served.devices, "k1") == KIOSK
    assert client("k1").changes("consents", 0, 1).is_complete  # and may ask at once


def test_a_second_use_is_refused_and_told(served, client):
    code = code_for(served)
    enrol(served.url("k1"), code, "berne")
    with pytest.raises(CentreError, match="used already") as refused:
        enrol(served.url("thief"), code, "berne")
    assert refused.value.code == "enrol-used"
    assert not (served.where / "thief.token").exists()
    assert refused_tries(served.file) == {"k1": 1}  # the operator sees it too
    assert client("k1").changes("consents", 0, 1).is_complete  # and the first one stays in


def test_that_a_code_was_tried_again_is_told_until_the_device_is_in_by_a_newer_one(files):
    file, devices = files
    assert refused_tries(file) == {}
    twice(file, devices)
    code = make_enrolment(file, KIOSK, now_us=2, life_us=DAY_US)
    assert refused_tries(file) == {"k1": 1}  # whoever is in may still be somebody else
    asked = Asked(proof_of(code), "berne", hashed(make_token()))
    assert not isinstance(admit(file, devices, asked, 3), Refusal)
    assert refused_tries(file) == {}
    for _ in range(2):  # a thief with the newer code is told of, and the device that asks again takes none of it back
        admit(file, devices, Asked(proof_of(code), "berne", hashed(make_token())), 4)
        assert not isinstance(admit(file, devices, asked, 5), Refusal)
    assert refused_tries(file) == {"k1": 2}


def twice(file, devices):
    """Return what two devices with the same code are told."""
    code = make_enrolment(file, KIOSK, now_us=0, life_us=DAY_US)
    return [admit(file, devices, Asked(proof_of(code), "berne", hashed(make_token())), 1) for _ in range(2)]


@pytest.fixture
def files(tmp_path, closing):
    (tmp_path / "devices.json").write_text('{"devices": []}', encoding="utf-8")
    file = FleetFile(tmp_path / "fleet.db")
    closing.callback(file.close)
    return file, DevicesFile(tmp_path / "devices.json")


def test_a_code_lets_one_device_in(files):
    first, second = twice(*files)
    assert isinstance(first, Admitted)
    assert second is Refusal.USED


def test_a_code_that_can_be_used_twice_is_noticed(files, monkeypatch):
    whole = enrolment._refusal
    monkeypatch.setattr(
        enrolment, "_refusal", lambda asked, store, until, _, *rest: whole(asked, store, until, None, *rest)
    )
    assert twice(*files)[1] is Refusal.USED  # the token that it then comes with was never let in
    monkeypatch.setattr(
        enrolment, "_is_in", lambda _, devices, asked, device, **__: devices.let_in(device, asked.token_sha256)
    )
    _, second = twice(*files)
    assert isinstance(second, Admitted)


def test_of_many_who_use_it_at_once_one_comes_in(files):
    file, devices = files
    code = make_enrolment(file, KIOSK, now_us=0, life_us=DAY_US)
    found = []

    def use():
        found.append(admit(file, devices, Asked(proof_of(code), "berne", hashed(make_token())), 1))

    threads = [threading.Thread(target=use) for _ in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(isinstance(one, Admitted) for one in found) == 1
    assert found.count(Refusal.USED) == 11


def test_a_device_whose_answer_was_lost_asks_again_as_the_same_one(files):
    file, devices = files
    code = make_enrolment(file, KIOSK, now_us=0, life_us=DAY_US)
    asked = Asked(proof_of(code), "berne", hashed(make_token()))
    assert isinstance(admit(file, devices, asked, 1), Admitted)
    assert isinstance(admit(file, devices, asked, 2), Admitted)


def killed(devices):
    kill_device(devices, "k1")


def removed(devices):
    remove_device(devices, "k1")


def replaced(devices):
    add_device(devices, "k1")


def disabled(devices):
    devices.write_text(devices.read_text(encoding="utf-8").replace("true", "false"), encoding="utf-8")


@pytest.mark.parametrize("change", [killed, removed, replaced, disabled])
def test_who_may_ask_no_more_does_not_come_in_again_by_the_code_and_the_token_of_before(files, tmp_path, change):
    file, devices = files
    code = make_enrolment(file, KIOSK, now_us=0, life_us=DAY_US)
    asked = Asked(proof_of(code), "berne", hashed(make_token()))
    admit(file, devices, asked, 1)
    change(tmp_path / "devices.json")
    before = all_devices(tmp_path / "devices.json")
    assert admit(file, devices, asked, 2) is Refusal.USED
    assert all_devices(tmp_path / "devices.json") == before
    assert refused_tries(file) == {"k1": 1}


def test_who_died_before_it_was_let_in_comes_in_later_but_not_after_it_was_killed(files, tmp_path, monkeypatch):
    file, devices = files
    code = make_enrolment(file, KIOSK, now_us=0, life_us=DAY_US)
    asked = Asked(proof_of(code), "berne", hashed(make_token()))
    with monkeypatch.context() as broken:
        broken.setattr(devices, "let_in", lambda *_: (_ for _ in ()).throw(UsageError("the disk is full")))
        with pytest.raises(UsageError):
            admit(file, devices, asked, 1)
    assert isinstance(admit(file, devices, asked, 2), Admitted)
    with file.transaction() as db:
        db.execute("update codes set let_in = 0")  # it died before it was noted
    kill_device(tmp_path / "devices.json", "k1")
    assert admit(file, devices, asked, 3) is Refusal.USED


def test_a_fleets_file_of_before_is_taken_on_and_is_for_its_owner_alone(files, tmp_path):
    file, devices = files
    assert file.path.stat().st_mode & 0o077 == 0
    used, unused = (
        make_enrolment(file, attrs.evolve(KIOSK, id=name), now_us=0, life_us=DAY_US) for name in ("k1", "k2")
    )
    admit(file, devices, Asked(proof_of(used), "berne", DIGEST), 1)
    with file.transaction() as db:
        db.execute("alter table codes drop column let_in")
        db.execute("drop table acknowledged")
        db.execute("pragma user_version = 1")
    file.close()
    remove_device(tmp_path / "devices.json", "k1")
    with closing_now(FleetFile(file.path)) as again:
        assert admit(again, devices, Asked(proof_of(used), "berne", DIGEST), 2) is Refusal.USED
        assert isinstance(admit(again, devices, Asked(proof_of(unused), "berne", "b" * 64), 2), Admitted)


def test_nobody_sends_more_than_a_proof_needs(served):
    with httpx2.Client(base_url=f"http://127.0.0.1:{served.port}") as by_hand:
        answer = by_hand.post("/v1/enrol", content=b"x" * 4097, headers={NONCE: "0" * 32})
    assert answer.status_code == 413


def test_a_device_that_was_switched_off_meanwhile_keeps_the_token_that_it_asked_with(served):
    code = code_for(served)
    waiting = served.where / "k1.token.waiting"
    token = make_token()
    waiting.write_text(token + "\n", encoding="utf-8")
    admit(served.file, DevicesFile(served.devices), Asked(proof_of(code), "berne", hashed(token)), wall_clock())
    assert enrol(served.url("k1"), code, "berne").device == "k1"
    assert (served.where / "k1.token").read_text(encoding="utf-8").strip() == token


def test_a_code_is_for_its_store_and_its_time(files):
    file, devices = files
    code = make_enrolment(file, KIOSK, now_us=0, life_us=10)
    proof = proof_of(code)
    assert admit(file, devices, Asked(proof, "basel", DIGEST), 1) is Refusal.UNKNOWN
    assert admit(file, devices, Asked(proof, "berne", DIGEST), 10) is Refusal.EXPIRED
    assert isinstance(admit(file, devices, Asked(proof, "berne", DIGEST), 9), Admitted)


def test_a_code_that_is_tried_in_many_stores_counts_no_more(files):
    file, devices = files
    proof = proof_of(make_enrolment(file, KIOSK, now_us=0, life_us=10))
    for number in range(enrolment.WRONG_STORES_MAX):
        assert admit(file, devices, Asked(proof, f"store-{number}", DIGEST), 1) is Refusal.UNKNOWN
    assert admit(file, devices, Asked(proof, "berne", DIGEST), 1) is Refusal.UNKNOWN


def test_a_new_code_takes_the_place_of_the_one_before(files):
    file, devices = files
    old, new = (make_enrolment(file, KIOSK, now_us=0, life_us=10) for _ in range(2))
    assert admit(file, devices, Asked(proof_of(old), "berne", DIGEST), 1) is Refusal.UNKNOWN
    assert isinstance(admit(file, devices, Asked(proof_of(new), "berne", DIGEST), 1), Admitted)


def ask(served, proof, store):
    with httpx2.Client(base_url=f"http://127.0.0.1:{served.port}") as by_hand:
        body = packed(Asked(proof, store, DIGEST))
        answer = by_hand.post("/v1/enrol", content=body, headers={NONCE: "0" * 32})
        return answer.status_code, answer.content, HEADER in answer.headers


def test_who_guesses_hears_the_same_of_every_code_and_every_store(served):
    code = code_for(served)
    unknown = ask(served, proof_of(make_code()), "berne")
    elsewhere = ask(served, proof_of(code), "basel")
    with httpx2.Client(base_url=f"http://127.0.0.1:{served.port}") as by_hand:
        stranger = by_hand.get("/v1/bundle")
    assert unknown == elsewhere == (401, stranger.content, False)


def test_who_guesses_is_held_up(tmp_path, closing, monkeypatch):
    monkeypatch.setattr("tactful.relay.devices._LOOK_S", 0.0)
    one = Served(tmp_path / "slow", options=RelayOptions(enrol_per_s=0.001, enrol_burst=3, poll_s=0.05))
    closing.callback(one.stop)
    found = [ask(one, proof_of(make_code()), "berne")[0] for _ in range(5)]
    assert found == [401, 401, 401, 429, 429]
    token = one.let_in("k2")
    with httpx2.Client(base_url=f"http://127.0.0.1:{one.port}") as by_hand:  # and those who are in are not
        headers = {"Authorization": f"Bearer {token}", NONCE: "0" * 32}
        assert by_hand.get("/v1/lines/consents/changes?after=0&count=1", headers=headers).status_code == 200


def test_the_relay_keeps_neither_the_code_nor_what_opens_the_key(served):
    code = code_for(served)
    kept = b"".join(path.read_bytes() for path in served.where.glob("fleet.db*"))
    for secret in (code.encode(), proof_of(code).encode(), DEVICE_KEY, DEVICE_KEY.hex().encode()):
        assert secret not in kept
    assert kept_of(proof_of(code)).encode() in kept


def test_a_device_that_is_enrolled_does_not_lose_its_token(served):
    served.let_in("k1")
    with pytest.raises(UsageError, match="there is a token already"):
        enrol(served.url("k1"), make_code(), "berne")


@pytest.mark.parametrize(
    ("change", "said"),
    [({"store": ""}, "a device has a name"), ({"id": "x" * 101}, "a device has a name"), ({"ring": "moon"}, "no ring")],
)
def test_a_code_that_cannot_be_meant_is_refused(files, change, said):
    with pytest.raises(UsageError, match=said):
        make_enrolment(files[0], attrs.evolve(KIOSK, **change), now_us=0, life_us=10)
    for life_us in (0, -1, enrolment.LIFE_MAX_US + 1):
        with pytest.raises(UsageError, match="30 days"):
            make_enrolment(files[0], KIOSK, now_us=0, life_us=life_us)


@given(some.text(max_size=40))
def test_what_is_typed_is_a_code_or_refused_in_the_same_words(typed):
    try:
        code = read_code(typed)
    except UsageError as error:
        code, said = None, str(error)
    if code is None:
        with pytest.raises(UsageError) as refused:
            read_code("x")
        assert str(refused.value) == said
    else:
        assert read_code(code) == code


def test_a_code_is_read_as_it_was_made_however_it_is_typed():
    code = make_code()
    assert read_code(f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} ") == code


def test_a_device_key_opens_with_its_code_and_for_its_device_alone():
    code = make_code()
    sealed = seal_device_key(DEVICE_KEY, code, "k1")
    assert open_device_key(sealed, code, "k1") == DEVICE_KEY
    broken = bytes([sealed[0] ^ 1]) + sealed[1:]
    for raw, with_code, device in (
        (sealed, make_code(), "k1"),
        (sealed, code, "k2"),
        (broken, code, "k1"),
        (b"", code, "k1"),
    ):
        with pytest.raises(PackError, match="not sealed with this code"):
            open_device_key(raw, with_code, device)


def test_a_device_key_overwrites_none(tmp_path):
    keep_device_key(tmp_path / "device.key", DEVICE_KEY)
    assert (tmp_path / "device.key").stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="would be lost"):
        keep_device_key(tmp_path / "device.key", DEVICE_KEY)
