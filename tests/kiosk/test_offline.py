"""What happens at a kiosk counts there at once, waits in its own store, and reaches the centre once."""

import pytest
from tests.kiosk.conftest import DEVICE_KEY, NOON_US, STRANGER, shown, title, told

from tactful import Contact, MemoryCentre, MemoryStore, Snapshot, SyncOptions, UsageError, status_readings
from tactful.errors import PackError
from tactful.kiosk.sealed_ids import SealedIds
from tactful.kiosk.store import KioskStore
from tactful_adapters.sqlite import SQLiteStore

BY_HAND = SyncOptions(threads=False)


@pytest.fixture
def centre(clock):
    return MemoryCentre(clock=clock)


@pytest.fixture
def own(tmp_path):
    store = SQLiteStore(tmp_path / "kiosk.db")
    yield store
    store.close()


def test_an_opt_out_counts_at_once_and_reaches_the_centre_once(opened, centre, own):
    edge = opened(store=own, centre=centre, sync=BY_HAND)
    assert shown(edge) == "Ada, your olives"
    edge.opt_out("ada")
    assert title(edge.decide("screen", "ada")) is None
    assert edge.sync().events == 1
    assert edge.sync().events == 0
    (event,) = centre.events
    assert (event.customer, event.event) == ("ada", "withdrawal")
    assert event.id.startswith("opt_out/ada/")


def test_an_opt_out_outlives_a_newer_pack_that_has_not_heard_of_it(opened, make, own, clock):
    edge = opened(store=own)
    clock.pass_s(60)
    edge.opt_out("ada")
    edge.take_pack(make(epoch=2, issued_us=clock() - 30_000_000))
    assert shown(edge) is None


def test_what_was_shown_counts_here_and_reaches_the_centre_with_the_real_id(opened, centre, own):
    edge = opened(store=own, centre=centre, sync=BY_HAND)
    edge.warm({"card": "card-ada"})
    decision = edge.decide("screen", {"card": "card-ada"})
    assert edge.record(decision)
    assert not edge.record(decision)
    assert edge.sync().events == 1
    assert [(one.customer, one.event, one.offer) for one in centre.events] == [("ada", "shown", "olives")]


def test_without_a_way_to_the_centre_everything_waits(opened, own, clock):
    centre = MemoryCentre(clock=clock)
    centre.close()
    edge = opened(store=own, centre=centre, sync=BY_HAND)
    edge.opt_out("ada")
    done = edge.sync()
    assert done.events == 0
    assert set(done.errors) == {"events"}
    assert edge.status()["centre"]["events"]["waiting"]["withdrawal"] == 1
    readings = {one.name: one.value for one in status_readings(edge.status())}  # it follows nothing, and sends
    assert readings["tactful_withdrawals_oldest_age_seconds"] >= 0
    assert "tactful_ready" not in readings


def test_a_contact_of_the_pack_and_the_same_one_made_here_count_once(opened, own):
    edge = opened(store=own)
    kiosk = edge._store
    again = Contact("c1", "ada", "shown", kiosk.contacts("ada", 0)[0].at_us, topic="food", offer="olives")
    kiosk.record([again])
    assert [one.id for one in kiosk.contacts("ada", 0)] == ["c1"]
    assert [one.customer for one in kiosk.household_contacts("h1", 0)] == ["ada"]


def yes_at_a_kiosk(opened, make, shop, own, clock):
    """What two customers see on the day of a yes at the kiosk, and four days later; of one the pack has no consents."""
    shop.put_profile(Snapshot("eve", NOON_US, {"first_name": told("Eve")}, 1))
    edge = opened(make(customers=("ada", "eve")), store=own)
    seen = []
    for who in ("ada", "eve"):
        edge.opt_in(who, "offers")
    for days in (0, 4):
        clock.pass_s(days * 86_400)
        seen.append([shown(edge, who) for who in ("ada", "eve")])
    return seen


BOUNDED = [["Ada, your olives", "Eve, your olives"], [STRANGER, STRANGER]]  # `fresh_for` is three days


def test_a_yes_that_is_given_at_a_kiosk_is_as_old_as_it_says(opened, make, shop, own, clock):
    assert yes_at_a_kiosk(opened, make, shop, own, clock) == BOUNDED


def test_a_kiosk_that_takes_its_own_store_for_the_truth_is_caught(opened, make, shop, own, clock, monkeypatch):
    monkeypatch.setattr(KioskStore, "consents", lambda kiosk, who: kiosk.own.consents(kiosk._sealed(who)))
    assert yes_at_a_kiosk(opened, make, shop, own, clock) != BOUNDED


def test_the_kiosks_disk_names_nobody_and_holds_no_value(opened, own, tmp_path):
    edge = opened(store=own)
    for who in ("ada", {"card": "card-bob"}):
        edge.warm(who)
        edge.record(edge.decide("screen", who))
    edge.opt_out("cyd")
    edge.opt_in("ada", "offers")
    edge.observe("ada", "purchase")
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"olives" in raw  # what was shown is there
    for word in (b"/ada/", b"Ada", b"bob", b"Bob", b"cyd", b"Cyd", b"card-", b"Bern", b"99999"):
        assert word not in raw, word


def test_the_control_without_sealing_is_found_on_the_disk(opened, own, tmp_path, monkeypatch):
    monkeypatch.setattr(SealedIds, "seal", lambda _, id_: id_)
    monkeypatch.setattr(SealedIds, "open", lambda _, id_: id_)
    edge = opened(store=own)
    edge.opt_out("cyd")
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"cyd" in raw


def test_an_id_sealed_is_the_same_always_and_opens_with_its_key_alone():
    ids = SealedIds(DEVICE_KEY, "shop")
    assert ids.seal("ada") == ids.seal("ada") != ids.seal("bob")
    assert [ids.open(ids.seal(one)) for one in ("ada", "", "Zoë \ud800")] == ["ada", "", "Zoë \ud800"]
    for other in (SealedIds(bytes(32), "shop"), SealedIds(DEVICE_KEY, "other")):
        with pytest.raises(PackError):
            other.open(ids.seal("ada"))


def test_what_a_customer_answers_is_not_kept_on_a_shared_device(opened):
    edge = opened()
    edge.warm("ada")
    with pytest.raises(UsageError, match="profiles"):
        edge.answer(edge.decide("screen", "ada"), "x")


def test_a_way_out_that_is_a_url_is_closed_with_the_edge_and_a_wrong_one_is_refused(policy, make, opened):
    with pytest.raises(Exception, match="no centre is named"):
        opened(make(), store=MemoryStore(), centre="nowhere://x")
    with pytest.raises(UsageError, match="no centre to follow"):
        opened().sync()
    assert STRANGER


def test_a_no_and_what_was_shown_count_on_when_a_newer_pack_says_that_two_ids_are_one(opened, make, shop, own, clock):
    edge = opened(store=own)
    edge.warm("ada")
    assert edge.record(edge.decide("screen", "ada"))
    clock.pass_s(60)
    edge.opt_out("ada")
    shop.merge("cyd", "ada")  # the centre has not heard of the no
    edge.take_pack(make(epoch=2, issued_us=clock()))
    assert edge._store.identify({"card": "card-ada"}).customer == "cyd"
    assert shown(edge, {"card": "card-ada"}) is None
    assert shown(edge, "cyd") is None
    assert shown(edge, "bob") == "Bob, your olives"
    assert {"shown", "withdrawal"} <= {one.event for one in edge._store.contacts("cyd", NOON_US)}


def test_a_later_yes_under_the_merged_id_lifts_a_no_under_the_other(opened, make, shop, own, clock):
    edge = opened(store=own)
    edge.rights.object_to("ada", "offers")
    shop.merge("cyd", "ada")
    clock.pass_s(60)
    edge.take_pack(make(epoch=2, issued_us=clock()))
    assert shown(edge, "cyd") == STRANGER
    clock.pass_s(60)
    edge.opt_in("cyd", "offers")
    assert shown(edge, "cyd") == "Cyd, your olives"
