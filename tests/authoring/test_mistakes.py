"""Every mistake is told at its place, with its code, what is wrong, and what would be right. See mistakes.txt."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tactful import Catalog, PolicyError, Registry, Scope, When, Withhold, hookimpl
from tactful.authoring import compile_files, compile_folder, folder, offers_reader, rows, source, yaml_reader
from tactful.authoring.codes import CODES

ROOT = Path(__file__).parents[2]
AUTHORING = ROOT / "sdk" / "tactful" / "authoring"


@attrs.frozen
class Sample:
    """What must be told, and the files that have the mistake; § stands before its place."""

    told: str
    files: dict[str, str]
    alone: bool

    @property
    def code(self) -> str:
        return self.told.partition(" | ")[0]


def samples() -> Iterator[Sample]:
    blocks = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8").split("\n\n")[1:]
    for block in blocks:
        told, *lines = block.strip("\n").splitlines()
        files: dict[str, str] = {}
        name = "sample.yaml"
        for line in lines:
            if line.startswith("= "):
                name = line[2:] if line != "= alone" else name
            else:
                assert line.startswith("  "), line
                files[name] = files.get(name, "") + line[2:] + "\n"
        yield Sample(told, files, "= alone" in lines)


SAMPLES = tuple(samples())


def marked(files: dict[str, str]) -> tuple[dict[str, bytes], str, int, int]:
    """The files without the mark, and the file, line and column where it stood."""
    ((name, text),) = [(name, text) for name, text in files.items() if "§" in text]
    before = text.partition("§")[0]
    unmarked = {name: text.replace("§", "").encode() for name, text in files.items()}
    return unmarked, name, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.told[:60])
def test_a_mistake_is_told_at_its_place_and_alone(sample, good, mistakes):
    files, name, line, column = marked(sample.files)
    found = mistakes(files if sample.alone else {**good, **files})
    told = {f"{m.file}:{m.line}:{m.column}: " + " | ".join(filter(None, (m.code, m.message, m.hint))) for m in found}
    expected = f"{name}:{line}:{column}: {sample.told}"
    assert expected in told
    assert sample.alone or told == {expected}


def test_the_good_policy_has_no_mistake(good, mistakes):
    assert mistakes(good) == ()


TABLE = {
    "table.yaml": b"offers: {c: {each: coupons.csv, intent: sell, topic: food, treatments: C}}",
    "coupons.csv": b"id\na\n",
}

# What no text file can show: bytes, sizes, folders and other people's guardrails.


def test_bytes_that_are_no_text(good, mistakes):
    (mistake,) = mistakes({**good, "more.yaml": b"topics:\n  caf\xe9: {}\n"})
    assert (mistake.file, mistake.line, mistake.code) == ("more.yaml", 2, "file-text")
    assert mistake.hint == "save the file as UTF-8"


def test_a_character_that_yaml_does_not_allow(good, mistakes):
    (mistake,) = mistakes({**good, "more.yaml": b"topics:\n  a\x01: {}\n"})
    assert (mistake.line, mistake.column, mistake.code) == (2, 4, "file-text")


@pytest.mark.parametrize("name", ["more.yaml", "coupons.csv"])
def test_a_file_that_is_too_large(good, mistakes, monkeypatch, name):
    monkeypatch.setattr(yaml_reader, "FILE_MAX_BYTES", 2000)
    monkeypatch.setattr(offers_reader, "CSV_MAX_BYTES", 2000)
    start = TABLE.get(name, b"#")
    assert mistakes({**good, **TABLE, name: start.ljust(2000, b"\n")}) == ()
    (mistake,) = mistakes({**good, **TABLE, name: start.ljust(2001, b"\n")})
    assert (mistake.file, mistake.code, mistake.hint) == (name, "file-size", "split it")


def test_more_rows_than_a_table_may_have(good, mistakes, monkeypatch):
    monkeypatch.setattr(rows, "ROWS_MAX", 2)
    assert mistakes({**good, **TABLE, "coupons.csv": b"id\na\nb\n"}) == ()
    (mistake,) = mistakes({**good, **TABLE, "coupons.csv": b"id\na\nb\nc\nd\n"})
    assert (mistake.file, mistake.line, mistake.code, mistake.hint) == ("coupons.csv", 4, "csv-row", "split the file")


def test_more_mistakes_than_are_told_at_once(good, mistakes):
    wrong = "topics:\n" + "".join(f"  t{number}: {{under: nowhere{number}}}\n" for number in range(1500))
    found = mistakes({**good, "more.yaml": wrong.encode()})
    assert len(found) == source.MISTAKES_MAX + 1
    assert [m.code for m in found].count("unknown-topic") == source.MISTAKES_MAX
    assert found[-1].code == "too-many"


def test_folders_that_are_no_policy(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.yaml").write_text("name: shop")
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "coupons.csv").write_text("id\n")
    (tmp_path / "many").mkdir()
    for number in range(3):
        (tmp_path / "many" / f"{number}.yaml").touch()
    monkeypatch.setattr(folder, "FILES_MAX", 2)
    for name, message, hint in (
        ("nowhere", "there is no such folder", "give a policy's folder"),
        ("file.yaml", "this is a file", "give a policy's folder"),
        ("empty", "the folder has no .yaml file", "`tactful init` writes a policy"),
        ("table", "the folder has no .yaml file", "`tactful init` writes a policy"),
        ("many", "the folder has more than 2 files of a policy, or 20000 in all", "give a policy's folder"),
    ):
        with pytest.raises(PolicyError) as raised:
            compile_folder(tmp_path / name)
        (mistake,) = raised.value.mistakes
        assert (mistake.file, mistake.code, mistake.message) == (str(tmp_path / name), "folder", message)
        assert mistake.hint == hint


def test_a_folder_with_too_much_else_in_it(tmp_path, monkeypatch, good):
    for name, raw in good.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(raw)
    monkeypatch.setattr(folder, "ENTRIES_MAX", 10)
    assert compile_folder(tmp_path)
    (tmp_path / ".hidden").mkdir()
    for number in range(20):
        (tmp_path / ".hidden" / f"{number}.yaml").write_text("not: a policy")
    (tmp_path / ".hidden.yaml").write_text("not: a policy")
    assert compile_folder(tmp_path)
    for number in range(20):
        (tmp_path / f"{number}.txt").touch()
    with pytest.raises(PolicyError, match="or 10 in all"):
        compile_folder(tmp_path)


def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch):
    path = tmp_path / "policy.yaml"
    path.touch()
    monkeypatch.setattr(folder, "_read", lambda _: path.with_name("gone.yaml").read_bytes())
    with pytest.raises(PolicyError) as raised:
        compile_folder(tmp_path)
    (mistake,) = raised.value.mistakes
    assert (mistake.file, mistake.code) == (str(tmp_path / "gone.yaml"), "folder")
    assert mistake.message == "it cannot be read: No such file or directory"


@attrs.frozen
class Strict:
    """A guardrail of somebody else, which can break or ask for what is not there."""

    name = "strict"
    condition: str = ""

    def scope(self, catalog: Catalog) -> Scope:
        return catalog.all

    def limits(self, catalog: Catalog) -> Iterator[When]:
        if not self.condition:
            raise RuntimeError("by design")
        yield When(self.condition, Withhold(catalog.all), "strict")

    def sentence(self) -> str:
        return "Strict."


class Plugin:
    @staticmethod
    @hookimpl
    def tactful_guardrails() -> list[type]:
        return [Strict]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("{}", "guardrail 'strict' is broken: it raised RuntimeError"),
        ("{condition: context.pages == 'home'}", "did you mean context.page?"),
        ("{condition: profile.vegan}", "there is no variable 'profile.vegan'; did you mean protective.vegan?"),
    ],
)
def test_a_guardrail_that_cannot_work_with_this_policy(good, settings, message):
    wrong = {**good, "more.yaml": f"guardrails:\n  strict: {settings}\n".encode()}
    with pytest.raises(PolicyError) as raised:
        compile_files(wrong, registry=Registry.of(Plugin()))
    (mistake,) = raised.value.mistakes
    assert (mistake.file, mistake.line, mistake.column, mistake.code) == ("more.yaml", 2, 3, "guardrail")
    assert message in mistake.message


def test_all_mistakes_of_policy_personas_and_tests_are_told_at_once(good, mistakes):
    wrong = {
        "a.yaml": "topics: {tea: {under: §drinks}}\nsegments: {new: §profile.visitz > 2}\nvalues: {dial: §shy}\n",
        "b.yaml": "offers: {tea: {intent: sell, topic: §tee, run: §never, treatments: ['T {§profile.age}', §[]]}}\n",
        "personas/zoe.yaml": "zoe: {profile: {§visitz: 1}, consents: {offers: §maybe}}\n",
        "tests/tea.yaml": "§tea: {persona: §zoey, place: §hero, expect: {}}\n",
    }
    codes = {
        "a.yaml": ["unknown-topic", "rule-name", "choice"],
        "b.yaml": ["unknown-topic", "period", "rule-name", "type"],
        "personas/zoe.yaml": ["unknown-attribute", "choice"],
        "tests/tea.yaml": ["expectation", "unknown-persona", "unknown-placement"],
    }
    expected = []
    for name, text in wrong.items():
        *before, _ = itertools.accumulate(text.split("§"))
        places = [(name, part.count("\n") + 1, len(part) - (part.rfind("\n") + 1) + 1) for part in before]
        expected += [(*place, code) for place, code in zip(places, codes[name], strict=True)]
    found = mistakes({**good, **{name: text.replace("§", "").encode() for name, text in wrong.items()}})
    assert [(m.file, m.line, m.column, m.code) for m in found] == expected


def test_what_is_missing_is_not_blamed_where_a_file_cannot_be_read(good, mistakes):
    (mistake,) = mistakes({**good, "policy.yaml": good["policy.yaml"].replace(b"garden: {}}", b"garden: {}")})
    assert mistake.code == "yaml-syntax"


def test_a_wrong_declaration_is_blamed_and_not_the_rules_that_read_it(good, mistakes):
    (mistake,) = mistakes(
        {**good, "policy.yaml": good["policy.yaml"].replace(b"visits: {type: int", b"visits: {type: in")}
    )
    assert (mistake.code, mistake.hint) == ("choice", "did you mean 'int'?")


# The codes: noted in the source, sampled here, explained in the documentation.

BEYOND_THE_FILE = {"file-size", "too-many", "folder"}


def noted() -> set[str]:
    """The codes in the source: all constants that are codes, and the names that types refer to."""
    codes: set[str] = set()
    for path in AUTHORING.glob("*.py"):
        if path.name != "codes.py":
            constants = [n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant)]
            codes |= CODES.keys() & set(filter(lambda value: isinstance(value, str), constants))
            codes |= {f"unknown-{what}" for what in re.findall(r'(?:name_of\(|of=)"(\w+)"', path.read_text())}
    return codes


def test_every_code_is_noted_somewhere_and_has_a_sample():
    assert noted() == set(CODES)
    assert {sample.code for sample in SAMPLES} | BEYOND_THE_FILE == set(CODES)


def test_every_code_is_explained():
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    table = page.partition("## Mistakes in a policy")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE) == list(CODES)


def test_a_mistake_without_a_code_cannot_be_noted():
    with pytest.raises(LookupError, match="unheard-of"):
        source.Log().add(source.Place("a.yaml"), "unheard-of", "something")
