"""Several that use one store in PostgreSQL at once: order, caps, and what each of them may rely on."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tactful import Ask, Consent, Consents, ConsentState, Contact, How, Observation, Snapshot, Source
from tactful_adapters import postgresql_locks
from tactful_adapters.postgresql import PostgreSQLStore
from tactful_adapters.postgresql_ledger import PostgreSQLLedger
from tactful_adapters.postgresql_locks import LEDGER

DAY_US = 86_400_000_000


@pytest.fixture
def store(postgresql, tmp_path):
    with PostgreSQLStore(postgresql.url(tmp_path)) as one:
        yield one


def contact(id_, customer="ada", at_us=1):
    return Contact(id_, customer, "shown", at_us)


def followed(store, *locks):
    """
    What a follower of the ledger has seen when two wrote it at once and the first one committed last.

    The second one tries to commit before the first; it can only if nothing keeps it from it.
    """
    seen, after = [], 0

    def write(id_):
        with store._pool.writing(*locks) as connection:
            PostgreSQLLedger(connection).keep([contact(id_)])

    def look(after):
        found = store.tail(after, 9)
        seen.extend(one.id for _, one in found)
        return found[-1][0] if found else after

    second = threading.Thread(target=write, args=("second",))
    with store._pool.writing(*locks) as connection:
        PostgreSQLLedger(connection).keep([contact("first")])
        second.start()
        second.join(0.5)
        after = look(after)
    second.join()
    look(after)
    return seen


def test_a_follower_of_the_ledger_passes_nothing_over(store):
    assert followed(store, LEDGER) == ["first", "second"]


def test_without_the_lock_a_follower_passes_something_over(store):
    assert followed(store) == ["second"]


def test_what_is_recorded_takes_the_lock(store, monkeypatch):
    taken = []
    take = postgresql_locks.take

    def watch(connection, schema, locks):
        taken.extend(locks)
        take(connection, schema, locks)

    monkeypatch.setattr("tactful_adapters.postgresql_pool.take", watch)
    store.record([contact("1")])
    assert taken == [LEDGER]
    store.put_many(contacts=[contact("2")])
    assert taken == [LEDGER, LEDGER]


def test_numbers_of_the_ledger_rise_for_a_follower_among_many_writers(store):
    """Whatever a follower has seen, nothing appears later with a lower number."""
    done, seen, after = threading.Event(), [], 0

    def write(writer):
        for n in range(15):
            store.record([contact(f"{writer}/{n}/{part}") for part in range(3)])

    with ThreadPoolExecutor(4) as threads:
        writers = [threads.submit(write, writer) for writer in range(4)]
        while not done.is_set():
            done_before = all(writer.done() for writer in writers)
            for number, one in store.tail(after, 999):
                seen.append(one.id)
                after = number
            if done_before:
                done.set()
        for writer in writers:
            writer.result()
    assert len(seen) == len(set(seen)) == 4 * 15 * 3


def test_two_stores_give_no_more_room_than_a_cap_allows(postgresql, tmp_path, store):
    with PostgreSQLStore(postgresql.url(tmp_path)) as other:
        store.merge("ada", "al")
        asks = [Ask("cap", "", "customer", name, 10, 1, DAY_US, DAY_US) for name in ("ada", "al")]

        def want(which):
            return sum(len(units) for _ in range(9) for units in (store, other)[which % 2].reserve(asks))

        with ThreadPoolExecutor(6) as threads:
            assert sum(threads.map(want, range(6))) == 10


def test_a_no_that_is_said_while_the_centre_writes_stays(store):
    """However the two interleave, also where there is no row yet."""
    no = Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, 20)
    yes = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 5)
    for round_ in range(30):
        customer, barrier = f"customer {round_}", threading.Barrier(2)

        def put(customer=customer, barrier=barrier):
            barrier.wait()
            store.put_consents(customer, Consents((yes,), 10))

        def say(customer=customer, barrier=barrier):
            barrier.wait()
            store.add_consent(customer, no)

        with ThreadPoolExecutor(2) as threads:
            for running in [threads.submit(put), threads.submit(say)]:
                running.result()
        assert no in store.consents(customer).records


def test_amendments_at_once_are_all_there(store):
    def count(_, before):
        visits = 0 if before is None else before.attributes["visits"].value
        return Snapshot("ada", 1, {"visits": Observation(visits + 1, Source.OBSERVED, 1)})

    with ThreadPoolExecutor(4) as threads:
        for running in [threads.submit(store.amend_profile, "ada", count) for _ in range(40)]:
            running.result()
    assert store.profile("ada").attributes["visits"].value == 40


def test_those_who_fill_and_merge_and_erase_at_once_do_not_lock_each_other_out(store):
    names = [f"customer {n}" for n in range(6)]

    def fill(turn):
        order = names if turn % 2 else names[::-1]
        store.put_many([Snapshot(name, turn, {}) for name in order], {name: Consents((), turn) for name in order})

    def merge(turn):
        store.merge(names[turn % 6], names[(turn + 1 + turn % 4) % 6])
        store.add_consent(names[turn % 6], Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, turn))

    def erase(turn):
        store.erase(names[turn % 6])

    with ThreadPoolExecutor(6) as threads:
        for running in [threads.submit(act, turn) for turn in range(15) for act in (fill, merge, erase)]:
            running.result()
