"""Compares what both engines say of one decision, in full: picks, their order and familiarity, every reason."""

from collections.abc import Iterator

import attrs

from ...engine.explain import Explanation
from ..generators.cases import Case
from ..reference import Answer, Reference
from .world import Decided, World

#: Worths may differ by so much of their size.
TOLERANCE = 1e-9


@attrs.frozen
class Difference:
    """What the engines do not agree on: in which case, at which step, and what each says."""

    case: Case = attrs.field(repr=False)
    step: int
    what: str
    fast: object
    reference: object

    def __str__(self) -> str:
        return f"step {self.step}: {self.what}\n    the fast engine: {self.fast}\n    the reference:   {self.reference}"


@attrs.define
class Compared:
    """How much was compared."""

    policies: int = 0
    decisions: int = 0
    picks: int = 0
    reasons: int = 0
    unlike: int = 0

    def plus(self, other: "Compared") -> None:
        """Add what another one has."""
        for field in attrs.fields(Compared):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def first_difference(case: Case, compared: Compared) -> Difference | None:
    """Return the first difference in a case, or None; count what was compared."""
    world = World(case)
    try:
        compared.policies += 1
        for what in differing_labels(world.reference, world):
            return Difference(case, -1, *what)
        for number, decided in world.live(case.steps):
            compared.decisions += 1
            if decided.answer is not None:
                compared.picks += len(decided.answer.picks)
                compared.reasons += sum(map(len, decided.answer.reasons.values()))
            for what in differing(decided):
                return Difference(case, number, *what)
    finally:
        world.close()
    return None


def differing_labels(reference: Reference, world: World) -> Iterator[tuple[str, object, object]]:
    """Yield where the catalog's order or labels differ."""
    for fast, plain in zip(world.edge.plan.catalog.entries, reference.entries, strict=True):
        ours = fast.index, fast.offer.id, fast.treatment.id, fast.labels
        theirs = plain.index, plain.offer.id, plain.treatment.id, plain.labels
        if ours != theirs:
            yield "order or labels of the catalog", ours, theirs


def differing(decided: Decided) -> Iterator[tuple[str, object, object]]:
    """Yield what differs in a decision: its name, the fast engine's and the reference's."""
    decision, answer = decided.decision, decided.answer
    if answer is None:
        if decision.picks or not decision.careful:
            yield "nothing to decide", decision, None
        return
    if any("failed" in one for one in decision.careful):
        yield "it failed", decision.careful, answer.picks
        return
    fast = [(one.placement, one.offer, one.treatment, one.tone, one.basis) for one in decision.picks]
    plain = [(one.placement, one.offer, one.treatment, one.tone, one.basis) for one in answer.picks]
    if fast != plain:
        yield "picks", fast, plain
        return
    for ours, theirs in zip(decision.picks, answer.picks, strict=True):
        if abs(ours.worth - theirs.worth) > TOLERANCE * max(abs(ours.worth), abs(theirs.worth)):
            yield f"worth of {ours.offer}", ours.worth, theirs.worth
    explanation = decision.explain()
    yield from _differing_reasons(explanation, answer)
    hidden = tuple((one.attribute, one.purposes, one.reason.id) for one in explanation.hidden)
    if hidden != answer.hidden:
        yield "values that limits keep from purposes", hidden, answer.hidden


def _differing_reasons(explanation: Explanation, answer: Answer) -> Iterator[tuple[str, object, object]]:
    losses = {(loss.offer, loss.treatment): tuple(reason.id for reason in loss.reasons) for loss in explanation.losses}
    if losses == answer.reasons:
        return
    for key in losses.keys() | answer.reasons.keys():
        if losses.get(key) != answer.reasons.get(key):
            yield f"reasons of {'/'.join(key)}", losses.get(key), answer.reasons.get(key)
