"""A pack that is written into or cut while it is open: nobody is known by it, and the kiosk's status says so."""

import os
from contextlib import suppress

import pytest
from tests.kiosk.conftest import NOON_US, STRANGER, shown, title

from tactful.cli.wrong import wrong_of
from tactful.errors import PackError
from tactful.kiosk.pack_file import PackFile

OVERWRITTEN = "was overwritten or cut while it was open"
DAY_US = 86_400 * 10**6


@pytest.fixture
def path(make):
    """A pack that was written long ago, so that whatever is written now bears another time."""
    path = make()
    os.utime(path, (10**9, 10**9))
    return path


def empty(path):
    path.write_bytes(b"")


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def longer(path):
    with path.open("ab") as file:
        file.write(b"more")


def overwrite(path):
    path.write_bytes(bytes(path.stat().st_size))


def overwrite_one_byte(path):
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 3)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


ALL = pytest.mark.parametrize("spoil", [empty, cut, longer, overwrite, overwrite_one_byte])


@ALL
def test_status_says_that_nobody_is_known_and_what_to_do(opened, path, spoil):
    edge = opened(path)
    assert edge.status()["pack"]["ready"]
    spoil(path)
    pack = edge.status()["pack"]
    assert not pack["ready"]
    assert OVERWRITTEN in pack["reason"]
    assert "take_pack" in pack["reason"]


@ALL
def test_decisions_are_careful_and_say_why(opened, path, spoil):
    edge = opened(path)
    assert shown(edge) != STRANGER
    spoil(path)
    edge.status()
    decision = edge.decide("screen", "ada")
    assert title(decision) == STRANGER
    assert any(OVERWRITTEN in one for one in decision.careful)


def test_an_edge_that_lacks_its_pack_is_not_ready_and_the_command_has_it_too(opened, path):
    edge = opened(path)
    assert not any(one.part == "pack" for one in edge.readiness())
    assert not any(one.part == "pack" for one in wrong_of(edge.status(), None))
    cut(path)
    assert [(one.part, one.code) for one in edge.readiness()] == [("pack", "nobody-known")]
    assert [(one.part, OVERWRITTEN in one.says) for one in wrong_of(edge.status(), None)] == [("pack", True)]


def test_a_row_that_could_not_be_read_tells_whatever_the_file_says_of_its_last_write(opened, path):
    edge = opened(path)
    rows = path.read_bytes()
    end = len(rows) - 8 * 1024 if len(rows) > 16 * 1024 else len(rows) // 8
    path.write_bytes(bytes(one ^ 1 for one in rows[:end]) + rows[end:])
    os.utime(path, (10**9, 10**9))
    assert edge.status()["pack"]["ready"]  # as long as nothing is read of it
    for one in ("ada", "bob", "cyd"):
        with suppress(PackError):
            edge.warm(one)
    pack = edge.status()["pack"]
    assert not pack["ready"]
    assert OVERWRITTEN in pack["reason"]


def test_the_pack_brought_again_heals_it(opened, path, make):
    edge = opened(path, keeps_time=True)
    cut(path)
    assert not edge.status()["pack"]["ready"]
    edge.take_pack(make("again.pack"), keep_as=path)
    assert edge.status()["pack"]["ready"]
    assert shown(edge) != STRANGER


def test_bytes_that_are_put_back_heal_it(opened, path):
    edge, raw = opened(path), path.read_bytes()
    cut(path)
    assert not edge.status()["pack"]["ready"]
    path.write_bytes(raw)
    assert edge.status()["pack"]["ready"]


def test_another_pack_renamed_over_it_and_a_new_time_alone_change_nothing(opened, path, make):
    edge = opened(path)
    os.utime(path)
    assert edge.status()["pack"]["ready"]
    make("next.pack", epoch=2, issued_us=NOON_US + DAY_US).replace(path)
    assert edge.status()["pack"]["ready"]
    assert shown(edge) != STRANGER


def test_what_is_as_it_was_is_not_read_through_for_each_status(opened, path, monkeypatch):
    read = []
    whole = PackFile._digest
    monkeypatch.setattr(PackFile, "_digest", lambda self, length: read.append(length) or whole(self, length))
    edge = opened(path)
    assert len(read) == 1
    for _ in range(3):
        edge.status()
    assert len(read) == 1
    os.utime(path)
    for _ in range(3):
        edge.status()
    assert len(read) == 2
