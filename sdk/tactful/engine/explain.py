"""Explain: for each treatment that is not shown, everything that kept it away, in a fixed order. Asked, never stored.

Reasons are worked out anew from the moment of the decision, one requirement and one bound at a time.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import attrs

from ..clock import NEVER_US
from ..expr import reads
from ..limits import AtMost, Hide, Require, Scope
from ..plan.bounds import Bound
from ..plan.fuse import holds, single
from ..plan.plan import Plan
from ..plan.visibility import acts_on, asked_by
from .compose import Quota
from .mask import exists
from .moment import Chosen, Moment
from .scores_told import scores, told


@attrs.frozen
class Reason:
    """Why a treatment is not shown: a stable id, and words for an engineer."""

    id: str
    text: str


@attrs.frozen
class Loss:
    """A treatment that is not shown, and all that kept it away."""

    offer: str
    treatment: str
    reasons: tuple[Reason, ...]


@attrs.frozen
class Hidden:
    """An attribute that has a value on record, which a limit keeps from these purposes; none named means from all."""

    attribute: str
    purposes: tuple[str, ...]
    reason: Reason


@attrs.frozen
class Explanation:
    """
    Why a decision is as it is.

    Attributes:
        shown: The offers and treatments that are shown, best first, with their worth.
        losses: Every other treatment, in the catalog's order; none where nothing could be decided.
        careful: What held the whole decision back.
        hidden: The values that limits kept from rules and texts, so that these could not know them.
        long_term: The offers shown whose worth is not the next sale alone, with the share of it that is not, 0 to 1.
        scores: The offers shown that the score model put in order, with their scores, 0 to 1, and what each part of
            it added to the log-odds, in words.
    """

    shown: tuple[tuple[str, str, float], ...]
    losses: tuple[Loss, ...]
    careful: tuple[str, ...]
    hidden: tuple[Hidden, ...] = ()
    long_term: tuple[tuple[str, float], ...] = ()
    scores: tuple[tuple[str, float, tuple[tuple[str, float], ...]], ...] = ()

    def of(self, offer: str) -> tuple[Loss, ...]:
        """Return the losses of one offer."""
        return tuple(loss for loss in self.losses if loss.offer == offer)

    def __str__(self) -> str:
        lines = [f"careful: {one}" for one in self.careful]
        lasting = {offer: f", {share:.0%} of it in the long term" for offer, share in self.long_term}
        scored = {offer: told(score, parts) for offer, score, parts in self.scores}
        for o, t, worth in self.shown:
            lines += [f"+ {o}/{t}  worth {worth:.4g}{lasting.get(o, '')}", *scored.get(o, ())]
        for loss in self.losses:
            lines.append(f"- {loss.offer}/{loss.treatment}")
            lines += [f"    {reason.id}" + (f": {reason.text}" if reason.text else "") for reason in loss.reasons]
        for one in self.hidden:
            lines.append(f"~ profile.{one.attribute} for {', '.join(one.purposes) or 'all purposes'}")
            lines.append(f"    {one.reason.id}: {one.reason.text}")
        return "\n".join(lines)


def explain(moment: Moment, careful: tuple[str, ...] = ()) -> Explanation:
    """Return why each treatment is shown or not; where nothing could be decided, only why: no rule was asked."""
    if not moment.page.placements:
        return Explanation((), (), careful)
    entries = moment.plan.catalog.entries
    shown = tuple((e.offer.id, e.treatment.id, c.worth) for c in moment.chosen for e in [entries[c.index]])
    picked = {one.index for one in moment.chosen}
    barred: dict[int, dict[str, Reason]] = {}
    for reason, bits in sorted(_barriers(moment), key=lambda barrier: barrier[0].id):  # once, not for each treatment
        for index in Scope(bits):
            barred.setdefault(index, {})[reason.id] = reason
    losses = []
    for entry in entries:
        if entry.index not in picked:
            reasons = barred.get(entry.index) or {one.id: one for one in _passed_over(moment, entry.index)}
            losses.append(Loss(entry.offer.id, entry.treatment.id, tuple(reasons.values())))
    lasting = tuple(_long_term(moment))
    return Explanation(shown, tuple(losses), careful, tuple(hidden(moment)), lasting, tuple(scores(moment)))


def _long_term(moment: Moment) -> Iterator[tuple[str, float]]:
    """Yield the offers shown to whose worth the long term adds; affinities and boosts leave its share as it is."""
    ranking = moment.plan.policy.ranking
    for ranked in (one.ranked for one in moment.chosen):
        lasting = ranking.long_term(ranked.offer)
        if lasting > 0:
            yield ranked.offer.id, lasting / ranked.base


def hidden(moment: Moment) -> Iterator[Hidden]:
    """Yield the values on record that limits kept from purposes, in the order of the limits."""
    for bound, names in hiding(moment):
        limit = bound.limit
        if isinstance(limit, Hide | Require):
            yield from (Hidden(name, limit.purposes, Reason(bound.id, bound.reason)) for name in names)


def hiding(moment: Moment) -> Iterator[tuple[Bound, tuple[str, ...]]]:
    """Yield each limit on values that applies, with the attributes on record that do not meet it."""
    snapshot, plan, channel = moment.customer.snapshot, moment.plan, moment.channel.channel.name
    arguments = _arguments(moment)
    for number, bound in enumerate(moment.channel.bounds):
        limit = bound.limit
        if snapshot is None or not isinstance(limit, Hide | Require):
            continue
        known = snapshot.attributes
        if isinstance(limit, Hide):
            if not _lets_off(plan, channel, number)(*arguments):
                yield bound, tuple(name for name in limit.attributes if name in known)
        elif acts_on(limit, channel):
            asked = plan.once(("asked", number, channel), partial(asked_by, plan.attribute_specs, limit))
            found = ((known[one.name], one) for one in asked if one.name in known)
            yield bound, tuple(one.name for value, one in found if not exists(value, one, moment.now_us)[0])


def limits_acting(moment: Moment) -> Mapping[str, int]:
    """Return the limits that kept eligible treatments away, with how many each; a treatment can count for several."""
    limits: dict[str, int] = {}
    for reason, bits in acting(moment):
        limits[reason.id] = limits.get(reason.id, 0) + bits.bit_count()
    return limits


def acting(moment: Moment) -> Iterator[tuple[Reason, int]]:
    """Yield the limits that kept eligible treatments away, each with those treatments."""
    eligible = moment.page.mask & moment.plan.everything
    for _, bits in _own_barriers(moment):
        eligible &= ~bits
    yield from ((reason, bits & eligible) for reason, bits in _limit_barriers(moment) if bits & eligible)


def opening(moment: Moment) -> Iterator[tuple[str, int]]:
    """Yield each attribute by whose direct view a limit does not act, with the treatments that it would keep away."""
    plan, channel, q = moment.plan, moment.channel.channel.name, moment.customer.protective
    views, seen, _, *rest = _arguments(moment)
    for slot, name in enumerate(plan.slots.direct, len(plan.slots.protective)):
        without = (*q[:slot], None, *q[slot + 1 :])
        for number, bound in enumerate(moment.channel.bounds):
            if q[slot] is None or f"direct.{name}" not in reads(bound.condition):
                continue
            lets_off = _lets_off(plan, channel, number)
            if lets_off(views, seen, q, *rest) and not lets_off(views, seen, without, *rest):
                yield name, plan.everything & ~bound.allow


def truths(moment: Moment) -> Iterator[bool]:
    """Yield, for each requirement of the plan, whether it is met; then for each bound here, whether it lets off."""
    plan, channel, arguments = moment.plan, moment.channel.channel.name, _arguments(moment)
    for number in range(len(plan.requirements)):
        yield bool(_requirement(plan, number, channel)(*arguments))
    for number in range(len(moment.channel.bounds)):
        yield bool(_lets_off(plan, channel, number)(*arguments))


def deferred(moment: Moment) -> Mapping[str, int]:
    """Return, by offer, until when deferring limits keep it away that nothing else does [us since 1970]."""
    waits = [one for one in moment.limited.acting if one.then == "defer" and one.until_us < NEVER_US]
    waiting = 0
    for one in waits:
        waiting |= one.withheld
    names = {one.id for one in waits}
    for reason, bits in _barriers(moment):
        if reason.id not in names:
            waiting &= ~bits
    found: dict[str, int] = {}
    for index in Scope(waiting):
        until_us = max(one.until_us for one in waits if one.withheld >> index & 1)
        offer = moment.plan.catalog.entries[index].offer.id
        found[offer] = min(found.get(offer, until_us), until_us)
    return found


def _barriers(moment: Moment) -> Iterator[tuple[Reason, int]]:
    """Yield all that bars treatments, each with the treatments that it bars."""
    yield from _own_barriers(moment)
    yield from _limit_barriers(moment)


def _own_barriers(moment: Moment) -> Iterator[tuple[Reason, int]]:
    """Yield what bars treatments that no limit keeps away: when and where offers run, and what they ask."""
    plan, channel = moment.plan, moment.channel.channel
    yield Reason("period", "outside its period"), plan.everything & ~plan.running(moment.now_us)[0]
    yield (
        Reason("channel", f"not for {channel.name}"),
        plan.everything & ~plan.once(("uses", channel.name), lambda: plan.uses(channel)),
    )
    yield Reason("placement", "no placement of the page takes it"), plan.everything & ~moment.page.mask
    arguments = _arguments(moment)
    for number, requirement in enumerate(plan.requirements):
        if not _requirement(plan, number, channel.name)(*arguments):
            yield Reason(requirement.id, _WORDS[requirement.kind]), requirement.bits


_WORDS = {"when": "not surely true", "unless": "not surely false", "content": "its value is not known"}


def _limit_barriers(moment: Moment) -> Iterator[tuple[Reason, int]]:
    plan = moment.plan
    arguments = _arguments(moment)
    for number, bound in enumerate(moment.channel.bounds):
        if bound.allow != plan.everything and not _lets_off(plan, moment.channel.channel.name, number)(*arguments):
            yield Reason(bound.id, bound.reason), plan.everything & ~bound.allow
    for one in moment.limited.acting:
        yield Reason(one.id, one.reason), one.withheld


def _arguments(moment: Moment) -> tuple[object, ...]:
    there = moment.there
    known = moment.here.known
    return there.views, there.seen, moment.customer.protective, known, moment.context, moment.now_us


def _requirement(plan: Plan, number: int, channel: str) -> Callable[..., object]:
    def make() -> Callable[..., object]:
        requirement = plan.requirement_on(number, channel)
        return single(plan.slots, lambda emitter: holds(requirement, emitter), requirement.purpose)

    return plan.once(("requirement", number, channel), make)


def _lets_off(plan: Plan, channel: str, number: int) -> Callable[..., object]:
    def make() -> Callable[..., object]:
        bound = plan.channels[channel].bounds[number]
        return single(plan.slots, lambda emitter: emitter.surely_false(bound.condition))

    return plan.once(("bound", number, channel), make)


def _passed_over(moment: Moment, index: int) -> list[Reason]:
    """Return why a treatment that was allowed is not shown."""
    offer = moment.plan.offer_at[index]
    if any(one.ranked is offer for one in moment.chosen):
        return [Reason("familiarity", "another treatment of the offer says enough")]
    quotas = [id_ for id_, one in moment.dropped if one.ranked is offer]
    quotas += [id_ for id_, limit in moment.plan.effects(moment.flags).quotas if _used_up(moment, id_, limit, index)]
    full = sorted({*(f"quota:{id_}" for id_ in quotas), *_filled(moment, index)})
    if full:
        return [Reason(id_, "no room is left under it on this page") for id_ in full]
    taking = [number for number, plan in enumerate(moment.page.placements) if plan.mask >> index & 1]
    ever = _ever_chosen(moment)
    for number in taking:
        placement = moment.page.placements[number].placement
        inside = [one for one in ever if one.placement == number]
        same = sum(1 for one in inside if one.ranked.offer.topic == offer.offer.topic)
        if len(inside) < placement.slots and placement.per_topic is not None and same >= placement.per_topic:
            return [Reason("variety", f"{placement.name} has enough of its topic")]
    return [Reason("outranked", "better offers fill the slots")]


def _used_up(moment: Moment, id_: str, limit: AtMost, index: int) -> bool:
    quota = Quota(id_, limit, moment.page.slots)
    taken = sum(1 for one in _ever_chosen(moment) if quota.bits >> one.index & 1)
    return bool(quota.bits >> index & 1) and taken >= quota.left


def _filled(moment: Moment, index: int) -> Iterator[str]:
    """Yield the ids of the caps that picks of this very page filled before a treatment could be taken."""
    ranked = moment.plan.offer_at[index]
    for id_, withheld, blind in moment.caps.filled if moment.caps is not None else ():
        if withheld >> index & 1 or (blind & ranked.bits and moment.affinities.personal(ranked)):
            yield id_


def _ever_chosen(moment: Moment) -> list[Chosen]:
    return [*moment.chosen, *(one for _, one in moment.dropped)]
