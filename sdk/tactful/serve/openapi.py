"""The OpenAPI document of the endpoints, with the names of the policy that is decided by. It checks nothing itself."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from ..plan.plan import Plan
from ..schema import ValueType
from .asking import IDENTIFIERS_MAX, PLACEMENTS_MAX, SLOT_MAX
from .body import TEXT_MAX_CHARS, TOKEN_MAX_CHARS

_Schema = Mapping[str, object]
_TEXT: Final[_Schema] = {"type": "string", "minLength": 1, "maxLength": TEXT_MAX_CHARS}
_ANY_TEXT: Final[_Schema] = {"type": "string"}
_CONTENT: Final[_Schema] = {"type": "object", "additionalProperties": _ANY_TEXT}
_TYPES: Final[Mapping[ValueType, _Schema]] = {
    ValueType.TEXT: {"type": "string"},
    ValueType.INT: {"type": "integer"},
    ValueType.NUMBER: {"type": "number"},
    ValueType.BOOL: {"type": "boolean"},
    ValueType.TIME: {
        "description": "ISO 8601 with its offset, or microseconds since 1970",
        "type": ["string", "integer"],
    },
    ValueType.DURATION: {"description": "microseconds", "type": "integer"},
    ValueType.TEXTS: {"type": "array", "items": {"type": "string"}},
    ValueType.INTS: {"type": "array", "items": {"type": "integer"}},
    ValueType.NUMBERS: {"type": "array", "items": {"type": "number"}},
    ValueType.SCORES: {"type": "object", "additionalProperties": {"type": "number"}},
}
_PROBLEM: Final[_Schema] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": _ANY_TEXT,
        "title": _ANY_TEXT,
        "status": {"type": "integer"},
        "code": _ANY_TEXT,
        "detail": _ANY_TEXT,
        "field": _ANY_TEXT,
    },
}
_LACKS: Final[_Schema] = {
    "lacks": {
        "type": "array",
        "items": {"type": "object", "properties": dict.fromkeys(("part", "code", "says"), _ANY_TEXT)},
        "description": "why it is not ready; empty if it is",
    }
}
_REFUSALS: Final = {
    "400": "a field is not as it should be",
    "401": "no token, or none that counts",
    "403": "a page in a browser that was not named",
    "413": "the body is too large",
    "415": "the body is not application/json",
    "421": "this server is not called so",
    "503": "it cannot be kept now, or the edge is closed",
}


def openapi(plan: Plan) -> Mapping[str, object]:
    """Return the document, OpenAPI 3.1, for the policy of a plan."""
    kinds = _who([name for name, _ in plan.policy.identifiers])
    decide, record, opt_out = _decide(plan, kinds), _record(), _opt_out(plan, kinds)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"tactful: {plan.policy.name}", "version": "1"},
        "paths": {
            "/v1/decide": _post("Decide what to show", decide, "placements", "Decision"),
            "/v1/record": _post("Record what became of a decision", record, "token", "Recorded"),
            "/v1/opt-out": _post("Leave a customer in peace", opt_out, "who", "Accepted"),
            "/health/live": _health("Whether it runs", "live"),
            "/health/ready": _health(
                "Whether what it knows is young enough, and it can keep what it must", "ready", _LACKS
            ),
        },
        "components": {
            "schemas": {
                "Decision": _decision(),
                "Recorded": _object({"new": {"type": "boolean"}}),
                "Accepted": _object({"accepted": {"type": "boolean"}}),
                "Problem": _PROBLEM,
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _decide(plan: Plan, kinds: list[_Schema]) -> dict[str, object]:
    placement = {"type": "string", "enum": sorted(plan.placements)}
    context = {one.name: {"anyOf": [_TYPES[one.type], {"type": "null"}]} for one in plan.policy.context}
    return {
        "placements": {
            "oneOf": [
                placement,
                {
                    "type": "array",
                    "items": placement,
                    "minItems": 1,
                    "maxItems": PLACEMENTS_MAX,
                    "uniqueItems": True,
                    "description": "of one channel",
                },
            ]
        },
        "who": {"oneOf": [*kinds, {"type": "null"}]},
        "context": {"type": "object", "properties": context},
        "view": _TEXT,
        "refused": {"type": "array", "items": _TEXT, "maxItems": PLACEMENTS_MAX},
        "preview": {"type": "boolean", "default": False},
        "for_agent": {"type": "boolean", "default": False},
    }


def _record() -> dict[str, object]:
    return {
        "token": {**_TEXT, "maxLength": TOKEN_MAX_CHARS},
        "event": {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,100}$", "default": "shown"},
        "slot": {"type": "integer", "minimum": 0, "maximum": SLOT_MAX},
    }


def _opt_out(plan: Plan, kinds: list[_Schema]) -> dict[str, object]:
    purposes, channels = [one.name for one in plan.policy.purposes if one.asks], list(plan.channels)
    return {
        "who": {"oneOf": kinds},
        **({"purpose": {"type": "string", "enum": purposes}} if purposes else {}),
        "channel": {"type": "string", "enum": channels},
    }


def _who(kinds: list[str]) -> list[_Schema]:
    if not kinds:
        return [_TEXT]
    named = dict.fromkeys(kinds, _TEXT)
    by_name = {"properties": named, "minProperties": 1, "maxProperties": IDENTIFIERS_MAX}
    return [_TEXT, {"type": "object", "additionalProperties": False, **by_name}]


def _decision() -> _Schema:
    names = dict.fromkeys(("placement", "offer", "treatment", "tone", "why"), _ANY_TEXT)
    words = {"type": "array", "items": _ANY_TEXT}
    told = {
        **dict.fromkeys(("id", "token"), _ANY_TEXT),
        "placements": {"type": "object", "additionalProperties": {"type": "array", "items": _CONTENT}},
        "picks": {"type": "array", "items": _object({**names, "slot": {"type": "integer"}, "content": _CONTENT})},
    }
    agent = _object({"may_mention": words, "must_not_mention": words})
    return _object({**told, "agent": agent}, told)


def _object(fields: Mapping[str, object], required: Iterable[str] | None = None) -> _Schema:
    return {"type": "object", "properties": fields, "required": sorted(fields if required is None else required)}


def _post(summary: str, fields: Mapping[str, object], required: str, told: str) -> _Schema:
    body = {"type": "object", "additionalProperties": False, "properties": fields, "required": [required]}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers: dict[str, object] = {
        "200": {
            "description": "done",
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{told}"}}},
        }
    }
    answers |= {status: {"description": words, "content": problem} for status, words in _REFUSALS.items()}
    return {
        "post": {
            "summary": summary,
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": answers,
        }
    }


def _health(summary: str, field: str, more: Mapping[str, object] = MappingProxyType({})) -> _Schema:
    told = {"application/json": {"schema": _object({field: {"type": "boolean"}, **more})}}
    answers = {"200": {"description": "yes", "content": told}, "503": {"description": "no", "content": told}}
    return {"get": {"summary": summary, "security": [{}], "responses": answers}}
