"""The part of `PostgreSQLStore` that keeps how far the edges are that follow it. It judges nothing."""

from collections.abc import Mapping
from typing import Final

from tactful import EDGES_MAX, Acknowledged, Line

from .postgresql_part import PostgreSQLPart

#: One that has more than the store tells follows another history, and counts as having nothing.
_KEEP: Final = """
INSERT INTO edge (name, consents, profiles, at_us, until_us)
SELECT %(name)s, CASE WHEN %(consents)s <= c.number THEN %(consents)s ELSE 0 END,
       CASE WHEN %(profiles)s <= p.number THEN %(profiles)s ELSE 0 END, %(at_us)s, %(until_us)s
FROM line_epoch AS c, line_epoch AS p WHERE c.line = 'consents' AND p.line = 'profiles'
ON CONFLICT (name) DO UPDATE SET consents = excluded.consents, profiles = excluded.profiles,
    at_us = excluded.at_us, until_us = excluded.until_us
RETURNING xmax = 0
"""
_BOUND: Final = """
DELETE FROM edge WHERE until_us <= %(at_us)s OR name IN
    (SELECT name FROM edge ORDER BY at_us DESC, name OFFSET %(count)s)
"""


class PostgreSQLEdges(PostgreSQLPart):
    """`Acknowledging` in the tables of a store."""

    def acknowledge(self, edge: str, reached: Mapping[Line, int], keep_s: int) -> None:
        """Keep that an edge has each line up to an epoch."""
        with self._pool.writing() as connection:
            at_us = self._now_us(connection)
            said: dict[str, str | int] = {"name": edge, "at_us": at_us, "until_us": at_us + keep_s * 10**6}
            said.update((str(line), epoch) for line, epoch in reached.items())
            (is_new,) = connection.execute(_KEEP, said).fetchone() or (False,)
            if is_new:
                connection.execute(_BOUND, {"at_us": at_us, "count": EDGES_MAX})

    def acknowledged(self) -> Mapping[tuple[str, str], Acknowledged]:
        """Return how far each edge is that was heard within its time."""
        with self._pool.reading() as connection:
            query = "SELECT name, consents, profiles, at_us FROM edge WHERE until_us > %s"
            rows = connection.execute(query, (self._now_us(connection),)).fetchall()
        return {
            (name, line): Acknowledged(int(epoch), int(at_us))
            for name, consents, profiles, at_us in rows
            for line, epoch in (("consents", consents), ("profiles", profiles))
        }
