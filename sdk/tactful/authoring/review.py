"""The review queue: what waits for a reviewer's name, and what a reviewer's name keeps for not much longer.

It judges nothing: whether a sign-off is needed, and until when one holds, the guardrails say that know tactics.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from ..catalog import Catalog, Entry
from ..clock import DAY_US, in_words
from ..expr import Call, Const, Expr, Var
from ..familiarity import Familiarity
from ..limits import Always, LimitRule, When, Withhold
from ..policy import Policy
from ..registry import Registry
from .findings import Finding
from .treatments_reader import audience, content_digest

SOON_US: Final = 30 * DAY_US


@attrs.frozen
class _Withheld:
    """Treatments that a guardrail withholds from a moment on, and why."""

    indices: frozenset[int]
    from_us: int
    reason: str


def review(policy: Policy, now_us: int, *, registry: Registry | None = None) -> tuple[Finding, ...]:
    """
    Return what a reviewer should look at, in a fixed order.

    Args:
        policy: A policy without mistakes.
        now_us: The moment [us since 1970]; what ends within 30 days of it is told.
        registry: The guardrails that are there; None takes all that are installed.
    """
    catalog = Catalog(policy)
    running = [entry for entry in catalog.entries if entry.offer.until_us > now_us]
    withheld = tuple(_withheld(catalog, registry or Registry.installed()))
    found = {*_tactics(running, withheld, now_us), *_plain_texts(policy, running)}
    return tuple(sorted(found, key=lambda finding: (finding.code, finding.about, finding.reason)))


def lapsing(policy: Policy, now_us: int, *, registry: Registry) -> Iterator[Finding]:
    """
    Yield the sign-offs that end within 30 days of a moment.

    Args:
        policy: A policy without mistakes.
        now_us: The moment [us since 1970].
        registry: The guardrails that are there.
    """
    catalog = Catalog(policy)
    running = [entry for entry in catalog.entries if entry.offer.until_us > now_us]
    found = _tactics(running, tuple(_withheld(catalog, registry)), now_us)
    return (finding for finding in found if finding.code == "lapses-soon")


def _tactics(running: list[Entry], withheld: tuple[_Withheld, ...], now_us: int) -> Iterator[Finding]:
    for entry in running:
        offer = entry.offer
        mine = [one for one in withheld if entry.index in one.indices and offer.tactics]
        about = f"offer {offer.id} ({', '.join(offer.tactics)})"
        now = [one for one in mine if one.from_us <= now_us]
        for one in now:
            yield Finding("withheld", about, one.reason, "have it signed if it can be, or tell it without")
        for one in mine:
            if not now and one.from_us < min(offer.until_us, now_us + SOON_US):
                reason = f"its sign-off ends on {in_words(one.from_us)}"
                yield Finding("lapses-soon", about, reason, "have it signed again, or let it end")


def _withheld(catalog: Catalog, registry: Registry) -> Iterator[_Withheld]:
    """Yield what guardrails that know tactics withhold, for ever or from a moment on."""
    conditions = dict(catalog.policy.conditions)
    for use in catalog.policy.guardrails:
        brought = registry.guardrails.get(use.name)
        if brought is None or not getattr(brought.cls, "tactics", ()):
            continue
        answer = registry.rules(use, catalog)
        if answer.broken is not None:
            yield _Withheld(frozenset(answer.scope), 0, f"guardrail {use.name} is broken: {answer.broken}")
        for _, rule in answer.rules:
            from_us = _from_us(rule, conditions)
            if isinstance(rule.limit, Withhold) and from_us is not None:
                yield _Withheld(frozenset(rule.limit.scope), from_us, rule.reason)


def _from_us(rule: LimitRule, conditions: Mapping[str, Expr]) -> int | None:
    """Return from when on a rule applies whatever is known [us since 1970]; None if that cannot be told."""
    if isinstance(rule, Always):
        return 0
    match conditions.get(rule.condition) if isinstance(rule, When) else None:
        case Call(">=", (Var("now"), Const(value=int(from_us)))):
            return from_us
    return None


def _plain_texts(policy: Policy, running: list[Entry]) -> Iterator[Finding]:
    """Yield plain texts that personal knowledge selects, where a channel would carry them if they were signed."""
    for entry in running:
        offer, treatment, labels = entry.offer, entry.treatment, entry.labels
        counts_as_more = labels.basis is Familiarity.PERSONAL and not treatment.signed_by and not labels.shows
        names = treatment.channels or offer.channels or tuple(channel.name for channel in policy.channels)
        waiting = [
            channel.name
            for channel in policy.channels
            if channel.name in names and treatment.raise_to <= channel.tone < labels.tone
        ]
        if counts_as_more and waiting:
            about = f"treatment {offer.id}/{treatment.id}"
            reason = f"nobody signed that its plain text gives nothing away, so {', '.join(waiting)} cannot carry it"
            digest = content_digest(treatment.content, audience(offer.id, offer.when, offer.unless))
            yield Finding("text-unsigned", about, reason, f"sign digest {digest}")
