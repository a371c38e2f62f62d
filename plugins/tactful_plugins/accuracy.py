"""Accuracy: no fact is better than a wrong one. Values that are not sure enough, or bought, do not exist."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import Always, Catalog, LimitRule, Require, Scope, Sensitivity, Source, hookimpl

_SHARE = (attrs.validators.ge(0.0), attrs.validators.le(1.0))


@attrs.frozen
class Accuracy:
    """
    How sure a value must be.

    Attributes:
        confidence: Values that are less sure do not exist, 0 to 1.
        sensitive_confidence: The same for sensitive attributes, 0 to 1.
        third_party: Whether bought values may be used at all; sensitive ones never.
        modelled: Whether modelled values may be used; sensitive ones never.
    """

    name: ClassVar[str] = "accuracy"
    tiers: ClassVar[tuple[str, ...]] = ("values", "infrastructure")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {"confidence": 0.8, "sensitive_confidence": 0.95, "modelled": False},
        "bold": {"confidence": 0.4, "sensitive_confidence": 0.8, "third_party": True},
    }

    confidence: float = attrs.field(default=0.6, validator=attrs.validators.and_(*_SHARE))
    sensitive_confidence: float = attrs.field(default=0.9, validator=attrs.validators.and_(*_SHARE))
    third_party: bool = attrs.field(default=False, validator=attrs.validators.instance_of(bool))
    modelled: bool = attrs.field(default=True, validator=attrs.validators.instance_of(bool))

    def scope(self, catalog: Catalog) -> Scope:
        """Return everything: any offer may read a value."""
        return catalog.all

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield what ordinary and sensitive attributes must meet."""
        names = [attribute.name for attribute in catalog.policy.attributes]
        sensitive = tuple(name for name in names if catalog.sensitivity(name) > Sensitivity.ORDINARY)
        sure = {Source.STATED, Source.OBSERVED, Source.DERIVED}
        usable = sure | ({Source.THIRD_PARTY} if self.third_party else set())
        usable |= {Source.MODELLED} if self.modelled else set()
        if names:
            limit = Require(tuple(names), confidence=self.confidence, sources=frozenset(usable))
            yield Always(limit, "the value is not sure enough, or its source is not used", id="sure")
        if sensitive:
            limit = Require(sensitive, confidence=self.sensitive_confidence, sources=frozenset(sure))
            yield Always(limit, "a sensitive value must be surer, and neither bought nor modelled", id="sensitive")

    def sentence(self) -> str:
        """Return its line in the policy document."""
        bought = "Bought data is used like our own." if self.third_party else "Bought data is not used."
        return (
            f"What we are less than {self.confidence:.0%} sure of is not used, nor a sensitive fact below "
            f"{self.sensitive_confidence:.0%}. {bought} Sensitive facts are never bought or guessed."
        )


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Accuracy]
