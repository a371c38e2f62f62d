# ruff: noqa: INP001 - Sphinx reads it by its path
"""How the site is built from the pages: `tox run -e docs` does it, and a warning fails it."""

import re
from importlib.metadata import version as version_of
from pathlib import Path
from types import MemberDescriptorType

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "tactful"
author = "The tactful authors"
copyright = "The tactful authors, Apache License 2.0"  # noqa: A001 - Sphinx reads this name
release = version = version_of("tactful")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "site/index"
html_theme = "furo"
html_title = "tactful"
html_copy_source = False
html_show_sphinx = False

myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # the README begins with a picture of its own

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "undoc-members": False}
napoleon_use_ivar = True
nitpicky = False

_ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s:]+)(#[^)\s]*)?\)")
_PICTURE = re.compile(r"(!\[[^\]]*\]\()docs/")
#: Pages that lie beside the folder of pages, and where the site has them.
_BESIDE = {"README.md": "site/readme", "CONTRIBUTING.md": "site/contributing", "SECURITY.md": "site/security"}


def _read(_: object, page: str, source: list[str]) -> None:
    """Give the pages beside the folder their text, and lead links to where the site has what they name."""
    beside = {there: name for name, there in _BESIDE.items()}.get(page)
    folder = _ROOT if beside else _ROOT / "docs" / Path(page).parent
    text = source[0] if beside is None else (_ROOT / beside).read_text(encoding="utf-8")

    def led(link: re.Match[str]) -> str:
        there = (folder / link[2]).resolve().relative_to(_ROOT).as_posix()
        if there in _BESIDE:
            return f"[{link[1]}](/{_BESIDE[there]}.md{link[3] or ''})"
        if there.startswith("docs/"):
            return f"[{link[1]}](/{there.removeprefix('docs/')}{link[3] or ''})"
        return link[1]  # a file or folder of the code: its name, without a link

    source[0] = _PICTURE.sub(r"\1/", _LINK.sub(led, text))


def _is_told_above(_app: object, _what: str, _name: str, member: object, *_: object) -> bool | None:
    """Leave out the slots of attrs classes: the docstring of the class tells of them."""
    return True if isinstance(member, MemberDescriptorType) else None


def setup(app: Sphinx) -> None:
    """Have the pages changed as they are read, and samples of our own kinds shown as they are."""
    app.connect("source-read", _read)
    app.connect("autodoc-skip-member", _is_told_above)
    for kind in ("csv", "mistakes", "variables"):
        app.add_lexer(kind, TextLexer)
