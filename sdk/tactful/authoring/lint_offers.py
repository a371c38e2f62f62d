"""What the linter thinks about offers and places: what can never be shown, and where nothing may be left to show."""

from collections.abc import Iterator, Sequence

from ..catalog import Catalog, Entry
from ..expr import TRUE
from ..familiarity import Familiarity
from ..limits import Always, AtMost, Cap, LimitRule, Quiet, UpTo, Withhold
from ..offers import Channel, Placement
from ..plan.pages import taken_by
from ..registry import GuardrailRules
from ..schema import Sensitivity
from .findings import Finding

_ALWAYS_US = 2**63 - 1


def offers_found(catalog: Catalog, answers: Sequence[GuardrailRules], now_us: int | None) -> Iterator[Finding]:
    """
    Yield what is odd about offers, treatments and placements.

    Args:
        catalog: The policy's treatments.
        answers: What its guardrails ask.
        now_us: The moment [us since 1970]; None leaves out what ends.
    """
    rules = [rule for answer in answers for _, rule in answer.rules]
    yield from _never_shown(catalog)
    yield from _withheld(catalog, rules)
    yield from _over(catalog, now_us)
    yield from _silent(catalog, answers, rules)
    yield from _unblended(catalog, answers, rules)


def _channels(catalog: Catalog, entry: Entry) -> list[Channel]:
    mine, offer = entry.treatment.channels, entry.offer.channels
    return [c for c in catalog.policy.channels if (not mine or c.name in mine) and (not offer or c.name in offer)]


def _never_shown(catalog: Catalog) -> Iterator[Finding]:
    placed = [(placement.channel, taken_by(catalog, placement)) for placement in catalog.policy.placements]
    for entry in catalog.entries:
        about = f"treatment {entry.offer.id}/{entry.treatment.id}"
        channels = _channels(catalog, entry)
        carrying = [c for c in channels if c.tone >= entry.labels.tone and c.basis >= entry.labels.basis]
        taking = {channel for channel, mask in placed if mask >> entry.index & 1}
        if not taking.intersection(channel.name for channel in channels):
            yield Finding("treatment-unplaced", about, "no placement takes it", "add a placement, or delete it")
        elif not taking.intersection(channel.name for channel in carrying):
            where = "no channel of it" if not carrying else "none of its channels with a placement"
            reason = f"{where} carries {entry.labels.tone.name} on a {entry.labels.basis.name} basis"
            yield Finding("treatment-unusable", about, reason, "add a channel, or tell it with less familiarity")


def _withheld(catalog: Catalog, rules: Sequence[LimitRule]) -> Iterator[Finding]:
    """Yield offers that some guardrail withholds whatever is known and whenever it is."""
    reasons: dict[int, str] = {}
    for rule in rules:
        if isinstance(rule, Always) and isinstance(rule.limit, Withhold):
            reasons = {**dict.fromkeys(rule.limit.scope, rule.reason), **reasons}
    for offer, scope in catalog.by_offer().items():
        if scope and all(index in reasons for index in scope):
            reason = f"nobody can get it: {reasons[next(iter(scope))]}"
            yield Finding("offer-never", f"offer {offer}", reason, "change what the guardrail minds, or delete it")


def _over(catalog: Catalog, now_us: int | None) -> Iterator[Finding]:
    """Yield the offers whose period is over, as one finding: a year of them is one thing to do."""
    over = [offer.id for offer in catalog.policy.offers if now_us is not None and offer.until_us <= now_us]
    if over:
        about = f"offer {over[0]}" if len(over) == 1 else f"{len(over)} offers, {over[0]} the first"
        verb = "its period is over" if len(over) == 1 else "their periods are over"
        yield Finding("offer-over", about, verb, "delete what is over, or give it a new `run:`")


def _silent(catalog: Catalog, answers: Sequence[GuardrailRules], rules: Sequence[LimitRule]) -> Iterator[Finding]:
    """Yield placements where nothing is sure to show for someone whose counters, clock and identity are unknown."""
    outbound = {channel.name for channel in catalog.policy.channels if channel.outbound}
    broken = {index for answer in answers if answer.broken is not None for index in answer.scope}
    for placement in catalog.policy.placements:
        if placement.fallback or placement.channel in outbound:  # where we write, silence is an answer
            continue
        taken = taken_by(catalog, placement)
        entries = [entry for entry in catalog.entries if taken >> entry.index & 1 and entry.index not in broken]
        if not any(_sure(catalog, entry, placement, rules) for entry in entries):
            reason = "when caps are reached, or nothing is known, nothing is sure to show there"
            way_out = "give it a `fallback:`, or an offer for everybody whose class is exempt from caps"
            yield Finding("placement-silent", f"placement {placement.name}", reason, way_out)


def _sure(catalog: Catalog, entry: Entry, placement: Placement, rules: Sequence[LimitRule]) -> bool:
    """Return whether a treatment is there for everybody, whatever is unknown."""
    offer, labels = entry.offer, entry.labels
    always = offer.when == TRUE and not offer.unless and offer.from_us <= 0 and offer.until_us == _ALWAYS_US
    known = max(labels.tone, labels.basis) > Familiarity.CONTEXT
    here = [channel for channel in _channels(catalog, entry) if channel.name == placement.channel]
    carried = any(channel.tone >= labels.tone and channel.basis >= labels.basis for channel in here)
    return always and not known and carried and not any(_may_stop(rule, entry, placement) for rule in rules)


def _may_stop(rule: LimitRule, entry: Entry, placement: Placement) -> bool:
    match rule.limit:
        case Withhold(scope):
            return entry.index in scope
        case Cap(scope=scope, channels=channels):
            return entry.index in scope and (not channels or placement.channel in channels)
        case Quiet(scope=scope, channels=channels):
            return entry.index in scope and (not channels or placement.channel in channels)
        case UpTo(scope=scope) as up_to:
            return entry.index in scope and (up_to.tone < entry.labels.tone or up_to.basis < entry.labels.basis)
    return False


def _unblended(catalog: Catalog, answers: Sequence[GuardrailRules], rules: Sequence[LimitRule]) -> Iterator[Finding]:
    """Yield offers that sensitive knowledge selects, where nothing bounds their share of what is shown."""
    bounded = {index for answer in answers if answer.broken is not None for index in answer.scope}
    for rule in rules:
        if isinstance(rule, Always) and (
            isinstance(rule.limit, Withhold) or (isinstance(rule.limit, AtMost) and _bounds(rule.limit))
        ):
            bounded |= set(rule.limit.scope)
    loud = {
        entry.offer.id
        for entry in catalog.entries
        if entry.labels.sensitivity > Sensitivity.ORDINARY and entry.index not in bounded
    }
    for offer in sorted(loud):
        reason = "sensitive knowledge selects it, and may fill all that is shown"
        way_out = "give its topic a `blend:`, and let the guardrail boudoir keep it"
        yield Finding("sensitive-unblended", f"offer {offer}", reason, way_out)


def _bounds(limit: AtMost) -> bool:
    return limit.count is not None or (limit.share is not None and limit.share < 1)
