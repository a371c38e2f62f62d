"""OpenFeature flagd: the evaluator of its in-process provider, called directly, which is faster than the client."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from .rules import Condition, Customer, Rule


class Flagd:
    """The evaluator with flags from a dict."""

    def __init__(self, given: Sequence[Rule]) -> None:
        self._keys = [rule.key for rule in given]
        self._core = FlagdCore()
        self._core.set_flags({"flags": {rule.key: _flag(rule) for rule in given}})

    def one(self, customer: Customer, rule: Rule) -> Callable[[], object]:
        """Return a call that evaluates one flag."""
        return partial(self._core.resolve_boolean_value, rule.key, False, _context(customer))  # noqa: FBT003 - its own

    def every(self, customer: Customer) -> Callable[[], Sequence[object]]:
        """Return a call that evaluates all flags."""
        ask, keys, context = self._core.resolve_boolean_value, self._keys, _context(customer)
        return lambda: [ask(key, False, context).value for key in keys]  # noqa: FBT003 - its own interface

    def close(self) -> None:
        """It has no threads."""


def _context(customer: Customer) -> EvaluationContext:
    return EvaluationContext(customer.id, dict(customer.attributes))


def _flag(rule: Rule) -> Any:
    parts = [_condition(one) for one in rule.conditions]
    whole = {"and": parts} if len(parts) > 1 else parts[0]
    return {
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "off",
        "targeting": {"if": [whole, "on", "off"]},
    }


def _condition(one: Condition) -> Any:
    return {">=" if one.at_least else "==": [{"var": one.attribute}, one.value]}


opened = Flagd
