"""What docs/demo.md says of the demo is so."""

import re
from pathlib import Path

import pytest

from grocery import picture
from grocery.consents import SHARES, SILENT

ROOT = Path(__file__).resolve().parents[2]
GROCERY = ROOT / "examples" / "grocery"


@pytest.fixture(scope="module")
def page():
    return (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")


def test_every_file_is_in_the_reading_list_and_every_listed_file_is_there(page):
    listed = set(re.findall(r"^\| `([\w/.]+)` \|", page, re.MULTILINE))
    modules = {path.name for path in GROCERY.glob("*.py")} - {"__init__.py"}
    assert listed == modules | {"policy/"}
    assert all((GROCERY / name).exists() for name in listed)


def test_the_shares_of_consents_are_those_of_the_rule(page):
    told = {words: int(share) / 100 for share, words in re.findall(r"^\| (\d+)% \| (.+) \|$", page, re.MULTILINE)}
    rule = {share.words: share.of for share in SHARES["offers"]}
    assert told == pytest.approx({**rule, SILENT: 1 - sum(rule.values())})


def test_the_picture_is_small_and_needs_nothing_from_outside():
    drawn = picture.FILE.read_text(encoding="utf-8")
    assert len(drawn) < 300_000
    assert re.findall(r"@font-face|@import|url\(['\"]?http|href=", drawn) == []
    assert "2,469" in drawn
