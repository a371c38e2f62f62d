"""GrowthBook: an instance for each customer, as its documentation makes one for each request; no callbacks."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from growthbook import GrowthBook
from growthbook.common_types import Feature

from .rules import Customer, Rule


class Instances:
    """Instances with the same features."""

    def __init__(self, given: Sequence[Rule]) -> None:
        self._features = {rule.key: Feature(defaultValue=False, rules=[_rule(rule)]) for rule in given}

    def one(self, customer: Customer, rule: Rule) -> Callable[[], object]:
        """Return a call that evaluates one flag."""
        return partial(self._instance(customer).is_on, rule.key)

    def every(self, customer: Customer) -> Callable[[], Sequence[object]]:
        """Return a call that evaluates all flags."""
        is_on, keys = self._instance(customer).is_on, list(self._features)
        return lambda: [is_on(key) for key in keys]

    def close(self) -> None:
        """They have no threads."""

    def _instance(self, customer: Customer) -> GrowthBook:
        return GrowthBook(attributes={"id": customer.id, **customer.attributes}, features=self._features)


def _rule(rule: Rule) -> Any:
    condition = {one.attribute: {"$gte": one.value} if one.at_least else one.value for one in rule.conditions}
    return {"force": True, "condition": condition}


opened = Instances
