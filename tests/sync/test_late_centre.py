"""An edge that starts while its centre is away: it goes on with what its store has, says so, and loses nothing."""

import logging

import pytest

import tactful
from tactful import CentreError, StoreError
from tactful.relay.folder import FolderCentre
from tactful.sync.heard import Heard
from tactful_adapters.sqlite import SQLiteStore

from .conftest import BY_HAND, NAMED, ada, known, no, title, yes


@pytest.fixture
def url(tmp_path, clock):
    folder = FolderCentre(tmp_path / "centre", clock=clock)
    with folder.changing() as told:
        told.put_profile(ada(clock()))
        told.put_consents("ada", known(yes(clock())))
    return f"file://{tmp_path}/centre"


def away(where):
    """The folder of a centre is no folder."""
    (where / "centre").rename(where / "kept")
    (where / "centre").write_text("no folder")


def back(where):
    (where / "centre").unlink()
    (where / "kept").rename(where / "centre")


def opened(policy, where, clock, url):
    store = SQLiteStore(where / "edge.db", clock=clock)
    return tactful.open(policy, store=store, centre=url, sync=BY_HAND, clock=clock)


def test_an_edge_starts_without_the_centre_that_its_store_has_followed_and_loses_nothing(
    policy, clock, url, tmp_path, caplog
):
    with opened(policy, tmp_path, clock, url) as edge:
        edge.sync()
        assert title(edge) == NAMED
    away(tmp_path)
    caplog.set_level(logging.WARNING, "tactful")
    with opened(policy, tmp_path, clock, url) as edge:
        assert "the centre cannot be opened yet" in caplog.text
        assert title(edge) == NAMED  # for an hour
        edge.opt_out("ada")
        assert title(edge) != NAMED
        assert set(edge.sync().errors.values()) == {"centre-folder"}
        clock.pass_s(7)
        part = edge.status()["centre"]["consents"]
        assert (part["last_error"], part["failing_s"]) == ("centre-folder", 7)
        assert str(tmp_path / "centre") in part["says"]
        back(tmp_path)
        assert edge.sync().errors == {}
        part = edge.status()["centre"]["consents"]
        assert (part["last_error"], part["failing_s"], part["says"]) == ("", None, "")
    centre = FolderCentre(tmp_path / "centre", clock=clock)
    told = centre.changes("consents", 0, 9).changes[-1].told
    assert no(clock.now_us - 7_000_000) in told.records


def test_its_consents_grow_old_without_the_centre_all_the_same(policy, clock, url, tmp_path):
    with opened(policy, tmp_path, clock, url) as edge:
        edge.sync()
    away(tmp_path)
    clock.pass_s(3601)
    with opened(policy, tmp_path, clock, url) as edge:
        assert title(edge) != NAMED


def test_a_store_that_never_followed_is_told_at_once_that_the_centre_is_away(policy, clock, url, tmp_path):
    away(tmp_path)
    with pytest.raises(CentreError, match="centre"):
        opened(policy, tmp_path, clock, url)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [("file://elsewhere/centre", CentreError), ("postgresql://h/d?schema=pg_x", StoreError), ("foo://x", CentreError)],
)
def test_a_url_that_cannot_be_meant_is_refused_whatever_was_followed(policy, clock, url, tmp_path, wrong, error):
    with opened(policy, tmp_path, clock, url) as edge:
        edge.sync()
    with pytest.raises(error):
        opened(policy, tmp_path, clock, wrong)


def test_a_thread_that_asks_while_another_looks_the_age_up_gets_the_age(clock):
    asked = []

    class Registers:
        def register(self, _):
            if not asked:
                asked.append(None)
                asked.append(heard.age_us())  # as another thread would, in the middle of the first one's look
            return b"%d" % (clock() - 5)

    heard = Heard(Registers(), clock)
    assert (heard.age_us(), asked[1]) == (5, 5)
