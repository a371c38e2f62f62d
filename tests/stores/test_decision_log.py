"""What the log keeps is compact, comes back as it was, and is refused when it is damaged."""

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import LoggedDecision, LoggedPick, StoreError, log_key, pseudonym
from tactful.testing.store_kit import logged
from tactful_adapters.sqlite import SQLiteStore

TEXTS = st.text(max_size=5)
BYTES = st.binary(max_size=5)
PICKS = st.builds(
    LoggedPick, TEXTS, TEXTS, TEXTS, st.integers(0, 3), st.integers(0, 3), st.floats(allow_nan=False, width=64)
)
RECORDS = st.builds(
    LoggedDecision,
    id=st.text(min_size=1, max_size=5),
    at_us=st.integers(-(2**60), 2**60),
    who=BYTES,
    channel=TEXTS,
    placements=st.lists(TEXTS, max_size=3).map(tuple),
    picks=st.lists(PICKS, max_size=3).map(tuple),
    limits=st.lists(st.tuples(TEXTS, st.integers(0, 999)), max_size=3).map(tuple),
    careful=st.lists(TEXTS, max_size=3).map(tuple),
    policy=TEXTS,
    epoch=st.none() | st.integers(0, 9),
    bundle=BYTES,
    plugins=BYTES,
    kind=TEXTS,
    snapshot=BYTES,
    consents=BYTES,
    truths=BYTES,
    unlinked=st.booleans(),
)


@given(RECORDS)
def test_a_record_comes_back_as_it_was(record):
    assert LoggedDecision.unpack(record.pack()) == record


@given(RECORDS, st.integers(0, 40), BYTES)
def test_damaged_bytes_are_refused_or_read_as_a_whole_record(record, at, damage):
    packed = record.pack()
    for raw in (packed[:at], packed[:at] + damage + packed[at + len(damage) :]):
        try:
            found = LoggedDecision.unpack(raw)
        except StoreError:
            continue
        assert LoggedDecision.unpack(found.pack()) == found


@pytest.mark.parametrize("raw", [b"", b"\xc1", msgpack.packb([1, "id"]), msgpack.packb(7), msgpack.packb([])])
def test_what_is_no_record_is_refused(raw):
    with pytest.raises(StoreError, match="damaged") as caught:
        LoggedDecision.unpack(raw)
    assert caught.value.code == "log-damaged"


def test_a_newer_format_is_refused():
    with pytest.raises(StoreError, match="has format 2, this version reads 1"):
        LoggedDecision.unpack(msgpack.packb([2, "whatever"]))


def test_a_decision_has_an_id():
    with pytest.raises(ValueError, match="id"):
        logged("", 1)


def test_a_damaged_row_is_named_and_the_others_stay(tmp_path):
    with SQLiteStore(tmp_path / "edge.db") as store:
        store.log_decisions([logged("1", 1), logged("2", 2)])
        with store._file.writing() as connection:
            connection.execute("UPDATE decision SET body = x'93' WHERE id = '1'")
        with pytest.raises(StoreError, match="damaged"):
            store.logged_decision("1")
        assert store.logged_decision("2") == logged("2", 2)
        assert store.forget_logged(2) == 1
        assert list(store.logged(0, 9)) == [logged("2", 2)]


def test_a_damaged_row_does_not_stand_in_the_way_of_an_erasure(tmp_path):
    with SQLiteStore(tmp_path / "edge.db") as store:
        who = pseudonym(log_key(store), "ada")
        store.log_decisions([logged("1", 1, who), logged("2", 2, who)])
        with store._file.writing() as connection:
            connection.execute("UPDATE decision SET body = x'93' WHERE id = '1'")
        assert store.erase("ada")["decisions"] == 2
        assert list(store.logged(0, 9)) == [logged("2", 2, who).unlink()]


def test_a_pseudonym_is_of_one_store(tmp_path):
    with SQLiteStore(tmp_path / "a.db") as one, SQLiteStore(tmp_path / "b.db") as other:
        names = {pseudonym(log_key(store), customer) for store in (one, other) for customer in ("ada", "bob")}
        assert len(names) == 4
        assert pseudonym(log_key(one), "") == b""
        assert {len(name) for name in names} == {16}
