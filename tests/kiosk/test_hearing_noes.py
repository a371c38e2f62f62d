"""A kiosk that is to hear noes between two packs hears them over its way to the centre; by packs alone it does not."""

import time

import pytest
from tests.kiosk.conftest import NOON_US, STRANGER, shown, title, yes

import tactful
from tactful import Consent, Consents, ConsentState, How, MemoryCentre, Synced, SyncOptions
from tactful.clock import SECOND_US
from tactful.kiosk import noes
from tactful_adapters.sqlite import SQLiteStore

BY_HAND = SyncOptions(threads=False)
NO = Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, NOON_US + SECOND_US)


@pytest.fixture
def centre(clock):
    centre = MemoryCentre(clock=clock)
    for name in ("ada", "bob", "cyd", "not-packed"):
        centre.put_consents(name, Consents((yes(),), NOON_US))
    clock.pass_s(60)
    return centre


@pytest.fixture
def own(tmp_path):
    with SQLiteStore(tmp_path / "kiosk.db") as store:
        yield store


@pytest.fixture
def kiosk(opened, centre, own):
    return lambda path=None, **others: opened(
        path, **{"store": own, "centre": centre, "sync": BY_HAND, "hears": True, **others}
    )


def no_of(centre, name, record=NO):
    centre.put_consents(name, Consents((record,), record.at_us))


def test_by_its_pack_alone_a_kiosk_hears_no_withdrawal(kiosk, centre):
    edge = kiosk(hears=False)
    no_of(centre, "ada")
    edge.sync()
    assert shown(edge) == "Ada, your olives"


def test_a_withdrawal_counts_at_once_for_who_is_here_and_for_who_comes_later(kiosk, centre):
    edge = kiosk()
    assert (shown(edge), edge.sync().consents) == ("Ada, your olives", 0)
    no_of(centre, "ada")
    no_of(centre, "bob")
    assert edge.sync().consents == 2
    assert title(edge.decide("screen", "ada")) == STRANGER
    assert (shown(edge, "bob"), shown(edge, "cyd")) == (STRANGER, "Cyd, your olives")
    assert edge.status()["centre"]["consents"]["epoch"] == 6


def test_it_counts_after_a_start_and_is_read_once(kiosk, centre, own):
    edge = kiosk()
    no_of(centre, "ada")
    edge.sync()
    edge.close()
    centre.close()
    assert shown(kiosk()) == STRANGER


def test_nothing_is_kept_of_whom_the_pack_does_not_know(kiosk, centre, own, tmp_path):
    edge = kiosk()
    no_of(centre, "not-packed")
    assert edge.sync().consents == 0
    assert edge._store.own.consents(edge._store._sealed("not-packed")) is None
    assert b"not-packed" not in (tmp_path / "kiosk.db").read_bytes()


def test_a_no_from_before_a_newer_pack_counts_for_whom_only_that_one_knows(kiosk, centre, make):
    """Cyd is in the newer pack alone, which was made before Cyd's no; the kiosk had passed that no over."""
    edge = kiosk(make(customers=("ada",)))
    no_of(centre, "cyd")
    assert edge.sync().consents == 0
    edge.take_pack(make("newer.pack", epoch=2, issued_us=NOON_US + SECOND_US // 2))
    assert edge.sync().consents == 1
    assert shown(edge, "cyd") == STRANGER


def test_a_yes_brings_nobody_in_and_lifts_no_no_of_here(kiosk, centre):
    edge = kiosk()
    edge.opt_out("ada")
    centre.put_consents("ada", Consents((yes(NOON_US + 2 * SECOND_US),), NOON_US + 2 * SECOND_US))
    edge.sync()
    assert shown(edge) is None


def test_who_is_erased_at_the_centre_is_left_in_peace_until_the_next_pack(kiosk, centre):
    edge = kiosk()
    assert shown(edge) == "Ada, your olives"
    centre.erase("ada")
    assert edge.sync() == Synced(consents=1)
    assert shown(edge) is None


def test_a_killed_kiosk_asks_for_nothing(kiosk, centre):
    edge = kiosk()
    noes_, asked = edge._following._noes, []
    edge.destroy_pack()
    centre.changes = lambda *given: asked.append(given)
    assert (noes_.step(), asked) == (0, [])


def test_by_its_threads_it_hears_by_itself(kiosk, centre):
    edge = kiosk(sync=SyncOptions(poll_s=0.05))
    assert shown(edge) == "Ada, your olives"
    no_of(centre, "ada")
    until = time.monotonic() + 20
    while title(edge.decide("screen", "ada", preview=True)) != STRANGER and time.monotonic() < until:
        time.sleep(0.01)
    assert title(edge.decide("screen", "ada", preview=True)) == STRANGER


def test_a_centre_that_is_away_holds_up_no_events_and_is_told_in_the_status(kiosk, centre, monkeypatch):
    edge = kiosk()
    edge.opt_out("bob")

    def away(*_):
        raise tactful.CentreError("away")

    monkeypatch.setattr(centre, "changes", away)
    synced = edge.sync()
    assert (synced.events, list(synced.errors)) == (1, ["consents"])


def test_the_control_that_reads_on_from_the_pack_before_passes_a_no_over(kiosk, centre, make, monkeypatch):
    monkeypatch.setattr(noes.Noes, "_register", lambda _: noes.READ_REGISTER)
    with pytest.raises(AssertionError):
        test_a_no_from_before_a_newer_pack_counts_for_whom_only_that_one_knows(kiosk, centre, make)
