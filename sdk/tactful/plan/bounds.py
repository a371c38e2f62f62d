"""What guardrails and the core ask, as bounds over treatments: masks that allow, quotas, hiding. It meets no customer.

Each rule's limit becomes a `Bound`, whatever guardrail it comes from. The core's own limits are rules like any other.
"""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from ..catalog import Catalog
from ..clock import NEVER_US, in_words
from ..consent import OWN_YES
from ..expr import TRUE, Call, Const, Expr, Var, negate
from ..familiarity import Familiarity
from ..limits import Always, AtMost, Cap, Hide, Limit, Quiet, RankBlind, Require, Scope, Unless, UpTo, Withhold
from ..offers import Channel, Intent
from ..registry import GuardrailRules
from ..schema import ValueType
from .governed import CoreRule, governed
from .leases import leased

_RESTRICTED = "You asked us to keep what we know of you and not to use it."
_OPTED_OUT = "You asked to be left in peace; we keep to what you ordered and asked for."


@attrs.frozen(eq=False)
class Bound:
    """
    One rule's limit; it applies unless its condition is surely false.

    Attributes:
        id: The rule's id.
        condition: The condition; `true` applies always.
        limit: The limit.
        allow: The treatments that it allows when it applies.
        blind: The treatments whose offers it lets no affinity rank when it applies.
        reason: Why, for an engineer.
        say: Why, for a customer.
    """

    id: str
    condition: Expr
    limit: Limit
    allow: int
    blind: int
    reason: str
    say: str


def bounds_of(
    catalog: Catalog, guardrails: Sequence[GuardrailRules], conditions: Mapping[str, Expr], until_us: int = NEVER_US
) -> tuple[Bound, ...]:
    """
    Return the bounds of the core and of all guardrails, in a fixed order: by the guardrail's name, then as given.

    Args:
        catalog: The treatments.
        guardrails: What the guardrails ask.
        conditions: The guardrails' conditions by their text.
        until_us: From when on the policy has expired [us since 1970].
    """
    found = [bound for channel in catalog.policy.channels for bound in _channel_bounds(catalog, channel)]
    found += [_bound(catalog, *rule) for rule in _core(catalog, until_us)]
    found += [_bound(catalog, *rule) for rule in (_restricted(catalog), *_opted_out(catalog))]
    found += [_bound(catalog, *rule) for rule in leased(catalog)]
    found += [_bound(catalog, *rule) for rule in governed(catalog)]
    for guardrail in sorted(guardrails, key=lambda g: g.name):
        found += _guardrail_bounds(catalog, guardrail, conditions)
    return tuple(found)


def _core(catalog: Catalog, until_us: int) -> Iterable[CoreRule]:
    has_snapshot = Call("has", (Var("snapshot.at", ValueType.TIME),), ValueType.BOOL)
    unknown = UpTo(catalog.all, Familiarity.CONTEXT, Familiarity.CONTEXT)
    yield "core.missing", negate(has_snapshot), unknown, "no snapshot of the customer is here whose time can be trusted"
    if until_us != NEVER_US:
        past = Call(">=", (Var("now", ValueType.TIME), Const(ValueType.TIME, until_us)), ValueType.BOOL)
        yield "core.expired", past, unknown, expired(until_us)
    device = Call("==", (Var("identity.kind", ValueType.TEXT), Const(ValueType.TEXT, "device")), ValueType.BOOL)
    weak = UpTo(catalog.all, Familiarity.SEGMENT, Familiarity.SEGMENT)
    yield "core.weak_identity", device, weak, "a cookie or an address on the network is not a person"


def _restricted(catalog: Catalog) -> tuple[str, Expr, Limit, str, str]:
    """Return that of who asked for it nothing is used: the page is as for a visitor."""
    unknown = UpTo(catalog.all, Familiarity.CONTEXT, Familiarity.CONTEXT)
    restricted = Var("consents.restricted", ValueType.BOOL)
    return "core.restricted", restricted, unknown, "the customer's data is kept and not used", _RESTRICTED


def _opted_out(catalog: Catalog) -> Iterable[tuple[str, Expr, Limit, str, str]]:
    """Yield that who wants to be left in peace is sold and told nothing, but for a contract or a newer yes."""
    out = Var("consents.opted_out", ValueType.BOOL)
    ours = catalog.intent(Intent.SELL) | catalog.intent(Intent.INFORM)
    own = Const(ValueType.TEXTS, tuple(how.value for how in OWN_YES))
    for purpose in catalog.policy.purposes:
        scope = ours & catalog.purpose(purpose.name)
        if scope and purpose.asks:
            given = Var(f"consent.{purpose.name}.given", ValueType.BOOL)
            how = Call("in", (Var(f"consent.{purpose.name}.how", ValueType.TEXT), own), ValueType.BOOL)
            since = Call("&&", (given, how), ValueType.BOOL)
            condition = Call("&&", (out, negate(since)), ValueType.BOOL)
            yield f"core.opted_out.{purpose.name}", condition, Withhold(scope), "the customer opted out", _OPTED_OUT


def expired(until_us: int) -> str:
    """Return in words that a bundle has expired."""
    return f"the bundle expired at {in_words(until_us)}: update it"


def _channel_bounds(catalog: Catalog, channel: Channel) -> Iterable[Bound]:
    if channel.tone < Familiarity.PERSONAL or channel.basis < Familiarity.PERSONAL:
        name = Var("channel.name", ValueType.TEXT)
        here = Call("==", (name, Const(ValueType.TEXT, channel.name)), ValueType.BOOL)
        limit = UpTo(catalog.all, channel.tone, channel.basis)
        reason = f"{channel.name} carries tones up to {channel.tone.name}, bases up to {channel.basis.name}"
        yield _bound(catalog, "core.channel", here, limit, reason)


def _guardrail_bounds(catalog: Catalog, guardrail: GuardrailRules, conditions: Mapping[str, Expr]) -> list[Bound]:
    broken = None if guardrail.broken is None else guardrail.told
    found: list[Bound] = []
    for rule_id, rule in guardrail.rules:
        condition = TRUE if isinstance(rule, Always) else conditions.get(rule.condition)
        if condition is None:
            broken = f"the condition of {rule_id} is not in the bundle"
            continue
        if isinstance(rule, Unless):
            condition = negate(condition)
        found.append(_bound(catalog, rule_id, condition, rule.limit, rule.reason, rule.say))
    if broken is not None:
        found.append(
            _bound(
                catalog, f"core.broken.{guardrail.name}", TRUE, Withhold(guardrail.scope), f"{guardrail.name}: {broken}"
            )
        )
    return found


def _bound(catalog: Catalog, rule_id: str, condition: Expr, limit: Limit, reason: str, say: str = "") -> Bound:
    allow, blind = catalog.all.bits, 0
    match limit:
        case Withhold(scope):
            allow &= ~scope.bits
        case UpTo(scope, tone, basis):
            allow &= ~over(catalog, scope, tone, basis).bits
            blind = scope.bits if basis < Familiarity.PERSONAL else 0
        case RankBlind(scope):
            blind = scope.bits
        case AtMost() | Hide() | Require() | Cap() | Quiet():
            pass
    return Bound(rule_id, condition, limit, allow, blind, reason, say)


def over(catalog: Catalog, scope: Scope, tone: Familiarity, basis: Familiarity) -> Scope:
    """Return those of a scope whose tone or basis is more familiar than this."""
    return Scope(
        sum(
            1 << index
            for index in scope
            if catalog.entries[index].labels.tone > tone or catalog.entries[index].labels.basis > basis
        )
    )
