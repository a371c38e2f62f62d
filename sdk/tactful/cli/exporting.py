"""`tactful export`: all that is held of one customer, as JSON and as a page to read. It is as personal as can be."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from ..subject_export import SubjectExport
from .checking import Json
from .deciding import WhoOption, pairs
from .files import write_file
from .opened import KeyOption, Source, opened
from .output import as_json, err, markdown, say, told
from .replaying import StoreUrl


def export(
    source: Source,
    store: StoreUrl,
    customer: Annotated[str | None, typer.Argument(help="The customer's id.", show_default=False)] = None,
    who: WhoOption = None,
    key: KeyOption = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as one HTML page, to read or to print.")] = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Print all that is held of one customer: values and inferences, consents, identifiers, decisions, recipients, times.

    Example: `tactful export policy 4711 --store sqlite:///edge.db --json`
    """
    with told(json_=json), opened(source, key, store) as (edge, _):
        if (customer is None) is (not who):
            raise UsageError("give the customer's id or --who, one of them")
        found = edge.rights.export(customer if customer is not None else pairs("--who", who))
        if html is not None:
            from .page import as_html  # noqa: PLC0415 - slow to import

            write_file(html, as_html(_page(found)).encode())
    if found.is_empty:
        err.print("nothing is held of this customer here; see to the id and to --store", style="yellow", soft_wrap=True)
    if json:
        as_json(found.as_dict())
    elif html is None:
        markdown(_page(found))
    else:
        say(f"{html}: open it in a browser, or print it", "green")


def _page(found: SubjectExport) -> str:
    from .export_page import as_markdown  # noqa: PLC0415 - slow to import

    return as_markdown(found)
