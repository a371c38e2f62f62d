"""How settings of guardrails are checked, and said in words. It knows no guardrail."""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

import attrs

DAY_S = 86_400
_UNITS_S = (("day", DAY_S), ("hour", 3_600), ("minute", 60), ("second", 1))
#: A validator as attrs calls it: with the guardrail, the field and the value.
Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def _validator(fits: Callable[[Any], bool], words: str) -> Validator:
    def validate(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if not fits(value):
            raise ValueError(f"{field.name} must be {words}, not {value!r}")

    return validate


def whole(least: int) -> Validator:
    """Return the validator of whole numbers from the least one on."""
    return _validator(
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least,
        f"a whole number of {least} or more",
    )


def share() -> Validator:
    """Return the validator of shares."""
    return _validator(
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1,
        "a share from 0 to 1",
    )


def truth() -> Validator:
    """Return the validator of true and false."""
    return _validator(lambda value: isinstance(value, bool), "true or false")


def one_of(names: Collection[str]) -> Validator:
    """Return the validator of one of these names."""
    return _validator(lambda value: isinstance(value, str) and value in names, f"one of {', '.join(names)}")


def some_of(names: Collection[str]) -> Validator:
    """Return the validator of one or more of these names."""
    return _validator(
        lambda value: bool(value) and all(isinstance(one, str) and one in names for one in value),
        f"one or more of {', '.join(names)}",
    )


def none_or_more_of(names: Collection[str]) -> Validator:
    """Return the validator of any of these names, or none."""
    return _validator(
        lambda value: all(isinstance(one, str) and one in names for one in value), f"any of {', '.join(names)}"
    )


def some_texts() -> Validator:
    """Return the validator of one text or more, none of them empty."""
    return _validator(lambda value: bool(value) and all(one.strip() for one in value), "one name or more")


def word(*, optional: bool = False) -> Validator:
    """Return the validator of names in rules; `optional` takes an empty one as well."""
    pattern = re.compile(r"[A-Za-z_]\w{0,99}")
    return _validator(
        lambda value: isinstance(value, str) and (pattern.fullmatch(value) is not None or (optional and not value)),
        "a name of letters, digits and _",
    )


def texts(value: Iterable[str]) -> tuple[str, ...]:
    """Return a list of texts as a tuple; a text alone is refused, as its letters are meant by nobody."""
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise TypeError(f"expected a list of texts, not {value!r}")


def length(seconds: int) -> str:
    """
    Return a length of time in words.

    >>> length(86_400), length(7 * 86_400), length(5_400)
    ('1 day', '7 days', '90 minutes')
    """
    unit, unit_s = next((unit, unit_s) for unit, unit_s in _UNITS_S if seconds % unit_s == 0)
    count = seconds // unit_s
    return f"{count} {unit}{'' if count == 1 else 's'}"


def listed(words: Collection[str], joined: str = "and") -> str:
    """
    Return words as a list in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *most, last = words
    return f"{', '.join(most)} {joined} {last}" if most else last
