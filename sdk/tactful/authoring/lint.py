"""What a reviewer would ask about a policy that has no mistake: each finding with a reason and a way out."""

from collections.abc import Iterator

import attrs

from ..catalog import Catalog
from ..expr import reads
from ..familiarity import Familiarity
from ..offers import Privacy
from ..policy import Policy


@attrs.frozen
class Finding:
    """Something to think about: a stable code, what it is about, why, and a way out."""

    code: str
    about: str
    reason: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.about}: {self.reason}; {self.way_out} [{self.code}]"


def lint(policy: Policy) -> tuple[Finding, ...]:
    """Return the findings, in a fixed order."""
    catalog = Catalog(policy)
    found = [*_segments(policy), *_never_used(policy, catalog), *_public(policy, catalog), *_guardrails(policy)]
    return tuple(sorted(found, key=lambda finding: (finding.code, finding.about)))


def _segments(policy: Policy) -> Iterator[Finding]:
    used = {name for offer in policy.offers for rule in (offer.when, *offer.unless) for name in reads(rule)}
    used |= {name for segment in policy.segments for name in reads(segment.when)}
    for segment in policy.segments:
        about = f"segment {segment.name}"
        if segment.size is None:
            yield Finding(
                "segment-not-counted", about, "it was never counted, so it is PERSONAL", "add it to `counts:`"
            )
        elif segment.size < policy.values.min_segment:
            reason = f"{segment.size} customers are fewer than {policy.values.min_segment}, so it is PERSONAL"
            yield Finding("segment-small", about, reason, "widen its rule, or mean it")
        if f"segment.{segment.name}" not in used:
            yield Finding("segment-unused", about, "no offer reads it", "use it or delete it")


def _never_used(policy: Policy, catalog: Catalog) -> Iterator[Finding]:
    for entry in catalog.entries:
        names = entry.treatment.channels or entry.offer.channels or tuple(c.name for c in policy.channels)
        channels = [channel for channel in policy.channels if channel.name in names]
        if all(c.tone < entry.labels.tone or c.basis < entry.labels.basis for c in channels):
            about = f"treatment {entry.offer.id}/{entry.treatment.id}"
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


def _guardrails(policy: Policy) -> Iterator[Finding]:
    if not policy.guardrails:
        yield Finding("no-guardrail", "policy", "nothing keeps its boundaries", "leave the section `guardrails:` out")
