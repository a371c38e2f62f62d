"""Accuracy: no fact is better than a wrong one. Values that are not sure enough, bought or too old do not exist.

What is computed from a value is no better than the value.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import Always, Catalog, Hide, LimitRule, Require, Scope, Sensitivity, Source, hookimpl

from .settings import DAY_S, length, share, truth, whole

_SURE = frozenset({Source.STATED, Source.OBSERVED, Source.DERIVED})


@attrs.frozen
class Accuracy:
    """
    How sure a value must be.

    Attributes:
        confidence: Values that are less sure do not exist, 0 to 1.
        sensitive_confidence: The same for sensitive attributes, 0 to 1; never lower than `confidence`.
        third_party: Whether bought values may be used at all; sensitive ones never.
        modelled: Whether modelled values may be used; sensitive ones never.
        max_age_s: Older values do not exist, of attributes whose schema names no `max_age` of their own [s].
    """

    name: ClassVar[str] = "accuracy"
    tiers: ClassVar[tuple[str, ...]] = ("values", "infrastructure")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {
            "confidence": 0.8,
            "sensitive_confidence": 0.95,
            "modelled": False,
            "max_age_s": 365 * DAY_S,
        },
        "bold": {
            "confidence": 0.4,
            "sensitive_confidence": 0.8,
            "third_party": True,
            "max_age_s": 3 * 365 * DAY_S,
        },
    }
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {
        "confidence": "less",
        "sensitive_confidence": "less",
        "third_party": "more",
        "modelled": "more",
        "max_age_s": "more",
    }

    confidence: float = attrs.field(default=0.6, validator=share())
    sensitive_confidence: float = attrs.field(default=0.9, validator=share())
    third_party: bool = attrs.field(default=False, validator=truth())
    modelled: bool = attrs.field(default=True, validator=truth())
    max_age_s: int = attrs.field(default=2 * 365 * DAY_S, validator=whole(1))

    def scope(self, catalog: Catalog) -> Scope:
        """Return everything: any offer may read a value."""
        return catalog.all

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield what ordinary and sensitive attributes must meet, and those that are computed from others."""
        attributes = catalog.policy.attributes
        sensitive = [a.name for a in attributes if catalog.sensitivity(a.name) > Sensitivity.ORDINARY]
        ordinary = [a.name for a in attributes if a.name not in sensitive]
        if ordinary:
            limit = Require(tuple(ordinary), confidence=self.confidence, sources=self._usable)
            reason = "the value is not sure enough, or its source is not used"
            yield Always(limit, reason, id="sure", say="What we are not sure of we did not use.")
        if sensitive:
            least = max(self.confidence, self.sensitive_confidence)
            limit = Require(tuple(sensitive), confidence=least, sources=_SURE)
            # Words for the customer would tell that something sensitive is on record.
            yield Always(limit, "a sensitive value must be surer, and neither bought nor modelled", id="sensitive")
        ageless = [a.name for a in attributes if a.max_age_s is None]
        if ageless:
            limit = Require(tuple(ageless), max_age_s=self.max_age_s)
            yield Always(limit, f"the value is older than {length(self.max_age_s)}", id="aged")
        unfit = [a.name for a in attributes if self._comes_from_unfit(catalog, a.name, a.name in sensitive)]
        if unfit:
            yield Always(Hide(tuple(unfit)), "it is computed from what is not used", id="derived")

    def sentence(self) -> str:
        """Return its line in the policy document."""
        bought = "Bought data is used like our own." if self.third_party else "Bought data is not used."
        guessed = "" if self.modelled else " Nor is what a model guesses."
        sensitive = max(self.confidence, self.sensitive_confidence)
        return (
            f"What we are less than {self.confidence:.0%} sure of is not used, nor a sensitive fact below "
            f"{sensitive:.0%}, nor what is older than {length(self.max_age_s)} unless it is said to last longer. "
            f"{bought}{guessed} Sensitive facts are never bought or guessed."
        )

    @property
    def _usable(self) -> frozenset[Source]:
        bought = {Source.THIRD_PARTY} if self.third_party else set[Source]()
        return _SURE | bought | ({Source.MODELLED} if self.modelled else set())

    def _comes_from_unfit(self, catalog: Catalog, name: str, sensitive: bool) -> bool:  # noqa: FBT001 - asked once
        """Return whether an attribute is computed, however far round, from one whose source is not used for it."""
        usable = _SURE if sensitive else self._usable
        specs = {attribute.name: attribute for attribute in catalog.policy.attributes}
        seen: set[str] = set()
        waiting = list(specs[name].derived_from)
        while waiting:
            origin = waiting.pop()
            if origin not in seen:
                seen.add(origin)
                if origin not in specs or specs[origin].source not in usable:
                    return True
                waiting += specs[origin].derived_from
        return False


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Accuracy]
