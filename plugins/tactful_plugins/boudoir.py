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

from .settings import one_of, share

_LEVELS = {level.name.lower(): level for level in Sensitivity if level > Sensitivity.ORDINARY}
_PRIVACIES = {privacy.name.lower().replace("_", "-"): privacy for privacy in Privacy}


@attrs.frozen
class Boudoir:
    """
    Sensitive evidence and sensitive topics.

    Attributes:
        sensitive_from: From which sensitivity on evidence and topics are handled so: `sensitive` or `intimate`.
        private_from: From which privacy on a channel is private enough: `private` or `semi-private`.
        blend: The largest share of the filled slots for all sensitive evidence and topics together, 0 to 1; a topic's
            own `blend` can only make it smaller.
    """

    name: ClassVar[str] = "boudoir"
    tiers: ClassVar[tuple[str, ...]] = ("values", "strategy")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {"conservative": {"blend": 0.0}, "bold": {"blend": 0.34}}
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {
        "sensitive_from": ("sensitive", "intimate"),
        "private_from": ("private", "semi-private"),
        "blend": "more",
    }

    sensitive_from: str = attrs.field(default="sensitive", validator=one_of(_LEVELS))
    private_from: str = attrs.field(default="private", validator=one_of(("private", "semi-private")))
    blend: float = attrs.field(default=0.2, validator=share())

    def scope(self, catalog: Catalog) -> Scope:
        """Return what sensitive evidence selects or shows in, the offers of sensitive topics, and what these rank."""
        return self._selected(catalog) | self._about(catalog) | self._ranked(catalog)

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """
        Yield that sensitive evidence is never named, never shows where others see, and only tilts a basket.

        None has words for the customer: to say that something is held back would tell of it.
        """
        selected, about = self._selected(catalog), self._about(catalog)
        exposed = [name for name, privacy in _PRIVACIES.items() if privacy < _PRIVACIES[self.private_from]]
        where = "channel.privacy in [" + ", ".join(f'"{name}"' for name in exposed) + "]"
        named = catalog.where(lambda entry: self._sensitive(entry.labels.shows_sensitivity))
        yield Always(Withhold(named), "its text would name something sensitive", id="never_named")
        seen = "sensitive evidence selects it, and others see this channel"
        yield When(where, Withhold(selected), seen, id="not_private")
        blind = RankBlind(self._ranked(catalog))
        yield When(where, blind, "sensitive affinities do not rank where others see", id="not_ranked")
        everything = selected | about
        yield Always(AtMost(everything, share=self.blend), "sensitive evidence only tilts a basket", id="blend")
        for topic in catalog.topics:
            own = catalog.topics.blend(topic.name)
            if own is not None and own < self.blend and self._sensitive(catalog.topics.sensitivity(topic.name)):
                inside = everything & _touching(catalog, topic.name)
                yield Always(AtMost(inside, share=own), f"{topic.name} only tilts a basket", id=f"blend.{topic.name}")

    def sentence(self) -> str:
        """Return its line in the policy document."""
        private = " or ".join(name for name, privacy in _PRIVACIES.items() if privacy >= _PRIVACIES[self.private_from])
        fills = f"may fill at most {self.blend:.0%} of what is shown, among other things"
        matter = "a sensitive" if self.sensitive_from == "sensitive" else "an intimate"
        return (
            f"What tells of {matter} matter is never named. On a {private} channel it "
            f"{fills if self.blend else 'chooses nothing'}; on all others its presence changes nothing that is seen."
        )

    def _sensitive(self, level: Sensitivity) -> bool:
        return level >= _LEVELS[self.sensitive_from]

    def _selected(self, catalog: Catalog) -> Scope:
        return catalog.where(lambda entry: self._sensitive(entry.labels.sensitivity))

    def _about(self, catalog: Catalog) -> Scope:
        return catalog.where(lambda entry: self._sensitive(catalog.topics.sensitivity(entry.offer.topic)))

    def _ranked(self, catalog: Catalog) -> Scope:
        """Return what sensitive affinities rank: all that has the key of a sensitive offer, or such a topic's name."""
        affinity = catalog.policy.ranking.affinity
        if affinity is not None and self._sensitive(catalog.sensitivity(affinity)):
            return catalog.all
        keys = {catalog.entries[index].offer.affinity for index in self._about(catalog)}
        keys |= {topic.name for topic in catalog.topics if self._sensitive(catalog.topics.sensitivity(topic.name))}
        return catalog.where(lambda entry: entry.offer.affinity in keys)


def _touching(catalog: Catalog, topic: str) -> Scope:
    """Return the treatments whose offer or evidence is about a topic or one under it."""

    def touches(entry: Entry) -> bool:
        return any(topic in catalog.topics.above(one) for one in (entry.offer.topic, *entry.labels.topics))

    return catalog.where(touches)


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Boudoir]
