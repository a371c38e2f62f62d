"""The tables of what governs: holdouts, expectations, and the keys of `values` that are theirs."""

import re
from typing import Final

from ..bundle.envelope import SIGNATURES_MAX
from ..holdouts import KEY_BYTES
from .format_types import ID, SHARE, Type, many, name_of, scalar, whole
from .records import Key, Record, mapping

_HEX: Final = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}")
HOLDOUT_KEY: Final = scalar(f"{2 * KEY_BYTES} hex digits", lambda text: text if _HEX.fullmatch(text) else None)
SIGNATURES: Final = scalar(
    f"a whole number from 1 to {SIGNATURES_MAX}",
    lambda text: count if (count := whole(text)) is not None and 1 <= count <= SIGNATURES_MAX else None,
)
HOLDOUT: Final = Record(
    "holdout",
    {
        "share": Key(SHARE, "the share of customers from whom its offers are withheld", required=True),
        "tags": Key(many(ID), "offers with one of these tags", default="all, where nothing is named"),
        "topics": Key(many(name_of("topic")), "offers about one of these topics, or under them", default="likewise"),
        "offers": Key(many(name_of("offer")), "these offers", default="likewise"),
    },
    short="share",
)
EXPECTATION: Final = Record(
    "expectation",
    {
        "satisfaction": Key(SHARE, "the share of the segment that will be glad of it", default="not expected"),
        "retention": Key(SHARE, "the share that will stay because of it", default="not expected"),
    },
)
#: By segment and by offer.
MATRIX: Final[Type[dict[str, dict[str, dict[str, float]]]]] = mapping(
    mapping(EXPECTATION.as_type(), "expectations", of="offer"), "matrix", of="segment"
)
