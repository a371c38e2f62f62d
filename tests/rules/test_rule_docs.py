"""Every rule, table and message in docs/rules.md is true."""

import re
from pathlib import Path

import pytest

from tactful.authoring.rules import RuleCompiler, RuleError
from tactful.schema import ValueType

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```([\w-]+)\n(.*?)```", PAGE, re.DOTALL)
RULES = [line for kind, block in BLOCKS if kind == "cel" for line in block.splitlines()]
MISTAKES = [pair.split("\n") for kind, block in BLOCKS if kind == "mistakes" for pair in block.strip().split("\n\n")]
WORDS = {"true": True, "false": False, "unknown": None}


def rows(heading):
    """The cells of the table that begins with the heading."""
    lines = PAGE[PAGE.index(heading) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.fixture(scope="module")
def compiler():
    ((_, block),) = [(kind, block) for kind, block in BLOCKS if kind == "variables"]
    pairs = [line.split(": ") for line in block.splitlines()]
    return RuleCompiler({name: ValueType(type_) for name, type_ in pairs})


@pytest.mark.parametrize("source", RULES)
def test_examples(compiler, source):
    compiler.compile(source, None)


@pytest.mark.parametrize(("source", "report"), MISTAKES)
def test_mistakes(compiler, source, report):
    with pytest.raises(RuleError) as raised:
        compiler.compile(source, ValueType.BOOL)
    assert str(raised.value) == report


def test_the_codes_are_those_of_the_page():
    used = set(re.findall(r'code="(rule-\w+)"', "".join(path.read_text() for path in SOURCES.glob("rule*.py"))))
    assert used == {code.strip("`") for code, _ in rows("| code |")}


SOURCES = Path(__file__).parents[2] / "sdk" / "tactful" / "authoring"


def test_the_logic_of_what_is_not_known(rule):
    compiler = RuleCompiler({"a": ValueType.BOOL, "b": ValueType.BOOL})
    forms = [rule(compiler.compile(source, ValueType.BOOL)) for source in ("a && b", "a || b", "!a")]
    table = [[WORDS[cell] for cell in row] for row in rows("| a | b |")]
    assert len(table) == 9
    for a, b, *answers in table:
        known = {name: value for name, value in (("a", a), ("b", b)) if value is not None}
        assert [form.truth(known) for form in forms] == answers
        assert [form.value(known) for form in forms] == answers


@pytest.mark.parametrize(("source", "given", "why"), rows("| rule | gives |"))
def test_what_differs(compiler, rule, source, given, why):
    value = rule(compiler.compile(source.strip("`"), None)).value({})
    shown = (
        {None: "unknown", True: "`true`", False: "`false`"}[value]
        if value is None or isinstance(value, bool)
        else f"`{value}`"
    )
    assert shown == given, why


def test_the_page_has_what_these_tests_look_for():
    assert len(RULES) > 20
    assert len(MISTAKES) > 5
    assert len(rows("| rule | gives |")) > 8
