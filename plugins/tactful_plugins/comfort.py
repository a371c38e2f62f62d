"""Comfort: how familiar we may be with a customer about a topic on a channel, by how the customer takes it.

The rule is arithmetic that a person can follow; the engine counts.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, Final

import attrs

from tactful import (
    Always,
    Cap,
    Catalog,
    Counted,
    Familiarity,
    Intent,
    LimitRule,
    OfferClass,
    Privacy,
    Rolling,
    Scope,
    Sensitivity,
    hookimpl,
)

from .settings import DAY_S, length, whole

#: What each sign of discomfort weighs; what is liked since speaks for us. A dismissal is the event that the caps count.
WEIGHTS: Final = (("too_personal", 4), ("complaint", 6), ("unsubscribe", 6), ("liked", -2))
#: An offer that was clicked or bought has been answered.
ANSWERS: Final = (("click", -6), ("purchase", -6))
_SAY: Final = "You did not seem to like how we spoke of this; we know less of you here now."
_QUIET: Final = "You did not seem to like this; here we are silent about it for a while."


@attrs.frozen
class Comfort:
    """
    How familiar we may be, by how the customer takes it.

    Attributes:
        segment_at: From this much discomfort on, nothing of a topic on a channel goes beyond SEGMENT.
        context_at: From this much on, nothing beyond CONTEXT.
        silent_at: From this much on, nothing of the topic is sold there.
        within_s: Signs count for this long [s].
        unanswered: An offer that was shown so often, and never answered, rests; 0 is never.
        unanswered_within_s: Showings count for this long [s].
    """

    name: ClassVar[str] = "comfort"
    tiers: ClassVar[tuple[str, ...]] = ("values", "strategy")
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {
            "segment_at": 1,
            "context_at": 2,
            "silent_at": 4,
            "within_s": 180 * DAY_S,
            "unanswered": 6,
        },
        "bold": {"segment_at": 3, "context_at": 5, "silent_at": 10, "within_s": 30 * DAY_S, "unanswered": 20},
    }
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {
        "segment_at": "more",
        "context_at": "more",
        "silent_at": "more",
        "within_s": "less",
        "unanswered": "more",
        "unanswered_within_s": "less",
    }

    segment_at: int = attrs.field(default=1, validator=whole(1))
    context_at: int = attrs.field(default=3, validator=whole(1))
    silent_at: int = attrs.field(default=6, validator=whole(1))
    within_s: int = attrs.field(default=90 * DAY_S, validator=whole(1))
    unanswered: int = attrs.field(default=12, validator=whole(0))
    unanswered_within_s: int = attrs.field(default=30 * DAY_S, validator=whole(1))

    def __attrs_post_init__(self) -> None:
        if not self.segment_at <= self.context_at <= self.silent_at:
            raise ValueError("segment_at, context_at and silent_at rise: less comfort never allows more")

    def scope(self, catalog: Catalog) -> Scope:
        """Return what is sold or told; help, and what is mandatory or transactional, goes on."""
        exempt = (OfferClass.MANDATORY, OfferClass.TRANSACTIONAL)
        return catalog.where(lambda e: e.offer.intent is not Intent.HELP and e.offer.offer_class not in exempt)

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """Yield, for each channel, the three steps down; and the rest of what is never answered."""
        told = self.scope(catalog)
        sold = told & catalog.intent("sell")
        # Where others see, silence about a sensitive topic would tell that there was something to say of it.
        ordinary = catalog.where(lambda e: catalog.topics.sensitivity(e.offer.topic) is Sensitivity.ORDINARY)
        for channel in catalog.policy.channels:
            here = catalog.all if channel.privacy is Privacy.PRIVATE else ordinary
            yield from self._steps(told & here, sold & here, channel.name)
        if self.unanswered:
            counted = Counted("shown", weights=ANSWERS)
            limit = Cap(sold, self.unanswered, Rolling(self.unanswered_within_s), counted, "offer")
            reason = f"shown {self.unanswered} times within {length(self.unanswered_within_s)} and not answered"
            yield Always(limit, reason, "unanswered", "You have seen this often and did not want it.")

    def _steps(self, told: Scope, sold: Scope, channel: str) -> Iterator[LimitRule]:
        window, counted = Rolling(self.within_s), Counted("dismissed", weights=WEIGHTS)
        for step, count in ((Familiarity.SEGMENT, self.segment_at), (Familiarity.CONTEXT, self.context_at)):
            word = step.name.lower()
            limit = Cap(
                told, count, window, counted, "topic", channels=(channel,), then="downgrade", to=step, exact=True
            )
            reason = f"discomfort of {count} or more with its topic on {channel} within {length(self.within_s)}"
            yield Always(limit, f"{reason}: up to {word}", f"{word}.{channel}", _SAY)
        limit = Cap(sold, self.silent_at, window, counted, "topic", channels=(channel,), exact=True)
        reason = f"discomfort of {self.silent_at} or more with its topic on {channel} within {length(self.within_s)}"
        yield Always(limit, reason, f"silent.{channel}", _QUIET)

    def sentence(self) -> str:
        """Return its line in the policy document."""
        rest = f"; an offer that was shown {self.unanswered} times and not answered rests" if self.unanswered else ""
        return (
            f"Of each topic, on each channel, discomfort counts for {length(self.within_s)}: a dismissal 1, too "
            f"personal 4, a complaint or unsubscription 6, and what is liked since 2 less. From {self.segment_at} on "
            f"we know the group only, from {self.context_at} on the moment only, from {self.silent_at} on we sell "
            f"nothing of it there{rest}."
        )


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [Comfort]
