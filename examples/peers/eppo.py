"""Eppo: a core in Rust. The configuration is given at the start, nothing polls, allocations do not log."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import eppo_client
from eppo_client.assignment_logger import AssignmentLogger

from .rules import Condition, Customer, Rule


class Eppo:
    """A client for boolean flags; it reads the customer's attributes from a dict at each call."""

    def __init__(self, given: Sequence[Rule]) -> None:
        flags = {"format": "SERVER", "createdAt": "2024-01-01T00:00:00Z", "environment": {"name": "bench"}}
        configuration = json.dumps({**flags, "flags": {rule.key: _flag(rule) for rule in given}})
        self._keys = [rule.key for rule in given]
        self._client = eppo_client.init(
            eppo_client.ClientConfig(
                api_key="none",
                assignment_logger=AssignmentLogger(),
                poll_interval_seconds=None,
                initial_configuration=eppo_client.Configuration(flags_configuration=configuration.encode()),
            )
        )

    def one(self, customer: Customer, rule: Rule) -> Callable[[], object]:
        """Return a call that evaluates one flag."""
        return partial(
            self._client.get_boolean_assignment, rule.key, customer.id, dict(customer.attributes), default=False
        )

    def every(self, customer: Customer) -> Callable[[], Sequence[object]]:
        """Return a call that evaluates all flags."""
        ask, keys, id_ = self._client.get_boolean_assignment, self._keys, customer.id
        known: dict[str, Any] = dict(customer.attributes)
        return lambda: [ask(key, id_, known, False) for key in keys]  # noqa: FBT003 - its own interface

    def close(self) -> None:
        """End its threads."""
        self._client.shutdown()


def _flag(rule: Rule) -> Any:
    variations = {"on": {"key": "on", "value": True}, "off": {"key": "off", "value": False}}
    allocation = {
        "key": "a",
        "rules": [{"conditions": [_condition(one) for one in rule.conditions]}],
        "splits": [{"variationKey": "on", "shards": []}],
        "doLog": False,
    }
    return {
        "key": rule.key,
        "enabled": True,
        "variationType": "BOOLEAN",
        "variations": variations,
        "allocations": [allocation],
        "totalShards": 10000,
    }


def _condition(one: Condition) -> Any:
    if one.at_least:
        return {"attribute": one.attribute, "operator": "GTE", "value": one.value}
    return {"attribute": one.attribute, "operator": "ONE_OF", "value": [one.value]}


opened = Eppo
