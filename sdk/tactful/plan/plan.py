"""A policy made ready to decide: catalog, conditions and bounds compiled, once for all customers.

It is immutable but for small memories of what follows from its own constants.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import attrs

from ..catalog import Catalog
from ..clock import NEVER_US
from ..enriching import NO_ENRICHERS, Enrichers, enrichers_of
from ..expr import FALSE, TRUE
from ..limits import AtMost, Hide, Require
from ..offers import Channel
from ..pieces import in_pieces
from ..policy import Policy
from ..registry import GuardrailRules, Registry
from .bounds import Bound, bounds_of, expired
from .caps import caps_of, quiets_of
from .fold import on_channel
from .fuse import Fused, both, foreseen, fuse_bounds, fuse_requirements, is_foreseen, is_momentary
from .groups import grouped, groups_of, starts_of, whole
from .index import indexed
from .pages import Page, PlacementPlan, besides_of, page_of, taken_by
from .requirements import Requirement, names_channel, requirements_of
from .scoring import ScoringPlan
from .slots import Slots
from .visibility import Visibility
from .worth import BoostPlan, RankedOffer, boosts_of, ranked_offers

_MEMORY_MAX = 1024
_Made = TypeVar("_Made")


@attrs.frozen(eq=False)
class ChannelPlan:
    """
    What one channel adds: its placements, and the conditions that name it.

    Attributes:
        channel: The channel.
        allow: The treatments that bounds allow here whatever the customer.
        flags: The flags that bounds set here whatever the customer.
        guard_standing: What bounds allow, as far as it stands.
        guard_momentary: What bounds allow that depends on the moment.
        need_standing: The treatments whose requirements are met, as far as it stands.
        need_momentary: The same, of requirements that depend on the moment.
        bounds: The bounds that can apply here.
        flag_of: The flags that each of them sets.
        visibility: What purposes may see here.
        is_foreseen: Whether it can be told until when all conditions stay as they are in the same context.
        shared: What bounds allowed customers of late, so that those who are allowed the same share it.
    """

    channel: Channel
    allow: int
    flags: int
    guard_standing: Fused | None
    guard_momentary: Fused | None
    need_standing: Fused | None
    need_momentary: Fused | None
    bounds: tuple[Bound, ...]
    flag_of: tuple[int, ...]
    visibility: Visibility
    is_foreseen: bool
    shared: dict[int, int] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Effects:
    """
    What a combination of flags comes to.

    Attributes:
        hidden: By index of purpose, the slots that are hidden, as bits.
        blind: The treatments that no affinity ranks.
        quotas: The quotas that hold, with their ids.
    """

    hidden: tuple[int, ...]
    blind: int
    quotas: tuple[tuple[str, AtMost], ...]


class Plan:
    """
    A policy and its guardrails, compiled.

    Attributes:
        policy: The policy.
        catalog: Its treatments in the order of worth.
        everything: All treatments, as bits.
        slots: Where variables lie.
        visibility: What purposes may see on a channel that no limit names.
        bounds: The bounds of the core and of all guardrails.
        requirements: What treatments need.
        channels: What each channel adds, by name.
        placements: By name.
        lookups: The index on the context.
        attribute_specs: The profile schema, by name of attribute.
        lineages: By index of purpose, the purpose and those above it.
        enrichers: What works out attributes when a customer is fetched.
        caps: The caps.
        quiets: The quiet hours.
        epoch: The epoch of the bundle that it is from; None in development.
        until_us: It is to be replaced before this moment [us since 1970]; then it has expired.
        counted_events: The events that a cap counts.
        counted_per: For whom caps count: customer, household, everyone.
        strict_per: For whom strict caps count.
        longest_window_us: No cap looks back further [us].
        offers: The offers in the order of worth, for ranking.
        groups: The same in groups that every customer's factors treat alike.
        grouped: The groups, those that help apart from the others; large numbers of them also by affinity.
        boosts: Factors for the moment.
        scoring: The score model, or None.
        rooms: By channel and offer, what showing it counts for; made when it is first shown.
        countings: The caps that contacts of late count for, by what such contacts have in common.
    """

    enrichers: Enrichers = NO_ENRICHERS

    def __init__(
        self,
        policy: Policy,
        guardrails: Sequence[GuardrailRules],
        *,
        epoch: int | None = None,
        until_us: int = NEVER_US,
        catalog: Catalog | None = None,
    ) -> None:
        self.policy = policy
        self.epoch, self.until_us = epoch, until_us
        self.catalog = catalog or Catalog(policy)
        self.everything = self.catalog.all.bits
        self.slots = Slots.of(policy)
        self.bounds = bounds_of(self.catalog, guardrails, dict(policy.conditions), until_us)
        self.visibility = Visibility.of(policy, self.slots, self.bounds)
        self.attribute_specs = {a.name: a for a in policy.attributes}
        self.lineages = tuple(_lineage(policy, name) for name in self.slots.purposes)
        self.requirements = requirements_of(self.catalog, self.slots.purposes)
        self.caps = caps_of(self.catalog, self.bounds)
        self.quiets = quiets_of(self.bounds)
        self.offers: tuple[RankedOffer, ...] = ranked_offers(self.catalog, self.slots.purposes)
        self.boosts: tuple[BoostPlan, ...] = boosts_of(self.catalog, self.slots)
        self.scoring = ScoringPlan.of(policy.ranking.model, self.slots)
        self.groups = groups_of(self.offers)
        self.grouped, self._starts = grouped(self.groups), starts_of(self.offers)
        self.offer_at = tuple(offer for offer in in_pieces(self.offers) for _ in range(offer.width))
        self._flagged = tuple(b for b in in_pieces(self.bounds) if b.blind or isinstance(b.limit, AtMost | Hide))
        self._flag_of = {id(bound): 1 << number for number, bound in enumerate(self._flagged)}
        self.hide_flags = sum(self._flag_of[id(b)] for b in self._flagged if isinstance(b.limit, Hide))
        self.lookups, self.eithers, plain = indexed(self.slots, self.requirements, self.everything)
        anywhere = [one for one in in_pieces(plain) if not names_channel(one.expr)]
        self._shared_standing = self._fuse([one for one in in_pieces(anywhere) if not is_momentary(one.expr)])
        self._shared_momentary = self._fuse([one for one in in_pieces(anywhere) if is_momentary(one.expr)])
        self._is_foreseen = self.scoring is None and foreseen(self.requirements, policy.ranking.boosts)
        self._by_channel = [one for one in in_pieces(plain) if names_channel(one.expr)]
        self.channels: Mapping[str, ChannelPlan] = {c.name: self._channel(c) for c in policy.channels}
        besides = besides_of(self.catalog)
        self.placements = {p.name: PlacementPlan(p, taken_by(self.catalog, p), besides) for p in policy.placements}
        self._effects: dict[int, Effects] = {}
        self._made, self.countings = dict[object, object](), dict[object, object]()
        self.rooms: Mapping[str, dict[str, object]] = {c.name: {} for c in policy.channels}
        self._pages: dict[tuple[str, ...], tuple[Page | None, tuple[str, ...]]] = {}
        self._edges_us = tuple(sorted({at for o in in_pieces(policy.offers) for at in (o.from_us, o.until_us)}))
        self._running: tuple[int, int, int] = (0, 0, 0)
        self.counted_events = frozenset(cap.cap.counted.event for cap in self.caps)
        self.counted_per = frozenset(cap.cap.per for cap in self.caps)
        self.strict_per = frozenset(cap.cap.per for cap in self.caps if cap.cap.strict)
        self.longest_window_us = max((cap.longest_us for cap in self.caps), default=0)
        self._careful = tuple(f"guardrail {b.reason}" for b in self.bounds if b.id.startswith("core.broken."))

    @classmethod
    def build(cls, policy: Policy, registry: Registry, *, epoch: int | None = None, until_us: int = NEVER_US) -> "Plan":
        """Return the plan of a policy, with every guardrail that it names asked once."""
        catalog = Catalog(policy)
        untouched, guardrails = registry.asked(policy, catalog)
        same = catalog if untouched is policy else None
        plan = cls(untouched, guardrails, epoch=epoch, until_us=until_us, catalog=same)
        if untouched.enrichers:
            plan.enrichers = enrichers_of(untouched, registry)
            plan._careful += plan.enrichers.careful
        return plan

    def careful(self, now_us: int) -> tuple[str, ...]:
        """Return why all decisions are careful at a moment: guardrails that are broken, a bundle that has expired."""
        return self._careful if now_us < self.until_us else (*self._careful, expired(self.until_us))

    def running(self, now_us: int) -> tuple[int, int]:
        """Return the treatments whose offer's period contains the moment, and until when they stay the same."""
        start, end, mask = self._running
        if start <= now_us < end:
            return mask, end
        number = bisect_right(self._edges_us, now_us)
        start = self._edges_us[number - 1] if number else -NEVER_US
        end = self._edges_us[number] if number < len(self._edges_us) else NEVER_US
        mask = self.catalog.where(lambda entry: entry.offer.from_us <= now_us < entry.offer.until_us).bits
        self._running = (start, end, mask)
        return mask, end

    def effects(self, flags: int) -> Effects:
        """Return what a combination of flags comes to."""
        effects = self._effects.get(flags)
        if effects is None:
            effects = self._work_out(flags)
            if len(self._effects) >= _MEMORY_MAX:
                self._effects = {}
            self._effects[flags] = effects
        return effects

    def page(self, names: tuple[str, ...]) -> tuple[Page | None, tuple[str, ...]]:
        """Return the page of placements, and what is wrong with their names."""
        known = self._pages.get(names)
        if known is None:
            known = page_of(self.placements, names)
            if len(self._pages) < _MEMORY_MAX and not known[1]:  # what strangers make up takes no place
                self._pages[names] = known
        return known

    def whole(self, bits: int) -> int:
        """Return all treatments of the offers of which some are in a set."""
        return whole(self._starts, bits) if bits else 0

    def once(self, key: object, make: Callable[[], _Made]) -> _Made:
        """Return what `make` gives for a key, made once; keys come from the policy alone, so they are bounded."""
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = make()
        return cast("_Made", made)

    def requirement_on(self, number: int, channel: str) -> Requirement:
        """Return a requirement as it reads on a channel."""
        requirement = self.requirements[number]
        return attrs.evolve(requirement, expr=on_channel(requirement.expr, self.channels[channel].channel))

    def _work_out(self, flags: int) -> Effects:
        applying = [bound for bound in self._flagged if self._flag_of[id(bound)] & flags]
        blind = 0
        for bound in applying:
            blind |= bound.blind
        return Effects(
            self.visibility.hidden([b.limit for b in applying if isinstance(b.limit, Hide)], self.slots),
            blind,
            tuple((b.id, b.limit) for b in applying if isinstance(b.limit, AtMost) and b.limit.scope),
        )

    def _fuse(self, requirements: Sequence[Requirement]) -> Fused | None:
        return fuse_requirements(self.slots, requirements, self.everything) if requirements else None

    def _channel(self, channel: Channel) -> ChannelPlan:
        folded = [attrs.evolve(b, condition=on_channel(b.condition, channel)) for b in in_pieces(self.bounds)]
        flags_of = {id(new): self._flag_of.get(id(old), 0) for new, old in zip(folded, self.bounds, strict=True)}
        here = [bound for bound in folded if bound.condition != FALSE]
        allow, flags = self.uses(channel), 0
        for bound in in_pieces(here):
            if bound.condition == TRUE:
                allow &= bound.allow
                flags |= flags_of[id(bound)]
        asked = [(b, flags_of[id(b)]) for b in here if b.condition != TRUE]
        own = [attrs.evolve(one, expr=on_channel(one.expr, channel)) for one in self._by_channel]
        return ChannelPlan(
            channel,
            allow,
            flags,
            self._fuse_bounds([pair for pair in in_pieces(asked) if not is_momentary(pair[0].condition)]),
            self._fuse_bounds([pair for pair in in_pieces(asked) if is_momentary(pair[0].condition)]),
            both(self._shared_standing, self._fuse([one for one in own if not is_momentary(one.expr)])),
            both(self._shared_momentary, self._fuse([one for one in own if is_momentary(one.expr)])),
            tuple(here),
            tuple(flags_of[id(bound)] for bound in here),
            self._visibility(channel),
            self._is_foreseen and all(is_foreseen(b.condition) for b in here),
        )

    def _visibility(self, channel: Channel) -> Visibility:
        named = any(isinstance(b.limit, Require) and channel.name in b.limit.channels for b in self.bounds)
        return Visibility.of(self.policy, self.slots, self.bounds, channel.name) if named else self.visibility

    def _fuse_bounds(self, bounds: Sequence[tuple[Bound, int]]) -> Fused | None:
        return fuse_bounds(self.slots, bounds, self.everything) if bounds else None

    def uses(self, channel: Channel) -> int:
        """Return the treatments that may be used on a channel."""
        name, where = channel.name, self.catalog.where
        for_all = where(lambda entry: not entry.offer.channels or name in entry.offer.channels).bits
        return for_all & where(lambda entry: not entry.treatment.channels or name in entry.treatment.channels).bits


def _lineage(policy: Policy, purpose: str) -> tuple[str, ...]:
    above = {one.name: one.under for one in policy.purposes}
    lineage: list[str] = []
    at: str | None = purpose
    while at is not None and at not in lineage:
        lineage.append(at)
        at = above.get(at)
    return tuple(lineage)
