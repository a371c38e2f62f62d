"""Unleash: bootstrapped from a dict, nothing fetched, registered or counted; its engine in Rust takes JSON."""

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from UnleashClient import UnleashClient
from UnleashClient.cache import FileCache

from .rules import Condition, Customer, Rule


class Unleash:
    """A client whose toggles each have one constrained strategy."""

    def __init__(self, given: Sequence[Rule]) -> None:
        self._keys = [rule.key for rule in given]
        self._folder = tempfile.TemporaryDirectory()
        cache = FileCache("bench", directory=self._folder.name)
        cache.bootstrap_from_dict({"version": 2, "features": [_feature(rule) for rule in given]})
        self._client = UnleashClient(
            "http://127.0.0.1:9", "bench", disable_metrics=True, disable_registration=True, cache=cache
        )
        self._client.initialize_client(fetch_toggles=False)

    def one(self, customer: Customer, rule: Rule) -> Callable[[], object]:
        """Return a call that evaluates one flag."""
        return partial(self._client.is_enabled, rule.key, _context(customer))

    def every(self, customer: Customer) -> Callable[[], Sequence[object]]:
        """Return a call that evaluates all flags."""
        ask, keys, context = self._client.is_enabled, self._keys, _context(customer)
        return lambda: [ask(key, context) for key in keys]

    def close(self) -> None:
        """End its threads."""
        self._client.destroy()
        self._folder.cleanup()


def _context(customer: Customer) -> Any:
    return {"userId": customer.id, "properties": {name: str(value) for name, value in customer.attributes.items()}}


def _feature(rule: Rule) -> Any:
    strategy = {"name": "default", "parameters": {}, "constraints": [_constraint(one) for one in rule.conditions]}
    return {"name": rule.key, "type": "release", "enabled": True, "strategies": [strategy], "variants": []}


def _constraint(one: Condition) -> Any:
    if one.at_least:
        return {"contextName": one.attribute, "operator": "NUM_GTE", "value": str(one.value)}
    return {"contextName": one.attribute, "operator": "IN", "values": [one.value]}


opened = Unleash
