"""The report: one HTML file with everything in it, for a browser without a network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import charts
from .consents import AGREED
from .leases import looked_at
from .stories import together

_HERE = Path(__file__).parent
TEMPLATE = "report.html.j2"


def render_report(result: Mapping[str, Any], path: Path) -> None:
    """Write a demo's result as a page."""
    pages = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    pages.filters["share"] = lambda part, whole: f"{part / whole:.0%}" if whole else "0%"
    pages.filters["by_why"] = lambda shown: together(shown, lambda one: one["why"])
    pages.filters["by_reasons"] = lambda held: together(held, lambda one: ", ".join(r["id"] for r in one["reasons"]))
    page = pages.get_template(TEMPLATE).render(
        **result,
        charts={
            "tones": charts.tones(result["channels"]),
            "boundaries": charts.boundaries(result["guardrails"]),
            "relevance": charts.relevance(result["relevance"]) if result["relevance"]["rows"] else "",
            "times": charts.times(result["decide_us"]),
            "leases": charts.leases(result["leases"]) if any(map(looked_at, result["leases"])) else "",
            "consents": charts.consents(result["consents"]["offers"], AGREED),
        },
    )
    path.write_text(page, encoding="utf-8")
