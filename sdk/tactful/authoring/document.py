"""The policy as a document for people: plain sentences made from the settings, so that it is never out of date."""

from collections.abc import Iterable, Iterator

from ..clock import NEVER_US, to_datetime
from ..offers import Intent, Offer
from ..policy import Policy
from ..registry import Registry
from ..schema import Sensitivity


def document(policy: Policy, registry: Registry | None = None) -> str:
    """Return the policy as Markdown."""
    parts = [
        _head(policy),
        _list("What we never do", _guardrails(policy, registry or Registry.installed())),
        _list("Where we speak", _channels(policy)),
        _list("What data is used for", _purposes(policy)),
        _list("What is sensitive", _topics(policy)),
        _list("What we know", _attributes(policy)),
        _list("Groups of customers", _segments(policy)),
        _list("What we offer", _offers(policy)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(policy: Policy) -> str:
    values = policy.values
    return (
        f"# How {policy.name} treats its customers\n\nThe appetite for risk is **{values.dial.value}**. A less "
        f"familiar way to tell something is taken if it costs at most {values.exposure_margin:.0%} of its worth. A "
        f"group of fewer than {values.min_segment} customers is treated as a person."
    )


def _list(title: str, lines: Iterable[str]) -> str:
    items = "\n".join(f"- {line}" for line in lines)
    return f"## {title}\n\n{items}" if items else ""


def _guardrails(policy: Policy, registry: Registry) -> Iterator[str]:
    for use in policy.guardrails:
        yield f"**{use.name.replace('_', ' ')}** — {registry.sentence(use, policy.values.dial)}"


def _channels(policy: Policy) -> Iterator[str]:
    for channel in policy.channels:
        places = ", ".join(p.name for p in policy.placements if p.channel == channel.name)
        way = "we write" if channel.outbound else "the customer comes"
        yield (
            f"**{channel.name}** ({channel.privacy.name.lower().replace('_', '-')}; {way}): tones up to "
            f"{channel.tone.name}, chosen by up to {channel.basis.name}. Places: {places or 'none'}."
        )


def _purposes(policy: Policy) -> Iterator[str]:
    for purpose in policy.purposes:
        silent = ", ".join(market for market, regime in purpose.regimes if regime.value == "opt-out")
        more = f" In {silent}, silence means yes." if silent else ""
        partner = f" Data goes to {purpose.partner}." if purpose.partner else ""
        ground = purpose.legal_basis.value.replace("-", " ")
        yield f"**{purpose.name}**: to {purpose.say or purpose.name}, on the ground of {ground}.{more}{partner}"


def _topics(policy: Policy) -> Iterator[str]:
    for topic in policy.topics:
        if topic.sensitivity > Sensitivity.ORDINARY:
            blend = "" if topic.blend is None else f"; at most {topic.blend:.0%} of what is shown"
            yield f"**{topic.name}** is {topic.sensitivity.name.lower()}{blend}."


def _attributes(policy: Policy) -> Iterator[str]:
    for attribute in policy.attributes:
        age = "" if attribute.max_age_s is None else f", for {attribute.max_age_s / 86_400:g} days"
        owner = f"; {attribute.owner} answers for it" if attribute.owner else ""
        yield f"{attribute.say or attribute.name.replace('_', ' ')} ({attribute.source.value}{age}{owner})"


def _segments(policy: Policy) -> Iterator[str]:
    for segment in policy.segments:
        size = "never counted" if segment.size is None else f"{segment.size} customers"
        yield f"**{segment.name}**: {segment.say or segment.name} ({size})"


def _offers(policy: Policy) -> Iterator[str]:
    groups: dict[tuple[Intent, str], list[Offer]] = {}
    for offer in policy.offers:
        groups.setdefault((offer.intent, offer.topic), []).append(offer)
    for (intent, topic), offers in sorted(
        groups.items(), key=lambda item: (list(Intent).index(item[0][0]), item[0][1])
    ):
        ends = max(offer.until_us for offer in offers)
        until = "" if ends == NEVER_US else f", until {to_datetime(ends):%Y-%m-%d}"
        yield f"to {intent.value}, about {topic}: {len(offers)} offer{'' if len(offers) == 1 else 's'}{until}"
