"""`python -m peers`: check that everybody answers alike, time them, tell it."""

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from tactful.cli.output import UNUSABLE, as_json, err, progress, say, table

from .answers import AnswersDifferError
from .contest import CHECKED, Contest, hold
from .own import WAYS
from .told import CLOCK, COLUMNS, NAMES, Row, figures, heads, markdown, rows, versions

_ROOT: Final = Path(__file__).parents[2]
_PICTURE: Final = Path("docs/pictures/peers.svg")
_MARKED: Final = re.compile(
    r"(?<=<!-- peers: made by tox run -e peers -- --write -->\n).*?(?=<!-- peers end -->)", re.DOTALL
)


def main(
    flags: Annotated[int, typer.Option(min=3, max=10_000, help="So many rules.")] = 200,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="So many turns of 50 calls for each work.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,  # noqa: FBT002 - a flag
    write: Annotated[bool, typer.Option("--write", help="Renew the table and the chart of the README.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Time the same targeting rules in tactful and in the libraries that people use today, side by side."""
    try:
        with progress(quiet=json) as bars:
            task = bars.add_task("checking, then timing", total=None)
            contest = hold(flags, rounds, lambda done, total: bars.update(task, completed=done, total=total))
    except AnswersDifferError as error:
        err.print(str(error), style="red", soft_wrap=True, markup=False)
        raise typer.Exit(UNUSABLE) from None
    if json:
        as_json(figures(contest, flags, rounds))
    else:
        _say(contest, flags)
    if write:
        _write(contest, flags)


def _say(contest: Contest, flags: int) -> None:
    for head, found in zip(heads(flags), (contest.every, contest.one), strict=True):
        say(head, "bold")
        table(COLUMNS, map(Row.cells, rows(found)))
        say()
    for package, reason in contest.absent.items():
        say(f"{package} is not here: {reason}", "yellow")
    for way, words in WAYS.items():
        say(f"{NAMES[way]}: {words}", "dim")
    say(CLOCK, "dim")
    say("Versions: " + ", ".join(f"{name} {one}" for name, one in versions().items()) + ".", "dim")
    say(f"Checked first: equal answers to all {flags} rules for {CHECKED} customers.", "dim")
    say(f"tactful's guardrails: {', '.join(contest.guardrails)}.", "dim")


def _write(contest: Contest, flags: int) -> None:
    from .chart import draw  # noqa: PLC0415 - slow to import, and for those who write alone

    (_ROOT / _PICTURE).write_text(draw(rows(contest.every), heads(flags)[0]), encoding="utf-8")
    page = _ROOT / "README.md"
    told = markdown(contest, flags) + "\n"
    renewed, places = _MARKED.subn(lambda _: told, page.read_text(encoding="utf-8"))
    if places != 1:
        err.print("README.md has no place for the table: it stands between two comments that begin with 'peers'")
        raise typer.Exit(UNUSABLE)
    page.write_text(renewed, encoding="utf-8")


typer.run(main)
