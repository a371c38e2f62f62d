"""A pack holds who was chosen and what is allowed, opens with its key alone, and an edge decides from it."""

import pytest
from tests.kiosk.conftest import DEVICE_KEY, NOON_US, STRANGER, shown, title, told

import tactful
from tactful import MemoryStore, Pack, PackError, Snapshot, UsageError
from tactful.clock import DAY_US
from tactful.kiosk import packs
from tactful.kiosk.device_key import device_key_of
from tactful.kiosk.pack_file import PackFile


def test_a_kiosk_knows_who_is_in_the_pack_by_id_and_by_card(opened):
    edge = opened()
    assert shown(edge) == "Ada, your olives"
    assert shown(edge, {"card": "card-bob"}) == "Bob, your olives"
    assert shown(edge, "dan") == STRANGER


def test_who_was_not_chosen_is_not_in_the_pack(opened, make):
    edge = opened(make(customers=["ada"]))
    assert shown(edge) == "Ada, your olives"
    assert shown(edge, "bob") == STRANGER
    assert edge.status()["pack"]["customers"] == 1


def test_it_holds_the_attributes_that_decisions_on_these_screens_can_see_alone(make):
    pack = PackFile(make(), (make.public,)).unlock(DEVICE_KEY)
    assert pack.head.attributes == ("first_name",)
    assert set(pack.customer("ada").snapshot.attributes) == {"first_name"}
    pack.close()


def test_it_names_nobody_and_tells_nothing_without_its_key(make, shop):
    shop.put_profile(Snapshot("zoe-4711", NOON_US, {"first_name": told("Zoe Canary")}, 1))  # no digest has such letters
    shop.link({"card": "card-zoe"}, customer="zoe-4711")
    raw = make(customers=("ada", "zoe-4711")).read_bytes()
    assert all(word not in raw for word in (b"zoe-", b"Canary", b"card-", b"olives", b"offers", b"Bern"))


def test_the_household_and_its_contacts_come_along(make):
    pack = PackFile(make(), (make.public,)).unlock(DEVICE_KEY)
    assert sorted(pack.household("h1")) == ["ada", "bob"]
    assert [one.id for one in pack.customer("ada").contacts] == ["c1"]
    pack.close()


def test_who_wants_to_be_left_in_peace_has_no_values_in_it(make, policy):
    with tactful.open(policy, store=make.shop) as edge:
        edge.opt_out("ada")
    pack = PackFile(make(), (make.public,)).unlock(DEVICE_KEY)
    found = pack.customer("ada")
    assert found.snapshot.attributes == {}
    assert any(one.refuses for one in found.consents.records)
    pack.close()


def test_a_newer_pack_takes_the_place_of_the_one_of_before_at_once(opened, make):
    edge = opened(make())
    assert shown(edge, "bob") == "Bob, your olives"
    edge.take_pack(make(epoch=2, customers=["ada"]))
    assert shown(edge, "bob") == STRANGER
    assert shown(edge) == "Ada, your olives"
    assert edge.status()["pack"]["epoch"] == 2


def test_every_older_epoch_is_refused_and_the_last_good_pack_stays(opened, make):
    older = [make(f"{epoch}.pack", epoch=epoch) for epoch in range(9)]
    edge = opened(make("newest.pack", epoch=9))
    for path in older:
        with pytest.raises(PackError) as refused:
            edge.take_pack(path)
        assert refused.value.code == "pack-older"
    assert shown(edge) == "Ada, your olives"
    assert edge.status()["pack"]["epoch"] == 9


def test_the_mark_of_epochs_outlives_the_pack_and_the_process(opened, make):
    own = MemoryStore()
    older, newer = make("1.pack"), make("2.pack", epoch=2)
    opened(newer, store=own).close()
    newer.unlink()
    with pytest.raises(PackError) as refused:
        opened(older, store=own)
    assert refused.value.code == "pack-older"


@pytest.mark.parametrize("terms", [{"tenant": "other"}, {"store": "basel"}, {"device": "k2"}])
def test_a_pack_for_another_place_is_refused(opened, make, terms):
    edge = opened(make())
    with pytest.raises(PackError) as refused:
        edge.take_pack(make("other.pack", epoch=2, **terms))
    assert refused.value.code == "pack-foreign"
    assert shown(edge) == "Ada, your olives"


def test_a_pack_for_another_device_key_is_refused(opened, make):
    with pytest.raises(PackError) as refused:
        opened(make(device_key=bytes(32)))
    assert refused.value.code == "pack-foreign"


def test_a_pack_that_nobody_pinned_signed_is_refused(make, policy, clock):
    _, other = tactful.bundle.make_keys()
    with pytest.raises(PackError) as refused:
        tactful.open(policy, pack=Pack(make(), DEVICE_KEY, key=other), clock=clock)
    assert refused.value.code == "pack-unpinned"
    with pytest.raises(UsageError, match="pinned key"):
        tactful.open(policy, pack=Pack(make(), DEVICE_KEY), clock=clock)


def test_past_its_days_a_pack_knows_nobody_and_says_so(opened, clock):
    edge = opened(keeps_time=True)
    assert shown(edge) == "Ada, your olives"
    clock.pass_s(8 * 86_400)
    decision = edge.decide("screen", "ada")
    assert title(decision) == STRANGER
    assert decision.receipt().customer == ""
    assert any("the pack expired at" in one for one in decision.careful)
    assert edge.status()["pack"]["ready"] is False


def test_a_pack_that_has_expired_opens_and_takes_no_other_ones_place(opened, make, clock):
    edge = opened(make())
    clock.pass_s(86_400)
    with pytest.raises(PackError) as refused:
        edge.take_pack(make("2.pack", epoch=2, issued_us=NOON_US - 9 * DAY_US))
    assert refused.value.code == "pack-expired"
    assert shown(edge) == "Ada, your olives"
    clock.pass_s(8 * 86_400)
    assert shown(opened(make("old.pack"))) == STRANGER


def test_a_file_that_is_no_pack_is_refused(opened, tmp_path):
    for number, raw in enumerate([b"", b"tactful", b"x" * 5000]):
        path = tmp_path / f"{number}.pack"
        path.write_bytes(raw)
        with pytest.raises(PackError) as refused:
            opened(path)
        assert refused.value.code == "pack-malformed"
    with pytest.raises(PackError) as refused:
        opened(tmp_path / "none.pack")
    assert refused.value.code == "pack-file"


def test_customers_come_from_the_pack_or_from_elsewhere_and_no_log_is_kept(policy, make):
    pack = Pack(make(), DEVICE_KEY, key=make.public)
    with pytest.raises(UsageError, match="give one of them"):
        tactful.open(policy, pack=pack, profiles=lambda _: {})
    with pytest.raises(UsageError, match="keeps no decision log"):
        tactful.open(policy, pack=pack, log=True)


def test_a_pack_is_written_wholly_or_not_at_all(make, monkeypatch):
    path = make()
    before = path.read_bytes()
    monkeypatch.setattr(make.shop, "consents", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make(epoch=2)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["store.pack"]


def test_a_pack_made_for_a_newer_policy_waits_for_it(make, policy, signer, clock):
    private, public = signer
    times = {"issued_us": NOON_US, "expires_us": NOON_US + 9 * DAY_US}
    bundle = tactful.bundle.write(policy, private_key=private, tenant="shop", epoch=3, **times)
    pack = Pack(make(policy_epoch=4), DEVICE_KEY)
    with pytest.raises(PackError) as refused:
        tactful.open(bundle, key=public, pack=pack, clock=clock)
    assert refused.value.code == "pack-policy"
    with tactful.open(bundle, key=public, pack=Pack(make(policy_epoch=3), DEVICE_KEY), clock=clock) as edge:
        assert shown(edge) == "Ada, your olives"


def test_the_repr_of_a_pack_and_its_rows_tell_nothing(make):
    pack = PackFile(make(), (make.public,)).unlock(DEVICE_KEY)
    told = f"{pack!r} {pack.customer('ada')!r} {Pack('a', DEVICE_KEY)!r}"
    assert "Ada" not in told
    assert repr(DEVICE_KEY) not in told
    pack.close()


def test_a_device_key_is_read_once_and_is_the_same_from_everywhere(make):
    assert device_key_of(DEVICE_KEY, beside=make()) == DEVICE_KEY


def test_a_pack_is_in_its_place_on_disk_before_its_epoch_counts(opened, make, monkeypatch, tmp_path):
    """Else a power cut leaves the old pack there, and a mark by which it is refused: the kiosk would not open."""
    store = MemoryStore()
    edge = opened(store=store)
    done, keep = [], tmp_path / "kept.pack"
    monkeypatch.setattr(packs, "sync_folder", lambda folder: done.append((folder, keep.exists())))
    raised = store.raise_register
    monkeypatch.setattr(store, "raise_register", lambda *mark: (done.append(mark[0]), raised(*mark))[1])
    edge.take_pack(make("came.pack", epoch=2), keep_as=keep)
    assert done[0] == (tmp_path, True)
    assert any(str(one).startswith(packs.EPOCH_REGISTER) for one in done[1:])
