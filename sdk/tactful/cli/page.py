"""The policy document as one HTML page, for a browser or a printer: its Markdown, rendered. It needs no network."""

import html
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ..authoring.as_markdown import ATTENTION

_PAGE: Final = "page.html"


def as_html(markdown: str) -> str:
    """
    Return a document's Markdown as a page of its own.

    Args:
        markdown: As `as_markdown` makes it. HTML in it is shown as text, and so is an address: nothing becomes a link.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "autolink", "image"])
    tokens = parser.parse(markdown)
    headings = _headings(tokens)
    _name_cells(tokens)
    parts = next((number for number, token in enumerate(tokens) if token.tag == "h2"), len(tokens))
    head, body = _rendered(parser, tokens[:parts]), _framed(parser, tokens[parts:])
    template = Template(files("tactful.cli").joinpath(_PAGE).read_text(encoding="utf-8"))
    title = next((text for level, _, text in headings if level == "h1"), "")
    return template.substitute(title=html.escape(title), head=head, contents=_contents(headings), body=body)


def _headings(tokens: Sequence[Token]) -> list[tuple[str, str, str]]:
    """Give each heading an id; return level, id and text of each."""
    found: list[tuple[str, str, str]] = []
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", f"part-{len(found)}")
            inside = tokens[number + 1].children or ()
            found.append((token.tag, f"part-{len(found)}", "".join(part.content for part in inside)))
    return found


def _name_cells(tokens: Sequence[Token]) -> None:
    """Give each cell the name of its column, which stands beside it where a table does not fit."""
    columns: list[str] = []
    at = 0
    for number, token in enumerate(tokens):
        if token.type == "table_open":
            columns = []
        elif token.type == "th_open":
            columns.append("".join(part.content for part in tokens[number + 1].children or ()))
        elif token.type == "tr_open":
            at = 0
        elif token.type == "td_open":
            token.attrSet("data-column", columns[at])
            at += 1


def _framed(parser: MarkdownIt, tokens: Sequence[Token]) -> str:
    """Return the tokens as HTML; what is to be noticed, and each table, in a frame."""
    parts, start, framed = [], 0, False
    for number, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            parts.append(_rendered(parser, tokens[start:number]) + ("</div>\n" if framed else ""))
            start, framed = number, tokens[number + 1].content == ATTENTION
            parts.append('<div class="attention">\n' if framed else "")
    parts.append(_rendered(parser, tokens[start:]) + ("</div>\n" if framed else ""))
    return "".join(parts).replace("<table>", '<div class="table">\n<table>').replace("</table>", "</table>\n</div>")


def _rendered(parser: MarkdownIt, tokens: Sequence[Token]) -> str:
    return str(parser.renderer.render(tokens, parser.options, {}))


def _contents(headings: Sequence[tuple[str, str, str]]) -> str:
    lines = ["<ol>"]
    inside = False
    for level, id_, text in headings:
        link = f'<a href="#{id_}">{html.escape(text.partition(":")[0])}</a>'
        if level == "h2":
            lines += ["</ol></li>" if inside else "", f"<li>{link}<ol>"]
            inside = True
        elif level == "h3":
            lines.append(f"<li>{link}</li>")
    return "\n".join(line for line in (*lines, "</ol></li>" if inside else "", "</ol>") if line) + "\n"
