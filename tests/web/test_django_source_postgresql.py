"""A model in PostgreSQL, as sites have it: the same story, and what a server does that a file does not."""

import threading

import pytest

pytest.importorskip("django", reason="needs the extra django")
psycopg = pytest.importorskip("psycopg", reason="the extra postgresql is not installed")

from django.db import DatabaseError, connections  # noqa: E402 - after the checks that it is there
from tests.stores.conftest import _postgresql_server, postgresql  # noqa: E402, F401 - fixtures

from .test_django_source import ann, edge, kept, no_counts_at_once, people, shop  # noqa: E402, F401 - fixtures


@pytest.fixture
def database(postgresql, tmp_path):  # noqa: F811 - the fixture
    """What Django is told of the database: a schema of a server."""
    schema = postgresql.schema(tmp_path)
    postgresql.run(f"CREATE SCHEMA {schema}")
    told = psycopg.conninfo.conninfo_to_dict(postgresql.uri)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": told["dbname"],
        "USER": told["user"],
        "PASSWORD": told.get("password", ""),
        "HOST": told.get("host", ""),
        "PORT": str(told.get("port", "")),
        "OPTIONS": {"options": f"-c search_path={schema}"},
        "CONN_MAX_AGE": None,
    }


def test_a_no_that_is_saved_counts_for_the_next_decision_and_is_kept(ann, edge, kept):  # noqa: F811
    assert no_counts_at_once(ann, edge, kept)


def test_our_thread_takes_a_new_connection_where_the_server_has_ended_its_own(ann, people, postgresql):  # noqa: F811
    found = []

    def ask():
        found.append(people.profile("ann"))
        mine = connections["shop"].connection.info.backend_pid
        postgresql.run(f"SELECT pg_terminate_backend({mine}, 5000)")
        try:
            people.profile("ann")
        except DatabaseError as error:
            found.append(error)
        found.append(people.profile("ann"))
        connections["shop"].close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    first, failed, again = found
    assert first.attributes == again.attributes
    assert isinstance(failed, DatabaseError)
