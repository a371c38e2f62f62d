"""What stands where in a policy's files: nodes with their places, and the log of mistakes. It reads no file.

The schema gives the types, not YAML: every scalar stays the text that is written.
"""

from collections.abc import Collection, Mapping
from typing import Final

import attrs

from ..errors import Mistake, PolicyError
from ..names import hint_for
from .codes import CODES

MISTAKES_MAX: Final = 1000


@attrs.frozen
class Place:
    """A place in a file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1


@attrs.frozen
class Scalar:
    """
    A text.

    Attributes:
        text: What it says.
        place: Where it begins.
        style: Its quotes, or `|` or `>` of a block; empty for a plain text.
        raw: How it is written, from its place on; empty if it is not written in a file.
    """

    text: str
    place: Place
    style: str = ""
    raw: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing stands there."""
        return not self.style and self.text in ("", "null", "~")


@attrs.frozen
class Items:
    """A list."""

    items: "tuple[Node, ...]"
    place: Place


@attrs.frozen
class Keys:
    """A mapping; `flow` if it is written in braces."""

    pairs: "tuple[tuple[Scalar, Node], ...]"
    place: Place
    flow: bool = False

    def get(self, key: str) -> "Node | None":
        """Return what stands under a key, or None."""
        return next((node for name, node in self.pairs if name.text == key), None)


Node = Scalar | Items | Keys


@attrs.frozen
class Reference:
    """A name that must exist: of what, which, and where it is written."""

    what: str
    name: str
    place: Place


def printable(text: str) -> str:
    r"""
    Return a text that does nothing to a terminal: what cannot be printed is spelt out.

    >>> printable("a\x1b[2J")
    'a\\x1b[2J'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class Log:
    """
    Collects mistakes, so that all are told at once, and names to look up when all is read.

    Attributes:
        unread: Whether some file could not be read. What is missing may be there, so nobody is told that it is not.
    """

    def __init__(self) -> None:
        self.unread = False
        self._mistakes: dict[Mistake, None] = {}
        self._references: dict[Reference, None] = {}

    def __bool__(self) -> bool:
        return bool(self._mistakes)

    def add(self, place: Place, code: str, message: str, hint: str = "") -> None:
        """Note a mistake."""
        if code not in CODES:
            raise LookupError(code)
        if len(self._mistakes) < MISTAKES_MAX:
            file, message, hint = map(printable, (place.file, message, hint))
            self._mistakes[Mistake(file, place.line, place.column, code, message, hint)] = None

    def refer(self, what: str, name: Scalar) -> None:
        """Note that a name must exist."""
        self._references[Reference(what, name.text, name.place)] = None

    def resolve(self, names: Mapping[str, Collection[str]]) -> None:
        """Note every name that does not exist, of the kinds that are given."""
        for reference in self._references if not self.unread else ():
            known = names.get(reference.what)
            if known is not None and reference.name not in known:
                message = f"there is no {reference.what} {reference.name!r}"
                self.add(reference.place, f"unknown-{reference.what}", message, hint_for(reference.name, known))

    def sorted(self) -> tuple[Mistake, ...]:
        """Return the mistakes in the order of the files, each once."""
        found = sorted(self._mistakes, key=lambda m: (m.file, m.line, m.column, m.code, m.message))
        if len(found) < MISTAKES_MAX:
            return tuple(found)
        last = found[-1]
        more = Mistake(last.file, last.line, last.column, "too-many", f"only {MISTAKES_MAX} mistakes are told at once")
        return (*found, more)

    def refuse(self) -> None:
        """
        Refuse the policy if there is any mistake.

        Raises:
            PolicyError: It holds all of them.
        """
        if self._mistakes:
            raise PolicyError(self.sorted())
