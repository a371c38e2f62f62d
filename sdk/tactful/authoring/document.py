"""The policy as a document for people: sentences made from the settings, so that it is never out of date.

Here is what it is made of, and the order in which it tells; `document_tiers` has what each part says. How it looks,
as Markdown or as a page, is none of its business.
"""

from collections.abc import Iterator
from typing import Final

import attrs

from ..policy import Policy
from ..registry import Registry
from .comparing import Change
from .diff_guardrails import looser_than_usual
from .document_tiers import execution, infrastructure, strategy, values
from .guardrails_reader import OWN_DISTRIBUTION
from .told import Section

#: The tiers of governance, and what each holds.
TIERS: Final = {
    "values": "Values: what we want to be",
    "strategy": "Strategy: where we speak, of what, and for which purposes",
    "execution": "Execution: what we offer, and how often",
    "infrastructure": "Infrastructure: what we know, and who answers for it",
}
_CONTENTS: Final = {
    "values": values,
    "strategy": strategy,
    "execution": execution,
    "infrastructure": infrastructure,
}
_DRAFT: Final = "It was read from the policy's files, and is in force once a bundle is built from them."


@attrs.frozen
class Tier:
    """A tier of governance: its name, its title, and its sections."""

    name: str
    title: str
    sections: tuple[Section, ...]


@attrs.frozen
class Document:
    """
    What the document says.

    Attributes:
        title: Its title.
        about: What it is, for whom, and since when it holds.
        attention: What a reader should see first: guardrails that are off, settings looser than the usual ones.
        tiers: The four tiers of governance, in their order.
    """

    title: str
    about: tuple[str, ...]
    attention: tuple[str, ...]
    tiers: tuple[Tier, ...]


def document(policy: Policy, registry: Registry | None = None, *, since: str = _DRAFT) -> Document:
    """
    Return the policy as a document, in the four tiers of governance.

    Args:
        policy: The policy.
        registry: The guardrails that are there; None takes all that are installed.
        since: A sentence that says where the policy comes from, and since when it holds.
    """
    registry = registry or Registry.installed()
    lines = tuple(_guardrails(policy, registry))
    tiers = []
    for name, title in TIERS.items():
        mine = tuple(row for belongs, row in lines if name in belongs)
        kept = Section("Guardrails", ("guardrail", "what it keeps"), mine)
        sections = (*_CONTENTS[name](policy, registry), kept)
        tiers.append(Tier(name, title, tuple(section for section in sections if section.rows)))
    about = (
        f"This is the policy by which {policy.name} chooses what a customer sees and hears, for everybody in the "
        f"organization. Each sentence is made from a setting: to change the one, change the other."
    )
    title = f"How {policy.name} treats its customers"
    return Document(title, (about, since), tuple(_attention(policy, registry)), tuple(tiers))


def _guardrails(policy: Policy, registry: Registry) -> Iterator[tuple[tuple[str, ...], tuple[str, str]]]:
    """Yield each guardrail's line with the tiers that it belongs to; one that names none belongs to the values."""
    for use in policy.guardrails:
        brought = registry.guardrails.get(use.name)
        declared = getattr(brought.cls, "tiers", ()) if brought is not None else ()
        tiers = tuple(tier for tier in declared if tier in TIERS) or ("values",)
        yield tiers, (use.name.replace("_", " "), registry.sentence(use, policy.values.dial))


def _attention(policy: Policy, registry: Registry) -> Iterator[str]:
    applied = {use.name for use in policy.guardrails}
    for name, brought in sorted(registry.guardrails.items()):
        if brought.distribution == OWN_DISTRIBUTION and name not in applied:
            yield f"The guardrail {name.replace('_', ' ')} is off: nothing keeps its boundary."
    for use in policy.guardrails:
        for change in looser_than_usual(use, policy.values.dial, registry):
            yield _looser(change, policy.values.dial.value)


def _looser(change: Change, dial: str) -> str:
    how = f"{change.what} is {change.new}, rather than {change.old}" if change.what else str(change)
    return f"The {change.about.replace('_', ' ')} is looser than is usual for {dial}: {how}."
