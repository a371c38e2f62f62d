"""What is asked: a decision, a record of one, an opt-out. Each is taken whole, or refused before anything is done."""

import re
from collections.abc import Mapping
from typing import Final

import attrs

from ..engine.customer import Who
from ..events import OUTCOMES, OWN_WORDS
from ..plan.plan import Plan
from .body import TOKEN_MAX_CHARS, fields_of, text, truth, whole
from .problem import misfit

PLACEMENTS_MAX: Final = 50
IDENTIFIERS_MAX: Final = 20
SLOT_MAX: Final = 999
_DECIDE: Final = ("placements", "who", "context", "view", "refused", "preview", "for_agent")
_RECORD: Final = ("token", "event", "slot")
_OPT_OUT: Final = ("who", "purpose", "channel")
_EVENT: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@attrs.frozen(repr=False)
class Decide:
    """
    A decision that is asked for.

    Attributes:
        placements: The placements of a page, each of the policy.
        who: Who is meant, as `Edge.decide` takes it.
        context: What is known of the moment; what the policy does not declare is left out.
        view: An id of the page view.
        refused: Purposes that a signal of the moment refuses.
        preview: Whether to leave no trace.
        for_agent: Whether the answer says what somebody who talks to the customer may mention.
    """

    placements: tuple[str, ...]
    who: Who
    context: Mapping[str, object]
    view: str | None
    refused: tuple[str, ...]
    preview: bool
    for_agent: bool

    @classmethod
    def of(cls, body: bytes, plan: Plan) -> "Decide":
        """
        Return what a body asks for.

        Raises:
            Problem: If it is not as it should be.
        """
        found = fields_of(body, _DECIDE, "placements")
        return cls(
            _placements(found["placements"], plan),
            _who(found.get("who"), plan),
            _context(found.get("context", {}), plan),
            text(found["view"], "view") if "view" in found else None,
            tuple(text(one, f"refused[{n}]") for n, one in enumerate(_listed(found.get("refused", []), "refused"))),
            truth(found.get("preview", False), "preview"),
            truth(found.get("for_agent", False), "for_agent"),
        )


@attrs.frozen(repr=False)
class Record:
    """
    What became of a decision.

    Attributes:
        token: The decision's token.
        event: "shown", or an outcome, such as "click".
        slot: Which filled slot, from 0; None as `Edge.record` has it.
    """

    token: str
    event: str
    slot: int | None

    @classmethod
    def of(cls, body: bytes) -> "Record":
        """
        Return what a body tells.

        Raises:
            Problem: If it is not as it should be.
        """
        found = fields_of(body, _RECORD, "token")
        event = found.get("event", "shown")
        if not (isinstance(event, str) and _EVENT.fullmatch(event)) or event in OWN_WORDS - OUTCOMES:
            raise misfit("event", 'the name of an outcome, such as "shown" or "click"')
        slot = whole(found["slot"], "slot", SLOT_MAX) if "slot" in found else None
        return cls(text(found["token"], "token", TOKEN_MAX_CHARS), event, slot)


@attrs.frozen(repr=False)
class OptOut:
    """
    A customer who wants to be left in peace.

    Attributes:
        who: Who is meant.
        purpose: Only this purpose, of the policy; None means all.
        channel: Only on this channel, of the policy; None means all.
    """

    who: str | Mapping[str, str]
    purpose: str | None
    channel: str | None

    @classmethod
    def of(cls, body: bytes, plan: Plan) -> "OptOut":
        """
        Return what a body asks for.

        Raises:
            Problem: If it is not as it should be.
        """
        found = fields_of(body, _OPT_OUT, "who")
        who = _who(found["who"], plan)
        if not who:
            raise misfit("who", "a customer's id, or identifiers by name")
        purposes = [one.name for one in plan.policy.purposes if one.asks]
        return cls(who, _one_of(found, "purpose", purposes), _one_of(found, "channel", list(plan.channels)))


def _one_of(found: Mapping[str, object], field: str, names: list[str]) -> str | None:
    value = found.get(field)
    if value is None or (isinstance(value, str) and value in names):
        return value
    raise misfit(field, f"one of {', '.join(names)}")


def _listed(value: object, field: str) -> list[object]:
    if isinstance(value, list) and len(value) <= PLACEMENTS_MAX:
        return value
    raise misfit(field, f"a list of at most {PLACEMENTS_MAX}")


def _placements(value: object, plan: Plan) -> tuple[str, ...]:
    one = isinstance(value, str)
    names = [value] if one else _listed(value, "placements")
    if not names:
        raise misfit("placements", "at least one")
    for number, name in enumerate(names):
        if not (isinstance(name, str) and name in plan.placements):
            raise misfit("placements" if one else f"placements[{number}]", "a placement of the policy")
    found = tuple(str(name) for name in names)
    channels = {plan.placements[name].placement.channel for name in found}
    if len(channels) > 1 or len(set(found)) < len(found):
        raise misfit("placements", "different ones, all of one channel")
    return found


def _who(value: object, plan: Plan) -> Who:
    if value is None or isinstance(value, str):
        return None if value is None else text(value, "who")
    if not isinstance(value, dict) or not 0 < len(value) <= IDENTIFIERS_MAX:
        raise misfit("who", "a customer's id, or identifiers by name")
    kinds = [name for name, _ in plan.policy.identifiers]
    if not value.keys() <= set(kinds):
        raise misfit("who", f"identifiers that the policy declares: {', '.join(kinds) or 'there are none'}")
    return {name: text(one, f"who.{name}") for name, one in value.items()}


def _context(value: object, plan: Plan) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise misfit("context", "an object")
    declared = {one.name: one.type for one in plan.policy.context}
    known = {name: one for name, one in value.items() if name in declared and one is not None}
    _, misfits = plan.slots.context_values(known)
    for name in misfits:
        raise misfit(f"context.{name}", f"a value of type {declared[name].value}")
    return known
