"""LaunchDarkly: flags from a file, no events. All flags at once come from `all_flags_state`, its fastest way."""

import json
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ldclient import Config, Context, LDClient
from ldclient.integrations import Files

from .rules import Condition, Customer, Rule


class LaunchDarkly:
    """A client that is told its flags once."""

    def __init__(self, given: Sequence[Rule]) -> None:
        self._keys = [rule.key for rule in given]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "flags.json"
            path.write_text(json.dumps({"flags": {rule.key: _flag(rule) for rule in given}}), encoding="utf-8")
            source = Files.new_data_source([str(path)])
            self._client = LDClient(
                Config("none", update_processor_class=source, send_events=False, diagnostic_opt_out=True)
            )

    def one(self, customer: Customer, rule: Rule) -> Callable[[], object]:
        """Return a call that evaluates one flag."""
        return partial(self._client.variation, rule.key, _context(customer), default=False)

    def every(self, customer: Customer) -> Callable[[], Sequence[object]]:
        """Return a call that evaluates all flags."""
        ask, keys, context = self._client.all_flags_state, self._keys, _context(customer)

        def all_at_once() -> list[object]:
            value_of = ask(context).get_flag_value
            return [value_of(key) for key in keys]

        return all_at_once

    def close(self) -> None:
        """End its threads."""
        self._client.close()


def _context(customer: Customer) -> Context:
    builder = Context.builder(customer.id)
    for name, value in customer.attributes.items():
        builder.set(name, value)
    return builder.build()


def _flag(rule: Rule) -> Any:
    return {
        "key": rule.key,
        "version": 1,
        "on": True,
        "salt": "s",
        "variations": [True, False],
        "offVariation": 1,
        "fallthrough": {"variation": 1},
        "rules": [{"id": "r", "variation": 0, "clauses": [_clause(one) for one in rule.conditions]}],
    }


def _clause(one: Condition) -> Any:
    op = "greaterThanOrEqual" if one.at_least else "in"
    return {"contextKind": "user", "attribute": one.attribute, "op": op, "values": [one.value], "negate": False}


opened = LaunchDarkly
