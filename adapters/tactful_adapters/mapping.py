"""How rows of tables that you have already become profiles and consents. It asks no database: you say who does.

Whatever a row does not tell makes a decision more careful: a value without a time is as old as can be, a word that is
not understood is a no, a yes without a time is older than any no.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs

from tactful import (
    Consent,
    Consents,
    ConsentState,
    How,
    Observation,
    Snapshot,
    Source,
    StoreError,
    wall_clock,
)

#: Gives the rows about a customer, by column; none if the customer is not known.
Rows = Callable[[str], Sequence[Mapping[str, object]]]

_GIVEN: Final = frozenset({ConsentState.GIVEN, ConsentState.RENEWED})
_MIDNIGHT_US: Final = time(0, 0, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER_US: Final = 2**63 - 1
_DAY_US: Final = 86_400_000_000


@attrs.frozen
class Column:
    """
    Where the value of an attribute is, and what is known about it.

    Attributes:
        name: The column of the value; NULL there means that nothing is known.
        source: Where values of this column come from.
        at: The column of the moment at which the value was observed; None takes the mapping's.
        confidence: How sure values of this column are, 0 to 1.
        first_party: Whether they were collected in the direct relationship with the customer.
    """

    name: str
    source: Source = Source.OBSERVED
    at: str | None = None
    confidence: float = attrs.field(default=1.0, validator=[attrs.validators.ge(0), attrs.validators.le(1)])
    first_party: bool = True


@attrs.frozen
class MappedProfiles:
    """
    A `ProfileSource` over rows: one for each customer.

    Attributes:
        rows: Gives a customer's row.
        attributes: The columns by the names of attributes.
        at: The column of the moment at which values were observed, where a column of its own is not named; None means
            that nobody knows: such a value is never fresh.
        as_of: The column of the moment at which the row was known to be true, as of a copy that lags; None means when
            it is asked for.
        clock: Gives the moment [us since 1970].

    >>> from tactful_adapters.mapping import Column, MappedProfiles
    >>> profiles = MappedProfiles(lambda customer: [{"n": 7, "seen": 9}], {"visits": Column("n")}, at="seen")
    >>> profiles.profile("ada").attributes["visits"].value
    7
    """

    rows: Rows
    attributes: Mapping[str, Column]
    at: str | None = None
    as_of: str | None = None
    clock: Callable[[], int] = wall_clock

    def profile(self, customer: str) -> Snapshot | None:
        """
        Return the snapshot of a customer's row, or None for a customer who has none.

        Raises:
            StoreError: If there are several rows, or a column is not there; or as `rows` raises.
        """
        now_us, found = self.clock(), self.rows(customer)
        if not found:
            return None
        if len(found) > 1:
            raise StoreError(
                f"a profile is one row, and there are {len(found)}; let the query give the one that counts"
            )
        row = found[0]
        observed = {
            name: self._observed(row, column, value)
            for name, column in self.attributes.items()
            if (value := value_of(row, column.name)) is not None
        }
        as_of_us = now_us if self.as_of is None else moment_us(value_of(row, self.as_of)) or 0
        return Snapshot(customer, as_of_us, observed)

    def _observed(self, row: Mapping[str, object], column: Column, value: object) -> Observation:
        at = column.at or self.at
        at_us = 0 if at is None else moment_us(value_of(row, at)) or 0
        kept: Any = _number(value) if isinstance(value, Decimal) else value
        # A value that does not fit its type is refused by the edge, which then knows nothing of it.
        return Observation(kept, column.source, at_us, column.confidence, column.first_party)


@attrs.frozen
class MappedConsents:
    """
    A `ConsentSource` over rows: one for each purpose, or several, of which the newest speaks.

    Attributes:
        rows: Gives a customer's rows.
        purpose: The column of the purpose.
        state: The column of what was said.
        states: What the words in that column mean; any other is a no, and NULL says nothing.
        at: The column of the moment at which it was said.
        how: The column of how it was given; None means that nobody knows.
        hows: What the words in that column mean; any other means that nobody knows.
        purposes: The policy's purposes by the words in the purpose's column; None takes them as they are. A row about
            any other purpose is passed over.
        until: The column of the moment at which a yes ends by itself; None, and NULL there, mean never.
        channel: The column of the one channel that it is for; None, and NULL there, mean all.
        evidence: The column of the id of the proof.
        as_of: The column of the moment at which a row was known to be true, as of a copy that lags; None means when it
            is asked for.
        clock: Gives the moment [us since 1970].
    """

    rows: Rows
    purpose: str
    state: str
    states: Mapping[object, ConsentState]
    at: str
    how: str | None = None
    hows: Mapping[object, How] = attrs.field(factory=dict)
    purposes: Mapping[object, str] | None = None
    until: str | None = None
    channel: str | None = None
    evidence: str | None = None
    as_of: str | None = None
    clock: Callable[[], int] = wall_clock

    def consents(self, customer: str) -> Consents | None:
        """
        Return the consents of a customer's rows, or None for a customer who has none.

        Raises:
            StoreError: If a column is not there; or as `rows` raises.
        """
        now_us, found = self.clock(), self.rows(customer)
        if not found:
            return None
        records = [record for row in found if (record := self._record(row, now_us)) is not None]
        known_us = (now_us if self.as_of is None else moment_us(value_of(row, self.as_of)) or 0 for row in found)
        return Consents(tuple(records), min(known_us))

    def _record(self, row: Mapping[str, object], now_us: int) -> Consent | None:
        word = value_of(row, self.purpose)
        purpose = word if self.purposes is None else self.purposes.get(looked_up(word))
        if not isinstance(purpose, str):
            return None
        said = value_of(row, self.state)
        state = ConsentState.UNKNOWN if said is None else self.states.get(looked_up(said), ConsentState.REFUSED)
        given = state in _GIVEN
        at_us = moment_us(value_of(row, self.at), late=not given)
        if at_us is None:
            at_us = 0 if given else now_us
        how = How.UNKNOWN if self.how is None else self.hows.get(looked_up(value_of(row, self.how)), How.UNKNOWN)
        channel, evidence = self._text(row, self.channel), self._text(row, self.evidence)
        return Consent(purpose, state, how, at_us, self._until_us(row, given=given), channel, evidence or "")

    def _until_us(self, row: Mapping[str, object], *, given: bool) -> int:
        """Return when it ends: a yes whose end cannot be read has ended; a no never does."""
        end = None if self.until is None or not given else value_of(row, self.until)
        return _NEVER_US if end is None else moment_us(end) or 0

    @staticmethod
    def _text(row: Mapping[str, object], column: str | None) -> str | None:
        value = None if column is None else value_of(row, column)
        return None if value is None else str(value)


def value_of(row: Mapping[str, object], column: str) -> object:
    """
    Return what a row has in a column.

    Raises:
        StoreError: If the column is not there.
    """
    try:
        return row[column]
    except KeyError:
        there = ", ".join(sorted(map(str, row)))
        raise StoreError(
            f"there is no column {column!r}; there are: {there}; correct the mapping or the query"
        ) from None


def looked_up(word: object) -> object:
    """Return a word as it can be looked up; what cannot be is none of the words."""
    try:
        hash(word)
    except TypeError:
        return None
    return word


def _number(value: Decimal) -> int | float:
    return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)


def moment_us(value: object, *, late: bool = False) -> int | None:
    """Return a moment [us since 1970]; of a day its beginning in UTC, or its end; None if it tells none."""
    if isinstance(value, datetime):
        return None if value.tzinfo is None else (value - _EPOCH) // timedelta(microseconds=1)
    if isinstance(value, date):
        day_us = (datetime.combine(value, _MIDNIGHT_US) - _EPOCH) // timedelta(microseconds=1)
        return day_us + _DAY_US - 1 if late else day_us
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _NEVER_US:
        return value
    return None
