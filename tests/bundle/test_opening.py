"""An edge is opened and updated as in production: a pinned key, one tenant, epochs that rise, known guardrails."""

import threading
from contextlib import nullcontext

import attrs
import pytest

import tactful
from tactful import BundleError, MemoryStore, StoreError, UsageError, bundle
from tactful.clock import DAY_US
from tactful.plan_reader import EPOCH_REGISTER
from tactful_adapters.sqlite import SQLiteStore

from .conftest import payload, plain_policy, registry, seal
from .small_policy import EPOCH, EXPIRES_US, PUBLIC, SMALL, TENANT, signed

VISITOR = {"visits": 9, "first_name": "Ann", "paused": False}
STRANGER, STRANGER_PUBLIC = bundle.make_keys()
RENAMED = attrs.evolve(SMALL, name="the next one")


def shown(edge, profile=VISITOR):
    return [pick.offer for pick in edge.decide("rows", "ann", profile=profile).picks]


def refused(edge, source):
    with pytest.raises(BundleError) as refusal:
        edge.update(source)
    return refusal.value.code


def test_a_bundle_opens_from_bytes_and_from_a_file(open_edge, tmp_path):
    path = tmp_path / "shop.bundle"
    path.write_bytes(signed())

    assert {tuple(shown(open_edge(source))) for source in (signed(), path, str(path))} == {("loaf", "wine", "olives")}


def test_production_needs_a_key(open_edge, tmp_path):
    """Whatever is not verified says so: it takes the development form."""
    path = tmp_path / "shop.bundle"
    path.write_bytes(signed())
    for source in (signed(), path):
        with pytest.raises(UsageError, match="needs key="):
            open_edge(source, key=None)
    edge = open_edge(path, key=None, development=True)

    assert shown(edge) == ["loaf", "wine", "olives"]
    assert (edge.status()["epoch"], edge.status()["expires_in_s"]) == (None, None)


def test_with_a_key_nothing_unsigned_is_taken(open_edge, tmp_path):
    edge = open_edge(signed())
    for source in (tmp_path, SMALL):
        with pytest.raises(UsageError, match="has no signature"):
            open_edge(source)
        with pytest.raises(UsageError, match="has no signature"):
            edge.update(source)
    with pytest.raises(UsageError, match="give one of them"):
        open_edge(signed(), development=True)
    assert edge.status()["last_refused"] == "usage"
    assert shown(edge) == ["loaf", "wine", "olives"]


def test_a_file_that_is_not_there_or_is_no_bundle(open_edge, tmp_path):
    (tmp_path / "notes.txt").write_text("name: corner shop\n" * 9, encoding="utf-8")
    for source, code in (
        (tmp_path / "nowhere.bundle", "bundle-file"),
        (tmp_path / "notes.txt", "bundle-malformed"),
        ("a\0b", "bundle-file"),
        ("offers: " * 1000, "bundle-file"),
        ("", "bundle-file"),
    ):
        with pytest.raises(BundleError) as refusal:
            open_edge(source)
        assert refusal.value.code == code
        assert len(str(refusal.value)) < 400


def test_what_is_no_source_is_called_so(open_edge):
    with pytest.raises(UsageError, match="not as dict"):
        open_edge({"name": "corner shop"})


def test_a_refusal_gives_back_the_store_that_was_opened_for_it(open_edge, tmp_path):
    url = f"sqlite:///{tmp_path / 'edge.db'}?shared=no"  # which nobody else can open meanwhile
    with pytest.raises(BundleError, match="expired"):
        open_edge(signed(issued_us=1, expires_us=2), store=url)

    assert open_edge(signed(), store=url).status()["epoch"] == EPOCH
    store = MemoryStore()
    with pytest.raises(BundleError):
        open_edge(b"", store=store)
    assert store.register("mine") is None  # it is the caller's, and still open


def test_a_file_is_read_no_further_than_a_bundle_can_be(open_edge, tmp_path):
    path = tmp_path / "endless"
    with path.open("wb") as file:
        file.truncate(40 * bundle.SIZE_MAX_BYTES)  # a sparse file: read whole, it would be 2.5 GB
    with pytest.raises(BundleError) as refusal:
        open_edge(path)
    assert refusal.value.code == "bundle-too-large"


REFUSALS = {
    "bundle-altered": lambda: signed(RENAMED, epoch=9)[:-1] + b"\x00",
    "bundle-truncated": lambda: signed(RENAMED, epoch=9)[:-1],
    "bundle-malformed": lambda: signed(RENAMED, epoch=9) + b"\x00",
    "bundle-unpinned": lambda: signed(RENAMED, epoch=9, private_key=STRANGER),
    "bundle-foreign": lambda: signed(RENAMED, epoch=9, tenant="other-shop"),
    "bundle-older": lambda: signed(RENAMED, epoch=EPOCH - 1),
    "bundle-expired": lambda: signed(RENAMED, epoch=9, issued_us=1, expires_us=2),
    "bundle-not-yet": lambda: signed(RENAMED, epoch=9, issued_us=EXPIRES_US, expires_us=EXPIRES_US + 1),
    "bundle-too-new": lambda: seal(payload(epoch=9, format=2)),
    "bundle-kind": lambda: seal(payload(epoch=9, kind="consent")),
    "bundle-min-sdk": lambda: seal(payload(epoch=9, min_sdk="99")),
    "bundle-digest": lambda: seal(payload(epoch=9, length=1)),
    "bundle-policy": lambda: seal(payload({**plain_policy(), "offers": []}, epoch=9)),
    "bundle-too-large": lambda: bytes(bundle.SIZE_MAX_BYTES + 1),
    "bundle-file": lambda: "/nowhere/shop.bundle",
}


@pytest.mark.parametrize("code", REFUSALS)
def test_what_is_refused_leaves_the_last_good_one_in_force(open_edge, code):
    edge = open_edge(signed())
    before = edge.plan

    assert refused(edge, REFUSALS[code]()) == code
    assert edge.plan is before
    assert shown(edge) == ["loaf", "wine", "olives"]
    assert (edge.status()["last_refused"], edge.status()["epoch"]) == (code, EPOCH)
    edge.update(signed(RENAMED, epoch=8))  # what was refused with epoch 9 has not raised the mark
    assert (edge.status()["last_refused"], edge.status()["epoch"]) == ("", 8)
    assert edge.status()["policy"] == "the next one"


def test_the_mark_rises_with_what_is_taken(open_edge):
    edge = open_edge(signed(epoch=5))
    edge.update(signed(epoch=5))
    edge.update(signed(epoch=6))

    assert [refused(edge, signed(epoch=epoch)) for epoch in range(6)] == ["bundle-older"] * 6
    assert edge.status()["epoch"] == 6


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'edge.db'}"


def test_the_mark_outlives_the_process_and_the_bundle(open_edge, tmp_path, url):
    path = tmp_path / "shop.bundle"
    path.write_bytes(signed(epoch=8))
    open_edge(path, store=url).close()
    path.unlink()
    path.write_bytes(signed(epoch=7))

    with pytest.raises(BundleError, match="epoch 8 was taken already"):
        open_edge(path, store=url)
    path.write_bytes(signed(epoch=8))
    assert open_edge(path, store=url).status()["epoch"] == 8


def test_without_the_store_the_mark_is_gone(open_edge, tmp_path, url):
    """The control: it is the store that remembers, and nothing else."""
    open_edge(signed(epoch=8), store=url).close()
    (tmp_path / "edge.db").unlink()

    assert open_edge(signed(epoch=7), store=url).status()["epoch"] == 7
    assert open_edge(signed(epoch=7)).status()["epoch"] == 7


def test_tenants_in_one_store_have_marks_of_their_own(open_edge, url):
    open_edge(signed(epoch=800), store=url).close()

    assert open_edge(signed(tenant="other-shop", epoch=3), tenant="other-shop", store=url).status()["epoch"] == 3


def test_without_a_tenant_the_first_bundle_s_is_kept(open_edge):
    edge = open_edge(signed(), tenant=None)

    assert refused(edge, signed(tenant="other-shop", epoch=9)) == "bundle-foreign"
    edge.update(signed(epoch=9))


def test_a_mark_that_is_no_number_is_not_taken_for_none(open_edge):
    store = MemoryStore()
    store.claim_register(EPOCH_REGISTER + TENANT, b"low")

    with pytest.raises(StoreError, match="holds no epoch"):
        open_edge(signed(), store=store)


def test_keys_rotate_without_a_gap(open_edge):
    """Sign with both, pin the new one everywhere, then sign with the new one alone."""
    old_edge, new_edge = open_edge(signed()), open_edge(signed(), key=[PUBLIC, STRANGER_PUBLIC])
    both = signed(RENAMED, epoch=8, private_key=["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", STRANGER])
    for edge in (old_edge, new_edge):
        edge.update(both)
    new_only = signed(epoch=9, private_key=STRANGER)
    new_edge.update(new_only)

    assert new_edge.status()["epoch"] == 9
    assert refused(old_edge, new_only) == "bundle-unpinned"


def test_of_bundles_that_arrive_at_once_the_newest_stays(open_edge, url):
    """Threads of two edges on one store, each with its own order of arrival."""
    edges = [open_edge(signed(epoch=1), store=SQLiteStore.from_url(url)) for _ in range(2)]
    raws = [signed(attrs.evolve(SMALL, name=str(epoch)), epoch=epoch) for epoch in range(2, 14)]
    ready = threading.Barrier(4)

    def update(edge, order):
        ready.wait()
        for raw in order:
            try:
                edge.update(raw)
            except BundleError as error:
                assert error.code == "bundle-older"  # noqa: PT017 - whether it raises depends on the others

    threads = [
        threading.Thread(target=update, args=(edge, order)) for edge in edges for order in (raws, list(reversed(raws)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [edge.status()["epoch"] for edge in edges] == [13, 13]
    assert refused(edges[0], raws[-2]) == "bundle-older"


def test_a_bundle_that_another_process_has_overtaken_is_refused(open_edge):
    """Between looking at the mark and raising it, somebody else took a newer one."""

    class Overtaken(MemoryStore):
        def raise_register(self, name, number):
            super().raise_register(name, 99)
            return super().raise_register(name, number)

    with pytest.raises(BundleError, match="epoch 99 was taken already"):
        open_edge(signed(), store=Overtaken())


@pytest.mark.parametrize("locked", [True, False])
def test_an_update_that_is_slow_does_not_undo_a_newer_one(open_edge, monkeypatch, locked):
    """Without the lock, the mutant, the older bundle has the last word."""
    raised, newer_is_in = threading.Event(), threading.Event()

    class Slow(MemoryStore):
        def raise_register(self, name, number):
            kept = super().raise_register(name, number)
            if number == EPOCH + 1:
                raised.set()
                newer_is_in.wait(0.3)
            return kept

    edge = open_edge(signed(), store=Slow())
    if not locked:
        monkeypatch.setattr(edge, "_updating", nullcontext())
    slow = threading.Thread(target=edge.update, args=(signed(epoch=EPOCH + 1),))
    slow.start()
    assert raised.wait(10)
    edge.update(signed(epoch=EPOCH + 2))
    newer_is_in.set()
    slow.join()

    assert edge.status()["epoch"] == (EPOCH + 2 if locked else EPOCH + 1)


def test_decisions_go_on_while_bundles_are_swapped_and_refused(open_edge):
    edge = open_edge(signed())
    other = attrs.evolve(SMALL, offers=tuple(offer for offer in SMALL.offers if offer.id != "wine"))
    failures, stop = [], threading.Event()

    def decide():
        while not stop.is_set():
            if shown(edge) not in (["loaf", "wine", "olives"], ["loaf", "olives"]):
                failures.append(shown(edge))

    threads = [threading.Thread(target=decide) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(20):
        edge.update(signed(SMALL if number % 2 else other, epoch=EPOCH + number))
        refused(edge, signed(epoch=EPOCH - 1))
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


# Guardrails that a bundle names


def why_not(edge, offer, profile):
    losses = edge.decide("rows", "ann", profile=profile).explain().of(offer)
    return [reason.id for loss in losses for reason in loss.reasons]


def test_a_guardrail_that_is_there_limits_what_it_is_for(open_edge):
    edge = open_edge(signed())

    assert edge.status()["careful"] == []
    assert "house.pause" in why_not(edge, "wine", {**VISITOR, "paused": True})


@pytest.mark.parametrize(
    ("installed", "told"),
    [
        (tactful.Registry({}), "guardrail house: guardrail 'house' is not installed"),
        (registry("0.9"), "guardrail house: guardrail 'house': 0.9 is not >=1.0,<2"),
        (registry("2.0"), "guardrail house: guardrail 'house': 2.0 is not >=1.0,<2"),
        (registry("unknown"), "guardrail house: guardrail 'house': unknown is not >=1.0,<2"),
    ],
)
def test_one_that_is_absent_or_of_another_version_withholds_everything_and_says_so(open_edge, installed, told):
    edge = open_edge(signed(attrs.evolve(SMALL, enrichers=())), registry=installed)
    decision = edge.decide("hero", "ann", profile=VISITOR)

    assert edge.status()["careful"] == [told]
    assert decision.careful == (told,)
    assert decision.content == {"title": "Welcome"}
    assert shown(edge) == []


def test_settings_that_it_refuses_withhold_everything(open_edge):
    changed = attrs.evolve(SMALL, guardrails=(attrs.evolve(SMALL.guardrails[0], settings={"colour": "red"}),))
    edge = open_edge(signed(changed))

    assert shown(edge) == []
    assert "settings" in edge.status()["careful"][0]


def test_a_condition_that_the_bundle_lacks_withholds_the_guardrail_s_scope(open_edge):
    edge = open_edge(signed(attrs.evolve(SMALL, conditions=())))

    assert shown(edge) == ["loaf", "olives"]
    assert edge.status()["careful"] == ["guardrail house: the condition of house.pause is not in the bundle"]


def test_without_the_guardrail_in_the_policy_nothing_is_withheld(open_edge):
    """The control: it is the name in the bundle that makes a missing guardrail count."""
    edge = open_edge(signed(attrs.evolve(SMALL, guardrails=())), registry=tactful.Registry({}))

    assert shown(edge) == ["loaf", "wine", "olives"]
    assert "house.pause" not in why_not(edge, "wine", {**VISITOR, "paused": True})


# A bundle that expires while it is in force


def seen(decision):
    return [(pick.offer, pick.treatment, pick.tone.name, pick.basis.name) for pick in decision.picks]


def test_at_its_expiry_a_bundle_carries_nothing_above_context(open_edge, clock):
    edge = open_edge(signed())
    told = "the bundle expired at 2025-01-02 00:00 UTC: update it"
    clock.now_us = EXPIRES_US - 1
    before = edge.decide("rows", "ann", profile=VISITOR)
    clock.now_us = EXPIRES_US
    after = edge.decide("rows", "ann", profile=VISITOR)

    assert ("loaf", "plain", "GENERIC", "SEGMENT") in seen(before)
    assert [offer for offer, *_ in seen(after)] == ["olives"]
    assert {(tone, basis) for _, _, tone, basis in seen(after)} == {("GENERIC", "GENERIC")}
    assert (before.careful, after.careful) == ((), (told,))
    assert [reason.id for loss in after.explain().of("loaf") for reason in loss.reasons] == ["core.expired"]
    assert "core.expired" in after.limits()
    assert (edge.status()["careful"], edge.status()["expires_in_s"]) == ([told], 0)


def test_what_was_worked_out_before_the_expiry_does_not_outlive_it(open_edge, clock):
    """A customer who is held, and a page view that is remembered, are decided for anew."""
    edge = open_edge(signed(), profiles=lambda _: dict(VISITOR))
    edge.warm("ann")
    clock.now_us = EXPIRES_US - DAY_US
    assert "loaf" in [pick.offer for pick in edge.decide("rows", "ann", view="v1").picks]
    clock.now_us = EXPIRES_US - 1
    assert "loaf" in [pick.offer for pick in edge.decide("rows", "ann", view="v1").picks]
    clock.now_us = EXPIRES_US
    after = edge.decide("rows", "ann", view="v1")

    assert [pick.offer for pick in after.picks] == ["olives"]
    assert edge.decide("rows", "ann", view="v1") is after
    assert [pick.offer for pick in edge.decide("rows", "ann").picks] == ["olives"]


def test_an_update_ends_the_care(open_edge, clock):
    edge = open_edge(signed())
    clock.now_us = EXPIRES_US
    assert "loaf" not in shown(edge)
    edge.update(signed(epoch=8, issued_us=EXPIRES_US, expires_us=EXPIRES_US + DAY_US))

    assert "loaf" in shown(edge)
    assert (edge.status()["careful"], edge.status()["expires_in_s"]) == ([], 86_400)


def test_what_has_no_expiry_goes_on(open_edge, clock):
    """The control: in development nothing expires."""
    edge = open_edge(SMALL, key=None, tenant=None)
    clock.now_us = EXPIRES_US + 1000 * DAY_US

    assert "loaf" in shown(edge)


def test_an_expired_bundle_does_not_open(open_edge, clock):
    clock.now_us = EXPIRES_US
    with pytest.raises(BundleError, match="expired at 2025-01-02 00:00 UTC; build a new one"):
        open_edge(signed())
