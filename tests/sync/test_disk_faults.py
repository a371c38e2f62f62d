"""An edge whose own disk is full or takes no writes: it says so, stays careful, and loses nothing that it accepted."""

from contextlib import contextmanager

import pytest

import tactful
from tactful import StoreError
from tactful_adapters.sqlite import SQLiteStore

from .conftest import BY_HAND, NAMED, ada, at_once, known, no, title, yes

MANY = [f"customer {number} of very many who come at once" for number in range(400)]


@contextmanager
def full(store):
    """As if nothing more fitted on the disk."""
    connection = store._file._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    yield "no room left"
    connection.execute("PRAGMA max_page_count = 1000000")


@contextmanager
def read_only(store):
    """As after the system has made the disk read-only."""
    connection = store._file._connection
    connection.execute("PRAGMA query_only = ON")
    yield "it cannot be written"
    connection.execute("PRAGMA query_only = OFF")


def observed_until(edge, said):
    """Observe purchases until one is refused in these words; return how many were accepted."""
    for accepted in range(2000):
        try:
            edge.observe("ada", "purchase")
        except StoreError as error:
            assert said in str(error)  # noqa: PT017 - how many there were before counts
            return accepted
    raise AssertionError("the disk takes everything")


@pytest.mark.parametrize("fault", [full, read_only])
def test_an_edge_whose_disk_takes_nothing_is_careful_says_so_and_loses_nothing(fault, policy, centre, clock, tmp_path):
    for name in ("ada", "bob"):
        centre.put_profile(ada(clock(), customer=name))
        centre.put_consents(name, known(yes(clock())))
    with (
        SQLiteStore(tmp_path / "edge.db", clock=clock) as store,
        tactful.open(policy, store=store, centre=centre, sync=BY_HAND, clock=clock) as edge,
    ):
        edge.sync()
        assert title(edge, "ada") == title(edge, "bob") == NAMED
        epoch = edge.status()["centre"]["consents"]["epoch"]
        with fault(store) as said:
            accepted = observed_until(edge, said)
            with pytest.raises(StoreError, match=said):
                edge.opt_out("bob")  # who says no hears that it is not kept
            assert at_once(edge, "bob") != {"title": NAMED}  # and it counts here all the same
            clock.pass_s(1)
            centre.add_consent("ada", no(clock()))
            for name in MANY:
                centre.put_consents(name, known(yes(clock())))
            assert edge.sync().errors["consents"] == "store"
            assert at_once(edge, "ada") != {"title": NAMED}  # a no counts before the store has it
            status = edge.status()["centre"]
            assert status["consents"]["last_error"] == "store"
            assert status["consents"]["epoch"] == epoch  # it does not say that it has what it has not
        edge.opt_out("bob")
        assert edge.sync().errors == {}
        assert edge.sync().errors == {}
        assert edge.status()["centre"]["consents"]["last_error"] == ""
        assert store.consents(MANY[-1]) is not None
        assert sum(edge.status()["centre"]["events"]["waiting"].values()) == 0
    assert [one.event for one in centre.events].count("purchase") == accepted
    assert [one.customer for one in centre.events if one.event == "withdrawal"] == ["bob"]
