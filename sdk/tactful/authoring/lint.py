"""What a reviewer would ask about a policy that has no mistake: each finding with a reason and a way out."""

import difflib
from collections.abc import Iterator

import attrs

from ..catalog import Catalog
from ..expr import reads
from ..familiarity import Familiarity
from ..offers import Privacy
from ..plan.pages import taken_by
from ..policy import Policy
from ..registry import Registry
from .guardrails_reader import OWN_DISTRIBUTION
from .sections import TREATMENT


@attrs.frozen
class Finding:
    """Something to think about: a stable code, what it is about, why, and a way out."""

    code: str
    about: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.about}: {self.reason}; {self.way_out} [{self.code}]"


def lint(policy: Policy, *, registry: Registry | None = None) -> tuple[Finding, ...]:
    """
    Return the findings, in a fixed order.

    Args:
        policy: A policy without mistakes.
        registry: The guardrails that are there; None takes all that are installed.
    """
    catalog = Catalog(policy)
    used = _used(policy)
    found = [
        *_guardrails(policy, registry or Registry.installed()),
        *_segments(policy, used),
        *_attributes(policy, used),
        *_never_shown(policy, catalog),
        *_public(policy, catalog),
        *_fields(policy),
    ]
    return tuple(sorted(found, key=lambda finding: (finding.code, finding.about)))


def _used(policy: Policy) -> frozenset[str]:
    """Return the variables that anything in the policy reads; the protective view of an attribute is the attribute."""
    rules = [
        *(rule for offer in policy.offers for rule in (offer.when, *offer.unless)),
        *(segment.when for segment in policy.segments),
        *(condition for _, condition in policy.conditions),
    ]
    fields = (f for o in policy.offers for t in o.treatments for _, fields in t.content for f in fields)
    rules += [part for field in fields for part in field.parts if not isinstance(part, str)]
    names = {name.replace("protective.", "profile.", 1) for rule in rules for name in reads(rule)}
    names |= {f"profile.{origin}" for attribute in policy.attributes for origin in attribute.derived_from}
    return frozenset(names | {f"profile.{policy.ranking.affinity}"})


def _guardrails(policy: Policy, registry: Registry) -> Iterator[Finding]:
    applied = {use.name for use in policy.guardrails}
    for name, brought in registry.guardrails.items():
        if brought.distribution == OWN_DISTRIBUTION and name not in applied:
            way_out = "let it keep its boundary, with settings of your own, or mean it"
            yield Finding("guardrail-off", f"guardrail {name}", "it is off", way_out)


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


def _never_shown(policy: Policy, catalog: Catalog) -> Iterator[Finding]:
    placed = 0
    for placement in policy.placements:
        placed |= taken_by(catalog, placement)
    for entry in catalog.entries:
        about = f"treatment {entry.offer.id}/{entry.treatment.id}"
        names = entry.treatment.channels or entry.offer.channels or tuple(c.name for c in policy.channels)
        channels = [channel for channel in policy.channels if channel.name in names]
        if not placed >> entry.index & 1:
            yield Finding("treatment-unplaced", about, "no placement takes it", "add a placement, or delete it")
        elif all(c.tone < entry.labels.tone or c.basis < entry.labels.basis for c in channels):
            reason = f"no channel of it carries {entry.labels.tone.name} on a {entry.labels.basis.name} basis"
            yield Finding("treatment-unusable", about, reason, "add a channel, or tell it with less familiarity")


def _public(policy: Policy, catalog: Catalog) -> Iterator[Finding]:
    for channel in policy.channels:
        if channel.privacy > Privacy.EXPOSED or channel.tone < Familiarity.PERSONAL:
            continue
        loud = [
            e
            for e in catalog.entries
            if e.labels.tone is Familiarity.PERSONAL and channel.name in (e.offer.channels or (channel.name,))
        ]
        if loud:
            about = f"channel {channel.name}"
            reason = f"others see it, and {len(loud)} treatments speak personally there"
            yield Finding("personal-in-public", about, reason, f"set `tone: segment` for {channel.name}")


def _fields(policy: Policy) -> Iterator[Finding]:
    """Yield fields that look like a misspelt key of a treatment: any other name is content."""
    fields = {field.name for o in policy.offers for t in o.treatments for _, fields in t.content for field in fields}
    for name in fields:
        close = difflib.get_close_matches(name, TREATMENT.keys, 1, 0.75)
        if close:
            about, way_out = f"field {name}", f"write {close[0]!r}, or give the field another name"
            yield Finding("field-like-key", about, f"it is shown, and looks like the key {close[0]!r}", way_out)
