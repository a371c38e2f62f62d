"""Fields: what conditions can read of many customers on one channel, each as codes of distinct values."""

from collections.abc import Mapping
from typing import Final

import attrs
import numpy as np

from ...plan.plan import ChannelPlan, Plan
from ...profile import Identity, Observation
from ...schema import Value
from .. import guard
from ..customer import held
from .columns import ABSENT, UNREADABLE, Codes, Column, Customers
from .visible import exists

#: Where a field lies: `p` (profile) with its purpose, `q`, `k`, `c`; and its index there.
Key = tuple[str, int, int]
#: A value; and, of the profile, whether it is seen and empty.
Seen = tuple[Value | None, bool]
_NOTHING: Final[Seen] = (None, False)


@attrs.frozen(eq=False, repr=False)
class Field:
    """Each customer's value as an index into the distinct ones."""

    values: tuple[Seen, ...]
    codes: Codes


class Fields:
    """The fields of many customers at a moment; each is made when it is first read."""

    def __init__(
        self, plan: Plan, channel: ChannelPlan, customers: Customers, context: tuple[Value | None, ...], now_us: int
    ) -> None:
        self._plan = plan
        self._channel = channel
        self._customers = customers
        self._context = context
        self._now_us = now_us
        self._made: dict[Key, Field] = {}
        self._known = _known(plan, channel, customers, now_us)
        self._demands = [{one.slot: one for one in demands} for demands in channel.visibility.demands]

    def __len__(self) -> int:
        return len(self._customers)

    def field(self, key: Key, hidden: tuple[int, ...]) -> Field:
        """
        Return a field.

        Args:
            key: Where it lies.
            hidden: By purpose, the slots that limits hide, as bits.
        """
        space, purpose, index = key
        if space == "p" and hidden[purpose] >> index & 1:
            return self._alike(None)
        if key not in self._made:
            self._made[key] = self._make(space, purpose, index)
        return self._made[key]

    def _make(self, space: str, purpose: int, index: int) -> Field:
        if space == "p":
            return self._profile(purpose, index)
        if space == "q":
            return self._protective(index)
        if space == "k":
            return self._known[index]
        return self._alike(self._context[index])

    def _alike(self, value: Value | None) -> Field:
        return Field(((value, False),), np.zeros(len(self._customers), dtype=np.int32))

    def _profile(self, purpose: int, index: int) -> Field:
        demand = self._demands[purpose].get(index)
        if demand is None:
            return self._alike(None)
        empty = (demand.absent, demand.absent is None)
        column = self._customers.attributes.get(demand.name)
        if column is None:
            return Field((empty,), np.zeros(len(self._customers), dtype=np.int32))
        count, codes = len(column.values), column.codes
        there = codes >= 0
        seen = there & exists(column.told, demand, self._now_us)
        if not seen.all():
            codes = np.where(seen, codes, np.where(codes == ABSENT, count, count + 1)).astype(np.int32)
        return Field((*((value, False) for value in column.values), empty, _NOTHING), codes)

    def _protective(self, index: int) -> Field:
        if index >= len(self._plan.slots.protective):
            return self._direct(index - len(self._plan.slots.protective))
        name, absent = self._plan.visibility.protective[index]
        column: Column | None = self._customers.attributes.get(name)
        if column is None:
            return self._alike(absent)
        count = len(column.values)
        codes = np.where(column.codes == ABSENT, count, column.codes)
        codes = np.where(column.codes == UNREADABLE, count + 1, codes).astype(np.int32)
        return Field((*((value, False) for value in column.values), (absent, False), _NOTHING), codes)

    def _direct(self, index: int) -> Field:
        """Return what is the customer's own word and deed: first the values, then since when they are so."""
        names = self._plan.slots.direct
        column: Column | None = self._customers.attributes.get(names[index % len(names)])
        if column is None:
            return self._alike(None)
        sorts = [Observation("", source, 0, confidence, own) for source, confidence, own in column.told.sorts]
        there = (column.codes >= 0) & np.array([one.is_direct for one in sorts])[column.told.sort_of]
        values: tuple[Value, ...] = column.values
        codes: Codes = column.codes
        if index >= len(names):
            moments_us, inverse = np.unique(column.told.at_us, return_inverse=True)
            values, codes = tuple(moments_us.tolist()), inverse.astype(np.int32)
        known = tuple((value, False) for value in values)
        return Field((*known, _NOTHING), np.where(there, codes, len(known)).astype(np.int32))


def _known(plan: Plan, channel: ChannelPlan, customers: Customers, now_us: int) -> Mapping[int, Field]:
    """Return what is known beyond the profile, in the order of `k`; worked out once for each distinct state."""
    moments_us, moment_of = np.unique(customers.made_us, return_inverse=True)
    wide = len(customers.consents)
    states, state_of = np.unique(moment_of.astype(np.int64) * wide + customers.consent_of, return_inverse=True)
    known = [
        guard.known_of(
            plan, channel.channel, "person", int(moments_us[one // wide]), customers.consents[one % wide], now_us
        )[0]
        for one in states.tolist()
    ]
    codes = state_of.astype(np.int32)
    fields = {
        index: Field(tuple((value, False) for value in values), codes)
        for index, values in enumerate(zip(*known, strict=True))
    }
    for number in range(len(plan.policy.holdouts)):
        held_out = np.array([held(plan, Identity(one))[number] for one in customers.ids], dtype=np.int32)
        fields[len(fields)] = Field(((False, False), (True, False)), held_out)
    return fields
