r"""Where in a file a character of a text stands, although quotes, escapes and folded lines lie in between.

Folding changes white space only. So the place of a character is found by counting those that are not white, in the
text and in what is written.
"""

import re
from collections.abc import Iterator
from typing import Final

from .source import Place, Scalar

#: What stands for one character, by the quotes around it.
_UNITS: Final = {
    "'": re.compile(r"''|.", re.DOTALL),
    '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|\s*\n\s*|.)|.", re.DOTALL),
}
_PLAIN: Final = re.compile(r".", re.DOTALL)
_WHITE_ESCAPE: Final = re.compile(r"\\(?:[\s ntrvf_NLP]|x(?:09|0[a-dA-D]|20|85|[aA]0)|u(?:0009|000[a-dA-D]|0020))")


def place_in(scalar: Scalar, offset: int) -> Place:
    """
    Return where a character of a scalar's text stands in its file.

    Args:
        scalar: The scalar.
        offset: The character, from 0; white space stands where the next character is, and the end after the last.
    """
    index = _index_in_raw(scalar, offset)
    before = scalar.raw[:index]
    lines = before.count("\n")
    place = scalar.place
    if lines == 0:
        return Place(place.file, place.line, place.column + index)
    return Place(place.file, place.line + lines, index - before.rfind("\n"))


def _index_in_raw(scalar: Scalar, offset: int) -> int:
    wanted = sum(not character.isspace() for character in scalar.text[:offset])
    counted = end = 0
    for start, written in _units(scalar):
        if _is_white(written, scalar.style):
            continue
        if counted == wanted:
            return start
        counted, end = counted + 1, start + len(written)
    return end


def _units(scalar: Scalar) -> Iterator[tuple[int, str]]:
    start, end = 0, len(scalar.raw)
    if scalar.style in ("'", '"'):
        start, end = 1, end - 1
    elif scalar.style in ("|", ">"):
        start = scalar.raw.find("\n") + 1
    for match in _UNITS.get(scalar.style, _PLAIN).finditer(scalar.raw, start, end):
        yield match.start(), match[0]


def _is_white(written: str, style: str) -> bool:
    if style == '"' and written.startswith("\\"):
        return _WHITE_ESCAPE.fullmatch(written) is not None or "\n" in written
    return written.isspace()
