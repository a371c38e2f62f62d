"""A customer's profile at one moment, as an edge caches it. What of it may be used is decided elsewhere."""

from collections.abc import Mapping

import attrs

from .schema import Source, Value


def _is_share(_: object, attribute: "attrs.Attribute[float]", value: float) -> None:
    if not 0 <= value <= 1:  # one call of Python's for each value of each profile that comes: no chain of validators
        raise ValueError(f"{attribute.name!r} must be 0 to 1, got {value!r}")


@attrs.frozen(repr=False)
class Observation:
    """
    One attribute's value, and what is known about the value.

    Attributes:
        value: As `schema.check_value` gives it.
        source: Where it comes from.
        at_us: When it was observed [us since 1970].
        confidence: How sure it is, 0 to 1.
        first_party: Whether it was collected in the direct relationship with the customer.
        gave_us: When the customer last got value for it [us since 1970]; None means never.
    """

    value: Value
    source: Source
    at_us: int
    confidence: float = attrs.field(default=1.0, validator=_is_share)
    first_party: bool = True
    gave_us: int | None = None

    @property
    def is_direct(self) -> bool:
        """Whether it is no guess and nobody else's word: stated or observed for sure, in the direct relationship."""
        sure = self.confidence >= 1.0
        return sure and self.first_party and self.source in (Source.STATED, Source.OBSERVED)

    def __repr__(self) -> str:  # values are personal
        return f"<Observation {self.source.value} at {self.at_us}>"


@attrs.frozen(repr=False)
class Snapshot:
    """
    What the centre knew of a customer.

    Attributes:
        customer: The persistent customer id.
        at_us: When the centre made it [us since 1970].
        epoch: Rises with every change at the centre.
        attributes: Observations by attribute name.
        unreadable: The names of values that came and did not fit their type: of these nothing is known.
    """

    customer: str
    at_us: int
    attributes: Mapping[str, Observation]
    epoch: int = 0
    unreadable: frozenset[str] = frozenset()

    def renewed(self, newer: "Snapshot") -> "Snapshot":
        """Return a newer snapshot with what it could not know: later statements of the customer, and value given."""
        attributes = dict(newer.attributes)
        for name, before in self.attributes.items():
            now = attributes.get(name)
            is_later = before.at_us > newer.at_us and (now is None or before.at_us > now.at_us)
            if before.source is Source.STATED and is_later:
                attributes[name] = before
            elif now is not None and before.gave_us is not None:
                given_us = before.gave_us if now.gave_us is None else max(before.gave_us, now.gave_us)
                attributes[name] = attrs.evolve(now, gave_us=given_us)
        return attrs.evolve(newer, attributes=attributes)

    def __repr__(self) -> str:  # values are personal
        return f"<Snapshot epoch={self.epoch} attributes={len(self.attributes)}>"


@attrs.frozen(repr=False)
class Identity:
    """
    Whom the identifiers of a call stand for.

    Attributes:
        customer: The persistent customer id.
        kind: The strongest kind of identifier behind it: "person", "household" or "device".
        household: The household that the customer belongs to, if known.
    """

    customer: str
    kind: str = "person"
    household: str | None = None

    def __repr__(self) -> str:  # an id is personal
        return f"<Identity {self.kind}>"
