"""Boudoir topics: a sensitive situation is never exploited, and never shows.

What implies a sensitive topic is sensitive (the labels see to that, through segments and derived attributes). On a
channel that is not private enough, its presence changes nothing that is seen; on a private one it may tilt a broader
basket, by a bounded share.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import (
    Always,
    AtMost,
    Catalog,
    Entry,
    LimitRule,
    Privacy,
    RankBlind,
    Scope,
    Sensitivity,
    When,
    Withhold,
    hookimpl,
)

_LEVELS = {level.name.lower(): level for level in Sensitivity if level > Sensitivity.ORDINARY}
_PRIVACIES = {privacy.name.lower().replace("_", "-"): privacy for privacy in Privacy}


@attrs.frozen
class Boudoir:
    """
    Sensitive evidence and sensitive topics.

    Attributes:
        sensitive_from: From which sensitivity on evidence and topics are handled so: `sensitive` or `intimate`.
        private_from: From which privacy on a channel is private enough: `private`, `semi-private`, …
        blend: The largest share of the filled slots for all sensitive evidence together, 0 to 1; a topic's own `blend`
            can only make it smaller.
    """

    name: ClassVar[str] = "boudoir"
    tiers: ClassVar[tuple[str, ...]] = ("values", "strategy")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {"conservative": {"blend": 0.0}, "bold": {"blend": 0.34}}

    sensitive_from: str = attrs.field(default="sensitive", validator=attrs.validators.in_(_LEVELS))
    private_from: str = attrs.field(default="private", validator=attrs.validators.in_(_PRIVACIES))
    blend: float = attrs.field(
        default=0.2, validator=attrs.validators.and_(attrs.validators.ge(0.0), attrs.validators.le(1.0))
    )

    def scope(self, catalog: Catalog) -> Scope:
        """Return what sensitive evidence selects or shows in, and the offers of sensitive topics."""
        return self._selected(catalog) | self._about(catalog)

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield that sensitive evidence is never named, never shows where others see, and only tilts a basket."""
        selected, about = self._selected(catalog), self._about(catalog)
        exposed = [name for name, privacy in _PRIVACIES.items() if privacy < _PRIVACIES[self.private_from]]
        where = "channel.privacy in [" + ", ".join(f'"{name}"' for name in exposed) + "]"
        named = catalog.where(lambda entry: self._names(catalog, entry))
        yield Always(Withhold(named), "its text would name something sensitive", id="never_named")
        if exposed:
            reason = "sensitive evidence selects it, and others see this channel"
            yield When(where, Withhold(selected), reason, id="not_private")
            yield When(where, RankBlind(about), "sensitive affinities do not rank where others see", id="not_ranked")
        everything = selected | about
        yield Always(AtMost(everything, share=self.blend), "sensitive evidence only tilts a basket", id="blend")
        for topic in catalog.topics:
            share = catalog.topics.blend(topic.name)
            if share is not None and share < self.blend and self._sensitive(catalog.topics.sensitivity(topic.name)):
                inside = everything & _touching(catalog, topic.name)
                yield Always(AtMost(inside, share=share), f"{topic.name} only tilts a basket", id=f"blend.{topic.name}")

    def sentence(self) -> str:
        """Return its line in the policy document."""
        share = (
            f"fill at most {self.blend:.0%} of what a {self.private_from} channel shows"
            if self.blend
            else "not be used"
        )
        return (
            f"What tells of a {self.sensitive_from} matter is never named and never seen by others; it may {share}, "
            f"among other things."
        )

    def _sensitive(self, level: Sensitivity) -> bool:
        return level >= _LEVELS[self.sensitive_from]

    def _selected(self, catalog: Catalog) -> Scope:
        return catalog.where(lambda entry: self._sensitive(entry.labels.sensitivity))

    def _about(self, catalog: Catalog) -> Scope:
        return catalog.where(lambda entry: self._sensitive(catalog.topics.sensitivity(entry.offer.topic)))

    def _names(self, catalog: Catalog, entry: Entry) -> bool:
        return any(self._sensitive(catalog.sensitivity(attribute)) for attribute in entry.labels.shows)


def _touching(catalog: Catalog, topic: str) -> Scope:
    """Return the treatments whose offer or evidence is about a topic or one under it."""

    def touches(entry: Entry) -> bool:
        return any(topic in catalog.topics.above(one) for one in (entry.offer.topic, *entry.labels.topics))

    return catalog.where(touches)


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Boudoir]
