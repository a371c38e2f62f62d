"""What the linter thinks about sources: values that could be checked and are not, and those that were found wrong."""

from collections.abc import Iterator, Mapping
from typing import cast

from ..errors import PluginError
from ..measured_sources import JUDGING, MeasuredSource, Verdict, smallest_of
from ..policy import Policy
from ..registry import Registry
from ..schema import Attribute
from .findings import Finding


def sources_found(policy: Policy, registry: Registry) -> Iterator[Finding]:
    """Yield what is odd about sources, while there is a guardrail that judges them."""
    use = next((use for use in policy.guardrails if use.name == JUDGING), None)
    if use is None:
        return
    try:
        smallest = smallest_of(registry.guardrail(use, policy.values.dial))
    except PluginError:  # it is broken, of which others tell
        return
    measured = cast("Mapping[str, Mapping[str, Mapping[str, int]]]", use.settings.get("measured", {}))
    for attribute in policy.attributes:
        if attribute.checked_by:
            counts = measured.get(attribute.name, {})
            yield from _found(attribute, counts.get(attribute.source.value), smallest)


def _found(attribute: Attribute, counts: Mapping[str, int] | None, smallest: int) -> Iterator[Finding]:
    about = f"attribute {attribute.name}"
    if counts is None:
        reason = f"it can be checked by {attribute.checked_by!r}, and its source was never measured"
        yield Finding("source-unmeasured", about, reason, "let `tactful sources` write down how often it is right")
    elif MeasuredSource(**counts).verdict(smallest) is Verdict.WORSE:
        reason = "its source is wrong more often than a guess, so that no rule can read it"
        yield Finding("source-worse", about, reason, "leave it out, or measure again when the source is better")
