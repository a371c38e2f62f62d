"""The picture for the README: what `tactful demo` prints of its first story, as an SVG.

`python -m grocery.picture` (in examples/) decides for all households and writes docs/pictures/demo.svg.
"""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from .demo import run_demo
from .terminal import head, story

FILE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "demo.svg"
WIDTH = 80
_INK, _PAGE = (232, 230, 224), (20, 23, 28)
_COLOURS = [
    _PAGE,
    (240, 110, 100),
    (63, 191, 174),
    (240, 163, 90),
    (110, 160, 230),
    (171, 143, 214),
    (63, 191, 174),
    _INK,
]
_THEME = TerminalTheme(_PAGE, _INK, _COLOURS, _COLOURS)


def drawn(result: Mapping[str, Any]) -> str:
    """Return the picture of a demo's result, with nothing in it that a browser would have to fetch."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False, force_terminal=True)
    console.print(Text("$ tactful demo\n", "dim"))
    console.print(head(result))
    console.print(story(result["stories"][0]))
    svg = console.export_svg(title="tactful", theme=_THEME, unique_id="tactful")
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def main() -> None:
    """Draw it."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(drawn(run_demo()), encoding="utf-8")


if __name__ == "__main__":
    main()
