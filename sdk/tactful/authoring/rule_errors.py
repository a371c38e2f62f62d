"""What is wrong with a rule, in words that its author knows. It judges nothing: it translates what the checker says."""

import difflib
import re
from collections.abc import Collection, Iterable
from typing import Final

from ..errors import TactfulError

#: The functions that a rule may call, as its author writes them.
FUNCTIONS: Final = (
    *("size", "has", "missing", "int", "double", "string", "timestamp", "duration"),
    *("contains", "startsWith", "endsWith", "exists", "all", "exists_one"),
    *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
    *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
)
_WORDS: Final = {
    "string": "text",
    "int": "int",
    "double": "number",
    "bool": "bool",
    "google.protobuf.Timestamp": "time",
    "google.protobuf.Duration": "duration",
    "null_type": "null",
}
_LIKE: Final = 0.6
_REPORT = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_TOO_DEEP = re.compile(r"recursion (?:depth|limit)")
_UNDECLARED = re.compile(r"undeclared reference to '(.*)' \(in container '.*'\)")
_OVERLOAD = re.compile(r"found no matching overload for '(.*)' applied to '\((.*)\)'")
_RANGE = re.compile(r"expression of type '(.*)' cannot be the range of a comprehension")
_SELECT = re.compile(r"expression of type '(.*)' cannot be the operand of a select operation")
_SYNTAX = re.compile(r"Syntax error: (.*)")
_AT = re.compile(r"(?:mismatched input|extraneous input|token recognition error at:|at input) '(.*?)'(?: expecting|$)")
_PYTHONIC: Final = {
    "and": "write && for and",
    "or": "write || for or",
    "not": "write ! for not",
    "=": "write == to compare",
    "&": "write && for and",
    "|": "write || for or",
    "if": "write condition ? this : that",
}


_RESERVED = re.compile(r"reserved identifier: (.*)")
_SAYINGS: Final = (
    ("invalid int literal", "a whole number has at most 64 bits", ""),
    ("must be a simple identifier", "a name for the items comes first", "as in list.exists(item, item > 1)"),
)


class RuleError(TactfulError, ValueError):
    """
    A rule cannot be used.

    Attributes:
        message: What is wrong.
        hint: What would be right; may be empty.
        offset: Where in the rule's text, in characters from 0.
        line: The line of the rule's text, from 1.
        column: The character of the line, from 1.
        code: `rule-syntax`, `rule-name`, `rule-type`, `rule-subset`, `rule-literal` or `rule-limit`.
    """

    code = "rule"

    def __init__(self, text: str, offset: int, message: str, hint: str = "", *, code: str) -> None:
        self.message, self.hint = message, hint
        self.offset = max(0, min(offset, len(text)))
        before = text[: self.offset]
        self.line = before.count("\n") + 1
        self.column = self.offset - (before.rfind("\n") + 1) + 1
        super().__init__(f"{self.line}:{self.column}: {message}{f'; {hint}' if hint else ''}", code=code)


def nearest(name: str, names: Iterable[str]) -> str:
    """
    Return a hint that names the most similar name, or nothing.

    >>> nearest("profile.teir", ["profile.tier", "now"]), nearest("profile.page", ["profile.tier", "context.page"])
    ('did you mean profile.tier?', 'did you mean context.page?')
    """
    group, _, tail = name.rpartition(".")
    best, most = "", 0.0
    for candidate in names:
        other_group, _, other_tail = candidate.rpartition(".")
        alike = _likeness(tail, other_tail)
        if alike >= _LIKE and (whole := alike + _likeness(group, other_group) / 4) > most:
            best, most = candidate, whole
    return f"did you mean {best}?" if best else ""


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def word(cel_type: str) -> str:
    """
    Return what authors call a type of the checker.

    >>> word("list(double)")
    'list of number'
    """
    if cel_type.startswith("list(") and cel_type.endswith(")"):
        return f"list of {word(cel_type[5:-1])}"
    return _WORDS.get(cel_type, cel_type)


def from_checker(text: str, report: str, names: Collection[str]) -> RuleError:
    """
    Return the first error of the checker's report.

    Args:
        text: The rule.
        report: What the checker says of it.
        names: The names of the variables that it may read.
    """
    if _TOO_DEEP.search(report):
        return RuleError(text, 0, "the rule nests too deep", "split it into segments", code="rule-limit")
    reports = [match for match in _REPORT.finditer(report) if int(match[1]) > 0]
    if not reports:
        return RuleError(text, 0, "the rule cannot be read", code="rule-syntax")
    first = reports[0]
    lines = text.split("\n")
    offset = sum(len(line) + 1 for line in lines[: int(first[1]) - 1]) + int(first[2]) - 1
    return _translated(text, offset, first[3].removesuffix(" [INVALID_ARGUMENT]"), names)


def _translated(text: str, offset: int, said: str, names: Collection[str]) -> RuleError:
    if match := _UNDECLARED.match(said):
        return _unknown_name(text, offset, match[1], names)
    if match := _OVERLOAD.match(said):
        return _wrong_types(text, offset, match[1], [word(name) for name in _split_types(match[2])])
    if match := _RANGE.match(said):
        return RuleError(text, offset, f"exists and all ask lists, and this is {word(match[1])}", code="rule-type")
    if match := _SELECT.match(said):
        return RuleError(text, offset, f"this is {word(match[1])}, which has no parts", code="rule-name")
    if match := _SYNTAX.match(said):
        return _misspelt(text, offset, match[1])
    if match := _RESERVED.match(said):
        return RuleError(
            text, offset, f"{match[1]!r} is a word of its own", _PYTHONIC.get(match[1], ""), code="rule-syntax"
        )
    for ending, message, hint in _SAYINGS:
        if said.endswith(ending):
            return RuleError(text, offset, message, hint, code="rule-syntax")
    return RuleError(text, offset, said, code="rule-syntax")


def _unknown_name(text: str, offset: int, name: str, names: Collection[str]) -> RuleError:
    if text[offset : offset + 1] == "(":
        start = offset - len(name)
        if name in FUNCTIONS:
            return RuleError(
                text,
                start,
                f"{name}() is not called in this way",
                "see the functions in docs/rules.md",
                code="rule-type",
            )
        return RuleError(text, start, f"there is no function {name!r}", nearest(name, FUNCTIONS), code="rule-name")
    # The checker points at the last dot of a dotted name.
    prefix = name.rpartition(".")[0]
    start = offset - len(prefix) if prefix and text[:offset].endswith(prefix) else offset
    parts = [other for other in names if other.startswith(f"{name}.")]
    hint = f"name a part of it, such as {parts[0]}" if parts else nearest(name, names)
    if not hint and "." not in name:
        hint = f'text needs quotes: "{name}"'
    return RuleError(text, start, f"there is no variable {name!r}", hint, code="rule-name")


def _split_types(types: str) -> list[str]:
    """Split at the commas that stand in no parentheses."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(types):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(types[start:place].strip())
            start = place + 1
    return [*parts, types[start:].strip()]


def _wrong_types(text: str, offset: int, function: str, words: list[str]) -> RuleError:
    operator = function.replace("_", "").removeprefix("@")
    hint = _conversion(set(words))
    if function in {"_&&_", "_||_", "!_"}:
        message = f"{operator} joins conditions, and not {_list(words)}"
    elif function == "_?_:_":
        message = f"? : needs a condition and two values of one type, and not {_list(words)}"
    elif function == "@in":
        message = f"in needs a list of {words[0]} on its right, and not {words[1]}"
        hint = "use text.contains(part)" if set(words) == {"text"} else ""
    elif function in {"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"}:
        message = f"{operator} compares values of one type, and not {_list(words)}"
    elif function.startswith("_") or function == "-_":
        message = f"{operator} is not for {_list(words)}"
    else:
        message, hint = f"{function}() does not take {_list(words)}", ""
        offset -= len(function) if text[offset : offset + 1] == "(" else 0
    return RuleError(text, offset, message, hint, code="rule-type")


def _conversion(words: set[str]) -> str:
    if words == {"int", "number"}:
        return "write the whole number with .0, or double(…) around it"
    if "null" in words:
        return "ask has(x) or missing(x)"
    if "duration" in words:
        return 'write a length of time as duration("90d")'
    if "time" in words:
        return 'write a moment as timestamp("2026-12-01T00:00:00Z"), a length of time as duration("90d")'
    if words == {"text", "int"}:
        return "a number in quotes is text; int(…) and string(…) convert"
    return ""


def _list(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _misspelt(text: str, offset: int, said: str) -> RuleError:
    rest = text[offset:]
    if "missing ')'" in said:
        return RuleError(text, offset, "a parenthesis is not closed", code="rule-syntax")
    if "'<EOF>'" in said and not rest.strip():
        return RuleError(
            text, offset, "the rule ends too early" if text.strip() else "the rule is empty", code="rule-syntax"
        )
    token = (match[1].strip() if (match := _AT.search(said)) else "") or rest[:1]
    before = re.split(r"\W+", text[:offset].rstrip())[-1]
    if token[:1] in {'"', "'"} and "token recognition" in said:
        hint = r"close the quotes, and write \\ for a backslash"
        return RuleError(
            text, offset, "the quotes are not closed, or the text has a wrong escape", hint, code="rule-syntax"
        )
    hint = _PYTHONIC.get(token) or _PYTHONIC.get(before, "")
    return RuleError(text, offset, f"{token!r} does not belong here", hint, code="rule-syntax")
