"""Texts with `{expressions}` in them: split into literal parts and rules. They are not evaluated here."""

from collections.abc import Callable

from ..expr import Const, Expr
from ..schema import ValueType
from .source import Log, Place, Scalar

#: Compiles the rule at a place; None after noting a mistake.
CompileRule = Callable[[str, Place], Expr | None]


def split(text: str) -> list[tuple[str, int, bool]] | int:
    """
    Return a text's parts as (part, offset, is a rule), or the offset of a brace that is not closed or not opened.

    >>> split("{a.b}, hi {{you}}")
    [('a.b', 1, True), (', hi {you}', 5, False)]
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
            parts.append((text[at + 1 : end].strip(), at + 1, True))
            literal, start, at = "", end + 1, end + 1
        elif text[at] == "}":
            return at
        else:
            literal += text[at]
            at += 1
    return [*parts, (literal, start, False)] if literal else parts


def _closing(text: str, opening: int) -> int | None:
    """Return where a brace is closed, passing over quoted texts."""
    quote = ""
    for at in range(opening + 1, len(text)):
        character = text[at]
        if quote:
            quote = "" if character == quote and text[at - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character == "{":
            return None
        elif character == "}":
            return at
    return None


def compile_text(node: Scalar, compile_rule: CompileRule, log: Log) -> tuple[str | Expr, ...]:
    """Return a text's literal parts and rules."""
    found = split(node.text)
    if isinstance(found, int):
        place = within(node, found)
        log.add(place, "braces", "a brace is not closed, or not opened", "write {{ and }} for braces in the text")
        return (node.text,)
    parts: list[str | Expr] = []
    for part, offset, is_rule in found:
        if not is_rule:
            parts.append(part)
            continue
        rule = compile_rule(part, within(node, offset))
        if rule is not None:
            parts.append(rule)
    return tuple(parts)


def within(node: Scalar, offset: int) -> Place:
    """Return the place of an offset in a scalar's text: exact on one line, else the scalar's own."""
    if node.block or "\n" in node.text:
        return node.place
    quote = 0 if node.plain else 1
    return Place(node.place.file, node.place.line, node.place.column + quote + offset)


def literal(parts: tuple[str | Expr, ...]) -> tuple[str | Expr, ...]:
    """Return the parts with constants written out, and neighbouring texts joined."""
    joined: list[str | Expr] = []
    for part in parts:
        plain = _constant(part) if isinstance(part, Const) else part
        if isinstance(plain, str) and joined and isinstance(joined[-1], str):
            joined[-1] += plain
        elif plain != "":
            joined.append(plain)
    return tuple(joined)


def _constant(const: Const) -> str | Const:
    if const.type is ValueType.TEXT:
        return str(const.value)
    if const.type in (ValueType.INT, ValueType.NUMBER):
        return f"{const.value:g}" if isinstance(const.value, float) else str(const.value)
    return const
