"""The policy document as Markdown. It adds no word of its own to what the document says but one heading."""

import re
from collections.abc import Iterator
from typing import Final

from .document import Document
from .told import Section

#: The heading over what a reader should see first.
ATTENTION: Final = "To be noticed first"
#: What Markdown would read as more than text. An underscore inside a word is none.
_SPECIAL: Final = re.compile(r"[\\`*<>\[\]|~#]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
#: Sections of two columns are lists: the first column is their name.
_LIST_COLUMNS: Final = 2


def as_markdown(document: Document) -> str:
    """Return a document as Markdown; the same text for the same document."""
    parts = [f"# {plain(document.title)}", *map(plain, document.about)]
    if document.attention:
        parts += [f"## {ATTENTION}", "\n".join(f"- **{plain(line)}**" for line in document.attention)]
    for tier in document.tiers:
        parts.append(f"## {plain(tier.title)}")
        for section in tier.sections:
            parts += [f"### {plain(section.title)}", *([plain(section.about)] if section.about else [])]
            parts.append("\n".join(lines_of(section)))
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    r"""
    Return text so that Markdown shows it as it is, on one line.

    >>> plain("<b> of one_offer"), plain("*a*\nb")
    ('\\<b\\> of one_offer', '\\*a\\* b')
    """
    return _SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))


def lines_of(section: Section) -> Iterator[str]:
    """Yield a section's rows as lines of Markdown: a list where there are two columns, else a table."""
    rows = [[plain(cell) for cell in row] for row in section.rows]
    if len(section.columns) == _LIST_COLUMNS:
        yield from (f"- **{name}**: {what}" for name, what in rows)
        return
    yield f"| {' | '.join(map(plain, section.columns))} |"
    yield f"|{' --- |' * len(section.columns)}"
    for name, *cells in rows:
        yield f"| **{name}** | {' | '.join(cells)} |"
