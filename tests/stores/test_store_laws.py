"""The conformance kit on the stores that are shipped."""

import sqlite3

import pytest

from tactful import LogLimits, MemoryStore, OutboxLimits
from tactful.testing.stores import StoreConformance
from tactful_adapters import sqlite_file
from tactful_adapters.postgresql import PostgreSQLStore
from tactful_adapters.sqlite import SQLiteStore


class TestMemoryStore(StoreConformance):
    def make_store(self, where, outbox=OutboxLimits(), log=LogLimits()):  # noqa: B008 - frozen
        return MemoryStore(outbox=outbox, log=log)


class TestSQLiteStore(StoreConformance):
    persistent = True
    shared_between_processes = True

    def make_store(self, where, outbox=OutboxLimits(), log=LogLimits()):  # noqa: B008 - frozen
        return SQLiteStore(where / "edge.db", outbox=outbox, log=log)

    def url(self, where):
        return f"sqlite:///{where / 'edge.db'}"


class TestSQLiteStoreOfOneProcess(StoreConformance):
    persistent = True

    def make_store(self, where, outbox=OutboxLimits(), log=LogLimits()):  # noqa: B008 - frozen
        return SQLiteStore(where / "edge.db", outbox=outbox, log=log, shared=False)


class TestSQLiteStoreWithALogThatProcessesShare(TestSQLiteStore):
    """As with a library that has the repair; a library without it is only used for a moment, in this test."""

    @pytest.fixture(autouse=True)
    def _repaired(self, monkeypatch, tmp_path):
        monkeypatch.setattr(sqlite_file, "wal_is_safe", lambda _: True)
        yield
        if (tmp_path / "edge.db").exists():
            with sqlite3.connect(tmp_path / "edge.db") as connection:
                assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            connection.close()

    def test_processes_share_one_truth(self, tmp_path):
        """The processes that the kit starts have no repair: held in tests/stores/test_sqlite_file.py instead."""


class TestPostgreSQLStore(StoreConformance):
    persistent = True
    shared_between_processes = True

    @pytest.fixture(autouse=True)
    def _started(self, postgresql):
        self.server = postgresql

    def make_store(self, where, outbox=OutboxLimits(), log=LogLimits()):  # noqa: B008 - frozen
        return PostgreSQLStore(self.url(where), outbox=outbox, log=log)

    def url(self, where):
        return self.server.url(where)
