"""Digging too deep: what customers do elsewhere is not ours to know. Nothing that was collected outside is used.

It tells by the schema where an attribute was collected, and by the value where the value was; it judges no value.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import (
    Always,
    Catalog,
    Entry,
    Familiarity,
    Hide,
    LimitRule,
    PluginError,
    RankBlind,
    Require,
    Scope,
    Sensitivity,
    Source,
    UpTo,
    hookimpl,
)

from .settings import one_of, texts

_TONES = {tone.name.lower(): tone for tone in Familiarity if tone < Familiarity.PERSONAL}
#: What an attribute that was bought is called in `allow` if its schema does not say where it was collected.
_BOUGHT = Source.THIRD_PARTY.value
_NOT_BOUGHT = frozenset(Source) - {Source.THIRD_PARTY}
_SAY = "What others know of you we did not use."


def _allowed(allow: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(allow, Mapping) or not all(isinstance(purpose, str) for purpose in allow):
        raise TypeError(f"allow must be names by purpose, not {allow!r}")
    return {purpose: texts((names,) if isinstance(names, str) else names) for purpose, names in allow.items()}


@attrs.frozen
class DiggingTooDeep:
    """
    Evidence from outside the direct relationship.

    Attributes:
        allow: By purpose, where what it may use was collected: the schema's `collected`, or `third-party` for what was
            bought and names none. What is sensitive is never allowed.
        tone: The most familiar tone in which anything that is built on allowed evidence is told: `generic`,
            `context` or `segment`; never personal.
    """

    name: ClassVar[str] = "digging_too_deep"
    tiers: ClassVar[tuple[str, ...]] = ("values", "infrastructure")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {"conservative": {"tone": "context"}}
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {"allow": "more", "tone": tuple(_TONES)}

    allow: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, converter=_allowed)
    tone: str = attrs.field(default="segment", validator=one_of(_TONES))

    def scope(self, catalog: Catalog) -> Scope:
        """Return everything: any offer may read a value that came from elsewhere."""
        return catalog.all

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield that what was collected outside is not used unless allowed, and then never told personally."""
        self._know(catalog)
        outside = {a.name: found for a in catalog.policy.attributes if (found := _outside(catalog, a.name))}
        yield from self._values(catalog, outside)
        for purpose in catalog.policy.purposes:
            hidden = [name for name, found in outside.items() if not self._allows(catalog, purpose.name, name, found)]
            reason = f"it was collected elsewhere, or computed from that, which {purpose.name} may not use"
            if hidden:
                yield Always(Hide(tuple(hidden), (purpose.name,)), reason, f"{purpose.name}.outside", _SAY)
        built = catalog.where(lambda entry: _is_built_on(catalog, entry))
        told = "it is built on what was collected elsewhere, and told too personally for that"
        yield Always(UpTo(built, _TONES[self.tone]), told, "tone")
        if catalog.policy.ranking.affinity in outside:
            personal = catalog.where(lambda entry: entry.labels.tone is Familiarity.PERSONAL)
            yield Always(RankBlind(personal), "affinities from elsewhere rank nothing that is personal", "ranks")

    def sentence(self) -> str:
        """Return its line in the policy document."""
        uses = [f"{purpose} may use {' and '.join(names)}" for purpose, names in self.allow.items() if names]
        allowed = f"but {'; '.join(uses)}, which is never told beyond {self.tone}" if uses else "without exception"
        return f"What customers do elsewhere, and what is bought or computed from that, is not used, {allowed}."

    def _values(self, catalog: Catalog, outside: Mapping[str, object]) -> Iterable[LimitRule]:
        """Yield that a value from elsewhere does not pass for one of our own."""
        own = [a.name for a in catalog.policy.attributes if a.name not in outside]
        reason = "the value comes from elsewhere, and its attribute is one of our own"
        for suffix, say, names in _by_sensitivity(catalog, own):
            yield Always(Require(names, sources=_NOT_BOUGHT, first_party=True), reason, f"own{suffix}", say)
        unbought = (a.name for a in catalog.policy.attributes if a.source is not Source.THIRD_PARTY)
        reason = "the value was bought, and its attribute is none that is bought"
        for suffix, say, names in _by_sensitivity(catalog, [name for name in unbought if name in outside]):
            yield Always(Require(names, sources=_NOT_BOUGHT), reason, f"unbought{suffix}", say)

    def _allows(self, catalog: Catalog, purpose: str, name: str, found: frozenset[str]) -> bool:
        ordinary = catalog.sensitivity(name) is Sensitivity.ORDINARY
        return ordinary and found <= frozenset(self.allow.get(purpose, ()))

    def _know(self, catalog: Catalog) -> None:
        """Refuse a purpose or a place that is not there: a slip of the pen would look like a permission."""
        purposes = {purpose.name for purpose in catalog.policy.purposes}
        places = {_BOUGHT, *(a.collected for a in catalog.policy.attributes if a.collected)}
        for purpose, names in self.allow.items():
            if purpose not in purposes:
                raise PluginError(f"allow: there is no purpose {purpose!r}")
            for one in names:
                if one not in places:
                    raise PluginError(f"allow: {purpose}: nothing is collected at {one!r}")


def _outside(catalog: Catalog, name: str) -> frozenset[str]:
    """Return where outside the direct relationship an attribute, and all it is computed from, were collected."""
    specs = {attribute.name: attribute for attribute in catalog.policy.attributes}
    found: set[str] = set()
    for origin in catalog.origins(name):
        spec = specs.get(origin)
        if spec is None:
            found.add("")  # nobody knows where: no permission names it
        elif spec.collected or spec.source is Source.THIRD_PARTY:
            found.add(spec.collected or _BOUGHT)
    return frozenset(found)


def _is_built_on(catalog: Catalog, entry: Entry) -> bool:
    """Return whether a treatment is selected by, or tells, what was collected outside."""
    return any(_outside(catalog, name) for name in entry.labels.evidence | entry.labels.shows)


def _by_sensitivity(catalog: Catalog, names: Iterable[str]) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """Yield ordinary and sensitive attributes, each with an end for its rule's id, and words for the customer."""
    levels = {name: catalog.sensitivity(name) for name in names}
    ordinary = tuple(name for name, level in levels.items() if level is Sensitivity.ORDINARY)
    sensitive = tuple(name for name in levels if name not in ordinary)
    if ordinary:
        yield "", _SAY, ordinary
    if sensitive:  # words would tell that something sensitive is on record
        yield "_sensitive", "", sensitive


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [DiggingTooDeep]
