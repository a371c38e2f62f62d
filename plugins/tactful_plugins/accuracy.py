"""Accuracy: no fact is better than a wrong one. Values that are not sure enough, bought or too old do not exist.

What is computed from a value is no better than the value, and no value is better than its source was measured to be.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import (
    Always,
    Catalog,
    Hide,
    LimitRule,
    PluginError,
    Require,
    Scope,
    Sensitivity,
    Source,
    hookimpl,
)

from .measured import Measured, failing, measured
from .settings import DAY_S, length, listed, share, truth, whole

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
        measured: By attribute and source, how often the source was right (`right`), of how many customers (`of`), and
            of how many of them a guess is (`guess`). A value is no surer than its source was right, and does not exist
            if a guess is better. `tactful sources` measures it.
        smallest: What was measured on fewer customers changes nothing.
    """

    name: ClassVar[str] = "accuracy"
    tiers: ClassVar[tuple[str, ...]] = ("values", "infrastructure")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {
            "confidence": 0.8,
            "sensitive_confidence": 0.95,
            "modelled": False,
            "max_age_s": 365 * DAY_S,
            "smallest": 30,
        },
        "bold": {
            "confidence": 0.4,
            "sensitive_confidence": 0.8,
            "third_party": True,
            "max_age_s": 3 * 365 * DAY_S,
            "smallest": 100,
        },
    }
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {
        "confidence": "less",
        "sensitive_confidence": "less",
        "third_party": "more",
        "modelled": "more",
        "max_age_s": "more",
        "measured": "less",
        "smallest": "more",
    }

    confidence: float = attrs.field(default=0.6, validator=share())
    sensitive_confidence: float = attrs.field(default=0.9, validator=share())
    third_party: bool = attrs.field(default=False, validator=truth())
    modelled: bool = attrs.field(default=True, validator=truth())
    max_age_s: int = attrs.field(default=2 * 365 * DAY_S, validator=whole(1))
    measured: Measured = attrs.field(factory=dict, converter=measured)
    smallest: int = attrs.field(default=50, validator=whole(10))

    def scope(self, catalog: Catalog) -> Scope:
        """Return everything: any offer may read a value."""
        return catalog.all

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield what ordinary and sensitive attributes must meet, and those that are computed from others."""
        self._know(catalog)
        attributes = catalog.policy.attributes
        sensitive = [a.name for a in attributes if catalog.sensitivity(a.name) > Sensitivity.ORDINARY]
        ordinary = [a.name for a in attributes if a.name not in sensitive]
        if ordinary:
            limit = Require(tuple(ordinary), confidence=self.confidence, sources=self._usable)
            reason = "the value is not sure enough, or its source is not used"
            yield Always(limit, reason, id="sure", say="What we are not sure of we did not use.")
        if sensitive:
            limit = Require(tuple(sensitive), confidence=self._least(is_sensitive=True), sources=_SURE)
            # Words for the customer would tell that something sensitive is on record.
            yield Always(limit, "a sensitive value must be surer, and neither bought nor modelled", id="sensitive")
        for name in self.measured:
            yield from self._found_wrong(name, is_sensitive=name in sensitive)
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
        return (
            f"What we are less than {self.confidence:.0%} sure of is not used, nor a sensitive fact below "
            f"{self._least(is_sensitive=True):.0%}, nor what is older than {length(self.max_age_s)} unless it is said "
            f"to last longer. {bought}{guessed} Sensitive facts are never bought or guessed.{self._told()}"
        )

    def _told(self) -> str:
        """Return what the policy document says of what was measured."""
        if not self.measured:
            return ""
        worse = [
            f"{name} ({source.value})"
            for name in self.measured
            for source, how in failing(self.measured, name, 0, self.smallest)
            if how == "worse"
        ]
        dropped = f" Wrong more often than a guess, and so not used: {listed(worse)}." if worse else ""
        return f" Nothing counts as surer than its source was measured to be right.{dropped}"

    @property
    def _usable(self) -> frozenset[Source]:
        bought = {Source.THIRD_PARTY} if self.third_party else set[Source]()
        return _SURE | bought | ({Source.MODELLED} if self.modelled else set())

    def _least(self, *, is_sensitive: bool) -> float:
        return max(self.confidence, self.sensitive_confidence) if is_sensitive else self.confidence

    def _know(self, catalog: Catalog) -> None:
        """Refuse what was measured of an attribute that nothing checks: it was measured of another policy."""
        checked = {attribute.name for attribute in catalog.policy.attributes if attribute.checked_by}
        for name in self.measured:
            if name not in checked:
                raise PluginError(f"measured: there is no attribute {name!r} that has `checked_by`")

    def _found_wrong(self, name: str, *, is_sensitive: bool) -> Iterable[LimitRule]:
        """Yield that values of sources which were measured, and found too often wrong, do not exist."""
        least = self._least(is_sensitive=is_sensitive)
        for source, how in failing(self.measured, name, least, self.smallest):
            limit = Require((name,), sources=frozenset(Source) - {source})
            right = self.measured[name][source.value].share
            reason = f"this source was right of {right:.1%} of customers only, and a value must be {least:.1%} sure"
            say = "What we are not sure of we did not use."
            if how == "worse":
                reason = "this source is wrong more often than a guess"
                say = "What is wrong more often than a guess we did not use."
            # Words for the customer would tell that something sensitive is on record.
            yield Always(limit, reason, f"{how}.{name}.{source.value}", "" if is_sensitive else say)

    def _comes_from_unfit(self, catalog: Catalog, name: str, sensitive: bool) -> bool:  # noqa: FBT001 - asked once
        """Return whether an attribute is computed, however far round, from one whose source is not used for it."""
        usable, least = _SURE if sensitive else self._usable, self._least(is_sensitive=sensitive)
        specs = {attribute.name: attribute for attribute in catalog.policy.attributes}
        seen: set[str] = set()
        waiting = list(specs[name].derived_from)
        while waiting:
            origin = waiting.pop()
            if origin not in seen:
                seen.add(origin)
                if origin not in specs or specs[origin].source not in usable:
                    return True
                if specs[origin].source in dict(failing(self.measured, origin, least, self.smallest)):
                    return True
                waiting += specs[origin].derived_from
        return False


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Accuracy]
