"""docs/telemetry.md tells every reading, and its samples run with the tests of the pages."""

import re
from pathlib import Path

from tactful import READINGS

PAGE = Path(__file__).parents[2] / "docs" / "telemetry.md"


def test_every_reading_is_in_the_table_as_it_is_explained():
    told = re.search(r"<!-- readings -->\n(.*?)<!-- end -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert told is not None
    assert told[1] == "".join(f"| `{name}` | {meaning} |\n" for name, meaning in READINGS.items())
