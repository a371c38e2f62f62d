"""Evidence is sealed: without the key, or changed, it is refused and says why; nobody reads without a reason."""

import base64

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import Access, Contact, Identity, Snapshot, StoreError, UsageError
from tactful.consent import Consents
from tactful.evidence import CountedBudget, CountedContacts, Evidence, pack_evidence, unpack_evidence
from tactful.memory import MemoryStore
from tactful.sealing import EvidenceReader, EvidenceSeal, evidence_key
from tactful.testing.store_kit import full_snapshot, no, yes
from tactful_adapters.sqlite import SQLiteStore

KEY = b"k" * 32
CONTACTS = CountedContacts((Contact("1", "ada", "shown", 5, tags=("a",), until_us=9),), -3)
FULL = Evidence(
    "1",
    7,
    "ada \ud800",
    Identity("ada", "device", "home"),
    ("hero", "rows"),
    {"page": "food", "gpc": None, "list": ("a", "b")},
    attrs.evolve(full_snapshot("ada"), unreadable=frozenset({"x", "y"})),
    Consents((yes(3), no(9, channel="email")), 11),
    ("no profile is on record",),
    counts_known=True,
    own=CONTACTS,
    household=attrs.evolve(CONTACTS, contacts=()),
    budgets=(CountedBudget("cap", "shape", "food", 3, None), CountedBudget("cap", "shape", "", 0, 9)),
)
EMPTY = Evidence("2", 8, "", None, ("hero",), {}, None, None)


def types(evidence):
    return [type(one.value) for one in evidence.snapshot.attributes.values()]


@pytest.mark.parametrize("evidence", [FULL, EMPTY, attrs.evolve(FULL, snapshot=Snapshot("ada", 1, {}))])
def test_evidence_comes_back_as_it_was(evidence):
    assert unpack_evidence(pack_evidence(evidence)) == evidence
    assert EvidenceSeal(KEY).open(EvidenceSeal(KEY).seal(evidence, b"who", 9)) == evidence


def test_values_keep_their_types():
    assert types(unpack_evidence(pack_evidence(FULL))) == types(FULL)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_bit_of_it_can_be_changed(at, change):
    row = EvidenceSeal(KEY).seal(FULL, b"who", 9)
    raw = bytearray(row.sealed)
    raw[at % len(raw)] ^= change
    with pytest.raises(StoreError, match=r"altered|another key"):
        EvidenceSeal(KEY).open(attrs.evolve(row, sealed=bytes(raw)))


@pytest.mark.parametrize(
    "change", [{"id": "2"}, {"at_us": 8}, {"who": b"other"}, {"until_us": 10}, {"sealed": b""}, {"sealed": b"k" * 20}]
)
def test_no_row_can_stand_in_the_place_of_another_or_outlive_its_time(change):
    row = EvidenceSeal(KEY).seal(FULL, b"who", 9)
    with pytest.raises(StoreError) as caught:
        EvidenceSeal(KEY).open(attrs.evolve(row, **change))
    assert caught.value.code in ("evidence-damaged", "evidence-key")


def test_another_key_opens_nothing_and_is_told_so():
    row = EvidenceSeal(KEY).seal(FULL, b"who", 9)
    with pytest.raises(StoreError, match="sealed with another key") as caught:
        EvidenceSeal(b"o" * 32).open(row)
    assert caught.value.code == "evidence-key"


def test_a_key_comes_from_a_file(tmp_path):
    path = tmp_path / "evidence.key"
    path.write_bytes(base64.b64encode(KEY) + b"\n")
    assert evidence_key(path) == evidence_key(str(path)) == evidence_key(KEY) == KEY


@pytest.mark.parametrize("content", [b"", b"not base64!", base64.b64encode(b"short"), b"\xff\xfe"])
def test_what_is_no_key_is_refused(tmp_path, content):
    path = tmp_path / "evidence.key"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"no key in base64|has 32 bytes, not") as caught:
        evidence_key(path)
    assert caught.value.code == "evidence-key"


def test_an_absent_key_file_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"none\.key: No such file or directory; give the file"):
        evidence_key(tmp_path / "none.key")


@pytest.mark.parametrize(("reader", "reason"), [("", "why"), ("eve", " "), ("eve", "x" * 501)])
def test_nobody_reads_without_a_name_and_a_reason(reader, reason):
    with pytest.raises(UsageError, match="must be said"):
        EvidenceReader(MemoryStore(), EvidenceSeal(KEY), reader=reader, reason=reason, clock=lambda: 0)


def test_damaged_evidence_is_told_and_the_rest_is_read(tmp_path):
    seal = EvidenceSeal(KEY)
    rows = [seal.seal(attrs.evolve(EMPTY, id=str(number), at_us=number), b"", 99) for number in range(3)]
    with SQLiteStore(tmp_path / "edge.db") as store:
        store.keep_evidence([rows[0], attrs.evolve(rows[1], sealed=rows[1].sealed[:-1]), rows[2]])
        reader = EvidenceReader(store, seal, reader="eve", reason="why", clock=lambda: 0)
        found = [one for _, one in reader.between(0, 9)]
        assert [isinstance(one, StoreError) for one in found] == [False, True, False]
        with pytest.raises(StoreError, match="altered or is damaged"):
            reader.read("1")
        other = EvidenceReader(store, EvidenceSeal(b"o" * 32), reader="eve", reason="why", clock=lambda: 0)
        with pytest.raises(StoreError, match="another key"):
            list(other.between(0, 9))


def test_the_access_log_takes_no_change(tmp_path):
    """Nothing in the store's own words alters a look, nor removes one before its time."""
    with SQLiteStore(tmp_path / "edge.db") as store:
        list(store.read_evidence(Access(1, "eve", "why", "1")))
        store.erase("ada")
        store.forget_evidence(9)
        store.forget_logged(2**62)
        assert store.accesses(0, 9) == [Access(1, "eve", "why", "1")]
        store.forget_evidence(2**62)
        assert store.accesses(0, 9) == []


def test_neither_repr_nor_error_tells_a_value():
    assert "ada" not in repr(FULL) + repr(CONTACTS)
    row = EvidenceSeal(KEY).seal(FULL, b"who", 9)
    assert b"ada" not in row.sealed
