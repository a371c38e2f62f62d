"""Profiles and consents in PostgreSQL: the rows as a connection sees them, and the part of the store that has them."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tactful import Consent, Consents, Contact, Snapshot, StoreError

from .postgresql_amending import Table, amend_rows
from .postgresql_erased import PostgreSQLErased
from .postgresql_graph import PostgreSQLGraph
from .postgresql_ledger import PostgreSQLLedger
from .postgresql_locks import GRAPH_AS_IT_IS, LEDGER
from .postgresql_part import PostgreSQLPart
from .rows import pack_attributes, pack_consents, unpack_said, unpack_snapshot

if TYPE_CHECKING:
    from .postgresql_client import PostgreSQLConnection

_T = TypeVar("_T")

#: Gets an id with what is kept of it, and returns what is to be kept, or None to leave it.
AmendProfile = Callable[[str, Snapshot | None], Snapshot | None]
#: Gets an id and its consents; returns what is to be kept, or None to leave it.
AmendConsents = Callable[[str, Consents | None], Consents | None]

_PROFILE: Final = Table("profile", ("epoch", "at_us", "body"), ("bigint", "bigint", "bytea"))
_CONSENT: Final = Table("consent", ("heard", "at_us", "epoch", "body"), ("boolean", "bigint", "bigint", "bytea"))


class PostgreSQLRecords:
    """Each id's own profile and consents, as a connection sees them."""

    __slots__ = ("_connection",)

    def __init__(self, connection: "PostgreSQLConnection") -> None:
        self._connection = connection

    def snapshots(self, customers: Iterable[str]) -> dict[str, Snapshot]:
        """Return the snapshots of customers, as far as there are any."""
        found = self._connection.execute(_PROFILE.reading.encode(), (list(customers),))
        return {row[0]: unpack_snapshot(*row) for row in found}

    def put_profiles(self, snapshots: Iterable[Snapshot]) -> int:
        """Keep snapshots, each unless a newer one is kept; return how many were."""
        given: dict[str, list[Snapshot]] = {}
        for snapshot in snapshots:
            given.setdefault(_checked(snapshot, Snapshot).customer, []).append(snapshot)
        kept: dict[str, int] = {}

        def newest(customer: str, before: Snapshot | None) -> Snapshot | None:
            kept[customer] = 0
            for one in given[customer]:
                if before is None or (one.epoch, one.at_us) >= (before.epoch, before.at_us):
                    before, kept[customer] = one if before is None else before.renewed(one), kept[customer] + 1
            return before if kept[customer] else None

        self.amend_profiles(given, newest)
        return sum(kept.values())

    def amend_profiles(self, customers: Iterable[str], amend: AmendProfile) -> None:
        """Change the snapshots of ids."""

        def change(customer: str, row: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
            changed = amend(customer, None if row is None else unpack_snapshot(customer, *row))
            if changed is None:
                return None
            return _checked(changed, Snapshot).epoch, changed.at_us, pack_attributes(changed)

        amend_rows(self._connection, _PROFILE, customers, change)

    def consents(self, customers: Iterable[str]) -> dict[str, Consents]:
        """Return the consents of customers, as far as there are any."""
        found = self._connection.execute(_CONSENT.reading.encode(), (list(customers),))
        return {customer: unpack_said(*row) for customer, *row in found}

    def put_consents(self, consents: Mapping[str, Consents]) -> int:
        """Keep consents, and the records they could not know of, unless newer ones are kept; return how many were."""
        given = {customer: _checked(one, Consents).as_told for customer, one in consents.items()}

        def newest(customer: str, before: Consents | None) -> Consents | None:
            one = given[customer]
            if before is not None and one.is_older(
                before
            ):  # never older than what is first-hand: its epoch is the least
                return None
            return one if before is None else before.renewed(one)

        return self.amend_consents(given, newest, heard=True)

    def add_consent(self, customers: Iterable[str], consent: Consent) -> None:
        """Keep one more record for each of some ids."""

        def plus(_: str, before: Consents | None) -> Consents:
            return (before or Consents.first_hand((), consent.at_us)).plus(consent)

        self.amend_consents(customers, plus, heard=False)

    def amend_consents(self, customers: Iterable[str], amend: AmendConsents, *, heard: bool) -> int:
        """Change the consents of ids; return how many were. `heard` says whether the centre has told of them."""

        def change(customer: str, row: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
            before, told = (None, False) if row is None else (unpack_said(*row), bool(row[0]))
            changed = amend(customer, before)
            if changed is None:
                return None
            return heard or told, changed.at_us, changed.as_told.epoch, pack_consents(changed)

        return amend_rows(self._connection, _CONSENT, customers, change)

    def erase(self, customers: Iterable[str]) -> Mapping[str, int]:
        """Forget customers' profiles and consents; return how much went."""
        gone = {}
        for name, table in (("profiles", "profile"), ("consents", "consent")):
            query = f"""DELETE FROM {table} WHERE customer IN
                        (SELECT customer FROM {table} WHERE customer = ANY(%s::text[]) ORDER BY customer FOR UPDATE)"""  # noqa: S608 - ours
            gone[name] = self._connection.execute(query.encode(), (list(customers),)).rowcount
        return gone


class PostgreSQLRecording(PostgreSQLPart):
    """Profiles and consents in the tables of a store: where they come from, where they go, how they change."""

    def profile(self, customer: str) -> Snapshot | None:
        """Return the newest snapshot, or None for a customer who is not known."""
        with self._pool.reading() as connection:
            merges = PostgreSQLGraph(connection, self._rules).merges(customer)
            return merges.snapshot(customer, PostgreSQLRecords(connection).snapshots(merges.members(customer)))

    def consents(self, customer: str) -> Consents | None:
        """Return all records that speak, or None for a customer who is not known."""
        with self._pool.reading() as connection:
            merges = PostgreSQLGraph(connection, self._rules).merges(customer)
            return merges.consents(customer, PostgreSQLRecords(connection).consents(merges.members(customer)))

    def put_profile(self, snapshot: Snapshot) -> bool:
        """Keep a snapshot; one older than what is kept changes nothing: return False."""
        with self._pool.writing() as connection:
            return PostgreSQLRecords(connection).put_profiles([snapshot]) == 1

    def amend_profile(self, customer: str, amend: AmendProfile) -> None:
        """
        Change what is kept of a customer, under each id that stands for it; no other change comes in between.

        Where somebody makes the first profile of an id at the same moment, `amend` is called again, with that one.
        """
        with self._pool.writing(GRAPH_AS_IT_IS) as connection:
            members = PostgreSQLGraph(connection, self._rules).merges(customer).members(customer)
            PostgreSQLRecords(connection).amend_profiles(members, amend)

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Keep what the centre knows of a customer's consents; older ones change nothing: return False."""
        with self._pool.writing() as connection:
            return PostgreSQLRecords(connection).put_consents({customer: consents}) == 1

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Add what a customer has just said. A no is kept for every id that is merged with the customer's."""
        with self._pool.writing(GRAPH_AS_IT_IS) as connection:
            members = PostgreSQLGraph(connection, self._rules).merges(customer).members(customer)
            PostgreSQLRecords(connection).add_consent(members if consent.refuses else (customer,), consent)

    def put_many(
        self,
        profiles: Iterable[Snapshot] = (),
        consents: Mapping[str, Consents] | None = None,
        contacts: Iterable[Contact] = (),
    ) -> int:
        """Keep much of what the centre knows at once, all or none; return how much was new."""
        snapshots, told = list(profiles), list(contacts)
        with self._pool.writing(*([LEDGER] if told else [])) as connection:
            records = PostgreSQLRecords(connection)
            return (
                records.put_profiles(snapshots)
                + records.put_consents(consents or {})
                + len(PostgreSQLLedger(connection).keep(PostgreSQLErased(connection).in_time(told)[0]))
            )


def _checked(one: _T, noun: type) -> _T:
    if not isinstance(one, noun):
        raise StoreError(f"only {noun.__name__} is taken here; nothing of this call was kept")
    return one
