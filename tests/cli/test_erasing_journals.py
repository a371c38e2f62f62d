"""`tactful erase --journal`: the journals of mails and triggers forget the customer, and the receipt counts it."""

import json

import pytest

from tactful import MemoryStore, Snapshot, wall_clock
from tactful.engine.attached import Attached
from tactful.opening import store_of
from tactful_adapters.email.journal import Journal as Mails
from tactful_adapters.journals import journal_of
from tactful_adapters.triggers.journal import Journal as Notes
from tactful_adapters.triggers.journal import Waiting


@pytest.fixture
def kept(tmp_path):
    """A store with Ann, who has two ids, and Bob; each was mailed, and a note waits for each."""
    url, now_us = f"sqlite:///{tmp_path / 'edge.db'}", wall_clock()
    store = store_of(url)
    mails, notes = tmp_path / "december.journal", tmp_path / "triggers.journal"
    with Mails(mails, "december") as journal, Notes(notes) as waiting:
        for who in ("ann", "anna", "bob"):
            store.put_profile(Snapshot(who, now_us, {}))
            assert journal.reserve(who, f"{who}@example.org", who, now_us, "token")
            note = Waiting(waiting.key("left", f"of {who}"), "left", who, {}, now_us, now_us + 10**12)
            assert waiting.add(note, who, 1, 1) == "waiting"
    store.merge("ann", "anna")
    store.close()
    return url, mails, notes


def mailed(path):
    with Mails(path, "december") as journal:
        return set(journal.known(["ann", "anna", "bob"]))


def notes_in(path):
    with Notes(path) as journal:
        return sum(journal.counts().values())


def test_the_journals_forget_all_merged_ids_and_the_receipt_counts_it(run, kept):
    url, mails, notes = kept
    words = ("erase", "anna", "--store", url, "--journal", mails, "--journal", notes)
    run(*words)  # without --yes nothing goes
    assert (mailed(mails), notes_in(notes)) == ({"ann", "anna", "bob"}, 3)
    receipt = run(*words, "--yes", "--json").json
    assert receipt["beside"] == {"campaign december": 2, "triggers": 2}
    assert (mailed(mails), notes_in(notes)) == ({"bob"}, 1)
    assert "ann" not in json.dumps(receipt)
    assert b"ann" not in mails.read_bytes()
    told = run("erase", "bob", "--store", url, "--journal", mails, "--yes")
    assert "campaign december" in told.out


def test_without_the_option_no_journal_is_reached(run, kept):
    """The control: what holds above holds by the option."""
    url, mails, notes = kept
    assert run("erase", "anna", "--store", url, "--yes", "--json").json["beside"] == {}
    assert (mailed(mails), notes_in(notes)) == ({"ann", "anna", "bob"}, 3)


def test_a_journal_that_fails_is_named_and_owes_it_to_whoever_has_it_next(run, shop, kept, monkeypatch):
    url, mails, _ = kept
    with monkeypatch.context() as patch:
        patch.setattr(Mails, "forget", fails)
        receipt = run("erase", "ann", "--store", url, "--journal", mails, "--yes", "--json").json
    assert receipt["gone"]["profiles"] == 2
    assert receipt["pending"][0].startswith("campaign december could not be told: the store remembers it")
    assert mailed(mails) == {"ann", "anna", "bob"}
    assert list(run("status", shop, "--store", url, "--json").json["erasures_owed"].values()) == [2]
    store = store_of(url)
    try:
        assert [set(one) for one in store.owed_erasures().values()] == [{"ann", "anna"}]
        later = Attached(store)
        later.add(*journal_of(mails))
        assert later.tell_again()
        later.close()
        assert dict(store.owed_erasures()) == {}
    finally:
        store.close()
    assert mailed(mails) == {"bob"}


def fails(*_):
    raise OSError


@pytest.mark.parametrize(
    ("name", "said"), [("none", "there is no such journal"), ("text", "this is no journal"), ("edge.db", "no journal")]
)
def test_what_is_no_journal_is_refused_and_nothing_is_erased(run, kept, tmp_path, name, said):
    url, *_ = kept
    (tmp_path / "text").write_text("no database, but long enough to be one\n" * 50, encoding="utf-8")
    before = sorted(path.name for path in tmp_path.iterdir())
    ended = run("erase", "ann", "--store", url, "--journal", tmp_path / name, "--yes")
    assert (ended.code, said in " ".join(ended.err.split())) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert run("erase", "ann", "--store", url, "--json").json["would_go"]["profiles"] == 2


def test_nothing_is_remembered_of_who_owes_nothing():
    with MemoryStore() as store:
        Attached(store).forget(["ann"])
        assert dict(store.owed_erasures()) == {}
