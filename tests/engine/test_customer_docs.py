"""The examples of docs/customer.md are true."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "customer.md"


def test_the_examples_are_true():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 20
