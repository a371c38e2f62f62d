"""A table whose values do not fit its columns, ids that no column can hold, and children that are forked."""

import os
import threading
import time
import traceback

import pytest

sa = pytest.importorskip("sqlalchemy", reason="needs the extra sqlalchemy")

from tests.stores.conftest import _postgresql_server, postgresql  # noqa: E402, F401 - fixtures

import tactful  # noqa: E402
from tactful_adapters import table_rows  # noqa: E402
from tactful_adapters.table_source import Column, ConsentColumn, TableSource  # noqa: E402

from .test_table_source import MAPPED, engine  # noqa: E402, F401 - a fixture

#: Ids that no column holds, of whatever type.
NOBODY = ["9" * 25, "-" + "9" * 25, str(2**63), str(-(2**63) - 1), "9" * 5_000, "\ud800", "a\udfff", "an\0n", "\0"]


def shop(path):
    """Rows whose values are none of their columns' types, as SQLite lets them be."""
    made = sa.create_engine(f"sqlite:///{path / 'shop.db'}")
    with made.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE people (id TEXT, visits INTEGER, born DATETIME, ok BOOLEAN, kind TEXT)"
        )
        connection.exec_driver_sql("INSERT INTO people VALUES ('ann', 8, 'born 1980 in Graz', 1, 'Anna')")
    return made


ENUM = sa.Table("people", sa.MetaData(), sa.Column("id", sa.Text), sa.Column("kind", sa.Enum("Bob", "Tom")))


class Shouting(sa.types.TypeDecorator):
    """A type of the user's own, which tells what it cannot read."""

    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value, dialect):
        raise RuntimeError(value)


OWN = sa.Table("people", sa.MetaData(), sa.Column("id", sa.Text), sa.Column("kind", Shouting()))


@pytest.mark.parametrize(
    ("table", "mapped", "kind"),
    [
        ("people", {"attributes": {"visits": Column("visits", at="born")}}, "ValueError"),
        ("people", {"consent_columns": [ConsentColumn("ok", "offers", at="born")]}, "ValueError"),
        (ENUM, {"attributes": {"kind": Column("kind")}}, "LookupError"),
        (OWN, {"attributes": {"kind": Column("kind")}}, "RuntimeError"),
    ],
    ids=["moment", "answered", "enum", "own"],
)
def test_a_value_that_does_not_fit_its_column_is_told_without_it(tmp_path, table, mapped, kind):
    people = TableSource(shop(tmp_path), table, who="id", **mapped)
    for ask in (people.profile, people.consents, lambda one: people.consents_of([one])):
        with pytest.raises(
            tactful.StoreError, match=rf"table people: a row cannot be read \({kind}\); see that"
        ) as told:
            ask("ann")
        written = "".join(traceback.format_exception(told.value))
        assert "Graz" not in written
        assert "Anna" not in written


@pytest.mark.parametrize("who", ["id", "crm_id"])
def test_an_id_that_no_column_can_hold_is_nobody_and_fails_no_others(engine, who):  # noqa: F811 - the fixture
    people = TableSource(engine, "people", **{**MAPPED, "who": who})
    there = "1" if who == "id" else "ann"
    for one in [*NOBODY, "2147483648", str(2**63 - 1), str(-(2**63))]:  # PostgreSQL's INTEGER has 32 bits
        assert people.profile(one) is people.consents(one) is None
        assert set(people.consents_of([one, there])) == {there}


def test_ids_wider_than_32_bits_are_somebody_where_the_column_holds_them(tmp_path):
    made = sa.create_engine(f"sqlite:///{tmp_path / 'wide.db'}")
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE people (id INTEGER PRIMARY KEY, visits INTEGER)")
        connection.exec_driver_sql("INSERT INTO people VALUES (?, 8), (?, 9)", (2**63 - 1, -(2**63)))
    people = TableSource(made, "people", who="id", attributes={"visits": Column("visits")})
    assert people.profile(str(2**63 - 1)).attributes["visits"].value == 8
    assert people.profile(str(-(2**63))).attributes["visits"].value == 9


def took_the_parents(path, monkeypatch):
    """Whether a child with two threads uses a connection of its parent, where letting go of them takes its time."""
    made = sa.create_engine(f"sqlite:///{path / 'fork.db'}")
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE people (id TEXT, visits INTEGER)")
    people = TableSource(made, "people", who="id", attributes={"visits": Column("visits")})
    people.profile("ann")
    with made.connect() as connection:
        parents = connection.connection.dbapi_connection
    let_go = made.dispose

    def slowly(**given):
        time.sleep(0.2)
        let_go(**given)

    monkeypatch.setattr(made, "dispose", slowly)
    child = os.fork()
    if child == 0:
        used = []
        sa.event.listen(made, "checkout", lambda taken, *_: used.append(taken is parents))
        threads = [threading.Thread(target=people.profile, args=("ann",)) for _ in range(3)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        os._exit(any(used) + 2 * (len(used) != len(threads)))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_no_thread_of_a_child_takes_a_connection_of_its_parent(tmp_path, monkeypatch):
    assert took_the_parents(tmp_path, monkeypatch) == 0


def test_the_mutant_that_begins_nothing_anew_in_a_child_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(table_rows, "begins_anew_in_a_child", lambda _: None)
    assert took_the_parents(tmp_path, monkeypatch) == 1
