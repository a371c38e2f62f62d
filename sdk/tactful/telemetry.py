"""What monitors are told of decisions: names, numbers and codes, no personal value. It decides nothing.

An adapter for OpenTelemetry and one for Prometheus are in `tactful_adapters`; `JsonLines` needs nothing else.
"""

import json
import logging
from typing import TYPE_CHECKING, Literal, Protocol, TypedDict

if TYPE_CHECKING:
    from .engine.decision import Decision

#: What became of a call: something was chosen, nothing was, or it failed and the fallback is shown.
Outcome = Literal["filled", "empty", "failed"]


class PickRecord(TypedDict):
    """A filled slot, by the names in the policy."""

    placement: str
    offer: str
    treatment: str
    tone: str


class DecisionRecord(TypedDict):
    """A decision, by the names in the policy."""

    id: str
    at_us: int
    took_us: float
    policy: str
    epoch: int | None
    channel: str
    placements: list[str]
    outcome: Outcome
    picks: list[PickRecord]
    careful: list[str]


class Telemetry(Protocol):
    """What is told of each decision, in the thread that decides: be quick, and block on nothing."""

    def decided(self, decision: "Decision", took_s: float) -> None:
        """
        Hear of a decision.

        What it raises is logged by its type alone, and harms no decision.

        Args:
            decision: What was decided.
            took_s: How long the call took [s].
        """
        ...


def _outcome_of(decision: "Decision") -> Outcome:
    """Return what became of a call."""
    if not decision.id:
        return "failed"
    return "filled" if decision.moment.chosen else "empty"


def _channel_of(decision: "Decision") -> str:
    """Return the name of the channel that was decided for; empty if the call named no placement of the policy."""
    placements = decision.moment.page.placements
    return placements[0].placement.channel if placements else ""


def _placements_of(decision: "Decision") -> tuple[str, ...]:
    """Return the names of the placements of the policy that were decided for."""
    return tuple(one.placement.name for one in decision.moment.page.placements)


def _careful_of(decision: "Decision") -> tuple[str, ...]:
    """Return what held a decision back, without any word of the caller."""
    from .engine.logged import in_our_words  # noqa: PLC0415 - for those who listen

    return tuple(in_our_words(one) for one in decision.careful)


def decision_record(decision: "Decision", took_s: float) -> DecisionRecord:
    """
    Return a decision as a structured record: what was shown and what held it back, by the names in the policy.

    There is nothing in it of the customer: no identifier, no value, no content, no word of the caller.

    Args:
        decision: What was decided.
        took_s: How long the call took [s].
    """
    plan = decision.plan
    return {
        "id": decision.id,
        "at_us": decision.now_us,
        "took_us": round(took_s * 1e6, 1),
        "policy": plan.policy.name,
        "epoch": plan.epoch,
        "channel": _channel_of(decision),
        "placements": list(_placements_of(decision)),
        "outcome": _outcome_of(decision),
        "picks": [
            {"placement": pick.placement, "offer": pick.offer, "treatment": pick.treatment, "tone": pick.tone.name}
            for pick in decision.picks
        ],
        "careful": list(_careful_of(decision)),
    }


class JsonLines:
    """Writes each decision as a line of JSON to a logger; where it goes is the logger's matter."""

    def __init__(self, logger: logging.Logger | str = "tactful.decisions") -> None:
        """Take a logger, or its name; it is told at the level INFO."""
        self._logger = logging.getLogger(logger) if isinstance(logger, str) else logger

    def decided(self, decision: "Decision", took_s: float) -> None:
        """Write a decision."""
        if self._logger.isEnabledFor(logging.INFO):
            self._logger.info("%s", json.dumps(decision_record(decision, took_s), ensure_ascii=False))
