"""Statsig: a core in Rust. Gates come from a data store, the network is off, exposures are not logged."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from statsig_python_core import FeatureGateEvaluationOptions, Statsig, StatsigOptions, StatsigUser
from statsig_python_core.data_store import DataStore, DataStoreResponse

from .rules import Condition, Customer, Rule


class Specs(DataStore):
    """A data store that holds one configuration, whatever it is asked for."""

    def __init__(self, specs: str) -> None:
        super().__init__()
        self._specs = specs

    def get(self, key: str) -> DataStoreResponse:  # noqa: ARG002 - its own interface
        """Return the configuration."""
        return DataStoreResponse(self._specs, 1)


class Gates:
    """A server that has its gates from the store; a user object is made once for a customer."""

    def __init__(self, given: Sequence[Rule]) -> None:
        self._keys = [rule.key for rule in given]
        self._quiet = FeatureGateEvaluationOptions(disable_exposure_logging=True)
        specs = Specs(json.dumps(_specs(given)))
        options = StatsigOptions(
            data_store=specs, disable_network=True, disable_all_logging=True, output_log_level="error"
        )
        self._server = Statsig("secret-none", options)
        self._server.initialize().wait()

    def one(self, customer: Customer, rule: Rule) -> Callable[[], object]:
        """Return a call that evaluates one flag."""
        return partial(self._server.check_gate, _user(customer), rule.key, self._quiet)

    def every(self, customer: Customer) -> Callable[[], Sequence[object]]:
        """Return a call that evaluates all flags."""
        ask, keys, user, quiet = self._server.check_gate, self._keys, _user(customer), self._quiet
        return lambda: [ask(user, key, quiet) for key in keys]

    def close(self) -> None:
        """End its threads."""
        self._server.shutdown().wait()


def _user(customer: Customer) -> StatsigUser:
    return StatsigUser(customer.id, custom=dict(customer.attributes))


def _specs(given: Sequence[Rule]) -> Any:
    conditions = {_id(one): _condition(one) for rule in given for one in rule.conditions}
    return {
        "has_updates": True,
        "time": 1,
        "feature_gates": {rule.key: _gate(rule) for rule in given},
        "dynamic_configs": {},
        "layer_configs": {},
        "condition_map": conditions,
        "experiment_to_layer": {},
    }


def _id(one: Condition) -> str:
    return f"{one.attribute}-{one.value}"


def _condition(one: Condition) -> Any:
    asks: dict[str, object] = {"operator": "gte", "targetValue": one.value}
    if not one.at_least:
        asks = {"operator": "any_case_sensitive", "targetValue": [one.value]}
    return {"type": "user_field", "field": one.attribute, "idType": "userID", "additionalValues": {}, **asks}


def _gate(rule: Rule) -> Any:
    common = {"salt": rule.key, "idType": "userID", "isDeviceBased": False}
    on = {
        **common,
        "name": "on",
        "id": "on",
        "passPercentage": 100,
        "returnValue": True,
        "conditions": [_id(one) for one in rule.conditions],
    }
    return {
        **common,
        "type": "feature_gate",
        "entity": "feature_gate",
        "name": rule.key,
        "enabled": True,
        "defaultValue": False,
        "rules": [on],
        "version": 1,
    }


opened = Gates
