"""An enricher of a distribution of its own: how often somebody comes, in a word, told by the visits of some months."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import Derived, hookimpl


@attrs.frozen
class Habit:
    """
    What a habit is told by.

    Attributes:
        visits: The attribute with the number of visits.
        habit: The attribute that it gives; the profile has it as derived from the first.
        often: From so many visits on somebody comes often.
    """

    name: ClassVar[str] = "habit"

    visits: str = "visits"
    habit: str = "habit"
    often: int = 6

    def reads(self) -> Iterable[str]:
        """Return the attributes that it reads."""
        return (self.visits,)

    def gives(self) -> Iterable[str]:
        """Return the attributes that it gives."""
        return (self.habit,)

    def enrich(self, known: Mapping[str, int]) -> Mapping[str, Derived]:
        """Return the habit; the nearer the visits are to the threshold, the less sure it is."""
        visits = known[self.visits]
        if visits < 0:
            return {}
        sure = min(1.0, 0.5 + abs(visits - self.often + 0.5) / 10)
        return {self.habit: Derived("often" if visits >= self.often else "now and then", sure)}

    def sentence(self) -> str:
        """Return its line in the policy document."""
        return f"Who has {self.often} visits or more comes often."


@hookimpl
def tactful_enrichers() -> list[type]:
    """Return the enrichers of this plugin."""
    return [Habit]
