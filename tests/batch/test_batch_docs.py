"""The examples of docs/batch.md are true."""

import doctest
from pathlib import Path

from tactful.engine.batch import arrow, many
from tactful.schema import Source

PAGE = Path(__file__).parents[2] / "docs" / "batch.md"


def test_the_examples_are_true():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 8


def test_it_names_every_column_and_the_size_of_parts():
    text = PAGE.read_text(encoding="utf-8")
    for part in arrow._PARTS:
        assert f"| `NAME.{part}` |" in text
    for name in arrow._OTHERS:
        assert f"| `{name}` |" in text
    assert all(f"`{source.value}`" in text for source in Source)
    assert f"parts of {many.CHUNK:,} customers" in text
