"""Many changes in one transaction: what PostgreSQL has to write for their epochs does not grow with them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.resources import files

import pytest

from tactful_adapters.postgresql_centre import PostgreSQLCentre

_MANY = (
    "INSERT INTO consent (customer, heard, at_us, body) "
    "SELECT 'c' || n, true, n, '\\x90' FROM generate_series({}, {}) AS n"
)
_WRITTEN = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relid = 'line_epoch'::regclass"
_STANDS = (
    "SELECT number, (SELECT max(epoch) FROM change WHERE line = 'consents') FROM line_epoch WHERE line = 'consents'"
)


@pytest.fixture
def centre(postgresql, tmp_path):
    made = PostgreSQLCentre.from_url(postgresql.url(tmp_path))
    yield made
    made.close()


def writes(centre, rows):
    """How often the row of a line is written for so many changes at once."""
    with centre._pool.writing() as connection:
        before = connection.execute(_WRITTEN).fetchone()[0]
        connection.execute(_MANY.format(1, rows))
        connection.execute("SELECT pg_stat_force_next_flush()")
    with centre._pool.writing() as connection:
        return connection.execute(_WRITTEN).fetchone()[0] - before


def stands(centre):
    with centre._pool.reading() as connection:
        return connection.execute(_STANDS).fetchone()


def test_a_line_is_written_twice_for_any_number_of_changes(centre):
    assert writes(centre, 300) == 2
    assert stands(centre) == (300, 300)


def test_before_it_was_written_for_each(centre):
    """The control: the function of before."""
    text = files("tactful_adapters").joinpath("postgresql_schema/0007_lines.sql").read_text(encoding="utf-8")
    start = text.index("CREATE FUNCTION tell(")
    with centre._pool.writing() as connection:
        connection.execute(text[start : text.index("$$;", start) + 3].replace("CREATE", "CREATE OR REPLACE", 1))
    assert writes(centre, 300) >= 300


def test_what_is_taken_back_takes_no_epoch_twice(centre):
    with centre._pool.writing() as connection:
        connection.execute(_MANY.format(1, 3))
        connection.execute("SAVEPOINT here")
        connection.execute(_MANY.format(4, 9))
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        connection.execute("ROLLBACK TO SAVEPOINT here")
        connection.execute(_MANY.format(10, 11))
    assert stands(centre) == (5, 5)
    with suppress(ZeroDivisionError), centre._pool.writing() as connection:
        connection.execute(_MANY.format(20, 30))
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        raise ZeroDivisionError
    with centre._pool.writing() as connection:
        connection.execute(_MANY.format(40, 41))
    assert stands(centre) == (7, 7)


def test_changes_after_the_end_of_a_piece_count_on(centre):
    with centre._pool.writing() as connection:
        for first in (1, 11, 21):
            connection.execute(_MANY.format(first, first + 9))
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            connection.execute("SET CONSTRAINTS ALL DEFERRED")
    assert stands(centre) == (30, 30)


def test_those_who_change_much_at_once_follow_one_another(centre):
    at_once = threading.Barrier(4)

    def change(number):
        at_once.wait(20)
        for part in range(3):
            first = number * 1000 + part * 100
            with centre._pool.writing() as connection:
                connection.execute(_MANY.format(first, first + 49))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(change, range(4)))
    assert stands(centre) == (600, 600)
    with centre._pool.reading() as connection:
        epochs = connection.execute("SELECT epoch FROM change WHERE line = 'consents' ORDER BY epoch").fetchall()
    assert [epoch for (epoch,) in epochs] == list(range(1, 601))


def test_an_epoch_that_is_set_by_hand_stays(centre):
    writes(centre, 3)
    with centre._pool.writing() as connection:
        connection.execute("UPDATE line_epoch SET number = number + 1000000")
    assert stands(centre) == (1_000_003, 3)
    with centre._pool.writing() as connection:
        connection.execute(_MANY.format(100, 101))
    assert stands(centre) == (1_000_005, 1_000_005)
