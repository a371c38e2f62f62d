"""Optimizely: a static datafile, no decision events, no variables. All flags at once come from `decide_for_keys`."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from optimizely.decision.optimizely_decide_option import OptimizelyDecideOption as Option
from optimizely.event.event_processor import ForwardingEventProcessor
from optimizely.event_dispatcher import EventDispatcher
from optimizely.optimizely import Optimizely

from .rules import NUMBERS, TEXTS, Condition, Customer, Rule

_QUIET: Final = [Option.DISABLE_DECISION_EVENT, Option.EXCLUDE_VARIABLES]


class Decide:
    """A client whose flags each have one targeted delivery."""

    def __init__(self, given: Sequence[Rule]) -> None:
        self._keys = [rule.key for rule in given]
        # Nothing is sent: the processor, which has no thread of its own, gets no events.
        self._client = Optimizely(
            json.dumps(_datafile(given)), event_processor=ForwardingEventProcessor(EventDispatcher)
        )

    def one(self, customer: Customer, rule: Rule) -> Callable[[], object]:
        """Return a call that evaluates one flag."""
        return partial(self._context(customer).decide, rule.key, _QUIET)

    def every(self, customer: Customer) -> Callable[[], Sequence[object]]:
        """Return a call that evaluates all flags."""
        ask, keys = self._context(customer).decide_for_keys, self._keys

        def all_at_once() -> list[bool]:
            found = ask(keys, _QUIET)
            return [found[key].enabled for key in keys]

        return all_at_once

    def close(self) -> None:
        """End its threads."""
        self._client.close()

    def _context(self, customer: Customer) -> Any:
        attributes: Any = dict(customer.attributes)
        return self._client.create_user_context(customer.id, attributes)


def _datafile(given: Sequence[Rule]) -> Any:
    nothing: dict[str, list[object]] = {
        name: [] for name in ("variables", "experiments", "audiences", "groups", "events")
    }
    return {
        **nothing,
        "version": "4",
        "accountId": "1",
        "projectId": "1",
        "revision": "1",
        "anonymizeIP": True,
        "botFiltering": False,
        "attributes": [{"id": name, "key": name} for name in (*NUMBERS, *TEXTS)],
        "typedAudiences": [{"id": f"a-{rule.key}", "name": rule.key, "conditions": _audience(rule)} for rule in given],
        "rollouts": [{"id": f"r-{rule.key}", "experiments": [_delivery(rule)]} for rule in given],
        "featureFlags": [
            {"id": rule.key, "key": rule.key, "rolloutId": f"r-{rule.key}", "experimentIds": [], "variables": []}
            for rule in given
        ],
    }


def _audience(rule: Rule) -> Any:
    return ["and", *({**_condition(one), "type": "custom_attribute"} for one in rule.conditions)]


def _condition(one: Condition) -> Any:
    return {"name": one.attribute, "match": "ge" if one.at_least else "exact", "value": one.value}


def _delivery(rule: Rule) -> Any:
    on = f"on-{rule.key}"
    return {
        "id": f"d-{rule.key}",
        "key": f"d-{rule.key}",
        "status": "Running",
        "layerId": f"r-{rule.key}",
        "audienceIds": [f"a-{rule.key}"],
        "audienceConditions": ["or", f"a-{rule.key}"],
        "forcedVariations": {},
        "variations": [{"id": on, "key": "on", "featureEnabled": True, "variables": []}],
        "trafficAllocation": [{"entityId": on, "endOfRange": 10000}],
    }


opened = Decide
