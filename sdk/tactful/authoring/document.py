"""The policy as a document for people: plain sentences made from the settings, so that it is never out of date."""

from collections.abc import Iterable, Iterator
from typing import Final

from ..clock import NEVER_US, to_datetime
from ..offers import Intent, Offer
from ..policy import Policy
from ..registry import Registry
from ..schema import Sensitivity

#: The tiers of governance, and what stands in each beside the guardrails that belong to it.
_TIERS: Final = {
    "values": "Values: what we want to be",
    "strategy": "Strategy: where we speak, of what, and for which purposes",
    "execution": "Execution: what we offer",
    "infrastructure": "Infrastructure: what we know, and who answers for it",
}


def document(policy: Policy, registry: Registry | None = None) -> str:
    """Return the policy as Markdown, in the four tiers of governance; each guardrail is named in all that it is of."""
    guardrails = tuple(_guardrails(policy, registry or Registry.installed()))
    contents = {
        "values": [_values(policy)],
        "strategy": [
            _list("Channels", _channels(policy)),
            _list("Purposes of data", _purposes(policy)),
            _list("Sensitive topics", _topics(policy)),
        ],
        "execution": [_list("Offers", _offers(policy))],
        "infrastructure": [_list("Attributes", _attributes(policy)), _list("Groups", _segments(policy))],
    }
    parts = [f"# How {policy.name} treats its customers"]
    for tier, title in _TIERS.items():
        mine = [line for tiers, line in guardrails if tier in tiers]
        parts += [f"## {title}", *contents[tier], _list("Guardrails", mine)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _values(policy: Policy) -> str:
    values = policy.values
    return (
        f"The appetite for risk is **{values.dial.value}**. A less familiar way to tell something is taken if it costs "
        f"at most {values.exposure_margin:.0%} of its worth. A group of fewer than {values.min_segment} customers is "
        f"treated as a person."
    )


def _list(title: str, lines: Iterable[str]) -> str:
    items = "\n".join(f"- {line}" for line in lines)
    return f"### {title}\n\n{items}" if items else ""


def _guardrails(policy: Policy, registry: Registry) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each guardrail's line with the tiers that it belongs to; one that names none belongs to the values."""
    for use in policy.guardrails:
        brought = registry.guardrails.get(use.name)
        declared = getattr(brought.cls, "tiers", ()) if brought is not None else ()
        tiers = tuple(tier for tier in declared if tier in _TIERS) or ("values",)
        yield tiers, f"**{use.name.replace('_', ' ')}**: {registry.sentence(use, policy.values.dial)}"


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
        what = purpose.say or purpose.name.replace("_", " ")
        yield f"**{purpose.name}**: to {what}, on the ground of {ground}.{more}{partner}"


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
