"""The pages lead somewhere: links, files, words, errors and findings are there, and none is left out."""

import ast
import inspect
import re

import pytest

import tactful
from tactful import errors

from .conftest import PAGES, ROOT

SDK = ROOT / "sdk" / "tactful"


def text_of(page: str) -> str:
    return PAGES[page].read_text(encoding="utf-8")


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = PAGES[page] if not path else (PAGES[page].parent / path).resolve()
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there.relative_to(ROOT).as_posix()), target


def test_the_map_has_every_page():
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", text_of("docs/index.md")))
    assert listed == {path.name for name, path in PAGES.items() if name.startswith("docs/")} - {"index.md"}


def test_the_site_has_every_page_once():
    named = re.findall(
        r"^\.\./([\w-]+)$", (ROOT / "docs" / "site" / "index.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(f"{name}.md" for name in named) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", ["docs/one-decision.md", "README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_page_names_is_there(page):
    named = re.findall(r"`((?:[\w.*-]+/)+[\w.*-]*|[\w-]+\.(?:py|md|toml))`", text_of(page))
    assert named or page != "docs/one-decision.md"
    for name in set(named):
        folders = (ROOT, ROOT / "docs", SDK, SDK / "engine", ROOT / "plugins" / "tactful_plugins")
        places = [folder / name for folder in folders]
        assert any(any(place.parent.glob(place.name)) if "*" in name else place.exists() for place in places), name


def test_one_decision_names_every_stage():
    text = text_of("docs/one-decision.md")
    stages = {path.stem for path in (SDK / "engine").glob("*.py")}
    told = set(re.findall(r"`engine/(\w+)\.py`", text))
    assert told <= stages
    assert {"arrive", "identify", "snapshot", "mask", "qualify", "guard", "rank", "compose", "record"} <= told


def test_every_error_is_explained():
    text = text_of("docs/errors.md")
    classes = {
        name: cls
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, errors.TactfulError) and cls is not errors.TactfulError
    }
    rows = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", text, re.MULTILINE))
    assert rows == {
        name: next(base.__name__ for base in cls.__mro__[1:] if not issubclass(base, errors.TactfulError))
        for name, cls in classes.items()
    }
    assert set(classes) <= set(tactful.__all__)
    codes = set(re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE))
    assert {cls.code for cls in classes.values() if cls is not errors.BundleError} <= codes


def test_every_code_that_is_raised_is_explained():
    explained = {
        code
        for page in ("docs/errors.md", "docs/bundle.md")
        for code in re.findall(r"^\| `([\w-]+)` \|", text_of(page), re.MULTILINE)
    }
    raised: dict[str, str] = {}
    for folder in ("sdk", "plugins", "adapters"):
        for path in (ROOT / folder).rglob("*.py"):
            for call in (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)):
                for word in call.keywords:
                    if (
                        word.arg == "code"
                        and isinstance(word.value, ast.Constant)
                        and isinstance(word.value.value, str)
                    ):
                        raised[word.value.value] = path.name
    assert len(raised) > 10
    assert {code: name for code, name in raised.items() if code not in explained} == {}


def test_every_finding_is_explained():
    text = text_of("docs/errors.md").partition("## Findings")[2]
    sources = [path.read_text(encoding="utf-8") for path in (SDK / "authoring").glob("lint*.py")]
    found = ["lapses-soon", *(code for source in sources for code in re.findall(r'Finding\(\s*"([\w-]+)"', source))]
    assert re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE) == sorted(set(found))


def test_words_are_in_order_and_each_there_once():
    table = text_of("docs/names.md").partition("| word |")[2].partition("\n\n")[0]
    words = re.findall(r"^\| ([\w ]+) \|", table, re.MULTILINE)
    assert len(words) > 30
    assert len(set(words)) == len(words)
    assert words == sorted(words)
