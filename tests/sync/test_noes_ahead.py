"""After a mass of changes: a no at the end of the line does not wait until all before it was taken in."""

import pytest

import tactful
from tactful import Consents, MemoryStore
from tactful.sync.incoming import Incoming
from tactful.testing.faulty_centres import WrappedCentre
from tactful_adapters.sqlite import SQLiteStore

from .conftest import NAMED, NOON_US, ada, at_once, known, no, title, yes

MANY, BATCH = 2_000, 50


class Watched(WrappedCentre):
    """A centre that is asked for pages, and watches for how many of them ada's no did not count."""

    def __init__(self, inner):
        super().__init__(inner)
        self.edge, self.without, self.counts = None, 0, False

    def changes(self, line, after, count):
        if self.edge is not None and line == "consents":
            self.counts = self.counts or at_once(self.edge).get("title") != NAMED
            self.without += not self.counts
        return super().changes(line, after, count)


def changed(centre, records, at_us):
    for n in range(MANY):
        centre.put_consents(f"customer {n}", Consents(records, at_us))


def pages_without(open_edge, centre, clock, store):
    """Return after how many pages the no counts."""
    watched = Watched(centre)
    edge = open_edge(store, at=watched, sync=tactful.SyncOptions(threads=False, batch=BATCH))
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    edge.sync()
    assert title(edge) == NAMED
    clock.pass_s(1)
    changed(centre, (yes(clock.now_us),), clock.now_us)
    centre.add_consent("ada", no(clock.now_us))
    watched.edge = edge
    edge.sync()
    assert at_once(edge).get("title") != NAMED
    watched.edge = None
    for customer in ("customer 0", f"customer {MANY - 1}", "ada"):
        told = {change.customer: change.told for change in centre.changes("consents", 0, 9_999).changes}[customer]
        assert set(store.consents(customer).records) == set(told.records)
    assert edge.status()["centre"]["consents"]["epoch"] == centre.changes("consents", 0, 1).epoch
    return watched.without


@pytest.mark.parametrize("where", [MemoryStore, SQLiteStore])
def test_a_no_behind_thousands_of_changes_counts_after_the_first_page(where, open_edge, centre, clock, tmp_path):
    store = where(clock=clock) if where is MemoryStore else where(tmp_path / "edge.db", clock=clock)
    assert pages_without(open_edge, centre, clock, store) <= 2
    if where is SQLiteStore:
        store.close()


def test_without_a_look_ahead_it_would_wait_for_all(open_edge, centre, clock, monkeypatch):
    monkeypatch.setattr(Incoming, "_look_ahead", lambda _, after: after)
    assert pages_without(open_edge, centre, clock, MemoryStore(clock=clock)) > MANY / BATCH - 2


def test_a_no_that_comes_while_all_is_taken_in_does_not_wait_either(open_edge, centre, clock):
    class Says(WrappedCentre):
        pages = after = 0

        def changes(self, line, after, count):
            if line == "consents":
                self.pages += 1
                if self.pages == 10:
                    centre.add_consent("ada", no(clock.now_us))
                if self.pages > 10 and not self.after and at_once(edge).get("title") != NAMED:
                    self.after = self.pages
            return super().changes(line, after, count)

    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    store = MemoryStore(clock=clock)
    edge = open_edge(store, sync=tactful.SyncOptions(threads=False, batch=BATCH))
    edge.sync()
    edge.close()
    changed(centre, (yes(NOON_US),), NOON_US)
    says = Says(centre)
    edge = open_edge(store, at=says, sync=tactful.SyncOptions(threads=False, batch=BATCH))
    assert title(edge) == NAMED
    edge.sync()
    assert 10 < says.after <= 10 + 6 < says.pages
