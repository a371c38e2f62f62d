"""A guardrail of a distribution of its own: about one topic it is silent to those who asked for a pause."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from tactful import Catalog, Scope, When, Withhold, hookimpl


@attrs.frozen
class Pause:
    """
    A pause that a customer asked for.

    Attributes:
        topic: The topic, with all that lies under it.
    """

    name: ClassVar[str] = "pause"
    tiers: ClassVar[tuple[str, ...]] = ("values", "execution")
    looser: ClassVar[Mapping[str, str]] = {}  # another topic is neither tighter nor looser: it cannot be told

    topic: str = "gambling"

    def scope(self, catalog: Catalog) -> Scope:
        """Return all that it may ever limit: it is withheld if the guardrail breaks."""
        return catalog.topic(self.topic)

    def limits(self, catalog: Catalog) -> Iterable[When]:
        """Yield its limit: it holds unless it is sure that no pause was asked for."""
        yield When(
            "protective.paused",
            Withhold(self.scope(catalog)),
            "the customer asked for a pause",
            "paused",
            "You asked for a pause.",
        )

    def sentence(self) -> str:
        """Return its line in the policy document."""
        return f"About {self.topic} we are silent to those who asked for a pause."


@hookimpl
def tactful_guardrails() -> list[type]:
    """Return the guardrails of this plugin."""
    return [Pause]
