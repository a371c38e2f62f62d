"""Tables and sessions that somebody else altered so that every statement still runs: nothing is lost by it unsaid."""

import pytest

import tactful
from tactful import (
    Consent,
    Consents,
    ConsentState,
    Contact,
    Disclosure,
    How,
    MemoryCentre,
    Passed,
    Snapshot,
    StoreError,
    SyncOptions,
)
from tactful.cli.wrong import wrong_of
from tactful.strict import Ask
from tactful.testing.centre_kit import withdrawal
from tactful_adapters.postgresql_centre import PostgreSQLCentre

from .shop import POLICY

_SWALLOW = (
    "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
    "CREATE TRIGGER swallowing BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION swallow()"
)
_PASSED = Disclosure("d", 0, "ada", 1, 9**18, "o", "web", Passed("x", "y", "consent"))
_NOES = Consents((Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, 7),), 7)
_NO = withdrawal("opt_out/ada/9", "ada", 9, "offers")


@pytest.fixture
def centre(postgresql, tmp_path):
    with PostgreSQLCentre(postgresql.url(tmp_path)) as opened:
        opened.put_consents("ada", Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 5),), 5))
        opened.put_profile(Snapshot("ada", 5, {}))
        yield opened


def _told(centre):
    """Whatever tells edges something or keeps what they tell; the name of each that ran."""
    ran = []
    for name, call in {
        "changes": lambda: centre.changes("consents", 0, 9),
        "no": lambda: centre.put_consents("ada", _NOES),
        "new": lambda: centre.put_consents("bob", Consents((), 7)),
        "profile": lambda: centre.put_profile(Snapshot("ada", 6, {})),
    }.items():
        try:
            call()
        except StoreError as error:
            assert "the tables are not as tactful made them: " in str(error)  # noqa: PT017 - each of them
        else:
            ran.append(name)
    return ran


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE consent DISABLE TRIGGER ALL",
        "DROP TRIGGER profile_changed ON profile",
        "ALTER TABLE line_epoch DISABLE TRIGGER line_counted",
        _SWALLOW.format("change"),
        _SWALLOW.format("line_epoch"),
        "CREATE RULE nothing AS ON INSERT TO change DO INSTEAD NOTHING",
        "ALTER TABLE change RENAME TO old; CREATE VIEW change AS SELECT * FROM old WHERE FALSE",
    ],
)
def test_what_would_tell_nobody_is_said_and_nothing_is_believed(centre, postgresql, tmp_path, change):
    assert _told(centre) == ["changes", "no", "new", "profile"]  # the control
    postgresql.inside(tmp_path, change)
    assert _told(centre) == []


def test_a_role_whose_triggers_do_not_fire_tells_nothing(postgresql, tmp_path):
    with PostgreSQLCentre(postgresql.url(tmp_path)) as centre:
        with centre._pool.reading() as connection:
            connection.execute("SELECT set_config('session_replication_role', 'replica', false)")
        assert _told(centre) == []


@pytest.mark.parametrize(
    ("table", "call"),
    [
        ("contact", lambda centre: centre.deliver([_NO])),
        ("contact", lambda centre: centre.record([Contact("1", "ada", "shown", at_us=1)])),
        ("consent", lambda centre: centre.deliver([_NO])),
        ("consent", lambda centre: centre.put_consents("bob", Consents((), 7))),
        ("profile", lambda centre: centre.put_profile(Snapshot("bob", 6, {}))),
        ("outbox", lambda centre: centre.record([Contact("1", "ada", "shown", at_us=1)])),
        ("disclosure", lambda centre: centre.deliver([_PASSED])),
        ("strict", lambda centre: centre.reserve([Ask("cap", "", "customer", "ada", 5, 1, 10**6, 10**6)])),
    ],
)
def test_a_table_that_keeps_nothing_is_said(centre, postgresql, tmp_path, table, call):
    postgresql.inside(tmp_path, _SWALLOW.format(table))
    with pytest.raises(StoreError, match=f"{table} did not keep what it was given"):
        call(centre)
    postgresql.inside(tmp_path, "DROP FUNCTION swallow CASCADE")
    call(centre)
    assert postgresql.inside(tmp_path, f"TABLE {table}") != []


def test_what_comes_twice_is_no_sign_of_anything(centre):
    assert [centre.deliver([_NO, _PASSED]).accepted for _ in "12"] == [frozenset((_NO.id, _PASSED.id))] * 2


def test_rows_that_a_policy_hides_are_not_taken_for_none(centre, postgresql, tmp_path):
    schema = postgresql.schema(tmp_path)
    known = postgresql.run("SELECT 1 FROM pg_roles WHERE rolname = 'reader'")
    postgresql.run(
        "DROP OWNED BY reader" if known else "CREATE ROLE reader LOGIN",
        f"GRANT USAGE ON SCHEMA {schema} TO reader",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO reader",
    )
    with PostgreSQLCentre(postgresql.url(tmp_path).replace("//postgres:", "//reader:")) as seen:
        assert len(seen.changes("consents", 0, 9).changes) == 1
        postgresql.inside(tmp_path, "ALTER TABLE change ENABLE ROW LEVEL SECURITY")
        with pytest.raises(StoreError, match="row-level security policy for table"):
            seen.changes("consents", 0, 9)


def test_bytes_come_back_whatever_the_role_is_set_to(centre, postgresql, tmp_path):
    known = postgresql.run("SELECT 1 FROM pg_roles WHERE rolname = 'odd'")
    postgresql.run("DROP OWNED BY odd" if known else "CREATE ROLE odd LOGIN SUPERUSER")
    postgresql.run("ALTER ROLE odd SET standard_conforming_strings = off", "ALTER ROLE odd SET bytea_output = 'escape'")
    with PostgreSQLCentre(postgresql.url(tmp_path).replace("//postgres:", "//odd:")) as odd:
        odd.put_consents("bob", _NOES)
    assert [one.state for one in centre.consents("bob").records] == [ConsentState.WITHDRAWN]


def test_delivery_can_be_tried_and_leaves_nothing(centre, postgresql, tmp_path):
    tables = ("contact", "consent", "change", "line_epoch", "outbox")
    before = [postgresql.inside(tmp_path, f"TABLE {table}") for table in tables]
    centre.try_delivery()
    assert [postgresql.inside(tmp_path, f"TABLE {table}") for table in tables] == before
    postgresql.inside(tmp_path, "ALTER TABLE contact RENAME body TO content")
    assert centre.changes("consents", 0, 9).is_complete  # who only asks for changes sees nothing of it
    with tactful.open(POLICY, centre=MemoryCentre(), sync=SyncOptions(threads=False)) as edge:
        edge.sync()
        state = edge.status()
    assert [(one.part, one.for_s, 'column "body"' in one.says) for one in wrong_of(state, centre)] == [
        ("delivery", None, True)
    ]
    postgresql.inside(tmp_path, "ALTER TABLE contact RENAME content TO body")
    assert list(wrong_of(state, centre)) == []


def test_a_standby_is_not_followed_as_it_may_be_behind(centre, postgresql):
    data = postgresql._server.pgdata
    assert centre.changes("consents", 0, 9).is_complete
    postgresql.stop()
    (data / "standby.signal").touch()
    try:
        postgresql.start()
        with pytest.raises(StoreError, match="the server is a standby, which may be behind"):
            centre.changes("consents", 0, 9)
        assert centre.consents("ada") is not None  # as a store it can be read
    finally:
        postgresql.run("SELECT pg_promote()")
    assert centre.changes("consents", 0, 9).is_complete
