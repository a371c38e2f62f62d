"""How columns of a customer's one row become consents: a yes or a no each, as a table of accounts has them.

For rows that hold an answer each there is `mapping.MappedConsents`. It asks no database.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence

import attrs

from tactful import Consent, Consents, ConsentState, How, UsageError

from .mapping import looked_up, moment_us, value_of


def _how(given: object) -> How:
    try:
        return How(given)
    except ValueError:
        ways = [way.value for way in How]
        near = difflib.get_close_matches(str(given), ways, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        told = f"ConsentColumn(…, how={given!r}): it is none of {', '.join(ways)}{hint}"
        raise UsageError(told) from None


def _yes(given: object) -> frozenset[object]:
    hint = "write yes={…}, such as yes={True} or yes={'yes', 'y'}"
    if not isinstance(given, Iterable) or isinstance(given, str | bytes):
        raise UsageError(f"ConsentColumn(…, yes=…) is a set of values, and got {type(given).__name__}; {hint}")
    try:
        values = frozenset(given)
    except TypeError:
        raise UsageError(f"ConsentColumn(…, yes=…) holds what a column holds, no lists; {hint}") from None
    if not values:
        raise UsageError(f"ConsentColumn(…, yes=…) is empty, so that nothing is a yes; {hint}")
    return values


@attrs.frozen
class ConsentColumn:
    """
    Where an answer to one purpose is, and what is known about it.

    Attributes:
        name: The column of the answer; NULL there says nothing.
        purpose: The purpose of the policy.
        channel: The one channel that it is for; None means all.
        how: How a yes was given; nobody knows unless it is said, and then it does not count where a consent is needed.
        at: The column of the moment of the yes; without it a yes is as old as can be. A no is new whenever it is read.
        yes: The values that mean yes; any other is a no.

    >>> ConsentColumn("letters_ok", "offers", how="double_opt_in", at="letters_at").how.name
    'DOUBLE_OPT_IN'
    """

    name: str
    purpose: str
    channel: str | None = None
    how: How = attrs.field(default=How.UNKNOWN, converter=_how)
    at: str | None = None
    yes: frozenset[object] = attrs.field(default=frozenset({True}), converter=_yes)

    @property
    def scope(self) -> tuple[str, str | None]:
        """The purpose, and the one channel or None for all."""
        return self.purpose, self.channel

    def is_yes(self, row: Mapping[str, object]) -> bool:
        """Return whether a row says yes."""
        return looked_up(value_of(row, self.name)) in self.yes

    def record(self, row: Mapping[str, object], now_us: int) -> Consent | None:
        """
        Return what a row says, or None where it says nothing.

        Raises:
            StoreError: If a column is not there.
        """
        if value_of(row, self.name) is None:
            return None
        if not self.is_yes(row):
            return Consent(self.purpose, ConsentState.REFUSED, How.EXPLICIT, now_us, channel=self.channel)
        at_us = None if self.at is None else moment_us(value_of(row, self.at))
        return Consent(self.purpose, ConsentState.GIVEN, self.how, at_us or 0, channel=self.channel)


def consents_of(row: Mapping[str, object], columns: Sequence[ConsentColumn], now_us: int) -> Consents:
    """
    Return what a customer's row says of all purposes.

    Args:
        row: The row, by column.
        columns: The columns with answers.
        now_us: When it was read [us since 1970].

    Raises:
        StoreError: If a column is not there.
    """
    said = (column.record(row, now_us) for column in columns)
    return Consents(tuple(record for record in said if record is not None), now_us)
