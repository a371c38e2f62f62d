"""What a reviewer would ask about a policy that has no mistake: each finding with a reason and a way out."""

from collections.abc import Iterator, Sequence

from ..catalog import Catalog
from ..expr import reads
from ..limits import Hide
from ..policy import Policy
from ..registry import GuardrailRules, Registry
from ..schema import Source
from .findings import Finding
from .guardrails_reader import OWN_DISTRIBUTION
from .lint_caps import caps_found, wishes_read
from .lint_events import events_found
from .lint_offers import offers_found
from .lint_ranking import ranking_found
from .lint_rules import rules_found
from .lint_sources import sources_found
from .lint_texts import texts_found
from .lint_triggers import triggers_found
from .review import lapsing

#: Sources whose values grow false by themselves; a birthday that was stated does not.
_AGEING = frozenset({Source.OBSERVED, Source.DERIVED, Source.MODELLED, Source.THIRD_PARTY})


def lint(policy: Policy, now_us: int | None = None, *, registry: Registry | None = None) -> tuple[Finding, ...]:
    """
    Return the findings, in a fixed order.

    Args:
        policy: A policy without mistakes.
        now_us: The moment [us since 1970]; None leaves out what ends, and what is about to.
        registry: The guardrails that are there; None takes all that are installed.
    """
    there = registry or Registry.installed()
    policy, answers = there.asked(policy)
    catalog = Catalog(policy)
    used = _used(policy) | wishes_read(answers)
    found = {
        *_guardrails(policy, there, answers),
        *_segments(policy, used),
        *_attributes(policy, used),
        *rules_found(policy),
        *offers_found(catalog, answers, now_us),
        *caps_found(catalog, answers),
        *texts_found(catalog),
        *ranking_found(policy),
        *sources_found(policy, there),
        *events_found(policy),
        *triggers_found(catalog, used | _boosted(policy)),
        *(lapsing(policy, now_us, registry=there) if now_us is not None else ()),
    }
    return tuple(sorted(found, key=lambda finding: (finding.code, finding.about, finding.reason)))


def _used(policy: Policy) -> frozenset[str]:
    """Return the variables that anything in the policy reads; other views of an attribute are the attribute."""
    rules = [
        *(rule for offer in policy.offers for rule in (offer.when, *offer.unless)),
        *(segment.when for segment in policy.segments),
        *(condition for _, condition in policy.conditions),
    ]
    fields = (f for o in policy.offers for t in o.treatments for _, fields in t.content for f in fields)
    rules += [part for field in fields for part in field.parts if not isinstance(part, str)]
    names = {name.replace("protective.", "profile.", 1) for rule in rules for name in reads(rule)}
    names |= {f"profile.{name.split('.')[1]}" for name in names if name.startswith("direct.")}
    names |= {f"profile.{origin}" for attribute in policy.attributes for origin in attribute.derived_from}
    names |= {f"profile.{attribute.checked_by}" for attribute in policy.attributes}
    return frozenset(names | {f"profile.{policy.ranking.affinity}"})


def _boosted(policy: Policy) -> frozenset[str]:
    """Return the variables that boosts read: of the moment alone."""
    return frozenset(name for boost in policy.ranking.boosts for name in reads(boost.when))


def _guardrails(policy: Policy, registry: Registry, answers: Sequence[GuardrailRules]) -> Iterator[Finding]:
    applied = {use.name for use in policy.guardrails}
    for name, brought in registry.guardrails.items():
        if brought.distribution == OWN_DISTRIBUTION and name not in applied:
            way_out = "let it keep its boundary, with settings of your own, or mean it"
            yield Finding("guardrail-off", f"guardrail {name}", "it is off", way_out)
    for answer in answers:  # tactful's own apply unasked, and some have nothing to do in most policies
        its = registry.guardrails.get(answer.name)
        named = its is not None and its.distribution != OWN_DISTRIBUTION and answer.broken is None
        if named and not answer.scope and not any(isinstance(rule.limit, Hide) for _, rule in answer.rules):
            way_out = "give it topics or offers that the policy has, or leave it out"
            yield Finding("guardrail-idle", f"guardrail {answer.name}", "it limits no offer of this policy", way_out)


def _segments(policy: Policy, used: frozenset[str]) -> Iterator[Finding]:
    for segment in policy.segments:
        about = f"segment {segment.name}"
        if segment.size is None:
            reason = "it was never counted, so it is PERSONAL"
            yield Finding("segment-not-counted", about, reason, "add it to `counts:`")
        elif segment.size < policy.values.min_segment:
            reason = f"{segment.size} customers are fewer than {policy.values.min_segment}, so it is PERSONAL"
            yield Finding("segment-small", about, reason, "widen its rule, or mean it")
        if f"segment.{segment.name}" not in used:
            yield Finding("segment-unused", about, "nothing reads it", "use it or delete it")


def _attributes(policy: Policy, used: frozenset[str]) -> Iterator[Finding]:
    for attribute in policy.attributes:
        about = f"attribute {attribute.name}"
        if f"profile.{attribute.name}" not in used:
            reason = "nothing reads it, and what is not used need not be known"
            yield Finding("attribute-unused", about, reason, "use it or delete it")
        if not attribute.owner:
            yield Finding("attribute-unowned", about, "nobody answers for it", "name its `owner:`")
        if f"profile.{attribute.name}" in used and attribute.max_age_s is None and attribute.source in _AGEING:
            reason = "it is read however old it is, though nobody stated it"
            yield Finding("attribute-ageless", about, reason, "say how old it may be with `max_age:`")
        if attribute.source is Source.MODELLED and not attribute.derived_from and attribute.topic is None:
            reason = "nobody knows what it was computed from, so no label travels to it"
            yield Finding("attribute-lineage", about, reason, "name its `derived_from:`, or its `topic:`")
