"""Holds that everybody answers alike, before anything is timed: who answers otherwise does other work."""

from collections.abc import Callable, Sequence
from typing import Protocol

from .peer import Peer
from .rules import Customer, Rule


class AnswersDifferError(Exception):
    """Somebody answered otherwise than the rules say; tells who, which rule and the number of the customer."""


class Answering(Protocol):
    """Whoever evaluates all rules for a customer."""

    def every(self, customer: Customer) -> Callable[[], Sequence[object]]:
        """Return a call that evaluates all rules, in their order."""
        ...


def check(name: str, answering: Answering, given: Sequence[Rule], customers: Sequence[Customer]) -> None:
    """
    Compare all answers for all customers with what the rules say in plain Python.

    Raises:
        AnswersDifferError: At the first difference.
    """
    for number, customer in enumerate(customers):
        answers = answering.every(customer)()
        if len(answers) != len(given):
            raise AnswersDifferError(f"{name} gives {len(answers)} answers to {len(given)} rules")
        for rule, answer in zip(given, answers, strict=True):
            _hold(name, rule, number, customer, answer)


def check_one(name: str, peer: Peer, rule: Rule, customers: Sequence[Customer]) -> None:
    """
    Compare the answers to one flag with what its rule says; some peers answer with an object.

    Raises:
        AnswersDifferError: At the first difference.
    """
    for number, customer in enumerate(customers):
        answer = peer.one(customer, rule)()
        _hold(name, rule, number, customer, getattr(answer, "value", getattr(answer, "enabled", answer)))


def _hold(name: str, rule: Rule, number: int, customer: Customer, answer: object) -> None:
    right = rule.holds(customer.attributes)
    if answer is not right:
        raise AnswersDifferError(
            f"{name} answers {answer!r} to the rule {rule.key} for customer number {number}; right is {right}"
        )
