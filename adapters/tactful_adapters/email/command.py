"""What `tactful mail` runs: a campaign out of a TOML file, recipients out of a file, a transport out of a URL."""

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import attrs

import tactful

from .campaign import Campaign
from .journal import Journal
from .preview import preview
from .run import Progress, Run
from .smtp import SMTP
from .tokens import Registers
from .transport import Maildir, Transport
from .unsubscribe import Unsubscribing

#: The password of a server stands here, never on a command line.
PASSWORD: Final = "TACTFUL_SMTP_PASSWORD"  # noqa: S105 - the name of it
_NEEDED: Final = ("name", "placements", "purpose", "sender", "templates")
_KEYS: Final = (*_NEEDED, "unsubscribe_url", "mailto", "reply_to", "words", "context")


def look(
    edge: tactful.Edge, store: Registers, settings: Path, recipients: Path, folder: Path, count: int
) -> Mapping[str, object]:
    """Write the first mails as pages; return what was written. Nothing is sent."""
    campaign = campaign_of(settings, edge, store)
    found = preview(campaign.name, campaign.mails(recipients_of(recipients)), folder, count)
    return {"index": str(found.index), "mails": found.mails, "without": found.without}


def send(
    edge: tactful.Edge,
    store: Registers,
    settings: Path,
    recipients: Path,
    *,
    to: str,
    journal: Path,
    progress: Progress,
) -> Mapping[str, object]:
    """Send what there is to send; return the report in plain values."""
    campaign, transport = campaign_of(settings, edge, store), transport_of(to)
    try:
        with Journal(journal, campaign.name) as kept:
            return attrs.asdict(Run(campaign, transport, kept).send(recipients_of(recipients), progress))
    finally:
        transport.close()


def campaign_of(path: Path, edge: tactful.Edge, store: Registers) -> Campaign:
    """
    Return the campaign that a file describes; its templates stand beside it.

    Raises:
        UsageError: If the file cannot be read, or says what cannot be meant.
    """
    said = _read(path)
    for key in said:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, 1)
            raise tactful.UsageError(f"{path}: there is no {key!r}{f'; did you mean {near[0]!r}?' if near else ''}")
    if missing := [key for key in _NEEDED if key not in said]:
        raise tactful.UsageError(f"{path}: {missing[0]!r} is missing")
    for key, value in said.items():
        kind: type = list if key == "placements" else dict if key in ("words", "context") else str
        if not isinstance(value, kind):
            raise tactful.UsageError(f"{path}: {key!r} is no {kind.__name__}")
    url, mailto = said.pop("unsubscribe_url", None), said.pop("mailto", None)
    leaving = None if url is None else Unsubscribing(edge, store, url, mailto=mailto)
    templates = path.parent / said.pop("templates")
    return Campaign(edge=edge, store=store, templates=templates, unsubscribing=leaving, **said)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise tactful.UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise tactful.UsageError(f"{path}: no TOML: {error}") from None


def recipients_of(path: Path) -> Any:
    """
    Return the recipients in a file as an Arrow table.

    Raises:
        ExtraMissing: Without pyarrow.
        UsageError: If the file is none of .parquet, .arrow, .csv and .jsonl, or cannot be read.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - loaded for campaigns alone
        from pyarrow import csv, feather, json, parquet  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise tactful.ExtraMissing("a campaign", "email") from error
    kinds = {
        ".parquet": parquet.read_table,
        ".arrow": feather.read_table,
        ".csv": lambda name: csv.read_csv(name, convert_options=csv.ConvertOptions(strings_can_be_null=True)),
        ".jsonl": json.read_json,
    }
    if path.suffix not in kinds:
        raise tactful.UsageError(f"{path}: recipients stand in a file of {', '.join(kinds)}")
    try:
        return kinds[path.suffix](str(path))
    except (OSError, pa.ArrowException) as error:
        raise tactful.UsageError(f"{path}: it cannot be read: {type(error).__name__}") from None


def transport_of(url: str) -> Transport:
    """
    Return the transport that a URL names: `maildir:FOLDER`, `smtp://USER@HOST:PORT` (encrypted by STARTTLS), `smtps://…`,
    or `smtp+plain://HOST` for a relay on the same host.

    Raises:
        UsageError: If it names none.
        TransportDown: If it cannot be used.
    """  # noqa: D205 - one thought
    kind, _, folder = url.partition(":")
    if kind == "maildir" and folder:
        return Maildir(folder)
    tls = {"smtp": "starttls", "smtps": "tls", "smtp+plain": "none"}.get(kind)
    try:
        parts = urlsplit(url)
        port = parts.port or {"tls": 465, "starttls": 587}.get(tls or "", 25)
    except ValueError:
        parts, port = urlsplit(""), 0
    if tls is None or not parts.hostname:
        raise tactful.UsageError("--to: write maildir:FOLDER, smtp://USER@HOST:PORT, smtps://… or smtp+plain://HOST")
    if parts.password is not None:
        raise tactful.UsageError(f"--to: the password stands in the environment, as {PASSWORD}")
    user = unquote(parts.username) if parts.username else None
    return SMTP(parts.hostname, port, username=user, password=os.environ.get(PASSWORD), tls=tls)
