"""An erasure reaches what a program keeps beside the edge's store, and its receipt counts it; who fails is named."""

import json
import sys
import time

import attrs
import pytest
from tests.differential.mutating import twin

import tactful
from tactful import MemoryStore, StoreError, UsageError
from tactful.authoring import compile_files
from tactful.engine import attached, rights

POLICY = compile_files(
    {
        "shop.yaml": b"""\
name: shop
channels: {web: private}
placements: {page: {channel: web, slots: 1}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
offers: {bread: {intent: sell, topic: food, purpose: offers, treatments: Bread}}
"""
    }
)


#: What is to happen soon happens within so long, or not at all [s].
PATIENCE_S = 8.0
#: Pauses between two tries [s].
NEVER_S, AT_ONCE_S = (3_600.0, 3_600.0), (0.001, 0.001)


class Notes:
    """Notes about customers; it can be down."""

    def __init__(self, *customers):
        self.held, self.is_down = list(customers), False

    def forget(self, customer):
        if self.is_down:
            raise OSError(f"no way to forget {customer}")
        before = len(self.held)
        self.held = [one for one in self.held if one != customer]
        return before - len(self.held)


@pytest.fixture
def store():
    with MemoryStore() as made:
        yield made


def patient(edge, store, module=attached):
    """Have an edge tell again by itself when a test asks it to, and not before."""
    edge._attached.close()
    edge._attached = module.Attached(store, pauses_s=NEVER_S)


@pytest.fixture
def edge(store):
    with tactful.open(POLICY, store=store) as opened:
        patient(opened, store)
        for who in ("ann", "bob"):
            opened.opt_in(who, "offers")
        yield opened


def all_ids(edge, store):
    """What is kept under a merged id goes too, and nobody else's."""
    notes = Notes("ann", "bob", "ann", "anna")
    edge.rights.attach("notes", notes)
    store.merge("ann", "anna")
    receipt = edge.rights.erase("ann")
    assert notes.held == ["bob"]
    assert dict(receipt.beside) == {"notes": 3}
    assert not any("notes" in one for one in receipt.pending)


def until_the_rows_are_gone(edge, store):
    """What is noted down between the first look and the end of the rows goes too."""
    notes = Notes("ann")
    edge.rights.attach("notes", notes)
    erase = store.erase

    def slowly(customer):
        notes.held.append("ann")
        return erase(customer)

    store.erase = slowly
    assert dict(edge.rights.erase("ann").beside) == {"notes": 2}
    assert notes.held == []


def before_the_rows_are_gone(edge, store):
    """Who dies with the rows gone has forgotten what is kept under merged ids, of which nobody knows any more."""
    notes = Notes("ann", "anna")
    edge.rights.attach("notes", notes)
    store.merge("ann", "anna")

    def dies(customer):
        raise KeyboardInterrupt

    store.erase = dies
    with pytest.raises(KeyboardInterrupt):
        edge.rights.erase("ann")
    assert notes.held == []


def who_fails(edge, store):
    """One that fails is named, keeps nothing else back, and is told the next time, of merged ids as well."""
    down, up = Notes("ann", "anna"), Notes("ann")
    down.is_down = True
    edge.rights.attach("down", down)
    edge.rights.attach("up", up)
    store.merge("ann", "anna")
    receipt = edge.rights.erase("ann")
    assert (dict(receipt.beside)["up"], up.held, receipt.gone["consents"] > 0) == (1, [], True)
    assert receipt.pending[0].startswith("down could not be told: the store remembers it")
    down.is_down = False
    again = edge.rights.erase("ann")  # the store does not know any more that it is Anna, too
    assert (dict(again.beside), down.held) == ({"down": 2, "up": 0}, [])
    assert not any("could not be told" in one for one in again.pending)


def after_a_restart(edge, store):
    """What is owed is told by the next edge of the same store that has it attached, and is then owed no more."""
    here, elsewhere = Notes("ann", "anna"), Notes("ann")
    for keeper, path in ((here, "/a"), (elsewhere, "/b")):
        keeper.path, keeper.is_down = path, True
        edge.rights.attach("notes", keeper)
    store.merge("ann", "anna")
    edge.rights.erase("ann")
    assert edge.status()["erasures_owed"] == {"notes": 4}
    edge.close()
    here.is_down = elsewhere.is_down = False
    later = type(edge._attached)(store, pauses_s=NEVER_S)
    later.add("notes", here)
    soon(lambda: here.held == [] and set(store.owed_erasures()) == {"notes /b"})
    later.add("notes", elsewhere)
    soon(lambda: elsewhere.held == [] and not store.owed_erasures())
    assert later.status() == {}
    later.close()


def by_itself(edge, store):
    """Who fails is told again without another erasure, until it is done, and not after that."""
    notes = Notes("ann")
    notes.is_down, tries = True, []
    kept = type(edge._attached)(store, pauses_s=AT_ONCE_S)
    kept.add("notes", notes)
    forget = notes.forget

    def counted(customer):
        tries.append(customer)
        notes.is_down = len(tries) < 3
        return forget(customer)

    notes.forget = counted
    assert kept.forget(["ann"]).failed == {"notes": True}
    soon(lambda: notes.held == [] and not store.owed_erasures())
    soon(lambda: kept._again._thread is None)
    assert len(tries) == 3
    kept.close()


def too_many(edge, store):
    """What is not remembered, as too many are owed, is to be asked again: the receipt says so."""
    notes = Notes("ann", "bob")
    notes.is_down = True
    edge.rights.attach("notes", notes)
    assert "the store remembers it" in edge.rights.erase("ann").pending[0]
    assert edge.rights.erase("bob").pending[0] == "notes could not be told: erase once more"
    notes.is_down = False
    assert "the store remembers it" not in "".join(edge.rights.erase("bob").pending)
    assert (notes.held, dict(store.owed_erasures())) == ([], {})


def soon(what):
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE_S
    while not what() and time.monotonic() < until:
        time.sleep(0.005)
    assert what()


PROMISES = [
    all_ids,
    until_the_rows_are_gone,
    before_the_rows_are_gone,
    who_fails,
    after_a_restart,
    by_itself,
    too_many,
]


@pytest.mark.parametrize("promise", PROMISES)
def test_what_is_attached_forgets(edge, store, monkeypatch, promise):
    if promise is too_many:
        monkeypatch.setattr(attached, "OWED_MAX", 1)
    promise(edge, store)


MUTANTS = {
    "the id that was given alone": (rights, "ids = frozenset({*held.ids,", "ids = frozenset({customer,"),
    "not once the rows are gone": (rights, "after = self.attached.forget(ids)", "after = self.attached.forget(())"),
    "not while the rows are there": (rights, "before = self.attached.forget(ids)", "before = self.attached.forget(())"),
    "who fails owes nothing": (attached, "self.owed.add(id_)", "pass"),
    "who fails is not named": (attached, "failed[one.name] = failed.get(one.name, True)", "pass"),
    "who fails keeps the rest back": (attached, "failed[one.name] = failed.get(one.name, True)", "raise"),
    "what is owed is in memory alone": (attached, "self._store.owe_erasure(one.key, new)", "pass"),
    "what is owed is not looked for": (attached, "self._recall(one, self._store)", "pass"),
    "of one name one pays for all": (attached, 'f"{self.name} {where}"', "self.name"),
    "what is done is owed for ever": (attached, "self._store.settle_erasure(one.key, settled)", "pass"),
    "too many are said to be remembered": (attached, "or one.is_full", "or False"),
    "nobody is told again": (attached, "self._again.look()", "pass"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_promise_is_seen_to_be_broken(monkeypatch, name):
    module, old, new = MUTANTS[name]
    mutant = twin(module, old, new)
    if module is rights:
        monkeypatch.setattr(rights, "SubjectRights", mutant.SubjectRights)
    assert broken(mutant, monkeypatch)


def broken(mutant, monkeypatch):
    """Return whether a promise is broken by an edge of a mutant module, each tried with an edge of its own."""
    monkeypatch.setattr(sys.modules[__name__], "PATIENCE_S", 1.0)
    for promise in PROMISES:
        with MemoryStore() as own, tactful.open(POLICY, store=own) as edge:
            if promise is too_many:
                monkeypatch.setattr(attached, "OWED_MAX", 1)
                monkeypatch.setattr(mutant, "OWED_MAX", 1, raising=False)
            patient(edge, own, mutant if hasattr(mutant, "Attached") and mutant is not rights else attached)
            for who in ("ann", "bob"):
                edge.opt_in(who, "offers")
            try:
                promise(edge, own)
            except (AssertionError, OSError, pytest.fail.Exception):
                return True
    return False


def test_an_unchanged_edge_breaks_no_promise(monkeypatch):
    assert not broken(attached, monkeypatch)


def test_the_same_keeper_is_told_once_and_all_of_one_name_are_counted_together(edge):
    one, other = Notes("ann"), Notes("ann", "ann")
    for keeper in (one, one, other):
        edge.rights.attach("notes", keeper)
    assert dict(edge.rights.erase("ann").beside) == {"notes": 3}


def test_a_receipt_of_what_is_attached_and_its_warning_are_not_personal(edge, caplog):
    down = Notes("ann")
    down.is_down = True
    edge.rights.attach("down", down)
    receipt = edge.rights.erase("ann")
    assert "ann" not in json.dumps(attrs.asdict(receipt))
    assert "an erasure did not reach down: OSError" in caplog.text
    assert "ann" not in caplog.text


def test_what_is_attached_is_told_nothing_while_the_store_cannot_be_read(edge, store, monkeypatch):
    notes = Notes("ann")
    edge.rights.attach("notes", notes)

    def down(customer):
        raise StoreError("no disk")

    monkeypatch.setattr(store, "held", down)
    with pytest.raises(StoreError):
        edge.rights.erase("ann")
    assert notes.held == ["ann"]


def test_what_cannot_be_attached_is_refused(edge, monkeypatch):
    for name in ("", "two\nlines", "x" * 201):
        with pytest.raises(UsageError, match="a name has 1 to 200 printable characters"):
            edge.rights.attach(name, Notes())
    with pytest.raises(UsageError, match=r"object has no forget\(customer\)"):
        edge.rights.attach("notes", object())
    monkeypatch.setattr(attached, "ATTACHED_MAX", 1)
    edge.rights.attach("notes", Notes())
    with pytest.raises(UsageError, match="1 are attached already"):
        edge.rights.attach("notes", Notes())
