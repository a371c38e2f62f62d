"""Which slates a set of guardrails leaves feasible, told one limit and one treatment at a time: the law's own judge."""

from collections.abc import Iterator, Sequence

from tactful import Familiarity, Hide, Require, UpTo, Withhold
from tactful.catalog import Catalog, Entry
from tactful.clock import NEVER_US
from tactful.limits import Always, AtMost, Cap, Limit, Unless
from tactful.offers import Channel
from tactful.policy import Policy
from tactful.registry import GuardrailRules
from tactful.testing.interpreter import UNKNOWN, evaluate
from tactful.testing.reference import caps
from tactful.testing.reference.answer import Situation
from tactful.testing.reference.known import GuardrailsKnow, OffersKnow


def objections(
    policy: Policy, guardrails: Sequence[GuardrailRules], channel: Channel, situation: Situation, slate: Sequence[int]
) -> Iterator[str]:
    """Yield why a slate (treatments by their index) is not feasible under these guardrails; nothing if it is."""
    entries = Catalog(policy).entries
    know = GuardrailsKnow(policy, NEVER_US, channel, situation)
    limits = dict(_applying(policy, guardrails, know))
    hides = [limit for limit in limits.values() if isinstance(limit, Hide | Require) and _is_here(limit, channel)]
    for index in slate:
        entry = entries[index]
        yield from _rules(entry, OffersKnow(know, entry.offer.purpose, hides))
        for id_, limit in limits.items():
            if _keeps_away(policy, limit, entry, channel, situation):
                yield f"{id_}: {entry.offer.id}"
    for id_, limit in limits.items():
        if isinstance(limit, AtMost):
            inside = sum(index in limit.scope for index in slate)
            if (limit.count is not None and inside > limit.count) or (
                limit.share is not None and inside > limit.share * len(slate) + 1e-9
            ):
                yield f"{id_}: {inside} of {len(slate)}"
        if isinstance(limit, Cap):
            yield from _overfull(policy, id_, limit, [entries[index] for index in slate], channel, situation)


def _is_here(limit: Hide | Require, channel: Channel) -> bool:
    return isinstance(limit, Hide) or not limit.channels or channel.name in limit.channels


def _overfull(
    policy: Policy, id_: str, cap: Cap, slate: Sequence[Entry], channel: Channel, situation: Situation
) -> Iterator[str]:
    """Yield each treatment that stands on a page though those before it have filled a cap."""
    for number, entry in enumerate(slate):
        before = [value for one in slate[:number] for value in caps.fills(policy, cap, one.offer, channel.name)]
        if entry.index in cap.scope and caps.bars(cap, entry):
            for value in caps.dimension_of_offer(policy, cap, entry.offer, channel.name):
                if value in before and caps.reached(policy, cap, value, situation, before.count(value)):
                    yield f"{id_}: {entry.offer.id} on one page with {before.count(value)} others"


def _applying(
    policy: Policy, guardrails: Sequence[GuardrailRules], know: GuardrailsKnow
) -> Iterator[tuple[str, Limit]]:
    conditions = dict(policy.conditions)
    for number, guardrail in enumerate(guardrails):
        for id_, rule in guardrail.rules:
            if isinstance(rule, Always):
                yield f"{number}.{id_}", rule.limit
            else:
                truth = evaluate(conditions[rule.condition], know)
                if truth is not True if isinstance(rule, Unless) else truth is not False:
                    yield f"{number}.{id_}", rule.limit
        if guardrail.broken is not None:
            yield f"{number}.broken", Withhold(guardrail.scope)


def _rules(entry: Entry, know: OffersKnow) -> Iterator[str]:
    if evaluate(entry.offer.when, know) is not True:
        yield f"when: {entry.offer.id}"
    if any(evaluate(clause, know) is not False for clause in entry.offer.unless):
        yield f"unless: {entry.offer.id}"
    parts = [part for _, fields in entry.treatment.content for field in fields for part in field.parts]
    if any(evaluate(part, know) is UNKNOWN for part in parts if not isinstance(part, str)):
        yield f"content: {entry.offer.id}"


def _keeps_away(policy: Policy, limit: Limit, entry: Entry, channel: Channel, situation: Situation) -> bool:
    match limit:
        case Withhold(scope):
            return entry.index in scope
        case UpTo(scope, tone, basis):
            return entry.index in scope and (entry.labels.tone > tone or entry.labels.basis > basis)
        case Cap(scope):
            soft = max(entry.labels.tone, entry.labels.basis) <= Familiarity.CONTEXT and limit.then == "downgrade"
            return not soft and entry.index in scope and caps.limits(policy, limit, entry, channel.name, situation)
    return False
