"""What a table source is given by mistake: each is told when it is made, with what would be right."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

sa = pytest.importorskip("sqlalchemy", reason="needs the extra sqlalchemy")

from sqlalchemy import orm  # noqa: E402 - after the check that it is there

import tactful  # noqa: E402
from tactful.authoring import compile_files  # noqa: E402
from tactful_adapters import table_checks  # noqa: E402
from tactful_adapters.table_source import Column, ConsentColumn, TableSource  # noqa: E402

from .test_django_source import POLICY  # noqa: E402

SEEN = datetime(2026, 7, 1, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
LETTERS = ConsentColumn("letters_ok", "offers", how="explicit", at="seen_at")


@pytest.fixture
def url(tmp_path):
    made = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = sa.create_engine(made)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE people (crm_id TEXT, visits INTEGER, seen_at DATETIME, seen_us BIGINT,"
            " letters_ok BOOLEAN, word TEXT)"
        )
        row = ("ann", 8, "2026-07-01 12:00:00", _us(SEEN), 1, "yes")
        connection.exec_driver_sql("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)", row)
    engine.dispose()
    return made


def _us(moment):
    return round(moment.timestamp() * 1_000_000)


def source(url, **changes):
    given = {"who": "crm_id", "attributes": {"visits": Column("visits", at="seen_at")}, "zone": UTC}
    return TableSource(url, "people", **{**given, **changes})


@pytest.mark.parametrize("zone", ["Europe/Berlin", ZoneInfo("Europe/Berlin")])
def test_a_zone_is_taken_by_its_name_too(url, zone):
    with source(url, zone=zone) as people:
        assert people.profile("ann").attributes["visits"].at_us == _us(SEEN)


@pytest.mark.parametrize("zone", ["Europe/Berlni", "", "../../etc/passwd", 2])
def test_what_is_no_zone_is_refused(url, zone):
    with pytest.raises(tactful.UsageError, match=r'zone=.*give UTC, ZoneInfo\("Europe/Berlin"\)'):
        source(url, zone=zone)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"attributes": {"visits": "visits"}},
            "attributes['visits'] is a Column, and got a text; write Column('visits')",
        ),
        ({"attributes": ["visits"]}, "attributes= is columns by attribute, and got a list"),
        ({"consent_columns": LETTERS}, "consent_columns= is a list, and got a ConsentColumn"),
        ({"consent_columns": ["letters_ok"]}, "consent_columns= holds ConsentColumns, and got a text"),
        ({"who": None}, "who= is the name of a column, and got a NoneType"),
        ({"at": Column("seen_at")}, "at= is the name of a column, and got a Column"),
    ],
)
def test_an_argument_of_another_type_is_refused_with_what_would_be_right(url, changes, told):
    with pytest.raises(tactful.UsageError) as raised:
        source(url, **changes)
    assert told in str(raised.value)


def test_what_is_no_engine_is_refused():
    with pytest.raises(tactful.UsageError, match=r"engine= is an Engine or a URL, and got an int"):
        source(5)


def test_a_url_of_sqlalchemy_serves_as_well_as_a_text(url):
    with source(sa.make_url(url)) as people:
        assert people.profile("ann") is not None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"how": "explict"}, "how='explict'): it is none of explicit, double_opt_in, "),
        ({"how": "explict"}, "; did you mean 'explicit'?"),
        ({"how": True}, "how=True): it is none of "),
        ({"yes": "yes"}, "is a set of values, and got str; write yes="),
        ({"yes": 1}, "is a set of values, and got int; write yes="),
        ({"yes": ()}, "is empty, so that nothing is a yes"),
        ({"yes": [["yes"]]}, "holds what a column holds, no lists"),
    ],
)
def test_an_answer_that_nobody_gives_is_refused(changes, told):
    with pytest.raises(tactful.UsageError) as raised:
        ConsentColumn("letters_ok", "offers", **changes)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("column", "yes", "right"),
    [("word", {True}, "yes={'yes'}"), ("letters_ok", {"yes"}, "yes={True}"), ("visits", {"1"}, "yes={True}")],
)
def test_a_column_that_can_hold_no_yes_is_refused(url, column, yes, right):
    with pytest.raises(tactful.UsageError) as raised:
        source(url, consent_columns=[ConsentColumn(column, "offers", how="explicit", yes=yes)])
    assert f"table people: column {column!r} is " in str(raised.value)
    assert right in str(raised.value)


@pytest.mark.parametrize(("column", "yes"), [("word", {"yes", "y"}), ("letters_ok", {True}), ("visits", {1, 8})])
def test_a_column_that_can_hold_a_yes_is_taken(url, column, yes):
    with source(url, consent_columns=[ConsentColumn(column, "offers", how="explicit", yes=yes)]) as people:
        assert [one.state for one in people.consents("ann").records] == [tactful.ConsentState.GIVEN]


def test_the_mutant_that_takes_any_column_for_an_answer_knows_no_yes(url, monkeypatch):
    monkeypatch.setattr(table_checks, "_ANSWERS", {})
    with source(url, consent_columns=[ConsentColumn("word", "offers", how="explicit")]) as people:
        assert [one.state for one in people.consents("ann").records] == [tactful.ConsentState.REFUSED]


def test_a_number_too_small_for_a_moment_is_told(url):
    with source(url, attributes={"visits": Column("visits", at="visits")}) as people:
        (told,) = people.cautions()
    assert told.startswith(
        "table people: visits is INTEGER, and is read as whole microseconds since 1970; if it counts"
    )
    with source(url, attributes={"visits": Column("visits", at="seen_us")}) as people:
        assert people.cautions() == ()
        assert people.profile("ann").attributes["visits"].at_us == _us(SEEN)


@pytest.mark.parametrize("name", ["nothere.db", "not here?.db"])
def test_a_file_that_is_not_there_is_not_made(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for url in (sa.URL.create("sqlite", database=name), sa.URL.create("sqlite", database=str(tmp_path / name))):
        with pytest.raises(tactful.StoreError, match="table people: the database cannot be asked"):
            source(url)
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_name_holds_marks_of_a_url_is_read(tmp_path, url):
    odd = tmp_path / "my shop #1%20?.db"
    (tmp_path / "shop.db").rename(odd)
    with source(sa.URL.create("sqlite", database=str(odd))) as people:
        assert people.profile("ann") is not None


def test_what_cannot_be_followed_is_refused(url):
    engine = sa.create_engine(url)
    people, sessions = source(engine), orm.sessionmaker(engine)
    with tactful.open(compile_files({"policy.yaml": POLICY})) as edge:
        for wrong, told in [
            ((edge, engine), "nobody hears what an Engine saves; give the sessionmaker, scoped_session or Session"),
            ((edge, Column), "nobody hears what a Column saves; give"),
            ((sessions, edge), "the first is an edge, and got a sessionmaker; write follow(edge, sessions)"),
        ]:
            with pytest.raises(tactful.UsageError) as raised:
                people.follow(*wrong)
            assert told in str(raised.value)
        assert len(people.edges) == 0
        for right in (sessions, orm.scoped_session(sessions), orm.Session(engine), type("Own", (orm.Session,), {})):
            people.follow(edge, right)
        assert len(people.edges) == 1
    engine.dispose()
