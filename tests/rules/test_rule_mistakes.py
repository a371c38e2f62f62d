"""Each mistake in a rule is told with its place, in the author's words, and with what would be right."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tactful.authoring.rules import RuleCompiler, RuleError
from tactful.errors import TactfulError
from tactful.expr import text
from tactful.schema import ValueType

SDK = Path(__file__).parents[2] / "sdk"
VARIABLES = {
    "profile.tier": ValueType.TEXT,
    "profile.visits": ValueType.INT,
    "profile.spend": ValueType.NUMBER,
    "profile.birthday": ValueType.TIME,
    "profile.vegan": ValueType.BOOL,
    "profile.tags": ValueType.TEXTS,
    "profile.topics": ValueType.SCORES,
    "context.page": ValueType.TEXT,
    "now": ValueType.TIME,
}
# rule, code, line, column, what is said, what is advised
MISTAKES = [
    ("profile.teir == 'gold'", "rule-name", 1, 1, "no variable 'profile.teir'", "profile.tier"),
    ("profile.vegan &&\n  profile.teir == 'gold'", "rule-name", 2, 3, "profile.teir", "profile.tier"),
    ("profile.page == 'home'", "rule-name", 1, 1, "profile.page", "context.page"),
    ("'é😀' == profile.teir", "rule-name", 1, 9, "profile.teir", "profile.tier"),
    ("profile == 1", "rule-name", 1, 1, "'profile'", "profile.tier"),
    ("profile.tier == gold", "rule-name", 1, 17, "'gold'", '"gold"'),
    ("profile.tier.lower() == 'gold'", "rule-name", 1, 14, "no function 'lower'", ""),
    ("profile.tier.startswith('g')", "rule-name", 1, 14, "no function 'startswith'", "startsWith"),
    ("profile.visits == '6'", "rule-type", 1, 16, "int and text", "int(…)"),
    ("profile.visits > 1.5", "rule-type", 1, 16, "int and number", "double(…)"),
    ("now - profile.birthday < 90", "rule-type", 1, 24, "duration and int", 'duration("90d")'),
    ("now > '2026-12-01'", "rule-type", 1, 5, "time and text", "timestamp("),
    ("profile.visits && profile.vegan", "rule-type", 1, 16, "int and bool", ""),
    ("'a' in profile.tier", "rule-type", 1, 5, "list of text", "contains"),
    ("1 in profile.tags", "rule-type", 1, 3, "list of int", ""),
    ("profile.tier == null", "rule-type", 1, 14, "null", "missing(x)"),
    ("profile.topics == 1", "rule-type", 1, 1, "scores", "ranking"),
    ("has(now)", "rule-type", 1, 1, "has() asks of a variable", "has(profile.x)"),
    ("missing(profile.tier == 'a')", "rule-type", 1, 1, "missing() asks of a variable", ""),
    ("profile.tags.size", "rule-name", 1, 13, "list of text", ""),
    ("profile.tier", "rule-type", 1, 1, "gives text", "compare"),
    ("profile.vegan = true", "rule-syntax", 1, 15, "'='", "=="),
    ("profile.vegan and true", "rule-syntax", 1, 15, "'and'", "&&"),
    ("not profile.vegan", "rule-syntax", 1, 5, "'profile'", "!"),
    ("(profile.vegan", "rule-syntax", 1, 15, "parenthesis", ""),
    ("profile.tier == 'gold", "rule-syntax", 1, 17, "quotes", ""),
    ("profile.visits >=", "rule-syntax", 1, 18, "too early", ""),
    ("  ", "rule-syntax", 1, 3, "empty", ""),
    ("profile.visits > 9223372036854775808", "rule-syntax", 1, 18, "64 bits", ""),
    ("profile.tags.exists(1, true)", "rule-syntax", 1, 21, "name", "list.exists(item"),
    ("now - profile.birthday < duration('90')", "rule-literal", 1, 26, "no duration", '"90d"'),
    ("now > timestamp('2026-12-01')", "rule-literal", 1, 7, "no moment", "2026-12-01T09:00:00Z"),
    ("now > timestamp('2026-02-30T00:00:00Z')", "rule-literal", 1, 7, "no such moment", ""),
    ("now.getHours('Europe/Berln') < 8", "rule-literal", 1, 5, "time zone", "Europe/Berlin"),
    ("profile.tier.matches('^g')", "rule-subset", 1, 14, "regular expressions", "startsWith"),
    ("profile.tags[0] == 'a'", "rule-subset", 1, 13, "by its place", "exists"),
    ("profile.tags.map(tag, tag) == []", "rule-subset", 1, 17, "map()", "exists"),
    ("{'a': true}.a", "rule-subset", 1, 12, "", ""),
    ("type(profile.tier) == string", "rule-subset", 1, 1, "type()", "schema"),
    ("string(profile.spend) == '1'", "rule-subset", 1, 1, "string() of a number", "docs/rules.md"),
]


@pytest.fixture(scope="module")
def compiler():
    return RuleCompiler(VARIABLES)


@pytest.mark.parametrize(("source", "code", "line", "column", "said", "advised"), MISTAKES)
def test_mistakes(compiler, source, code, line, column, said, advised):
    with pytest.raises(RuleError) as raised:
        compiler.compile(source, ValueType.BOOL)
    error = raised.value
    assert (error.code, error.line, error.column) == (code, line, column), error
    assert said in error.message
    assert advised in error.hint
    assert isinstance(error, TactfulError)
    assert isinstance(error, ValueError)
    assert source.split("\n")[line - 1][column - 1 :] == source[error.offset :].split("\n")[0]


def test_what_is_right_stays_as_it_is_written(compiler):
    for source in (
        "profile.visits >= 6 && !profile.vegan",
        'now - profile.birthday < duration("90d") || "gold" in profile.tags',
        'profile.vegan ? context.page == "home" : has(profile.tier) && missing(profile.spend)',
        "profile.tags.exists(tag, tag.startsWith(profile.tier))",
        '(profile.visits + 1) * 2 - -profile.visits > 3 && now.getHours("Europe/Berlin") < 8',
    ):
        assert text(compiler.compile(source, ValueType.BOOL)) == source


def test_content_prints_any_single_value(compiler):
    assert compiler.compile("profile.spend", None).type is ValueType.NUMBER
    with pytest.raises(RuleError, match="list of text"):
        compiler.compile("profile.tags", None)


@pytest.mark.parametrize("absent", ["cel_expr_python", "cel.expr", "google.protobuf"])
def test_a_library_that_is_not_there_names_the_extra(absent):
    program = textwrap.dedent(f"""
        import sys
        sys.modules[{absent!r}] = None
        from tactful.authoring.rules import RuleCompiler
        from tactful.errors import ExtraMissing
        from tactful.schema import ValueType
        try:
            RuleCompiler({{"x": ValueType.BOOL}}).compile("x", ValueType.BOOL)
        except ExtraMissing as error:
            print(error.extra)
    """)
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env={"PYTHONPATH": str(SDK)}
    )
    assert ran.stdout == "author\n"
