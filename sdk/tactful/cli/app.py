"""The commands, each in a file of its own; here they are put together."""

import inspect
import shutil
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Final

import typer

from . import (
    assessing,
    benchmarking,
    building,
    casing,
    checking,
    deciding,
    demonstrating,
    devices,
    disclosing,
    erasing,
    exporting,
    fairness,
    fleets,
    governing,
    loading,
    looking,
    mailing,
    measuring,
    packing,
    plugging,
    ranking,
    relaying,
    replaying,
    rolling,
    serving,
    signing,
    whynot,
)

#: In less room frames would cut words that are long, such as `keyring:SERVICE/NAME`.
FRAMES_MIN_COLUMNS: Final = 80
app = typer.Typer(
    name="tactful",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"tactful {version('tactful')}")
        raise typer.Exit


@app.callback()
def tactful(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """
    Welcome, never watched: personalization that keeps inside its boundaries.

    Example: `tactful init policy`, then `tactful test policy`

    Every command takes `--json` and then prints JSON alone. Exit codes: 0 well, 1 something was found (a test fails,
    a reviewer would ask, a guardrail is broken), 2 what was given cannot be used.
    """


COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "init": checking.init,
    "check": checking.check,
    "review": checking.review,
    "test": checking.run_tests,
    "build": building.build,
    "sign": signing.sign,
    "pack": packing.pack,
    "decide": deciding.decide,
    "explain": deciding.explain,
    "why-not": whynot.why_not,
    "case": casing.case,
    "disclosures": disclosing.disclosures,
    "export": exporting.export,
    "erase": erasing.erase,
    "policy": governing.policy,
    "diff": governing.diff,
    "fairness": fairness.fairness,
    "sources": measuring.sources,
    "replay": replaying.replay,
    "matrix": ranking.matrix,
    "maturity": assessing.maturity,
    "offence": assessing.offence,
    "status": looking.status,
    "plugins": plugging.plugins,
    "mail": mailing.mail,
    "demo": demonstrating.demo,
    "bench": benchmarking.bench,
    "load": loading.load,
    "serve": serving.serve,
    "relay": relaying.relay,
    "device": devices.device,
    "enrol": devices.enrol,
    "fleet": fleets.fleet,
    "rollout": rolling.rollout,
    "rollback": rolling.rollback,
}
for _name, _command in COMMANDS.items():
    # Without a short help of its own, a narrow screen would cut the first line.
    app.command(_name, short_help=inspect.cleandoc(_command.__doc__ or "").partition("\n")[0])(_command)


def run() -> None:
    """Run the command line; on a narrow screen its help is plain, as frames would leave no room for words."""
    columns = shutil.get_terminal_size().columns
    if columns < FRAMES_MIN_COLUMNS:
        app.rich_markup_mode = None
        app.info.context_settings = {"terminal_width": columns}
    app()
