"""The assessment of maturity: four respects by three levels, with evidence and the next step. It asks nobody."""

import enum
from collections.abc import Sequence

import attrs

from ..policy import Policy
from ..registry import Registry
from .criteria import COLUMNS, CRITERIA, Criterion, Found, Subject
from .figures import NOTHING, Figures


class Level(enum.IntEnum):
    """How far an organization has come in one respect."""

    EMERGING = 0
    PRACTICING = 1
    LEADING = 2


@attrs.frozen
class Judged:
    """A criterion with what was found."""

    criterion: Criterion
    found: Found


@attrs.frozen
class Assessment:
    """
    One respect: its level, what was found, and what to do next.

    Attributes:
        column: The respect.
        level: The level.
        judged: The criteria, those of practicing first.
    """

    column: str
    level: Level
    judged: tuple[Judged, ...]

    @property
    def next_step(self) -> str:
        """What would bring it further first; empty if nothing is left."""
        missing = [one for one in self.judged if not one.found.met]
        return missing[0].criterion.step if missing else ""

    @property
    def lacking(self) -> tuple[str, ...]:
        """What could not be told, as nothing shows it."""
        return tuple(one.criterion.what for one in self.judged if one.found.met is None)


def assess(policy: Policy, registry: Registry, figures: Figures = NOTHING) -> tuple[Assessment, ...]:
    """
    Return how mature a policy is in each of the four respects.

    Practicing needs all of its criteria; leading needs these, and all of its own. What nothing shows is not met.

    Args:
        policy: The policy.
        registry: The guardrails that it names.
        figures: What ledger and decision log say; without them, what they would show is lacking.
    """
    policy, asked = registry.asked(policy)
    subject = Subject(policy, asked, figures)
    judged = [Judged(criterion, criterion.look(subject)) for criterion in CRITERIA]
    return tuple(_assessment(column, [one for one in judged if one.criterion.column == column]) for column in COLUMNS)


def _assessment(column: str, judged: Sequence[Judged]) -> Assessment:
    first = sorted(judged, key=lambda one: one.criterion.leading)
    practicing = all(one.found.met for one in first if not one.criterion.leading)
    leading = practicing and all(one.found.met for one in first)
    return Assessment(column, Level(practicing + leading), tuple(first))
