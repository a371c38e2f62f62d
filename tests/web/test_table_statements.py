"""Rows that statements of a session change: from the commit on they are read anew, and no statement fails for it."""

import pytest

sa = pytest.importorskip("sqlalchemy", reason="needs the extra sqlalchemy")

from tests.stores.conftest import _postgresql_server, postgresql  # noqa: E402, F401 - fixtures, after the check

from tactful_adapters import table_sessions, table_statements  # noqa: E402

from .test_django_source import shown  # noqa: E402
from .test_table_source import Person, edge, engine, kept, people, person, sessions  # noqa: E402, F401 - fixtures

ANN = Person.crm_id == "ann"
PEOPLE = Person.__table__


def core(session):
    session.execute(sa.update(PEOPLE).where(PEOPLE.c.crm_id == "ann").values(letters_ok=False))


NOES = {
    "statement": lambda session: session.execute(sa.update(Person).where(ANN).values(agreed=False)),
    "condition": lambda session: session.execute(sa.update(Person).where(Person.agreed).values(agreed=False)),
    "all": lambda session: session.execute(sa.update(Person).values(agreed=None)),
    "query": lambda session: session.query(Person).where(ANN).update({"agreed": False}),
    "fetched": lambda session: session.execute(
        sa.update(Person).where(ANN).values(agreed=False), execution_options={"synchronize_session": "fetch"}
    ),
    "parameter": lambda session: session.execute(
        sa.update(Person).where(Person.crm_id == sa.bindparam("of")).values(agreed=False), {"of": "ann"}
    ),
    "core": core,
    "deleted": lambda session: session.execute(sa.delete(Person).where(ANN)),
}


@pytest.mark.parametrize("say", NOES.values(), ids=NOES)
def test_what_a_statement_changes_counts_from_the_commit_on(sessions, edge, say):  # noqa: F811 - fixtures
    assert shown(edge) == "Thanks"
    with sessions.begin() as session:
        say(session)
        assert shown(edge, warm=False) == "Thanks"
    assert shown(edge, warm=False) == "Welcome"
    assert shown(edge) == "Welcome"


def test_the_mutant_that_hears_no_statement_is_found(sessions, edge, monkeypatch):  # noqa: F811 - fixtures
    monkeypatch.setattr(table_sessions, "is_change", lambda *_: False)
    assert shown(edge) == "Thanks"
    with sessions.begin() as session:
        NOES["statement"](session)
    assert shown(edge, warm=False) == "Thanks"


def test_who_is_not_meant_is_not_fetched_anew(sessions, edge):  # noqa: F811 - fixtures
    with sessions.begin() as session:
        session.add(person("bob"))
    assert shown(edge) == "Thanks"
    with sessions.begin() as session:
        session.execute(sa.update(Person).where(Person.crm_id == "bob").values(agreed=False))
    assert shown(edge, warm=False) == "Thanks"


def test_a_statement_that_is_rolled_back_has_nobody_fetched_anew(sessions, edge, monkeypatch):  # noqa: F811 - fixtures
    forgotten = []
    monkeypatch.setattr(edge, "forget", forgotten.append)
    with sessions() as session:
        inner = session.begin_nested()
        NOES["statement"](session)
        inner.rollback()
        session.commit()
        NOES["statement"](session)
        session.rollback()
    assert forgotten == []


@pytest.mark.parametrize("asked", ["no_such_column", "1/0 = 1"])
def test_a_statement_is_executed_all_the_same_where_nobody_can_be_asked(
    sessions,  # noqa: F811 - a fixture
    edge,  # noqa: F811 - a fixture
    monkeypatch,
    caplog,
    asked,
):
    def failing(_, state):
        connection = state.session.connection()
        with connection.begin_nested():
            connection.execute(sa.text(f"SELECT {asked}, none"))

    monkeypatch.setattr(table_sessions, "whose", failing)
    with sessions.begin() as session:
        ann = session.scalars(sa.select(Person).where(ANN)).one()
        ann.note = "kept"
        NOES["statement"](session)
    with sessions() as session:
        found = session.scalars(sa.select(Person).where(ANN)).one()
        assert (found.note, found.agreed) == ("kept", False)
    assert "not heard of before they are read anew" in caplog.text


def test_more_customers_than_are_kept_are_told_of(sessions, edge, monkeypatch, caplog):  # noqa: F811 - fixtures
    for one in (table_sessions, table_statements):
        monkeypatch.setattr(one, "CUSTOMERS_MAX", 2)
    with sessions.begin() as session:
        session.add_all(person(f"c{n}") for n in range(5))
    forgotten = []
    monkeypatch.setattr(edge, "forget", forgotten.append)
    with sessions.begin() as session:
        session.execute(sa.update(Person).values(visits=1))
    assert len(forgotten) == 2
    assert "rows of more than 2 customers are changed" in caplog.text


def test_a_row_that_waits_to_be_flushed_is_heard_of_too(sessions, edge):  # noqa: F811 - fixtures
    assert shown(edge) == "Thanks"
    with sessions.begin() as session:
        session.scalars(sa.select(Person).where(ANN)).one().note = "new"
        session.execute(sa.update(Person).where(Person.note == "new").values(agreed=False))
    assert shown(edge, warm=False) == "Welcome"


def unheard(session):
    ann = session.scalars(sa.select(Person).where(ANN)).one()
    session.expunge(ann)
    ann.agreed = False
    session.bulk_save_objects([ann])


def by_key(session):
    id_ = session.scalars(sa.select(Person.id).where(ANN)).one()
    session.execute(sa.update(Person), [{"id": id_, "agreed": False}])


@pytest.mark.parametrize("say", [unheard, by_key])
def test_what_nothing_tells_of_is_saved_and_counts_when_it_is_read_anew(sessions, edge, say):  # noqa: F811 - fixtures
    assert shown(edge) == "Thanks"
    with sessions.begin() as session:
        say(session)
    assert shown(edge, warm=False) == "Thanks"
    edge.forget("ann")
    assert shown(edge) == "Welcome"
