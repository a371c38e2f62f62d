"""A shop's own table through SQLAlchemy as profiles and consents: what it says, what is saved, what checks tell."""

import logging
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

sa = pytest.importorskip("sqlalchemy", reason="needs the extra sqlalchemy")

from sqlalchemy import orm  # noqa: E402 - after the check that it is there
from tests.stores.conftest import _postgresql_server, postgresql  # noqa: E402, F401 - fixtures

import tactful  # noqa: E402
from tactful import ConsentState, How, Source  # noqa: E402
from tactful.authoring import compile_files  # noqa: E402
from tactful_adapters import table_sessions  # noqa: E402
from tactful_adapters.table_source import Column, ConsentColumn, TableSource  # noqa: E402

from .test_django_source import POLICY, shown, withdrawn  # noqa: E402

NOW = datetime.now(UTC)
ANSWERS = [ConsentColumn("letters_ok", "offers", how="double_opt_in", at="letters_at")]
MAPPED = {
    "who": "crm_id",
    "attributes": {"visits": Column("visits", at="seen_at")},
    "consent_columns": ANSWERS,
    "zone": UTC,
}


class Model(orm.DeclarativeBase):
    pass


class Person(Model):
    __tablename__ = "people"
    id = orm.mapped_column(sa.Integer, primary_key=True)
    crm_id = orm.mapped_column(sa.String(20), unique=True)
    visits = orm.mapped_column(sa.Integer)
    seen_at = orm.mapped_column(sa.DateTime(timezone=True))
    agreed = orm.mapped_column("letters_ok", sa.Boolean)  # an attribute may be called otherwise than its column
    letters_at = orm.mapped_column(sa.DateTime(timezone=True))
    note = orm.mapped_column(sa.String(20))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    """A file, and a server; each with the shop's table and Ann in it."""
    if request.param == "sqlite":
        made = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    else:
        pytest.importorskip("psycopg", reason="needs the extra postgresql")
        server = request.getfixturevalue("postgresql")
        name = server.schema(tmp_path)
        server.run(f"CREATE SCHEMA {name}")
        url = sa.make_url(server.uri).set(drivername="postgresql+psycopg")
        made = sa.create_engine(url, connect_args={"options": f"-c search_path={name}"})
    Model.metadata.create_all(made)
    with orm.Session(made) as session, session.begin():
        session.add(person("ann"))
    yield made
    made.dispose()


def person(crm_id, **changes):
    given = {"visits": 8, "seen_at": NOW, "agreed": True, "letters_at": NOW - timedelta(days=1)}
    return Person(crm_id=crm_id, **{**given, **changes})


@pytest.fixture
def people(engine):
    return TableSource(engine, "people", **MAPPED)


@pytest.fixture
def kept():
    return tactful.MemoryStore()


@pytest.fixture
def sessions(engine):
    return orm.sessionmaker(engine)


@pytest.fixture
def edge(people, kept, sessions):
    with tactful.open(policy(), store=kept, profiles=people, consents=people.beside(kept)) as opened:
        people.follow(opened, sessions)
        yield opened


def policy(text=POLICY):
    return compile_files({"policy.yaml": text})


def ann_of(session):
    return session.scalars(sa.select(Person).filter_by(crm_id="ann")).one()


# What a row says


@pytest.mark.parametrize(
    "table",
    [
        "people",
        Person,
        Person.__table__,
        sa.select(Person.__table__).where(Person.__table__.c.id > 0),
        sa.text("SELECT crm_id, visits, seen_at, letters_ok, letters_at FROM people").columns(
            *(Person.__table__.c[one] for one in ("crm_id", "visits", "seen_at", "letters_ok", "letters_at"))
        ),
    ],
    ids=["name", "class", "table", "select", "text"],
)
def test_a_row_is_a_profile_and_consents(engine, table):
    people = TableSource(engine, table, **MAPPED)
    profile, consents = people.profile("ann"), people.consents("ann")

    (visits,) = profile.attributes.values()
    assert (visits.value, visits.source) == (8, Source.OBSERVED)
    assert visits.at_us == (NOW - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    (record,) = consents.records
    assert (record.purpose, record.state, record.how) == ("offers", ConsentState.GIVEN, How.DOUBLE_OPT_IN)
    assert people.profile("eve") is people.consents("eve") is None


def test_consents_of_many_are_those_of_each(engine, people, sessions):
    with sessions.begin() as session:
        session.add_all(person(f"c{n}", agreed=[True, False, None][n % 3]) for n in range(1_201))
    asked = [*(f"c{n}" for n in range(1_400)), "ann", "ann"]
    queries = []
    sa.event.listen(engine, "before_cursor_execute", lambda *told: queries.append(told[2]))
    found = people.consents_of(asked)
    assert len(queries) == 3
    assert len(found) == 1_202
    for one in ("ann", "c0", "c1", "c2", "c1200"):
        assert [(r.state, r.how, r.purpose) for r in found[one].records] == [
            (r.state, r.how, r.purpose) for r in people.consents(one).records
        ]
    assert people.consents_of([]) == {}
    beside = people.beside(tactful.MemoryStore())
    assert set(beside.consents_of(asked)) == set(found)


def test_an_id_of_another_type_is_nobody(engine):
    people = TableSource(engine, "people", **{**MAPPED, "who": "id"})
    assert people.profile("1").attributes["visits"].value == 8
    assert [people.profile(one) for one in ("01", " 1", "+1", "x", "", "1.0", "2")] == [None] * 7
    assert set(people.consents_of(["1", "01", "x"])) == {"1"}


def test_a_database_that_compares_loosely_gives_nobody_the_row_of_another(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'loose.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE people (crm_id TEXT COLLATE NOCASE, visits INTEGER)")
        connection.exec_driver_sql("INSERT INTO people VALUES ('ann', 8)")
    people = TableSource(engine, "people", who="crm_id", attributes={"visits": Column("visits")})
    assert people.profile("ann") is not None
    assert people.profile("Ann") is None
    assert people.consents_of(["Ann"]) == {}


def test_a_connection_of_python_s_database_interface_serves(tmp_path):
    with sqlite3.connect(tmp_path / "own.db") as own:
        own.execute("CREATE TABLE people (crm_id TEXT, visits INTEGER)")
        own.execute("INSERT INTO people VALUES ('ann', 8)")
    own.close()
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(tmp_path / "own.db"))
    query = sa.text("SELECT crm_id, visits FROM people")
    people = TableSource(engine, query, who="crm_id", attributes={"visits": Column("visits")})
    assert people.profile("ann").attributes["visits"].value == 8
    engine.dispose()


def test_without_a_zone_a_moment_is_as_old_as_can_be(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    Model.metadata.create_all(engine)
    with orm.Session(engine) as session, session.begin():
        session.add(person("ann"))
    bare = TableSource(engine, Person, **{**MAPPED, "zone": None})
    assert bare.profile("ann").attributes["visits"].at_us == 0
    assert any("seen_at has no time zone" in one for one in bare.cautions())
    assert TableSource(engine, Person, **MAPPED).cautions() == ()


def test_two_rows_of_one_customer_are_refused_without_naming_whom(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'two.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE people (crm_id TEXT, visits INTEGER)")
        connection.exec_driver_sql("INSERT INTO people VALUES ('ann', 8), ('ann', 9)")
    people = TableSource(engine, "people", who="crm_id", attributes={"visits": Column("visits")})
    for ask in (people.profile, people.consents, lambda one: people.consents_of([one])):
        with pytest.raises(tactful.StoreError, match="table people: a customer is one row") as told:
            ask("ann")
        assert "ann" not in str(told.value)


def test_what_a_database_refuses_is_told_without_values(engine, people):
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE people RENAME TO gone")
    with pytest.raises(tactful.StoreError, match="table people: the database cannot be asked") as told:
        people.profile("ann@post.example")
    assert "post.example" not in str(told.value)
    assert told.value.__cause__ is None


# What is saved


def no_counts_at_once(sessions, edge, kept):
    """Whether a no that is committed counts for the next decision, and is kept."""
    assert shown(edge) == "Thanks"
    with sessions.begin() as session:
        ann_of(session).agreed = False
    return shown(edge, warm=False) != "Thanks" and withdrawn(kept) == ["offers"]


def test_a_no_that_is_saved_counts_for_the_next_decision_and_is_kept(sessions, edge, kept):
    assert no_counts_at_once(sessions, edge, kept)
    assert shown(edge) == shown(edge, "nobody") == "Welcome"


@pytest.mark.parametrize("deaf", ["withdraw", "_tell", "_changed"])
def test_the_mutants_that_do_not_hear_a_no_are_found(sessions, edge, kept, monkeypatch, deaf):
    monkeypatch.setattr(
        table_sessions, deaf, lambda *_, **__: table_sessions._Changed((), (), is_gone=False, within=())
    )
    assert not no_counts_at_once(sessions, edge, kept)


def test_what_was_never_loaded_is_taken_back_too(sessions, edge, kept):
    shown(edge)
    with sessions.begin() as session:
        ann = ann_of(session)
        session.expire(ann)
        ann.agreed = None
    assert withdrawn(kept) == ["offers"]


def test_a_rollback_takes_nothing_back(sessions, edge, kept):
    shown(edge)
    with sessions() as session:
        ann_of(session).agreed = False
        session.flush()
        session.rollback()
        ann_of(session).note = "later"
        session.commit()
    assert withdrawn(kept) == []
    assert shown(edge) == "Thanks"


def test_a_savepoint_counts_with_the_commit_alone(sessions, edge, kept):
    shown(edge)
    with sessions() as session:
        with session.begin_nested():
            with session.begin_nested():
                ann_of(session).agreed = False
            assert withdrawn(kept) == []
        assert withdrawn(kept) == []
        session.commit()
    assert withdrawn(kept) == ["offers"]


def test_a_savepoint_that_is_rolled_back_takes_nothing_back(sessions, edge, kept):
    shown(edge)
    with sessions() as session:
        outer = session.begin_nested()
        with session.begin_nested():
            ann_of(session).agreed = False
        outer.rollback()
        ann_of(session).note = "kept"
        session.commit()
    assert withdrawn(kept) == []


def test_what_was_no_yes_before_is_not_taken_back_again(sessions, edge, kept):
    with sessions.begin() as session:
        session.add(person("bob", agreed=False))
    with sessions.begin() as session:
        session.scalars(sa.select(Person).filter_by(crm_id="bob")).one().agreed = None
    assert withdrawn(kept, "bob") == []


def test_another_column_is_fetched_anew(sessions, edge):
    assert shown(edge) == "Thanks"
    with sessions.begin() as session:
        ann_of(session).visits = 1
    assert shown(edge) == "Welcome"


def test_a_customer_who_is_deleted_is_let_go(sessions, edge):
    assert shown(edge) == "Thanks"
    with sessions.begin() as session:
        session.delete(ann_of(session))
    assert shown(edge) == "Welcome"


def test_a_row_is_saved_all_the_same_where_nobody_can_be_told(sessions, edge, engine, caplog, monkeypatch):
    def failing(*_, **__):
        raise RuntimeError("ann")

    monkeypatch.setattr(edge, "forget", failing)
    with sessions.begin() as session:
        ann_of(session).agreed = False
    edge.close()
    with sessions.begin() as session:
        assert ann_of(session).agreed is False
        ann_of(session).note = "closed"
    assert "a row that was saved is not heard of: RuntimeError" in caplog.text


def test_nobody_hears_what_is_saved_behind_a_query(engine, edge, sessions):
    people = TableSource(engine, sa.select(Person), **MAPPED)
    with pytest.raises(tactful.UsageError, match="nobody hears what is saved behind a query"):
        people.follow(edge, sessions)


# What checks tell


@pytest.mark.parametrize(
    ("table", "changes", "told"),
    [
        ("peoples", {}, "there is no table 'peoples'; did you mean 'people'"),
        ("people", {"who": "crmid"}, "table people: there is no column 'crmid'; did you mean 'crm_id'"),
        ("people", {"at": "note"}, "table people: column 'note' is VARCHAR and no moment"),
        ("people", {"attributes": {"visits": Column("visit")}}, "no column 'visit'; did you mean 'visits'"),
        (7, {}, "a table is a name, a Table, a mapped class, a select"),
    ],
)
def test_what_is_not_there_is_told_when_it_is_mapped(engine, table, changes, told):
    with pytest.raises(tactful.UsageError, match=told.replace("(", r"\(")):
        TableSource(engine, table, **{**MAPPED, **changes})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"attributes": {"visit": Column("visits")}}, "the policy has no attribute 'visit'; did you mean 'visits'"),
        ({"attributes": {"visits": Column("note")}}, "column 'note' is VARCHAR, and visits is int"),
        ({"attributes": {"visits": Column("letters_ok")}}, "column 'letters_ok' is BOOLEAN, and visits is int"),
        ({"consent_columns": [ConsentColumn("letters_ok", "offer")]}, "the policy has no purpose 'offer'"),
        ({"consent_columns": [ConsentColumn("letters_ok", "offers", "post")]}, "the policy has no channel 'post'"),
    ],
)
def test_what_does_not_fit_the_policy_is_told_at_open(engine, changes, told):
    people = TableSource(engine, "people", **{**MAPPED, **changes})
    for given in ({"profiles": people}, {"consents": people}, {"consents": people.beside(tactful.MemoryStore())}):
        with pytest.raises(tactful.UsageError, match=told):
            tactful.open(policy(), **given)


def test_what_an_omission_hides_is_told_at_open_once(engine, caplog):
    changes = {"attributes": {"visits": Column("visits")}, "consent_columns": [ConsentColumn("letters_ok", "offers")]}
    people = TableSource(engine, "people", **{**MAPPED, **changes})
    with caplog.at_level(logging.WARNING, "tactful"), tactful.open(policy(), profiles=people, consents=people):
        told = [one.getMessage() for one in caplog.records]
    assert [one.partition(";")[0] for one in told] == [
        "table people: visits has no moment of observation, so that it is never fresh",
        "table people: nobody knows how letters_ok was given, so that a yes counts as not given",
        "table people: a yes in letters_ok has no moment, so that it is older than any no and lifts none",
    ]
    assert list(people.cautions()) == told


@pytest.mark.parametrize("url", ["nonsense", "oracle+nodriver://host/db"])
def test_a_url_that_names_no_database_is_refused(url):
    with pytest.raises(tactful.UsageError, match=r"a database's URL is as|is not installed"):
        TableSource(url, "people", **MAPPED)


def test_a_database_that_is_not_there_is_told_without_its_address():
    with pytest.raises(tactful.StoreError, match="table people: the database cannot be asked") as told:
        TableSource("sqlite:////none/secret.db", "people", **MAPPED)
    assert "secret" not in str(told.value)
