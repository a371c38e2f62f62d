"""Reads who signed that an offer may use its tactics, and until when. What a tactic is, guardrails say."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final
from zoneinfo import ZoneInfo

from ..names import hint_for
from ..offers import Approval
from ..registry import Registry
from .format_types import ID, TEXT, name_of
from .periods import MomentError, moment
from .records import Key, Record, keys_or_none
from .source import Log, Node

TACTIC: Final = name_of("tactic")
APPROVAL: Final = Record(
    "approval",
    {
        "tactic": Key(ID, "the tactic that was signed", required=True),
        "by": Key(TEXT, "the reviewer", required=True),
        "role": Key(ID, "in which role the reviewer signed", required=True),
        "until": Key(TEXT, "the last day on which it holds, or the day and time at which it ends", required=True),
    },
)


def read_approvals(nodes: Iterable[Node], tactics: Collection[str], zone: ZoneInfo, log: Log) -> Iterator[Approval]:
    """Yield the approvals that are right; one of a tactic that the offer does not use is none."""
    for node in nodes:
        found = APPROVAL.read(node, log)
        keys = keys_or_none(node, "approval", Log())
        if keys is None or not APPROVAL.complete(found):
            continue
        places = {name.text: value.place for name, value in keys.pairs}
        if found["tactic"] not in tactics:
            message = f"the offer does not use {found['tactic']!r}"
            log.add(
                places["tactic"], "approval", message, hint_for(found["tactic"], tactics) or "name it in `tactics:`"
            )
        elif not found["by"].strip():
            log.add(places["by"], "approval", "nobody is named who signed it", "name the reviewer")
        else:
            try:
                until_us = moment(found["until"], zone, end=True)
            except MomentError as error:
                log.add(places["until"], "period", str(error), error.hint)
                continue
            yield Approval(found["tactic"], found["role"], found["by"], until_us)


def known_tactics(registry: Registry) -> Mapping[str, str]:
    """Return the tactics that the installed guardrails know, each with the guardrail that does."""
    found: dict[str, str] = {}
    for name, brought in registry.guardrails.items():
        tactics = getattr(brought.cls, "tactics", ())
        if type(tactics) is tuple:
            found |= {tactic: name for tactic in tactics if type(tactic) is str}
    return found
