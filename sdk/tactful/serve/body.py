"""A request's body as JSON, and its fields: each of its type and bounded, or a problem. It knows no edge.

A name that came in is as personal as a value can be, so an unknown one is not repeated.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from .problem import Problem, misfit

#: A request's body is no larger [B].
BODY_MAX_BYTES: Final = 65_536
#: Ids, names and identifiers have at most so many characters.
TEXT_MAX_CHARS: Final = 256
#: A decision's token has at most so many characters.
TOKEN_MAX_CHARS: Final = 32_768


def fields_of(body: bytes, known: Sequence[str], required: str) -> Mapping[str, object]:
    """
    Return the fields of a body; those that are null are left out.

    Args:
        body: The body.
        known: The fields that it may have.
        required: The one that it must have.

    Raises:
        Problem: If it is no JSON object, or has other fields, or not the one.
    """
    try:
        found = json.loads(body, parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError):  # a key that is there twice is one as well
        raise Problem(400, "json", "the body is no JSON object with each key once", "body") from None
    if not isinstance(found, dict):
        raise misfit("body", "a JSON object")
    if not found.keys() <= set(known):
        raise misfit("body", f"no other fields than {', '.join(known)}")
    told = {name: value for name, value in found.items() if value is not None}
    if required not in told:
        raise misfit(required, "it to be there")
    return told


def text(value: object, field: str, most: int = TEXT_MAX_CHARS) -> str:
    """
    Return a value that must be a text.

    Raises:
        Problem: If it is none, empty, too long, or holds what no store keeps.
    """
    if isinstance(value, str) and 0 < len(value) <= most and _is_sound(value):
        return value
    raise misfit(field, f"a text of 1 to {most:,} characters, without control characters")


def truth(value: object, field: str) -> bool:
    """
    Return a value that must be true or false.

    Raises:
        Problem: If it is neither.
    """
    if isinstance(value, bool):
        return value
    raise misfit(field, "true or false")


def whole(value: object, field: str, most: int) -> int:
    """
    Return a value that must be a whole number from 0.

    Raises:
        Problem: If it is none, or more than `most`.
    """
    if type(value) is int and 0 <= value <= most:
        return value
    raise misfit(field, f"a whole number from 0 to {most}")


def _is_sound(value: str) -> bool:
    return not any(char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in value)


def _no_number(_: str) -> NoReturn:
    raise ValueError


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found
