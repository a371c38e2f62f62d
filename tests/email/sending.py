"""A campaign in a process of its own, so that it can be killed: `python sending.py FOLDER PORT COUNT`."""

import sys
from pathlib import Path

import tactful
from tactful_adapters.email import SMTP, Campaign, Journal, Run, Unsubscribing
from tactful_adapters.sqlite import SQLiteStore

EXAMPLE = Path(__file__).parents[2] / "examples" / "letters"


def main(folder, port, count):
    store = SQLiteStore(folder / "edge.db")
    with tactful.open((folder / "policy.bundle").read_bytes(), development=True, store=store) as edge:
        rows = [{"customer": f"c{n}", "address": f"c{n}@post.example", "likes": ["film"]} for n in range(count)]
        campaign = Campaign(
            name="december",
            edge=edge,
            store=store,
            placements=("letter.status", "letter.new"),
            purpose="letters",
            sender="a@shop.example",
            templates=folder / "templates",
            unsubscribing=Unsubscribing(edge, store, "https://shop.example/u/"),
        )
        with Journal(folder / "december.journal", "december") as journal:
            report = Run(campaign, SMTP("127.0.0.1", port, tls="none"), journal).send(rows)
    print(report.sent, report.already, len(report.in_doubt))  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
