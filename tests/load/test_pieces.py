"""What is done in pieces, so that others can decide in between, comes to the same as in one go."""

import copy

import attrs
import msgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tactful import image
from tactful.bundle import packing
from tactful.catalog import Catalog
from tactful.errors import BundleError
from tactful.image import image_of
from tactful.plan import fuse
from tactful.testing.differential.run import run

from .conftest import policy

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=40) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=4) | st.integers(0, 3), inner),
    max_leaves=30,
)


def at_once(raw):
    """What msgpack itself makes of bytes, or None if it refuses them or something is left over."""
    unpacker = msgpack.Unpacker(max_buffer_size=max(len(raw), 1))
    unpacker.feed(raw)
    try:
        unpacker.skip()
        return (msgpack.unpackb(raw),) if unpacker.tell() == len(raw) else None
    except packing.UNREADABLE:
        return None


def in_pieces(raw):
    try:
        return (packing.unpack(raw, "it"),)
    except BundleError:
        return None


@given(PLAIN, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=2), st.integers(0, 3))
@example({"a": [{"b": [1]}]}, [], 0)
@example([[[]]], [(0, 0xDD)], 0)  # a list of very many items in a few bytes
@example({"a": 1}, [(0, 0xDF)], 0)
@example({1: 2}, [], 0)
def test_bytes_are_read_and_refused_as_msgpack_does(plain, flipped, cut):
    raw = bytearray(msgpack.packb(plain))
    for place, byte in flipped:
        raw[place % len(raw)] = byte
    raw = bytes(raw[: len(raw) - cut])
    assert repr(in_pieces(raw)) == repr(at_once(raw))


def test_a_reader_that_takes_any_key_is_found_out(monkeypatch):
    monkeypatch.setattr(packing, "_key", lambda raw, unpacker: packing._value(raw, unpacker, 0))
    raw = msgpack.packb({1: 2})
    assert in_pieces(raw) != at_once(raw)


def test_conditions_compiled_in_pieces_decide_as_the_reference_does(monkeypatch):
    monkeypatch.setattr(fuse, "_PIECE", 2)
    figures = run(400)
    assert figures.compared.decisions >= 400
    assert not figures.differences


@pytest.mark.parametrize("mistake", ["allow &= m", "flags |= f", "until = min(until, u)"])
def test_a_mistake_in_how_pieces_are_joined_is_found(monkeypatch, mistake):
    monkeypatch.setattr(fuse, "_PIECE", 1)
    monkeypatch.setattr(fuse, "_in_turn", mistaken(mistake))
    assert run(20_000).differences


def mistaken(mistake):
    import inspect  # noqa: PLC0415 - for this alone

    source = inspect.getsource(fuse._in_turn)
    assert source.count(mistake) == 1
    scope = dict(vars(fuse))
    exec(source.replace(mistake, "pass"), scope)  # noqa: S102 - our own source
    return scope["_in_turn"]


def test_what_guardrails_share_is_restored_as_it_was(monkeypatch):
    monkeypatch.setattr(image, "_PIECE", 1)
    shop = policy("A")
    entries = Catalog(shop).entries
    found = image_of(shop, entries)
    assert len(found.pieces) == len(shop.offers) == 2
    assert found.restored(shop) == (shop, entries)
    assert image_of(*copy.deepcopy((shop, entries))) == found


@pytest.mark.parametrize("part", ["offer", "entry", "policy", "an entry's offer"])
def test_what_was_changed_by_force_shows(part):
    shop = policy("A")
    entries = Catalog(shop).entries
    before = image_of(shop, entries)
    what, name, value = {
        "offer": (shop.offers[1], "topic", "x"),
        "entry": (entries[1], "labels", attrs.evolve(entries[1].labels, topics=frozenset({"x"}))),
        "policy": (shop, "name", "other"),
        "an entry's offer": (entries[0], "offer", attrs.evolve(entries[0].offer, owner="x")),
    }[part]
    object.__setattr__(what, name, value)
    assert image_of(shop, entries) != before
