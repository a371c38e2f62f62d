"""A ranker of a distribution of its own: when it rains, one topic comes before others."""

from collections.abc import Iterable
from typing import ClassVar

import attrs

from tactful import Catalog, Factor, hookimpl


@attrs.frozen
class Rainy:
    """
    An order for rainy days.

    Attributes:
        topic: The topic that counts more, with all that lies under it.
        times: So many times it counts.
    """

    name: ClassVar[str] = "rainy"

    topic: str = "indoors"
    times: float = 2.0

    def factors(self, catalog: Catalog) -> Iterable[Factor]:
        """Yield its factor; the rule reads context, so the policy has to declare `weather`."""
        yield Factor('context.weather == "rain"', self.times, catalog.topic(self.topic))

    def sentence(self) -> str:
        """Return its line in the policy document."""
        return f"When it rains, {self.topic} counts {self.times:g} times."


@hookimpl
def tactful_rankers() -> list[type]:
    """Return the rankers of this plugin."""
    return [Rainy]
