"""A decision as its caller sees it: what to show, why, and with what care. It is made of a moment and never changes."""

from collections.abc import Mapping, Sequence
from typing import Final

from ..decision_log import LoggedDecision
from ..evidence import Evidence
from ..expr import Var
from ..plan.plan import Plan
from ..schema import ValueType
from . import render
from .counted import Counted, contacts_of, household_contacts_of
from .customer import Customer
from .explain import Explanation, deferred, explain, limits_acting
from .moment import Moment
from .pick import Pick, pick_of
from .record import receipt_of
from .token import Receipt, Seal
from .why import why

#: What is careful about somebody of whom nothing is on record: there is nothing to wait for.
NOT_ON_RECORD: Final = "no profile is on record"
STANDS_FOR_NOBODY: Final = "the identifiers stand for nobody: link"
_NOBODY: Final = frozenset((NOT_ON_RECORD, STANDS_FOR_NOBODY))


class Decision:
    """
    What to show on a page.

    Attributes:
        id: Unique; the same for the same page view.
        careful: Why less than usual is shown, and what to do about it; empty if nothing held it back.
    """

    __slots__ = ("_customer", "_moment", "_placements", "_seal", "careful", "id")

    def __init__(
        self,
        id_: str,
        placements: Sequence[str],
        moment: Moment,
        customer: str,
        careful: tuple[str, ...],
        seal: Seal,
    ) -> None:
        self.id = id_
        self.careful = careful
        self._placements = placements
        self._moment = moment
        self._customer = customer
        self._seal = seal

    @property
    def now_us(self) -> int:
        """When it was decided [us since 1970]."""
        return self._moment.now_us

    @property
    def picks(self) -> tuple[Pick, ...]:
        """The filled slots, best first."""
        return tuple(pick_of(self._moment, one) for one in self._moment.chosen)

    @property
    def content(self) -> Mapping[str, str]:
        """What to render in the first slot of the first placement: a pick's content, or the placement's fallback."""
        filled = self.at(self._placements[0]) if self._placements else ()
        return filled[0] if filled else {}

    def at(self, placement: str) -> tuple[Mapping[str, str], ...]:
        """Return what to render in a placement, slot by slot; its fallback where slots stay empty and it has one."""
        moment = self._moment
        known = moment.plan.placements.get(placement)
        fallback = {} if known is None else render.fallback(moment.plan, known.placement)
        slots = 1
        filled: list[Mapping[str, str]] = []
        for number, plan in enumerate(moment.page.placements):
            if plan.placement.name == placement:
                filled += [pick_of(moment, one).content for one in moment.chosen if one.placement == number]
                slots = plan.placement.slots
        return (*filled, *([fallback] * (slots - len(filled)) if fallback else ()))

    def why(self) -> str:
        """Return, for the customer, why this is shown: true, and in plain words."""
        return why(self._moment)

    def explain(self) -> Explanation:
        """Return, for the engineer, every offer that was not shown and all rules or limits that kept it away."""
        return explain(self._moment, self.careful)

    def limits(self) -> Mapping[str, int]:
        """Return the limits that acted, with the number of otherwise eligible treatments that each kept away."""
        return limits_acting(self._moment)

    def deferred(self) -> Mapping[str, int]:
        """
        Return the offers that only have to wait: by id, the moment from which they may come [us since 1970].

        It is so if nothing else happens until then, and holds for those alone that nothing but deferring caps and
        quiet hours keeps away.
        """
        return deferred(self._moment)

    @property
    def token(self) -> str:
        """What `Edge.record` takes in any process that shares the store: sealed, and taken only for a time."""
        return self._seal.seal(self.receipt())

    def was_for(self, customer: Customer) -> bool:
        """Return whether it was made of what is known of a customer."""
        return self._moment.customer.same(customer)

    def receipt(self) -> Receipt:
        """Return what the token holds."""
        return receipt_of(self._moment, self.id, self._customer)

    def logged(self, key: bytes) -> LoggedDecision:
        """Return it as the decision log keeps it, with pseudonym and digests under a store's key."""
        from .logged import logged  # noqa: PLC0415 - for those who keep a log

        return logged(self._moment, self.id, self._customer, self.careful, key)

    def evidence(self, counted: Counted | None) -> Evidence:
        """
        Return what it was made of, all of it personal.

        Args:
            counted: What counted under the caps; None if that was not known.
        """
        moment = self._moment
        known = zip(moment.plan.slots.context, moment.context, strict=True)
        return Evidence(
            self.id,
            moment.now_us,
            self._customer,
            moment.customer.identity,
            tuple(self._placements),
            {attribute.name: value for attribute, value in known},
            moment.customer.snapshot,
            moment.customer.consents,
            self._careful_apart(),
            counted is not None,
            None if counted is None else contacts_of(counted.own),
            None if counted is None else household_contacts_of(counted.household),
            None if counted is None or counted.budgets is None else counted.budgets.all(),
            () if counted is None else counted.strict,
        )

    def _careful_apart(self) -> tuple[str, ...]:
        """Return what held it back beyond its policy and the names of its placements."""
        moment = self._moment
        by_policy = (*moment.plan.careful(moment.now_us), *moment.plan.page(tuple(self._placements))[1])
        return tuple(one for one in self.careful if one not in by_policy)

    def segments(self) -> tuple[str, ...]:
        """Return the segments that the customer surely was in, as far as any purpose could see it."""
        moment, purposes = self._moment, range(len(self._moment.plan.slots.purposes))
        if not moment.page.placements:
            return ()
        variables = ((one.name, Var(f"segment.{one.name}", ValueType.BOOL)) for one in moment.plan.policy.segments)
        return tuple(
            name for name, one in variables if any(render.value_of(moment, one, number) is True for number in purposes)
        )

    @property
    def moment(self) -> Moment:
        """All that it was made of, for the engine itself."""
        return self._moment

    @property
    def plan(self) -> Plan:
        """The plan that it was decided by."""
        return self._moment.plan

    @property
    def is_stale(self) -> bool:
        """Whether more could become known: the customer is not here yet, the policy is too old, a value did not fit."""
        return not _NOBODY.issuperset(self.careful)

    def __repr__(self) -> str:  # ids and reasons only: nothing personal
        picks = ", ".join(one.ranked.offer.id for one in self._moment.chosen) or "fallback"
        careful = f"; {'; '.join(self.careful)}" if self.careful else ""
        return f"<Decision {picks} for {', '.join(self._placements)}{careful}>"
