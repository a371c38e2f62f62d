"""Which limits apply: each rule of the core and of every guardrail, with its condition, one at a time."""

from collections.abc import Iterator, Sequence

import attrs

from ...consent import LegalBasis
from ...expr import Expr
from ...familiarity import Familiarity
from ...limits import Always, Limit, LimitRule, RankBlind, Require, Scope, Unless, UpTo, Withhold
from ...offers import Intent
from ...policy import Policy
from ...registry import GuardrailRules
from ..interpreter import UNKNOWN, evaluate
from .answer import Entry
from .consents import opted_out, restricted
from .holdouts import is_held, is_held_out
from .known import GuardrailsKnow
from .labels import read_attributes


@attrs.frozen
class Applying:
    """A limit that applies, with the id of its rule."""

    id: str
    limit: Limit


def applying(
    know: GuardrailsKnow, guardrails: Sequence[GuardrailRules], entries: Sequence[Entry]
) -> Iterator[Applying]:
    """Yield the limits that apply: the core's, then each guardrail's, by its name and as it gave them."""
    channel = know.channel
    everything = Scope((1 << len(entries)) - 1)
    yield from _of_governance(know, entries)
    if channel.tone < Familiarity.PERSONAL or channel.basis < Familiarity.PERSONAL:
        yield Applying("core.channel", UpTo(everything, channel.tone, channel.basis))
    yield from _too_little_known(know, everything)
    yield from _left_in_peace(know, entries)
    yield from _leased(know.policy)
    compiled = dict(know.policy.conditions)
    for guardrail in sorted(guardrails, key=lambda one: one.name):
        broken = guardrail.broken is not None
        for id_, rule in guardrail.rules:
            condition = None if isinstance(rule, Always) else compiled.get(rule.condition)
            if condition is None and not isinstance(rule, Always):
                broken = True  # what was not compiled cannot be asked
            elif applies(rule, condition, know) and acts_on(rule.limit, channel.name):
                yield Applying(id_, rule.limit)
        if broken:
            yield Applying(f"core.broken.{guardrail.name}", Withhold(guardrail.scope))


def _too_little_known(know: GuardrailsKnow, everything: Scope) -> Iterator[Applying]:
    """Yield that little may be known where little is, or is to be used."""
    if know.value("snapshot.at") is UNKNOWN:
        yield Applying("core.missing", UpTo(everything, Familiarity.CONTEXT, Familiarity.CONTEXT))
    if know.value("now") >= know.policy_until_us:
        yield Applying("core.expired", UpTo(everything, Familiarity.CONTEXT, Familiarity.CONTEXT))
    if know.value("identity.kind") == "device":
        yield Applying("core.weak_identity", UpTo(everything, Familiarity.SEGMENT, Familiarity.SEGMENT))
    if restricted(know.situation.consents, know.channel.name, know.situation.now_us):
        yield Applying("core.restricted", UpTo(everything, Familiarity.CONTEXT, Familiarity.CONTEXT))


def _of_governance(know: GuardrailsKnow, entries: Sequence[Entry]) -> Iterator[Applying]:
    """Yield what holdouts withhold, and what reads an attribute that its department may not read."""
    policy = know.policy
    for holdout in policy.holdouts:
        if is_held(policy, holdout, know.situation.identity):
            held = [entry for entry in entries if is_held_out(policy, holdout, entry.offer)]
            yield Applying(f"holdout.{holdout.name}", Withhold(_scope(held)))
    for attribute in policy.attributes:
        barred = [
            entry
            for entry in entries
            if attribute.name in read_attributes(policy, entry.offer, entry.treatment)
            and attribute.readers
            and (entry.offer.owner == "" or entry.offer.owner not in {attribute.owner, *attribute.readers})
        ]
        if barred:
            yield Applying(f"core.reader.{attribute.name}", Withhold(_scope(barred)))


def _scope(entries: Sequence[Entry]) -> Scope:
    return Scope(sum(1 << entry.index for entry in entries))


def _leased(policy: Policy) -> Iterator[Applying]:
    """Yield that what is leased, and all that is computed from it, ends with its lease."""
    for attribute in policy.attributes:
        if attribute.lease_s is not None:
            names = {attribute.name}
            for _ in policy.attributes:  # each time round, what is computed from what is there already
                names |= {one.name for one in policy.attributes if names.intersection(one.derived_from)}
            ordered = tuple(one.name for one in policy.attributes if one.name in names)
            yield Applying(f"core.lease.{attribute.name}", Require(ordered, lease_s=attribute.lease_s))


def _left_in_peace(know: GuardrailsKnow, entries: Sequence[Entry]) -> Iterator[Applying]:
    """Yield that who opted out is sold and told nothing, unless for a contract, or after a yes of their own."""
    if not opted_out(know.situation.consents, know.channel.name, know.situation.now_us):
        return
    for purpose in know.policy.purposes:
        if purpose.legal_basis is LegalBasis.CONTRACT and purpose.partner is None:
            continue
        given = know.value(f"consent.{purpose.name}.given") is True
        if given and know.value(f"consent.{purpose.name}.how") in ("explicit", "double_opt_in"):
            continue
        offered = [one for one in entries if one.offer.purpose == purpose.name]
        ours = [one for one in offered if one.offer.intent is not Intent.HELP]
        if ours:
            yield Applying(f"core.opted_out.{purpose.name}", Withhold(Scope(sum(1 << one.index for one in ours))))


def applies(rule: LimitRule, condition: Expr | None, know: GuardrailsKnow) -> bool:
    """Return whether a rule's limit applies: in doubt it does."""
    if isinstance(rule, Always) or condition is None:
        return True
    truth = evaluate(condition, know)
    return truth is not True if isinstance(rule, Unless) else truth is not False


def acts_on(limit: Limit, channel: str) -> bool:
    """Return whether a limit has a meaning on a channel; caps and quiet hours know for themselves."""
    return not isinstance(limit, Require) or limit.channels == () or channel in limit.channels


def bars(limit: Limit, entry: Entry) -> bool:
    """Return whether a limit by itself keeps a treatment away."""
    match limit:
        case Withhold(scope):
            return entry.index in scope
        case UpTo(scope, tone, basis):
            return entry.index in scope and (entry.labels.tone > tone or entry.labels.basis > basis)
    return False


def blinds(limit: Limit, entry: Entry) -> bool:
    """Return whether under a limit no affinity ranks a treatment."""
    match limit:
        case RankBlind(scope):
            return entry.index in scope
        case UpTo(scope, _, basis):
            return entry.index in scope and basis < Familiarity.PERSONAL
    return False
