"""The commands, each in a file of its own; here they are put together."""

import typer

from . import building, checking, deciding, demonstrating, looking

app = typer.Typer(
    name="tactful",
    help="Welcome, never watched: personalization that keeps inside its boundaries.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
)
app.command()(checking.init)
app.command()(checking.check)
app.command()(checking.test)
app.command()(building.build)
app.command()(deciding.decide)
app.command()(deciding.explain)
app.command()(looking.policy)
app.command()(looking.status)
app.command()(looking.plugins)
app.command()(demonstrating.demo)


def run() -> None:
    """Run the command line."""
    app()
