"""The section `sources` as a table: what was measured of each source of an attribute, which a guardrail takes."""

from typing import Any, Final

from .format_types import Type, scalar, whole
from .records import Key, Record, mapping


def _counted(text: str) -> int | None:
    number = whole(text)
    return number if number is not None and number >= 0 else None


CUSTOMERS: Final = scalar("a whole number of 0 or more", _counted)
MEASURED: Final = Record(
    "measurement",
    {
        "right": Key(CUSTOMERS, "of so many customers the source's value is what they state", required=True),
        "of": Key(CUSTOMERS, "so many customers were compared", required=True),
        "guess": Key(
            CUSTOMERS, "of so many of them a guess is right: of everybody what most of them state", required=True
        ),
    },
)
SOURCES: Final[Type[dict[str, dict[str, Any]]]] = mapping(
    mapping(MEASURED.as_type(), "measurements by source"), "sources", of="attribute"
)
