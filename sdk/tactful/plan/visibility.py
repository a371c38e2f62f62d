"""On a channel and under a purpose, what a value of each attribute must meet to exist. It holds no value."""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from ..clock import SECOND_US
from ..limits import Hide, Require
from ..policy import Policy
from ..schema import Attribute, Source, Value, ValueType
from .bounds import Bound
from .slots import Slots

ALL_SOURCES = frozenset(Source)


@attrs.frozen(eq=False)
class Demand:
    """
    What a value of one attribute must meet under one purpose, all requirements met.

    Attributes:
        name: The attribute.
        slot: Its index in `p`; the affinities come after the last one.
        absent: What a customer has of whom nothing is on record, or None.
        confidence: The lowest confidence that will do.
        sources: The sources that will do.
        lasts_us: A value exists while it is younger than this [us]; None means for ever.
        first_party: Whether only values from the direct relationship will do.
        waits_us: A value exists from this age on [us]; 0 means at once.
        lease_us: A value ends so long after it was observed, or value was given for it [us]; None means never.
    """

    name: str
    slot: int
    absent: Value | None
    confidence: float
    sources: frozenset[Source]
    lasts_us: int | None
    first_party: bool
    waits_us: int
    lease_us: int | None = None


@attrs.frozen(eq=False)
class Visibility:
    """
    What each purpose may see on one channel, or on one that no limit names.

    Attributes:
        demands: By index of purpose, what it may see at all.
        protective: What guardrails and `unless:` see in any case: name and absent value, in the order of `q`.
        affinity_slot: The slot of the affinities.
    """

    demands: tuple[tuple[Demand, ...], ...]
    protective: tuple[tuple[str, Value | None], ...]
    affinity_slot: int

    @classmethod
    def of(cls, policy: Policy, slots: Slots, bounds: Iterable[Bound], channel: str = "") -> "Visibility":
        """Return what a policy's purposes may see on a channel, with all unconditional requirements met."""
        require = [b.limit for b in bounds if isinstance(b.limit, Require) and acts_on(b.limit, channel)]
        attributes = list(slots.attributes)
        scores = (a for a in policy.attributes if a.type is ValueType.SCORES)
        attributes += [a for a in scores if a.name == policy.ranking.affinity]
        demands = (
            tuple(
                demand(attribute, slot, [one for one in require if _concerns(one, attribute.name, purpose)])
                for slot, attribute in enumerate(attributes)
                if not attribute.purposes or purpose in attribute.purposes
            )
            for purpose in slots.purposes
        )
        protective = tuple((a.name, a.absent) for a in slots.protective)
        return cls(tuple(demands), protective, len(slots.attributes))

    def hidden(self, hides: Iterable[Hide], slots: Slots) -> tuple[int, ...]:
        """Return, by index of purpose, the slots that limits hide, as bits."""
        index: Mapping[str, int] = {demand.name: demand.slot for demands in self.demands for demand in demands}
        bits = [0] * len(slots.purposes)
        for hide in hides:
            gone = sum({1 << index[name] for name in hide.attributes if name in index})
            for number, purpose in enumerate(slots.purposes):
                if not hide.purposes or purpose in hide.purposes:
                    bits[number] |= gone
        return tuple(bits)


def acts_on(limit: Require, channel: str) -> bool:
    """Return whether a requirement holds on a channel."""
    return not limit.channels or channel in limit.channels


def _concerns(limit: Require, attribute: str, purpose: str) -> bool:
    return attribute in limit.attributes and (not limit.purposes or purpose in limit.purposes)


def demand(attribute: Attribute, slot: int, require: Sequence[Require]) -> Demand:
    """Return what a value of an attribute must meet: its own greatest age, and all requirements that concern it."""
    ages = [age for age in (attribute.max_age_s, *(one.max_age_s for one in require)) if age is not None]
    return Demand(
        attribute.name,
        slot,
        attribute.absent,
        max((one.confidence for one in require), default=0.0),
        ALL_SOURCES.intersection(*(one.sources for one in require if one.sources is not None)),
        min(ages) * SECOND_US + 1 if ages else None,
        any(one.first_party for one in require),
        max((one.min_age_s or 0 for one in require), default=0) * SECOND_US,
        min((one.lease_s * SECOND_US for one in require if one.lease_s is not None), default=None),
    )


def asked_by(schema: Mapping[str, Attribute], limit: Require) -> tuple[Demand, ...]:
    """Return what a requirement alone asks of a value of each of its attributes."""
    own = (attrs.evolve(schema[name], max_age_s=None) for name in limit.attributes)
    return tuple(demand(one, 0, [limit]) for one in own)
