"""`tactful mail`: a campaign by e-mail, looked at or sent. An adapter renders and sends; here it is asked and told."""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Protocol, cast

import typer

from ..errors import UsageError
from .checking import Json
from .opened import KeyOption, Source, opened
from .output import as_json, progress, say, table, told
from .replaying import StoreUrl

_GROUP = "tactful.campaigns"
#: What a person reads of a report, in this order.
_COUNTS = ("sent", "already", "nothing", "address", "unrendered", "held", "refused", "later", "doubtful")


class Campaigns(Protocol):
    """What an adapter for a channel offers."""

    def look(self, *asked: Any) -> Mapping[str, object]:
        """Write the first mails as pages."""
        ...

    def send(
        self, *asked: Any, to: str, journal: Path, progress: Callable[[int, int | None], None]
    ) -> Mapping[str, Any]:
        """Send what there is to send."""
        ...


def mail(  # noqa: PLR0913, PLR0917 - options
    source: Source,
    campaign: Annotated[Path, typer.Argument(help="The campaign's TOML file.", show_default=False)],
    recipients: Annotated[Path, typer.Argument(help="A .parquet, .arrow, .csv or .jsonl.", show_default=False)],
    store: StoreUrl,
    to: Annotated[str | None, typer.Option(help="maildir:FOLDER, smtp://USER@HOST:PORT or smtps://….")] = None,
    dry_run: Annotated[Path | None, typer.Option("--dry-run", help="Write pages there, and send nothing.")] = None,
    count: Annotated[int, typer.Option(min=1, help="So many pages at most.")] = 20,
    journal: Annotated[Path | None, typer.Option(help="The journal; else beside the campaign's file.")] = None,
    key: KeyOption = None,
    json: Json = False,  # noqa: FBT002 - a flag
) -> None:
    """
    Send a campaign by e-mail, or look at it; run again, it goes on where it stopped, and nobody is mailed twice.

    Each recipient's consent is asked of the store once more before the mail goes. Mails of which nobody knows whether
    the server took them are listed by the ids of their messages.

    Example: `tactful mail policy december.toml customers.parquet --store sqlite:///edge.db --dry-run pages`
    """
    with told(json_=json):
        if (to is None) is (dry_run is None):
            raise UsageError("give --to or --dry-run, one of them")
        campaigns = _campaigns()
        with opened(source, key, store) as (edge, kept):
            asked = (edge, kept, campaign, recipients)
            if dry_run is not None:
                found = campaigns.look(*asked, dry_run, count)
            else:
                with progress(quiet=json) as bars:
                    task = bars.add_task("mails", total=None)
                    found = campaigns.send(
                        *asked,
                        to=str(to),
                        journal=journal or campaign.with_suffix(".journal"),
                        progress=lambda done, of: bars.update(task, completed=done, total=of),
                    )
    if json:
        as_json(found)
    elif dry_run is not None:
        say(f"{found['mails']} mails to look at: {found['index']}; {found['without']} recipients get none")
    else:
        _show(found)


def _campaigns() -> Campaigns:
    """Return what sends by e-mail."""
    for point in entry_points(group=_GROUP):
        if point.name == "email":
            return cast("Campaigns", point.load())
    raise UsageError("no adapter for e-mail is installed")


def _show(found: Mapping[str, Any]) -> None:
    table(("recipients", "how many"), [(name, str(found[name])) for name in _COUNTS if found[name]])
    for what in ("held_by", "errors"):
        for reason, often in found[what].items():
            say(f"{what.replace('_', ' ')} {reason}: {often}")
    for doubt in found["in_doubt"]:
        say(f"in doubt: {doubt['message_id']}", "yellow")
