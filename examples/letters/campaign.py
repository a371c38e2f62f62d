# ruff: noqa: T201 - it prints what became of each mail
"""A month's letter of a shop for cameras: rendered, looked at, and put into a Maildir, all in a folder that you name.

It needs `pip install 'tactful[author,email]'`. Ann, Bob and Cem agreed to letters; Eve takes that back by one click.
"""

import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import tactful
from tactful_adapters.email import Campaign, Journal, Maildir, Report, Run, Unsubscribing, preview

HERE = Path(__file__).parent
PLACEMENTS = ("ticket", "status", "accessories", "events", "new", "opened")


def recipients() -> Iterator[Mapping[str, object]]:
    """Yield the rows of a query: who, which address, and what is known of them; consents are asked elsewhere."""
    with (HERE / "recipients.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            known: dict[str, object] = {name: value or None for name, value in row.items()}
            known["likes"] = row["likes"].split()
            known["free_rolls"] = int(row["free_rolls"]) if row["free_rolls"] else None
            yield known


def letters(edge: tactful.Edge, store: tactful.MemoryStore, name: str = "december") -> Campaign:
    """Return the campaign."""
    return Campaign(
        name=name,
        edge=edge,
        store=store,
        placements=[f"letter.{one}" for one in PLACEMENTS],
        purpose="letters",
        sender="Corner Cameras <letters@shop.example>",
        templates=HERE / "templates",
        unsubscribing=Unsubscribing(edge, store, "https://shop.example/unsubscribe/"),
        words={"shop": "Corner Cameras, Hafenstraße 1, Köln"},
    )


def send(folder: Path) -> Report:
    """Agree, look, take back, send; return what became of it."""
    store = tactful.MemoryStore()
    with tactful.open(HERE / "policy", store=store) as edge:
        for customer in ("ann", "bob", "cem", "eve"):
            edge.opt_in(customer, "letters")
        campaign = letters(edge, store)
        preview(campaign.name, campaign.mails(recipients()), folder / "pages", count=10)
        one_click(campaign, "eve")
        with Journal(folder / "december.journal", campaign.name) as journal:
            return Run(campaign, Maildir(folder / "maildir"), journal).send(recipients())


def one_click(campaign: Campaign, customer: str) -> None:
    """Do what a mail program does whose owner clicks on `unsubscribe`."""
    if campaign.unsubscribing is not None:
        link = campaign.unsubscribing.link(customer, campaign.purpose, campaign.channel, campaign.name)
        form = "application/x-www-form-urlencoded"
        campaign.unsubscribing.answer("POST", link.rpartition("/")[2], form, b"List-Unsubscribe=One-Click")


if __name__ == "__main__":
    report = send(Path(sys.argv[1] if len(sys.argv) > 1 else "letters-out"))
    print(f"sent {report.sent} of {report.recipients}; {report.nothing} agreed to nothing that we have")
