"""All that is suffered, row by row: the place, the fault, what was found, and what was promised and not held."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from .fault_places import PLACES
from .faults import suffer, verdict
from .strict_faults import strict_verdict, suffer_strict, till

#: The fault, whether it is the control's, what was found, and what was not held.
Row = tuple[str, bool, Any, list[str]]


def _of_place(name: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, PLACES[name](Path(folder)) as place:
        has_control = place.control is not None or place.own is not None
        ways = [(fault, False) for fault in place.faults] + [(next(iter(place.faults)), True)] * has_control
        for number, (fault, careless) in enumerate(ways):
            at = Path(folder) / str(number)
            at.mkdir()
            found = suffer(place, fault, at, careless=careless)
            yield fault, careless, found, verdict(found)


def _of_strict_caps() -> Iterator[Row]:
    with till() as place:
        faults = list(place.faults)
    for fault, careless in [*((one, False) for one in faults), (faults[0], True)]:
        found = suffer_strict(fault, careless=careless)
        yield fault, careless, found, strict_verdict(found)


#: By the name of what suffers.
ROWS: Final[Mapping[str, Callable[[], Iterator[Row]]]] = {
    **{name: partial(_of_place, name) for name in PLACES},
    "strict caps": _of_strict_caps,
}
