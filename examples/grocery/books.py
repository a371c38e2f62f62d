"""Books of coupons for one household on one day, put together by tactful: without guardrails, and with them.

The data does not say who agreed to anything. Every household here counts as having agreed, so that what is measured is
what the boundaries cost those who did. Nothing that happened on the day or after it is looked at.
"""

from collections.abc import Mapping
from typing import Self

import attrs

import tactful
from tactful import Consent, Consents, ConsentState, How, Observation

from .affinity import ABSENT, Affinities
from .coupons import rows, written
from .households import Household, Households
from .journey import Journey, moment_of
from .variants import coupons_alone, without

PLACEMENT = "email.book"
_MONTH_US = 30 * 86_400_000_000


class Books:
    """Two edges on a policy that holds every coupon of the year, one of them without guardrails."""

    def __init__(self, journey: Journey, affinities: Affinities, households: Households) -> None:
        self._affinities = affinities
        self._households = households
        self._now_us = 0
        policy = coupons_alone(written(rows(journey)))
        self._edges = tuple(tactful.open(one, clock=lambda: self._now_us) for one in (without(policy), policy))

    def of(self, household: int, day: int) -> tuple[tuple[str, ...], ...]:
        """Return the offers in the slots of the book, best first: without guardrails, and with them."""
        one = self.as_of(household, day)
        self._now_us = moment_of(day)
        decisions = [
            edge.decide(
                PLACEMENT,
                one.id,
                profile=one.snapshot,
                consents=one.consents,
                contacts=one.contacts,
                preview=True,
            )
            for edge in self._edges
        ]
        return tuple(tuple(pick.offer for pick in decision.picks) for decision in decisions)

    def as_of(self, household: int, day: int) -> Household:
        """Return a household as of a day, agreed; what coupons are worth on the day is in its affinities."""
        one, now_us = self._households.as_of(household, day), moment_of(day)
        seen = dict(one.snapshot.attributes)
        if "scores" in seen:
            seen["scores"] = self._worth(day, seen["scores"])
        agreed = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us - _MONTH_US)
        snapshot = attrs.evolve(one.snapshot, attributes=seen)
        return attrs.evolve(one, snapshot=snapshot, consents=Consents((agreed,), now_us))

    def _worth(self, day: int, known: Observation) -> Observation:
        """Return affinities times the coupons' values as of a day, so that one policy serves the whole year."""
        affinity = known.value if isinstance(known.value, Mapping) else {}
        values = zip(self._affinities.coupons.tolist(), self._affinities.values(day).tolist(), strict=True)
        return attrs.evolve(known, value={f"u{c}": value * affinity.get(f"u{c}", ABSENT) for c, value in values})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for edge in self._edges:
            edge.close()
