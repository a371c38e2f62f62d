"""The lines that edges follow, in PostgreSQL, as a connection sees them. The tables' triggers enter what is told."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tactful import Change, Changes, Consents, Erased, Line, Link, Merge, Snapshot, Split, Unlinked

from .postgresql_altered import check_primary, check_telling
from .postgresql_records import PostgreSQLRecords

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

    _Row = tuple[int, str, str, str, str, str, str, float, int]


class PostgreSQLLines:
    """What has changed, by line and epoch."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "PostgreSQLConnection") -> None:
        self._connection = connection

    def epoch(self, line: Line) -> int:
        """Return the newest epoch of a line; 0 before the first change."""
        found = self._connection.execute("SELECT number FROM line_epoch WHERE line = %s", (line,)).fetchone()
        return 0 if found is None else int(found[0])

    def changes(self, line: Line, after: int, count: int, now_us: int) -> Changes:
        """
        Return what has changed since an epoch, at most so many changes, as of a moment [us since 1970].

        Raises:
            StoreError: If the server is a standby, or somebody altered what tells of changes.
        """
        check_primary(self._connection)
        check_telling(self._connection)
        query = """SELECT epoch, what, customer, name, value, other, kind, confidence, at_us FROM change
                   WHERE line = %s AND epoch > %s ORDER BY epoch LIMIT %s"""
        rows = self._connection.execute(query, (line, after, max(0, count) + 1)).fetchall()
        told = self._told(rows[:count], now_us)
        return Changes(told, self.epoch(line), len(rows) <= count, now_us)

    def erase(self, customers: Iterable[str], now_us: int) -> None:
        """Tell in both lines that ids were forgotten, and nothing else of them any more."""
        for customer in customers:
            query = """SELECT tell('consents', 'erased', %s, of_at_us => %s),
                              tell('profiles', 'erased', %s, of_at_us => %s)"""
            self._connection.execute(query, (customer, now_us, customer, now_us))
            self._connection.execute("DELETE FROM change WHERE other = %s AND what = 'merge'", (customer,))

    def _told(self, rows: "Sequence[_Row]", now_us: int) -> tuple[Change, ...]:
        records = PostgreSQLRecords(self._connection)
        consents = records.consents(row[2] for row in rows if row[1] == "consents")
        profiles = records.snapshots(row[2] for row in rows if row[1] == "profile")
        changes = []
        for epoch, what, customer, name, value, other, kind, confidence, at_us in rows:
            told: Consents | Snapshot | Link | Unlinked | Merge | Split | Erased
            match what:
                case "consents":  # a row that somebody took away: nothing is known, so nothing is given
                    told = consents.get(customer, Consents((), now_us)).as_told
                case "profile":
                    told = profiles.get(customer, Snapshot(customer, now_us, {}))
                case "link":
                    told = Link(name, value, customer, kind, confidence, at_us)
                case "unlinked":
                    told = Unlinked(name, value)
                case "merge":
                    told = Merge(customer, other, at_us)
                case "split":
                    told = Split()
                case _:
                    told = Erased(at_us)
            changes.append(Change(epoch, customer, told))
        return tuple(changes)
