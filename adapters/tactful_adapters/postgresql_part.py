"""What the parts of a store in PostgreSQL have in common: its connections, rules, limits and clock. It has no table."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tactful import IdentityRules, LogLimits, OutboxLimits

from .postgresql_pool import PostgreSQLPool

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection


class PostgreSQLPart:
    """A part of a store, which has all its parts in one."""

    _pool: PostgreSQLPool
    _rules: IdentityRules
    _limits: OutboxLimits
    _log_limits: LogLimits
    _clock: Callable[[], int] | None

    def _now_us(self, connection: "PostgreSQLConnection") -> int:
        """Return the moment by the server's clock, which is the same for all edges, unless another was given."""
        if self._clock is not None:
            return self._clock()
        query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
        (now_us,) = connection.execute(query).fetchone() or (0,)
        return int(now_us)
