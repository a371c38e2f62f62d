"""`tactful init`, `check`, `review` and `test`: a policy's folder, from the first file to green tests."""

import shlex
from pathlib import Path
from typing import Annotated, Final

import typer

from ..clock import wall_clock
from .output import FOUND, as_json, mistake_json, say, told

#: What every reviewer is asked.
_QUESTION: Final = "would we print this?"
Folder = Annotated[Path, typer.Argument(help="The policy's folder.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def init(folder: Folder, json: Json = False) -> None:  # noqa: FBT002 - a flag
    """
    Write a small policy with personas, tests and development keys.

    Example: `tactful init policy`
    """
    from ..authoring import init as write  # noqa: PLC0415 - slow to import

    with told(json_=json):
        written = write(folder)
    if json:
        as_json({"written": [str(path) for path in written]})
        return
    for path in written:
        say(str(path))
    say()
    say("Now try:", "green")
    for words in ("check {}", "test {}", "decide {} home.hero --persona ann", "explain {} home.hero --persona bob"):
        say(f"  tactful {words.format(shlex.quote(str(folder)))}")


def check(folder: Folder, json: Json = False) -> None:  # noqa: FBT002 - a flag
    """
    Tell every mistake in a policy, with file, line and column; then what a reviewer would ask.

    Exit code 2 with mistakes, 1 with findings, 0 with neither.

    Example: `tactful check policy`
    """
    from ..authoring import lint, load_suite  # noqa: PLC0415 - slow to import

    with told(json_=json):
        suite = load_suite(folder)
        findings = lint(suite.policy, wall_clock())
    if json:
        as_json({"mistakes": [], "findings": [mistake_json(finding) for finding in findings]})
    else:
        for finding in findings:
            say(str(finding), "yellow")
        offers = len(suite.policy.offers)
        found = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
        say(f"no mistakes in {offers} offers and {len(suite.tests)} tests; {found}", "yellow" if findings else "green")
    raise typer.Exit(FOUND if findings else 0)


def review(folder: Folder, json: Json = False) -> None:  # noqa: FBT002 - a flag
    """
    List what waits for a reviewer: offers that need a sign-off, sign-offs that end within 30 days, unsigned texts.

    Exit code 1 if anything waits.

    Example: `tactful review policy`
    """
    from .. import authoring  # noqa: PLC0415 - slow to import

    with told(json_=json):
        waiting = authoring.review(authoring.compile_folder(folder), wall_clock())
    if json:
        as_json({"question": _QUESTION, "waiting": [mistake_json(one) for one in waiting]})
    else:
        if waiting:
            say(f"Of each, ask: {_QUESTION}")
        for one in waiting:
            say(str(one), "yellow")
        say(f"{len(waiting) or 'nothing'} to review", "yellow" if waiting else "green")
    raise typer.Exit(FOUND if waiting else 0)


def run_tests(folder: Folder, json: Json = False) -> None:  # noqa: FBT002 - a flag
    """
    Run the policy's own tests.

    Exit code 1 if one fails, 2 if the policy has mistakes.

    Example: `tactful test policy`
    """
    from ..authoring import load_suite  # noqa: PLC0415 - slow to import

    with told(json_=json):
        suite = load_suite(folder)
        outcomes = tuple(suite.run())
    failed = [outcome for outcome in outcomes if not outcome.passed]
    if json:
        as_json({"tests": [mistake_json(outcome) for outcome in outcomes], "failed": len(failed)})
    else:
        for outcome in outcomes:
            say(f"{'✓' if outcome.passed else '✗'} {outcome.title}", "" if outcome.passed else "red")
            for failure in outcome.failures:
                say(f"    {failure}  ({outcome.file}:{outcome.line})", "red")
        say(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed", "red" if failed else "green")
    raise typer.Exit(FOUND if failed else 0)
