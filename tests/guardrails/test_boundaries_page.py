"""docs/boundaries.md names every guardrail, a setting that it has, and stories that are there."""

from pathlib import Path

import attrs
import pytest

from tactful import Registry

PAGE = Path(__file__).parents[2] / "docs" / "boundaries.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "`" in line
]


def test_every_guardrail_has_its_row():
    assert sorted(row[1].split("`")[1] for row in ROWS) == sorted(Registry.installed().guardrails)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_its_setting_and_its_stories_are_there(row):
    _, name, _, setting, _ = row[1].split("`")
    fields = {field.name.removesuffix("_s") for field in attrs.fields(Registry.installed().guardrails[name].cls)}
    source = (Path(__file__).parent / f"test_{name}.py").read_text(encoding="utf-8")

    assert setting in fields
    for story in (row[2].strip("`"), row[3].strip("`")):
        assert f"def {story}(house)" in source
