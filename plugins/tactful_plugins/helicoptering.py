"""Helicoptering: nobody is followed around. A place needs a consent of its own, and nobody is told of it on the spot.

The schema says what tells of a place (`location`); this keeps it from what must not know, and from what is too soon.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import attrs

from tactful import (
    Always,
    Cap,
    Catalog,
    Counted,
    Familiarity,
    Hide,
    LegalBasis,
    LimitRule,
    Precision,
    Privacy,
    Require,
    Rolling,
    Scope,
    Sensitivity,
    Unless,
    UpTo,
    When,
    Withhold,
    hookimpl,
)

from .places import Places
from .settings import DAY_S, length, texts, truth, whole, word

_HOUR_S = 3_600
_SEEN = {privacy: privacy.name.lower() for privacy in Privacy if privacy <= Privacy.EXPOSED}
_SAY = "Without your agreement we do not look where you are."


@attrs.frozen
class Helicoptering:
    """
    Where customers are, and how soon we react to what they do.

    Attributes:
        consent: The purpose whose consent the use of a place needs.
        dormant_after_s: A consent that is as old as this counts no more [s].
        fresh_for_s: Consents that were last known to be true so long ago count as not given [s].
        coarse_needs_consent: Whether a town or region needs the consent too; else only that it was not refused.
        dwell_attribute: The attribute of the context that holds how long a customer has been at the place [s].
        dwell_s: Who has been there for less is passing by, and hears nothing of it [s]; 0 means any.
        tag: The tag of offers that use a precise place; those without it are withheld, as they cannot be counted.
        cool_down_s: After one of these, none for so long [s]; 0 is never.
        spot: The attribute of the context that is true where the customer is on the spot, as in a shop.
        delayed: Attributes that tell what a customer did just now; those that tell of a place are always among them.
        delay_s: A younger value of these does not exist where we write, or where others see [s]; 0 means any.
    """

    name: ClassVar[str] = "helicoptering"
    tiers: ClassVar[tuple[str, ...]] = ("values", "strategy")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {
            "dormant_after_s": 365 * DAY_S,
            "fresh_for_s": DAY_S,
            "coarse_needs_consent": True,
            "dwell_s": 300,
            "cool_down_s": 7 * DAY_S,
            "delay_s": DAY_S,
        },
        "bold": {
            "dormant_after_s": 3 * 365 * DAY_S,
            "fresh_for_s": 30 * DAY_S,
            "dwell_s": 60,
            "cool_down_s": 6 * _HOUR_S,
            "delay_s": _HOUR_S,
        },
    }
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {
        "dormant_after_s": "more",
        "fresh_for_s": "more",
        "coarse_needs_consent": "less",
        "dwell_s": "less",
        "cool_down_s": "less",
        "delayed": "less",
        "delay_s": "less",
    }

    consent: str = attrs.field(default="location", validator=word())
    dormant_after_s: int = attrs.field(default=2 * 365 * DAY_S, validator=whole(1))
    fresh_for_s: int = attrs.field(default=7 * DAY_S, validator=whole(1))
    coarse_needs_consent: bool = attrs.field(default=False, validator=truth())
    dwell_attribute: str = attrs.field(default="", validator=word(optional=True))
    dwell_s: int = attrs.field(default=120, validator=whole(0))
    tag: str = attrs.field(default="location", validator=word())
    cool_down_s: int = attrs.field(default=DAY_S, validator=whole(0))
    spot: str = attrs.field(default="", validator=word(optional=True))
    delayed: tuple[str, ...] = attrs.field(default=(), converter=texts)
    delay_s: int = attrs.field(default=6 * _HOUR_S, validator=whole(0))

    def scope(self, catalog: Catalog) -> Scope:
        """Return everything: any offer may be told on the spot."""
        return catalog.all

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield what a place needs, that none is told of on the spot, and what is too soon."""
        places = Places(catalog)
        places.know(self.dwell_attribute, self.spot, self.delayed)
        for precision in Precision:
            yield from self._consented(catalog, places, precision)
        yield from self._dwelt(catalog, places)
        yield from self._cooled(catalog, places)
        yield from self._on_the_spot(catalog)
        yield from self._late(catalog, places)

    def sentence(self) -> str:
        """Return its line in the policy document."""
        place = "even the town" if self.coarse_needs_consent else "closer than the town"
        parts = [f"Where a customer is, {place}, is used only with a consent to {self.consent} of its own"]
        parts += [f"after {length(self.dwell_s)} there"] if self.dwell_s else []
        parts += [f"once in {length(self.cool_down_s)}"] if self.cool_down_s else []
        late = f" What was done less than {length(self.delay_s)} ago is not brought up where we write or others see."
        return f"{', '.join(parts)}. On the spot nobody is spoken to personally.{late if self.delay_s else ''}"

    def _consented(self, catalog: Catalog, places: Places, precision: Precision) -> Iterator[LimitRule]:
        """Yield that a place is not known, and nothing is chosen by it, without consent."""
        word, reason = precision.value, f"a {precision.value} place, and no consent to {self.consent}"
        condition = self._condition(catalog, precision)
        found: list[tuple[Hide | Withhold, str, str]] = []
        if names := places.known(precision):
            found.append((Hide(names), word, _SAY))
        apart = _apart(catalog, places.of_the_moment(precision), _SAY)
        found += [(Withhold(scope), f"{word}.here{end}", say) for scope, end, say in apart]
        for limit, id_, say in found:
            if condition is None:
                yield Always(limit, f"{reason}, which is no purpose of the policy", id_, say)
            else:
                yield Unless(condition, limit, reason, id_, say)

    def _condition(self, catalog: Catalog, precision: Precision) -> str | None:
        """Return the condition under which a place may be used; None if there is none."""
        there = any(purpose.name == self.consent for purpose in catalog.policy.purposes)
        said, known = f"consent.{self.consent}", f'now - consents.at < duration("{self.fresh_for_s}s")'
        if precision is Precision.PRECISE or self.coarse_needs_consent:
            young = f'now - {said}.at < duration("{self.dormant_after_s}s")'
            own = f'{said}.given && {said}.how in ["explicit", "double_opt_in"]'
            return f"{own} && {young} && {known} && !context.gpc" if there else None
        # Of a visitor whom nobody knows there is no refusal to know.
        silent = f' && (identity.kind == "none" || (!{said}.refused && {known}))' if there else ""
        return f"!context.gpc{silent}"

    def _dwelt(self, catalog: Catalog, places: Places) -> Iterator[LimitRule]:
        """Yield that who is passing by hears nothing of it; where nobody knows for how long, that is everyone."""
        reason = f"at the place for less than {length(self.dwell_s)}, or nobody knows for how long"
        for scope, end, _ in _apart(catalog, places.of_the_moment(Precision.PRECISE)) if self.dwell_s else ():
            if self.dwell_attribute:
                least = places.seconds(self.dwell_attribute, self.dwell_s)
                yield Unless(f"context.{self.dwell_attribute} >= {least}", Withhold(scope), reason, f"dwell{end}")
            else:
                yield Always(Withhold(scope), "no `dwell_attribute` tells for how long", f"dwell{end}")

    def _cooled(self, catalog: Catalog, places: Places) -> Iterator[LimitRule]:
        """Yield that one message that uses a precise place is enough for a while."""
        if not self.cool_down_s:
            return
        using = places.used(Precision.PRECISE)
        tagged = using & catalog.where(lambda entry: self.tag in entry.offer.tags)
        if using - tagged:
            reason = f"it uses a precise place without the tag {self.tag!r}, so that it cannot be counted"
            yield Always(Withhold(using - tagged), reason, "untagged")
        for scope, end, say in _apart(catalog, tagged, "We brought up where you are not long ago."):
            cap = Cap(scope, 1, Rolling(self.cool_down_s), Counted("shown", tags=(self.tag,)), "all")
            yield Always(cap, f"a place was used within {length(self.cool_down_s)}", f"cool_down{end}", say)

    def _on_the_spot(self, catalog: Catalog) -> Iterator[LimitRule]:
        """Yield that where the customer stands before us, or before others, nobody speaks personally."""
        where = "channel.privacy in [" + ", ".join(f'"{privacy}"' for privacy in _SEEN.values()) + "]"
        where += f" || context.{self.spot}" if self.spot else ""
        reason = "told personally on the spot"
        for scope, end, say in _apart(catalog, catalog.all, "On the spot we do not speak to you personally."):
            yield When(where, UpTo(scope, tone=Familiarity.SEGMENT), reason, f"on_the_spot{end}", say)

    def _late(self, catalog: Catalog, places: Places) -> Iterator[LimitRule]:
        """Yield that what was done just now is not brought up where we write, or where others see."""
        channels = tuple(c.name for c in catalog.policy.channels if c.outbound or c.privacy in _SEEN)
        purposes = tuple(p.name for p in catalog.policy.purposes if p.legal_basis is not LegalBasis.CONTRACT)
        if not (self.delay_s and channels and purposes):
            return
        reason = f"the value is younger than {length(self.delay_s)}"
        ordinary, sensitive = places.late(self.delayed)
        for names, id_, say in (
            (ordinary, "delay", "What you did just now we did not bring up."),
            (sensitive, "delay.sensitive", ""),  # words would tell that something sensitive is on record
        ):
            if names:
                yield Always(Require(names, purposes, min_age_s=self.delay_s, channels=channels), reason, id_, say)


def _apart(catalog: Catalog, scope: Scope, say: str = "") -> Iterator[tuple[Scope, str, str]]:
    """Yield ordinary and sensitive treatments apart, with an end for the rule's id, and words of the ordinary ones."""
    ordinary = catalog.where(lambda entry: entry.labels.sensitivity is Sensitivity.ORDINARY)
    if scope & ordinary:
        yield scope & ordinary, "", say
    if scope - ordinary:  # words would tell that something sensitive is on record
        yield scope - ordinary, ".sensitive", ""


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Helicoptering]
