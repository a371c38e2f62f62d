"""Texts with `{expressions}` in them: split into literal parts and rules. They are not evaluated here."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from ..expr import Const, Expr
from ..schema import ValueType
from .positions import place_in
from .source import Log, Scalar

PARTS_MAX: Final = 100
#: Compiles the rule that stands in a text from a character on; None after noting a mistake.
CompileRule = Callable[[Scalar, str, int], Expr | None]


def split(text: str) -> list[tuple[str, int, bool]] | int:
    """
    Return a text's parts as (part, offset, is a rule), or the offset of a brace that is not closed or not opened.

    >>> split("{ a.b}, hi {{you}}")
    [('a.b', 2, True), (', hi {you}', 6, False)]
    """
    parts: list[tuple[str, int, bool]] = []
    literal, start, at = "", 0, 0
    while at < len(text):
        if text.startswith(("{{", "}}"), at):
            literal += text[at]
            at += 2
        elif text[at] == "{":
            if literal:
                parts.append((literal, start, False))
            end = _closing(text, at)
            if end is None:
                return at
            rule = text[at + 1 : end]
            parts.append((rule.strip(), at + 1 + len(rule) - len(rule.lstrip()), True))
            literal, start, at = "", end + 1, end + 1
        elif text[at] == "}":
            return at
        else:
            literal += text[at]
            at += 1
    return [*parts, (literal, start, False)] if literal else parts


def _closing(text: str, opening: int) -> int | None:
    """Return where a brace is closed, passing over quoted texts."""
    quote, escaped = "", False
    for at in range(opening + 1, len(text)):
        character = text[at]
        if escaped:
            escaped = False
        elif quote:
            escaped = character == "\\"
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "{":
            return None
        elif character == "}":
            return at
    return None


def compile_text(written: Scalar, compile_rule: CompileRule, log: Log, *, link: bool = False) -> tuple[str | Expr, ...]:
    """
    Return a text's literal parts and rules; constants are written out, and neighbouring texts joined.

    Args:
        written: The text.
        compile_rule: Compiles what stands in braces.
        log: Takes the mistakes.
        link: Whether it is an address, in which constants after its beginning are quoted as other values will be.
    """
    found = split(written.text)
    if isinstance(found, int):
        hint = "write {{ and }} for braces in the text"
        log.add(place_in(written, found), "braces", "a brace is not closed, or not opened", hint)
        return ()
    if len(found) > PARTS_MAX:
        log.add(written.place, "rule-limit", f"a text has at most {PARTS_MAX} parts", "shorten it")
        return ()
    parts: list[str | Expr] = []
    for part, offset, is_rule in found:
        rule = compile_rule(written, part, offset) if is_rule else part
        if rule is not None:
            parts.append(rule)
    return _joined(parts, link=link)


def _joined(parts: list[str | Expr], *, link: bool) -> tuple[str | Expr, ...]:
    joined: list[str | Expr] = []
    for part in parts:
        plain = _constant(part) if isinstance(part, Const) else part
        if link and joined and isinstance(part, Const) and isinstance(plain, str):
            plain = quote(plain, safe="")
        if isinstance(plain, str) and joined and isinstance(joined[-1], str):
            joined[-1] += plain
        elif plain != "":
            joined.append(plain)
    return tuple(joined)


def _constant(const: Const) -> str | Const:
    """Return a constant as it is shown; what depends on the channel or on the reader is left to the engine."""
    if const.type is ValueType.TEXT:
        return str(const.value)
    if const.type in (ValueType.INT, ValueType.NUMBER):
        return f"{const.value:g}" if isinstance(const.value, float) else str(const.value)
    return const
