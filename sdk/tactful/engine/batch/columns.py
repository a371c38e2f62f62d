"""Columns: what is known of many customers, each attribute as codes of its distinct values. It judges nothing."""

from collections.abc import Mapping, Sequence
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from ...clock import NEVER_US
from ...consent import Consents
from ...profile import Observation, Snapshot
from ...schema import Source, Value

#: The code where a customer has no value on record.
ABSENT: Final = -1
#: The code of a value that came and did not fit its type.
UNREADABLE: Final = -2
Codes = NDArray[np.int32]
Moments = NDArray[np.int64]
#: What values are said to be: their source, their confidence, and whether they come from the direct relationship.
Sort = tuple[Source, float, bool]


@attrs.frozen(eq=False, repr=False)
class Told:
    """
    What is known about the values of one attribute, customer by customer.

    Attributes:
        sorts: The distinct sorts of values.
        sort_of: Each customer's, as an index.
        at_us: When each was observed [us since 1970].
        gave_us: When value was last given for it [us since 1970]; -NEVER_US means never.
    """

    sorts: tuple[Sort, ...]
    sort_of: Codes
    at_us: Moments
    gave_us: Moments

    def observation(self, value: Value, row: int) -> Observation:
        """Return one customer's value with what is known about it."""
        source, confidence, first_party = self.sorts[int(self.sort_of[row])]
        gave_us = int(self.gave_us[row])
        told_us = None if gave_us == -NEVER_US else gave_us
        return Observation(value, source, int(self.at_us[row]), confidence, first_party, told_us)


@attrs.frozen(eq=False, repr=False)
class Column:
    """
    One attribute of many customers.

    Attributes:
        values: The distinct values.
        codes: Each customer's, as an index; or ABSENT, or UNREADABLE.
        told: What is known about the values.
    """

    values: tuple[Value, ...]
    codes: Codes
    told: Told

    def value(self, row: int) -> Value:
        """Return the value of a customer who has one."""
        return self.values[int(self.codes[row])]


@attrs.frozen(eq=False, repr=False)
class Affinities:
    """
    The affinities of many customers.

    Attributes:
        names: What they are for, by index.
        padded: Customers by names and one column more that is empty; NaN where there is none.
        codes: 0 where a customer has any on record; or ABSENT, or UNREADABLE.
        told: What is known about them.
    """

    names: tuple[str, ...]
    padded: NDArray[np.float64]
    codes: Codes
    told: Told

    def value(self, row: int) -> Value:
        """Return the affinities of a customer who has any."""
        scores = self.padded[row, :-1].tolist()
        return {name: score for name, score in zip(self.names, scores, strict=True) if score == score}  # noqa: PLR0124


@attrs.frozen(eq=False, repr=False)
class Customers:
    """
    Many customers.

    Attributes:
        ids: Their persistent ids.
        made_us: When the centre made each profile [us since 1970].
        attributes: What the profiles hold, by attribute.
        affinities: The affinities by attribute of that type.
        consents: The distinct sets of consents; None where they are not known.
        consent_of: Each customer's, as an index.
    """

    ids: Sequence[str]
    made_us: Moments
    attributes: Mapping[str, Column]
    affinities: Mapping[str, Affinities]
    consents: tuple[Consents | None, ...]
    consent_of: Codes

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, rows: slice) -> "Customers":
        """Return some of the customers."""
        return Customers(
            self.ids[rows],
            self.made_us[rows],
            {name: Column(one.values, one.codes[rows], _part(one.told, rows)) for name, one in self.attributes.items()},
            {
                name: Affinities(one.names, one.padded[rows], one.codes[rows], _part(one.told, rows))
                for name, one in self.affinities.items()
            },
            self.consents,
            self.consent_of[rows],
        )

    def profile(self, row: int) -> Snapshot:
        """Return one customer's profile."""
        attributes, unreadable = {}, set()
        known: Mapping[str, Column | Affinities] = {**self.attributes, **self.affinities}
        for name, one in known.items():
            code = int(one.codes[row])
            if code >= 0:
                attributes[name] = one.told.observation(one.value(row), row)
            elif code == UNREADABLE:
                unreadable.add(name)
        made_us = int(self.made_us[row])
        return Snapshot(self.ids[row], made_us, attributes, unreadable=frozenset(unreadable))

    def consents_of(self, row: int) -> Consents | None:
        """Return one customer's consents; None if they are not known."""
        return self.consents[int(self.consent_of[row])]

    def __repr__(self) -> str:  # ids are personal
        return f"<Customers {len(self.ids)}>"


def _part(told: Told, rows: slice) -> Told:
    return Told(told.sorts, told.sort_of[rows], told.at_us[rows], told.gave_us[rows])
