"""Compares what both engines say of one decision, in full: picks, their order and familiarity, every reason."""

import traceback
from collections import Counter
from collections.abc import Iterator

import attrs

from ...engine.explain import Explanation
from ...engine.middle import allowed_in
from ...limits import Scope
from ..generators.cases import Case
from ..reference import Answer
from .world import Decided, World

#: Worths may differ by so much of their size.
TOLERANCE = 1e-9
#: What differs where one of the engines, or the world around them, raised something.
RAISED = "it raised"
#: What differs, what the fast engine says, and what the reference says.
What = tuple[str, object, object]


@attrs.frozen
class Difference:
    """
    What the engines do not agree on.

    Attributes:
        case: In which case.
        step: At which of its steps; -1 before the first.
        what: What differs.
        fast: What the fast engine says.
        reference: What the reference says.
    """

    case: Case = attrs.field(repr=False)
    step: int
    what: str
    fast: object
    reference: object

    def __str__(self) -> str:
        return f"step {self.step}: {self.what}\n  the fast engine: {self.fast}\n  the reference:   {self.reference}"


@attrs.define
class Compared:
    """
    How much was compared.

    Attributes:
        policies: Policies under which decisions were compared.
        decisions: Decisions.
        picks: Filled slots.
        reasons: Reasons for which treatments were not shown.
        decisive: By kind of reason, how often it was the only one.
        tones: How often each tone was shown.
    """

    policies: int = 0
    decisions: int = 0
    picks: int = 0
    reasons: int = 0
    decisive: Counter[str] = attrs.field(factory=Counter)
    tones: Counter[str] = attrs.field(factory=Counter)

    def count(self, answer: Answer) -> None:
        """Count what an answer says."""
        self.picks += len(answer.picks)
        self.tones.update(pick.tone.name for pick in answer.picks)
        for reasons in answer.reasons.values():
            self.reasons += len(reasons)
            if len(reasons) == 1:
                self.decisive[kind(reasons[0])] += 1

    def plus(self, other: "Compared") -> None:
        """Add what another one has."""
        for field in attrs.fields(Compared):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


def kind(reason: str) -> str:
    """
    Return what kind of reason one is, by its id.

    >>> kind("when:profile.visits >= 6"), kind("core.broken.staleness"), kind("house.r1"), kind("period")
    ('when', 'core.broken', 'guardrail', 'period')
    """
    if reason.startswith("core."):
        return ".".join(reason.split(".")[:2])
    name = reason.partition(":")[0]
    return "guardrail" if "." in name else name


def first_difference(case: Case, compared: Compared | None = None) -> Difference | None:
    """Return the first difference in a case, or None; count what was compared."""
    counted = Compared() if compared is None else compared
    counted.policies += 1
    try:
        world = World(case)
    except Exception:  # noqa: BLE001 - a policy that cannot be opened is a difference too
        return Difference(case, -1, RAISED, traceback.format_exc(), None)
    number = -1
    try:
        for what in differing_labels(world):
            return Difference(case, number, *what)
        for number, decided in world.live(case.steps):
            counted.decisions += 1
            if decided.answer is not None:
                counted.count(decided.answer)
            for what in differing(decided):
                return Difference(case, number, *what)
    except Exception:  # noqa: BLE001 - likewise
        return Difference(case, number, RAISED, traceback.format_exc(), None)
    finally:
        world.close()
    return None


def differing_labels(world: World) -> Iterator[What]:
    """Yield where the catalog's order or labels differ."""
    for fast, plain in zip(world.edge.plan.catalog.entries, world.reference.entries, strict=True):
        ours = fast.index, fast.offer.id, fast.treatment.id, fast.labels
        theirs = plain.index, plain.offer.id, plain.treatment.id, plain.labels
        if ours != theirs:
            yield "order or labels of the catalog", ours, theirs


def differing(decided: Decided) -> Iterator[What]:
    """Yield what differs in a decision."""
    decision, answer = decided.decision, decided.answer
    if answer is None:
        if decision.picks or not decision.careful:
            yield "nothing to decide", decision, None
        return
    if any("failed" in one for one in decision.careful):
        yield "it failed", decision.careful, answer.picks
        return
    fast = [(one.placement, one.offer, one.treatment, one.tone.name, one.basis.name) for one in decision.picks]
    plain = [(one.placement, one.offer, one.treatment, one.tone.name, one.basis.name) for one in answer.picks]
    if fast != plain:
        yield "picks", fast, plain
        return
    moment = decision._moment  # noqa: SLF001 - what could be chosen in it
    entries = [moment.plan.catalog.entries[index] for index in Scope(allowed_in(moment))]
    allowed = frozenset((entry.offer.id, entry.treatment.id) for entry in entries)
    if allowed != answer.allowed:
        yield "what is allowed", sorted(allowed - answer.allowed), sorted(answer.allowed - allowed)
    for ours, theirs in zip(decision.picks, answer.picks, strict=True):
        if abs(ours.worth - theirs.worth) > TOLERANCE * max(abs(ours.worth), abs(theirs.worth)):
            yield f"worth of {ours.offer}", ours.worth, theirs.worth
    explanation = decision.explain()
    yield from _differing_reasons(explanation, answer)
    hidden = tuple((one.attribute, one.purposes, one.reason.id) for one in explanation.hidden)
    if hidden != answer.hidden:
        yield "values that limits keep from purposes", hidden, answer.hidden


def _differing_reasons(explanation: Explanation, answer: Answer) -> Iterator[What]:
    losses = {(loss.offer, loss.treatment): tuple(reason.id for reason in loss.reasons) for loss in explanation.losses}
    if losses == answer.reasons:
        return
    for key in sorted(losses.keys() | answer.reasons.keys()):
        if losses.get(key) != answer.reasons.get(key):
            yield f"reasons of {'/'.join(key)}", losses.get(key), answer.reasons.get(key)
