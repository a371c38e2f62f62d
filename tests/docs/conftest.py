"""The pages, and the samples that stand in them."""

import re
from pathlib import Path

import attrs
import pytest

from tactful import Registry
from tactful.authoring import init

ROOT = Path(__file__).parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path for path in [*sorted((ROOT / "docs").glob("*.md")), *ROOT.glob("*.md")]
}
FENCED = re.compile(r"^```([\w-]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@attrs.frozen
class Sample:
    """A fenced sample: the page, the line it begins in, its kind and its text."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def samples(page: str, *kinds: str) -> list[Sample]:
    """The samples of a page, in order; of some kinds, or all."""
    text = PAGES[page].read_text(encoding="utf-8")
    found = (Sample(page, text.count("\n", 0, m.start()) + 1, m[1], m[2]) for m in FENCED.finditer(text))
    return [sample for sample in found if not kinds or sample.kind in kinds]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.installed()


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A working folder with the policy that `tactful init` writes in `policy/`."""
    monkeypatch.chdir(tmp_path)
    init(tmp_path / "policy")
    return tmp_path
