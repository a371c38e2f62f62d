"""Tells a difference to a person: what differs, and the case in which it does. All that is in it is made up."""

from collections.abc import Iterator

from ...expr import Expr, text
from ...policy import Policy
from ..generators.cases import Update
from ..generators.chance import NOON_US
from .compare import Difference


def told(difference: Difference, seed: int | None) -> str:
    """Return a difference in words; with the seed of the case that it was first found in."""
    case = difference.case
    lines = [f"difference in the case of seed {seed}, made smaller:", f"  {difference}", *_policy(case.policy)]
    lines += [f"  contact {contact!r} {contact.id} at {_at(contact.at_us)}" for contact in case.contacts]
    for number, (at_us, step) in enumerate(case.steps):
        said = ["Update to", *_policy(step.policy)] if isinstance(step, Update) else [repr(step)]
        lines.append(f"  step {number}, {_at(at_us)}: " + "\n    ".join(said))
    return "\n".join(lines)


def _policy(policy: Policy) -> Iterator[str]:
    for segment in policy.segments:
        yield f"  segment {segment.name} (size {segment.size}): {text(segment.when)}"
    for attribute in policy.attributes:
        yield f"  {attribute!r}"
    for placement in policy.placements:
        yield f"  {placement!r}"
    worth = policy.ranking.base_worth
    for offer in policy.offers:
        yield f"  offer {offer.id}: {offer.intent.value} {offer.topic} for {offer.purpose}, worth {worth(offer)}"
        yield f"    when {text(offer.when)}"
        yield from (f"    unless {text(clause)}" for clause in offer.unless)
        for treatment in offer.treatments:
            parts = [part for _, fields in treatment.content for field in fields for part in field.parts]
            shown = " + ".join(text(part) if isinstance(part, Expr) else repr(part) for part in parts)
            yield f"    {treatment.id} x{treatment.lift}: {shown}"
    for use in policy.guardrails:
        yield f"  guardrail {use.name}: {dict(use.settings)}"
    for name, condition in policy.conditions:
        yield f"  condition {name!r}: {text(condition)}"
    for boost in policy.ranking.boosts:
        yield f"  boost x{boost.times} when {text(boost.when)}"
    yield f"  model {policy.ranking.model!r}"


def _at(at_us: int) -> str:
    return f"noon{(at_us - NOON_US) / 1e6:+.6f} s"
