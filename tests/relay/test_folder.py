"""A centre in a folder: the laws of centres, and files that are torn, older, damaged, or cannot be written."""

import threading

import pytest

import tactful
from tactful import (
    CentreError,
    Consent,
    Consents,
    ConsentState,
    How,
    Link,
    MemoryStore,
    Merge,
    SyncOptions,
    wall_clock,
)
from tactful.relay import folder as module
from tactful.relay.folder import FolderCentre
from tactful.testing.centre_kit import followed, opt_in, stands, withdrawal
from tactful.testing.centres import CentreConformance

from .test_edges import PUBLIC, built

YES = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 1),), 1)


class TestFolderCentre(CentreConformance):
    persistent = shared = True

    def make_centre(self, where):
        (where / "centre").mkdir(exist_ok=True)
        return FolderCentre.from_url(f"file://{where}/centre")

    def tell(self, centre, customer, told):
        with centre.changing() as changed:
            super().tell(changed, customer, told)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "centre"


@pytest.fixture
def centre(folder):
    one = FolderCentre(folder)
    with one.changing() as told:
        told.put_consents("ada", YES)
    yield one
    one.close()


def code_of(call):
    with pytest.raises(CentreError) as caught:
        call()
    return caught.value.code


def test_a_torn_file_is_never_read_and_the_whole_one_is_again(folder, centre):
    FolderCentre(folder).deliver([opt_in("1", "bob", 5)])
    newer = (folder / "centre").read_bytes()
    for end in range(len(newer)):
        (folder / "centre").write_bytes(newer[:end])  # as a copy does that is under way
        assert code_of(lambda: centre.changes("consents", 0, 9)) == "centre-torn"
        assert code_of(lambda: centre.deliver([opt_in("2", "eve", 5)])) == "centre-torn"
        assert code_of(lambda: FolderCentre(folder)) == "centre-torn"
    (folder / "centre").write_bytes(newer)
    assert len(centre.changes("consents", 0, 9).changes) == 2


def test_no_bit_of_the_file_can_be_another(folder, centre):
    whole = (folder / "centre").read_bytes()
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CentreError):
            module.Told.unpacked(bytes(flipped), wall_clock)


def test_an_older_file_is_refused(folder, centre):
    older = (folder / "centre").read_bytes()
    centre.deliver([withdrawal("1", "ada", 9, "offers")])
    (folder / "centre").write_bytes(older)
    assert code_of(lambda: centre.changes("consents", 0, 9)) == "centre-went-back"
    (folder / "centre").unlink()
    assert code_of(lambda: centre.changes("consents", 0, 9)) == "centre-went-back"


def test_whoever_reads_meanwhile_sees_whole_files(folder, centre):
    done, failures = threading.Event(), []

    def read():
        other = FolderCentre(folder)
        last = 0
        try:
            while not done.is_set():
                epoch = other.changes("consents", 0, 10**6).epoch
                assert epoch >= last
                last = epoch
        except BaseException as error:  # noqa: BLE001 - it is told below
            failures.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    for number in range(30):
        centre.deliver([opt_in(str(number), f"customer {number}", 5)])
    done.set()
    reading.join(30)
    assert failures == []


def test_several_who_deliver_at_once_lose_nothing(folder):
    def deliver(writer):
        one = FolderCentre(folder)
        for number in range(10):
            one.deliver([opt_in(f"{writer}/{number}", f"customer {writer}/{number}", 5)])

    threads = [threading.Thread(target=deliver, args=(writer,)) for writer in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(followed(FolderCentre(folder))) == 40
    assert len(list((folder / "events").iterdir())) == 40


def test_what_cannot_be_written_is_told_and_changes_nothing(folder, centre, monkeypatch):
    def full(*_, **__):
        raise tactful.UsageError("centre: No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(module, "write_swapped", full)
        assert code_of(lambda: centre.deliver([withdrawal("1", "ada", 9, "offers")])) == "centre-folder"
    assert stands(followed(centre).get("ada")) == (True, False)
    assert centre.deliver([withdrawal("1", "ada", 9, "offers")]).accepted == {"1"}
    assert stands(followed(centre).get("ada")) == (False, True)


def test_merges_are_known_when_it_is_opened_again(folder, centre):
    with centre.changing() as told:
        told.merge("ada", "al")
        told.link({"card": "4711"}, "ada")
        told.put_consents("al", YES)
    again = FolderCentre(folder)
    again.deliver([withdrawal("1", "ada", 9, "offers")])
    assert stands(followed(again).get("al")) == (False, True)
    kinds = [type(one.told) for one in again.changes("profiles", 0, 9).changes]
    assert kinds == [Merge, Link]


def test_an_erasure_leaves_nothing_of_a_customer_in_the_folder(folder, centre):
    centre.deliver([opt_in("1", "bob-canary", 5), opt_in("2", "eve", 5)])
    (event,) = [path for path in (folder / "events").iterdir() if b"canary" in path.read_bytes()]
    event.with_name(f".{event.name}.1-1").write_bytes(event.read_bytes())  # a writer was killed before its rename
    with centre.changing() as told:
        told.erase("bob-canary")
    left = [path.read_bytes() for path in (folder / "events").iterdir()]
    assert not any(b"canary" in raw for raw in left)
    assert sorted(map(bool, left)) == [False, True]
    assert centre.deliver([opt_in("1", "bob-canary", 5)]).accepted == {"1"}  # it was taken once
    assert not any(b"canary" in path.read_bytes() for path in (folder / "events").iterdir())
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder / "events").iterdir())


@pytest.mark.parametrize("url", ["file://elsewhere/centre", "file:", "file:///centre?x=1", "file:///centre#x"])
def test_a_url_that_names_no_folder_of_this_host_is_told(url):
    assert code_of(lambda: FolderCentre.from_url(url)) == "centre-url"


def test_a_url_makes_no_folder_so_that_a_mistyped_one_does_not_read_as_empty(tmp_path, policy):
    url = f"file://{tmp_path}/mistyped"
    assert code_of(lambda: FolderCentre.from_url(url)) == "centre-missing"
    for store in (None, f"sqlite:///{tmp_path}/edge.db"):
        assert code_of(lambda store=store: tactful.open(policy, store=store, centre=url)) == "centre-missing"
    assert not (tmp_path / "mistyped").exists()
    FolderCentre(tmp_path / "mistyped").close()  # whoever fills it makes it
    FolderCentre.from_url(url).close()


def test_a_folder_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert code_of(lambda: FolderCentre(tmp_path / "file")) == "centre-folder"


def test_an_edge_follows_a_folder_and_takes_its_bundle(folder, centre, policy):
    assert code_of(centre.bundle) == "centre-refuses"
    (folder / "policy.bundle").write_bytes(built(policy, 7))
    with tactful.open(
        centre.bundle(), key=PUBLIC, tenant="shop", store=MemoryStore(), centre=centre, sync=SyncOptions(threads=False)
    ) as edge:
        assert edge.sync().consents == 1
        edge.opt_out("ada")
        assert edge.sync().errors == {}
        assert stands(followed(centre).get("ada"), now_us=wall_clock() + 1) == (False, True)
        (folder / "policy.bundle").write_bytes(built(policy, 6))
        assert centre.bundle() == centre.bundle()
        edge.update(centre.bundle())
        assert edge.status()["epoch"] == 7
