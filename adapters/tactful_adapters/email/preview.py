"""A look at mails before any is sent: a page for each, as it will look, and a page that lists them."""

import html
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final

import attrs

import tactful

from .campaign import Chance
from .mail import Mail
from .pictures import with_pictures

_INDEX: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;margin:2rem;background:#f4f4f5;color:#222}}
article{{background:#fff;margin:0 0 2rem;padding:1rem;border-radius:.5rem;max-width:75rem}}
iframe{{width:640px;max-width:100%;height:720px;border:1px solid #ddd;vertical-align:top}}
pre{{display:inline-block;max-width:30rem;margin:0 0 0 1rem;white-space:pre-wrap;vertical-align:top}}</style>
</head><body><h1>{title}</h1>
<p>These pages are personal: they hold what the mails hold. Delete them when you have looked.</p>
{rows}</body></html>
"""
_ROW: Final = """<article><h2>{subject}</h2><p>To {to}</p><p>{why}</p>
<iframe src="{page}" title="{subject}" sandbox></iframe><pre>{text}</pre></article>
"""


@attrs.frozen
class Preview:
    """
    What was written.

    Attributes:
        index: The page that lists the mails.
        mails: So many there are.
        without: So many recipients before the last of them get none.
    """

    index: Path
    mails: int
    without: int


def preview(title: str, chances: Iterable[Chance], folder: str | Path, count: int) -> Preview:
    """
    Write the first mails of a campaign as pages; nothing is sent, reserved or recorded.

    Args:
        title: The campaign's name.
        chances: Its recipients, as `Campaign.mails` gives them.
        folder: Where the pages go; it is made, for its owner alone.
        count: So many mails at most.

    Raises:
        UsageError: If the folder cannot be written.
    """
    folder, without = Path(folder), 0
    found: list[Mail] = []
    for chance in islice(chances, count * 100):
        if chance.mail is None:
            without += 1
        else:
            found.append(chance.mail)
            if len(found) == count:
                break
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        rows = [_written(folder, number, mail) for number, mail in enumerate(found, 1)]
        index = folder / "index.html"
        index.write_text(_INDEX.format(title=html.escape(title), rows="".join(rows)), encoding="utf-8")
    except OSError as error:
        raise tactful.UsageError(f"{folder}: {error.strerror}") from None
    return Preview(index, len(found), without)


def _written(folder: Path, number: int, mail: Mail) -> str:
    """Write one mail's page and its message; return its row in the list."""
    page, parts = f"{number:03}.html", mail.parts
    (folder / page).write_text(with_pictures(parts.html, parts.pictures), encoding="utf-8")
    (folder / f"{number:03}.eml").write_bytes(mail.message.as_bytes())
    words = {"subject": parts.subject, "to": mail.recipient.addr_spec, "why": mail.decision.why(), "text": parts.text}
    return _ROW.format(page=page, **{name: html.escape(text) for name, text in words.items()})
