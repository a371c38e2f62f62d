"""What of a profile a pack may hold: what a policy's decisions in some placements can see, and nothing besides."""

from collections.abc import Iterable, Mapping

import attrs

from ..consent import EVERYTHING, Consents
from ..errors import UsageError
from ..expr import reads
from ..plan.plan import ChannelPlan, Plan
from ..plan.visibility import Demand
from ..profile import Observation, Snapshot

_OF_CUSTOMERS = frozenset({"profile", "protective", "direct"})


@attrs.frozen
class Sight:
    """
    What decisions see of one attribute.

    Attributes:
        demands: What a value must meet, by purpose; one that is met is enough.
        is_protected: Whether guardrails see any value.
    """

    demands: tuple[Demand, ...]
    is_protected: bool

    def admits(self, one: Observation, now_us: int) -> bool:
        """Return whether any decision from a moment on can see a value."""
        return self.is_protected or any(_meets(demand, one, now_us) for demand in self.demands)


@attrs.frozen
class Allowed:
    """
    What a pack may hold of a profile.

    Attributes:
        sights: What is seen of each attribute, by name; one that is not here is left out.
    """

    sights: Mapping[str, Sight]

    @classmethod
    def of(cls, plan: Plan, placements: Iterable[str]) -> "Allowed":
        """
        Return what decisions in placements can see.

        Raises:
            UsageError: If there is no such placement, or none is named.
        """
        names = tuple(placements)
        strange = [name for name in names if name not in plan.placements]
        if strange or not names:
            what = f"there is no placement {strange[0]!r}" if strange else "name the placements of the kiosk's screens"
            raise UsageError(f"{what}; the policy has {', '.join(plan.placements)}")
        channels = dict.fromkeys(plan.placements[name].placement.channel for name in names)
        sights: dict[str, Sight] = {}
        for channel in channels:
            here = plan.channels[channel]
            seen = _seen(plan, here)
            for name in _read(plan, here):
                known = sights.get(name, Sight((), is_protected=False))
                protected = any(one.name == name for one in plan.slots.protective)
                sights[name] = Sight((*known.demands, *seen.get(name, ())), is_protected=protected)
        return cls({name: one for name, one in sights.items() if one.demands or one.is_protected})

    def snapshot(self, known: Snapshot, consents: Consents | None, now_us: int) -> Snapshot:
        """Return a profile with what is allowed of it; of a customer who wants to be left in peace, nothing."""
        if _left_in_peace(consents):
            return attrs.evolve(known, attributes={}, unreadable=frozenset())
        kept = {
            name: one
            for name, one in known.attributes.items()
            if name in self.sights and self.sights[name].admits(one, now_us)
        }
        return attrs.evolve(known, attributes=kept, unreadable=known.unreadable & self.sights.keys())


def _read(plan: Plan, channel: ChannelPlan) -> frozenset[str]:
    """Return the attributes that conditions, texts and ranking on a channel read."""
    exprs = [one.expr for one in plan.requirements if one.bits & channel.allow]
    exprs += [bound.condition for bound in channel.bounds]
    named = {name.split(".")[1] for expr in exprs for name in reads(expr) if name.split(".")[0] in _OF_CUSTOMERS}
    others = {plan.policy.ranking.affinity or "", plan.policy.values.customer_zone}
    return frozenset((named | others) & plan.attribute_specs.keys())


def _seen(plan: Plan, channel: ChannelPlan) -> Mapping[str, tuple[Demand, ...]]:
    """Return what values must meet to be seen for any purpose that is served on a channel, by attribute."""
    served = {one.offer.purpose for one in plan.catalog.entries if channel.allow >> one.index & 1}
    hidden = plan.effects(channel.flags).hidden
    seen: dict[str, tuple[Demand, ...]] = {}
    for purpose, demands, gone in zip(plan.slots.purposes, channel.visibility.demands, hidden, strict=True):
        for demand in demands if purpose in served else ():
            if demand.sources and not gone >> demand.slot & 1:
                seen[demand.name] = (*seen.get(demand.name, ()), demand)
    return seen


def _meets(demand: Demand, one: Observation, now_us: int) -> bool:
    """Return whether a value meets a demand, or can later: what is too old already never will."""
    sure = one.confidence >= demand.confidence and one.source in demand.sources
    direct = one.first_party or not demand.first_party
    young = demand.lasts_us is None or now_us - one.at_us < demand.lasts_us
    return sure and direct and young


def _left_in_peace(consents: Consents | None) -> bool:
    noes = [] if consents is None else [one for one in consents.records if one.purpose == EVERYTHING]
    return any(one.refuses for one in noes)
