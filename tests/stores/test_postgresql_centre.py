"""A store in PostgreSQL as a centre: the laws of centres, and what edges hear whoever changes it."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import tactful
from tactful import (
    Consent,
    Consents,
    ConsentState,
    Contact,
    Erased,
    How,
    Link,
    Observation,
    Snapshot,
    Source,
    SyncOptions,
    UsageError,
)
from tactful.clock import wall_clock
from tactful.sync.joining import centres_of
from tactful.testing.centre_kit import Follower, followed, opt_in, stands, withdrawal
from tactful.testing.centres import CentreConformance
from tactful_adapters.postgresql import PostgreSQLStore
from tactful_adapters.postgresql_centre import PostgreSQLCentre
from tactful_adapters.sqlite import SQLiteStore

from .shop import POLICY, offers

YES = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 5)


class TestPostgreSQLCentre(CentreConformance):
    persistent = shared = True
    keeps_edges = True

    @pytest.fixture(autouse=True)
    def _started(self, postgresql):
        self.server = postgresql

    def make_centre(self, where):
        return PostgreSQLCentre.from_url(self.server.url(where))

    def tell(self, centre, customer, told):
        if isinstance(told, Link):
            centre.link({told.name: told.value}, customer=customer, kind=told.kind, confidence=told.confidence)
        else:
            super().tell(centre, customer, told)


@pytest.fixture
def url(postgresql, tmp_path):
    return postgresql.url(tmp_path)


@pytest.fixture
def centre(url):
    with PostgreSQLCentre.from_url(url) as one:
        yield one


def test_an_erasure_is_within_the_epochs_of_its_receipt(url, centre):
    centre.put_consents("ada", Consents((YES,), 5))
    centre.link({"card": "4711"}, customer="ada")
    store = PostgreSQLStore(url)
    with store, tactful.open(POLICY, store=store) as edge:
        receipt = edge.rights.erase("ada")
    told = {
        line: [one.epoch for one in centre.changes(line, 0, 100).changes if isinstance(one.told, Erased)]
        for line in ("consents", "profiles")
    }
    assert {line: epochs[-1:] for line, epochs in told.items()} == {line: [one] for line, one in receipt.epochs.items()}


def test_an_edge_follows_by_url(url, centre, tmp_path):
    now_us = wall_clock()
    centre.put_profile(Snapshot("ada", now_us, {"favourite": Observation("bread", Source.STATED, now_us)}))
    centre.put_consents("ada", Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us),), now_us))
    by_hand = SyncOptions(threads=False)
    with (
        tactful.open(POLICY, store=f"sqlite:///{tmp_path}/1.db", centre=url, sync=by_hand) as one,
        tactful.open(POLICY, store=f"sqlite:///{tmp_path}/2.db", centre=url, sync=by_hand) as other,
    ):
        for edge in (one, other):
            assert edge.sync().errors == {}
            edge.warm("ada", deadline_s=10)
            assert offers(edge, "ada") == ["bread"]
        one.opt_out("ada")
        assert one.sync().errors == {}
        assert other.sync().consents == 1
        assert offers(other, "ada") == []


def test_an_edge_hears_of_a_withdrawal_by_a_hint(url, centre, tmp_path):
    now_us = wall_clock()
    centre.put_profile(Snapshot("ada", now_us, {"favourite": Observation("bread", Source.STATED, now_us)}))
    centre.put_consents("ada", Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us),), now_us))
    patient = SyncOptions(poll_s=3_600)  # only a hint brings it in time
    with tactful.open(POLICY, store=f"sqlite:///{tmp_path}/1.db", centre=url, sync=patient) as edge:
        assert within_a_while(lambda: edge.warm("ada", deadline_s=10) and offers(edge, "ada") == ["bread"])
        time.sleep(1.5)  # until it listens again after what came in at first
        centre.add_consent("ada", Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, now_us + 1))
        assert within_a_while(lambda: offers(edge, "ada") == [])


def within_a_while(holds):
    until_s = time.monotonic() + 30
    while not holds():
        if time.monotonic() > until_s:
            return False
        time.sleep(0.02)
    return True


# Who changes it


def test_whatever_fills_the_store_is_told(url, centre):
    with PostgreSQLStore(url) as store:
        store.put_many([Snapshot("ada", 1, {})], {"ada": Consents((YES,), 5)})
        store.add_consent("bob", YES)
        store.link({"card": "4711"}, customer="ada")
    assert set(followed(centre)) == {"ada", "bob"}
    assert [type(change.told) for change in centre.changes("profiles", 0, 9).changes] == [Snapshot, Link]


def test_what_is_put_again_unchanged_is_not_told_again(centre):
    for _ in range(2):
        centre.put_consents("ada", Consents((YES,), 5))
        centre.put_profile(Snapshot("ada", 1, {}))
    assert [centre.changes(line, 0, 9).epoch for line in ("consents", "profiles")] == [1, 1]


def test_what_is_rolled_back_is_not_told(centre):
    def change():
        with centre._pool.writing() as connection:
            connection.execute("INSERT INTO consent (customer, heard, at_us, body) VALUES ('ada', true, 1, '\\x90')")
            raise UsageError("never mind")

    with pytest.raises(UsageError):
        change()
    assert centre.changes("consents", 0, 9).epoch == 0


def test_a_row_that_somebody_took_away_gives_nothing(centre, postgresql, tmp_path):
    centre.put_consents("ada", Consents((YES,), 5))
    assert stands(followed(centre)["ada"]) == (True, False)
    postgresql.inside(tmp_path, "DELETE FROM consent")
    assert stands(followed(centre)["ada"]) == (False, False)


def test_a_store_that_was_filled_before_tells_all_of_it(monkeypatch, url):
    from tactful_adapters import postgresql_migrations  # noqa: PLC0415 - only here

    newest = postgresql_migrations.migrations()
    with monkeypatch.context() as patch:
        patch.setattr(postgresql_migrations, "migrations", lambda: newest[:6])
        store = PostgreSQLStore(url)
        with store._pool.writing() as connection:
            connection.execute("INSERT INTO consent (customer, heard, at_us, body) VALUES ('ada', true, 1, '\\x90')")
            connection.execute("INSERT INTO link VALUES ('card', '4711', 'ada', 'login', 1, 1)")
        store.close()
    with PostgreSQLCentre.from_url(url) as centre:
        assert set(followed(centre)) == {"ada"}
        assert followed(centre, "profiles") == {"ada": Link("card", "4711", "ada", "login", 1.0, 1)}


# Order


def test_who_commits_last_has_the_higher_epoch(centre):
    """Two change at once, and the first one commits last: a follower that has seen the second one sees both."""
    follower = Follower(centre)
    with centre._pool.writing() as connection:
        connection.execute("INSERT INTO consent (customer, heard, at_us, body) VALUES ('first', true, 1, '\\x90')")
        centre.put_consents("second", Consents((), 1))
        follower.catch_up()
    follower.catch_up()
    assert [change.customer for change in follower.told] == ["second", "first"]


def test_who_is_given_an_epoch_keeps_the_others_waiting_until_the_commit(centre):
    follower = Follower(centre)
    second = threading.Thread(target=centre.put_consents, args=("second", Consents((), 1)))
    with centre._pool.writing() as connection:
        connection.execute("INSERT INTO consent (customer, heard, at_us, body) VALUES ('first', true, 1, '\\x90')")
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        second.start()
        second.join(0.5)
        follower.catch_up()
        assert follower.told == []
    second.join()
    follower.catch_up()
    assert [change.customer for change in follower.told] == ["first", "second"]


def test_epochs_that_are_given_before_the_commit_are_passed_over(centre, postgresql, tmp_path):
    """The control: without the deferral and the lock, the same follower passes the first one over."""
    postgresql.inside(
        tmp_path,
        "CREATE SEQUENCE given",
        """CREATE OR REPLACE FUNCTION tell(in_line text, of_what text, of_customer text, of_name text = '',
               of_value text = '', of_other text = '', of_kind text = '', of_confidence double precision = 1,
               of_at_us bigint = 0) RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $$
               INSERT INTO change VALUES (in_line, nextval('given'), of_what, of_customer, of_name, of_value, of_other,
                   of_kind, of_confidence, of_at_us) $$""",
    )
    follower = Follower(centre)
    with centre._pool.writing() as connection:
        connection.execute("INSERT INTO consent (customer, heard, at_us, body) VALUES ('first', true, 1, '\\x90')")
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        centre.put_consents("second", Consents((), 1))
        _look(follower)
    _look(follower)
    assert [change.customer for change in follower.told] == ["second"]


def _look(follower):
    """As a follower does, whatever the newest epoch is said to be."""
    for change in follower._centre.changes("consents", follower.position, 9).changes:
        follower.position = change.epoch
        follower.told.append(change)


def test_those_who_change_both_lines_at_once_do_not_lock_each_other_out(centre):
    names = [f"customer {n}" for n in range(5)]

    def fill(turn):
        order = names if turn % 2 else names[::-1]
        centre.put_many([Snapshot(name, turn, {}) for name in order], {name: Consents((), turn) for name in order})

    def deliver(turn):
        centre.deliver([opt_in(f"{turn}/{name}", name, turn) for name in names[:: 1 if turn % 2 else -1]])

    def rest(turn):
        centre.merge(names[turn % 5], names[(turn + 1) % 5])
        centre.link({"card": str(turn)}, customer=names[turn % 5])
        centre.erase(names[(turn + 2) % 5])

    with ThreadPoolExecutor(6) as threads:
        for running in [threads.submit(act, turn) for turn in range(10) for act in (fill, deliver, rest)]:
            running.result()


# Events


def test_an_event_that_can_never_be_kept_is_refused_and_holds_up_no_other(centre):
    bad = Contact("bad", "ada", "shown", 2**63)
    worse = Contact("worse", "ada\ud800", "shown", 1)
    events = [opt_in("1", "ada", 5), bad, Contact("", "ada", "shown", 1), worse, opt_in("2", "bob", 5)]
    answer = centre.deliver(events)
    assert answer.accepted == {"1", "2"}
    assert answer.refused == {"bad": "cannot-be-kept", "worse": "cannot-be-kept", "": "no-id"}
    assert {one.id for _, one in centre.tail(0, 9)} == {"1", "2"}
    assert set(followed(centre)) == {"ada", "bob"}


def test_a_withdrawal_reaches_every_merged_id(centre):
    for name in ("ada", "al"):
        centre.put_consents(name, Consents((YES,), 5))
    centre.merge("ada", "al")
    centre.deliver([withdrawal("1", "al", 9, "offers")])
    assert [stands(followed(centre)[name]) for name in ("ada", "al")] == [(False, True)] * 2


def test_what_comes_in_after_an_erasure_leaves_nothing_of_the_customer(centre):
    late = opt_in("1", "ada", wall_clock() - 1)
    centre.put_consents("ada", Consents((YES,), 5))
    centre.erase("ada")
    assert centre.deliver([late]).accepted == {"1"}
    assert isinstance(followed(centre)["ada"], Erased)
    assert list(centre.contacts("ada", 0)) == []
    later = opt_in("2", "ada", wall_clock() + 60_000_000)
    assert centre.deliver([later]).accepted == {"2"}
    assert stands(followed(centre)["ada"], now_us=wall_clock() + 120_000_000) == (True, False)


def test_what_is_delivered_does_not_wait_for_a_centre_of_the_centre(centre):
    centre.deliver([opt_in("1", "ada", 5)])
    assert list(centre.outbox_take(9)) == []


# Hints


def test_a_hint_tells_of_its_own_line_and_schema_alone(centre, postgresql, tmp_path):
    heard = {}

    def listen(line):
        heard[line] = centre.wait(line, 0, 2)

    threads = [threading.Thread(target=listen, args=(line,)) for line in ("consents", "profiles")]
    for thread in threads:
        thread.start()
    time.sleep(0.4)  # until both listen
    with PostgreSQLStore(postgresql.url(tmp_path / "other")) as other:
        other.put_profile(Snapshot("ada", 1, {}))
    centre.put_consents("ada", Consents((YES,), 5))
    for thread in threads:
        thread.join()
    postgresql.drop(tmp_path / "other")
    assert heard == {"consents": True, "profiles": False}


def test_what_is_there_already_needs_no_notice(centre):
    centre.put_consents("ada", Consents((YES,), 5))
    assert centre.wait("consents", 0, 30)


def test_the_notice_of_what_is_known_by_now_wakes_nobody(centre):
    assert not centre.wait("consents", 0, 0.01)
    centre.put_consents("ada", Consents((YES,), 5))
    assert not centre.wait("consents", 1, 0.5)  # its notice comes now
    assert centre.wait("consents", 0, 5)


def test_one_notice_is_sent_for_a_commit(centre, postgresql, tmp_path):
    with centre._pool.writing() as connection:
        connection.execute("LISTEN tactful")
    with centre._pool.reading() as connection:
        told = []
        connection.add_notify_handler(lambda notice: told.append(notice.payload))
    with PostgreSQLStore(postgresql.url(tmp_path)) as store:
        store.put_many([], {f"customer {n}": Consents((), 1) for n in range(50)})
    with centre._pool.reading():
        pass
    assert told == [f"{postgresql.schema(tmp_path)}/consents"]


def test_a_listener_that_was_cut_off_listens_again(centre, postgresql):
    assert not centre.wait("consents", 0, 0.01)
    postgresql.restart()
    with pytest.raises(tactful.StoreError, match="the next call connects again"):
        centre.wait("consents", 0, 5)
    centre.put_consents("ada", Consents((YES,), 5))
    assert centre.wait("consents", 0, 5)


def test_a_child_listens_on_a_connection_of_its_own(centre):
    centre.wait("consents", 0, 0.01)
    mine = centre._hints["consents"]._connection.info.backend_pid
    child = os.fork()
    if child == 0:
        status = 1
        try:
            centre.put_consents("ada", Consents((YES,), 5))
            status = 0 if centre.wait("consents", 0, 5) else 2
            status = status if centre._hints["consents"]._connection.info.backend_pid != mine else 3
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert centre.wait("consents", 0, 5)
    assert centre._hints["consents"]._connection.info.backend_pid == mine


def test_each_part_of_an_edge_has_a_centre_of_its_own(url):
    opened = centres_of(url)
    assert len({id(one._pool) for one in opened}) == 3
    for one in opened:
        one.close()


def test_sqlite_can_follow(centre, url, tmp_path):
    """The store that most edges have takes in all that this centre tells."""
    centre.link({"card": "4711"}, customer="ada")
    centre.merge("ada", "al")
    centre.put_consents("al", Consents((YES,), 5))
    store = SQLiteStore(tmp_path / "edge.db")
    with store, tactful.open(POLICY, store=store, centre=url, sync=SyncOptions(threads=False)) as edge:
        assert edge.sync().errors == {}
        assert store.identify({"card": "4711"}).customer == "ada"
        assert store.consents("ada").records == (YES,)
        centre.erase("ada")
        assert edge.sync().errors == {}
        assert store.identify({"card": "4711"}) is None
        assert store.consents("al") is None
