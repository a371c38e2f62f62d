# ruff: noqa: T201 - it prints what happens
"""Shoes over three channels: looked at on the web, one message near the shop a week later, the way to the shelf there.

Ann agreed to all of it, Bob let nobody know where he is, Cem took his yes back in between. It needs
`pip install 'tactful[author]'`; run it with `python -m shoes.story` in `examples`.
"""

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import tactful
from tactful_adapters.triggers import FileOutbound, Journal, Triggers

POLICY = Path(__file__).parent / "policy"
NEAR = {"shop": "elm_street", "dwell": 150, "in_stock": ["Fleet"]}
_NOON = datetime(2026, 3, 5, 11, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = _NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        """Return the moment [us since 1970]."""
        return int(self.now.timestamp()) * 1_000_000

    def wait(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)


class Phones:
    """Gives what stands for a customer's phone: made at random, so that only who keeps this table can look it up."""

    def __init__(self) -> None:
        self._references: dict[str, str] = {}

    def __call__(self, customer: str, channel: str = "push") -> str:
        """Return the reference of a customer's phone on a channel."""
        return self._references.setdefault(f"{channel}/{customer}", f"phone-{secrets.token_hex(8)}")


class Shop:
    """The shop's backend: events come in, notes go out, and pages ask."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.clock, self.phones = clock, Phones()
        self._notes, self._count = folder / "notes.jsonl", 0
        self.edge = tactful.open(POLICY, store=f"sqlite:///{folder / 'edge.db'}", clock=clock)
        self.journal = Journal(folder / "triggers.db")
        ports = {"push": FileOutbound(self._notes)}
        self.triggers = Triggers(self.edge, ports, journal=self.journal, address=self.phones, clock=clock)

    def hear(self, who: str, name: str, fields: Mapping[str, object], **preferences: bool) -> None:
        """Take an event, start what it starts, and send what is due."""
        self._count += 1
        event = tactful.Event(
            f"{who}-{self._count}",
            tactful.EventKind.TRACK,
            self.clock(),
            user=who,
            name=name,
            fields=fields,
            preferences=preferences,
        )
        self.edge.hear([event])
        self.triggers.heard([event])
        self.triggers.send_due()

    def notes(self, who: str) -> list[str]:
        """Return what a customer's phone was told."""
        if not self._notes.exists():
            return []
        notes = map(json.loads, self._notes.read_text(encoding="utf-8").splitlines())
        return [note["content"]["title"] for note in notes if note["to"] == self.phones(who)]

    def shown(self, placement: str, who: str) -> str:
        """Return what a placement shows to a customer."""
        self.edge.warm(who)
        return self.edge.decide(placement, who).content.get("title", "")

    def close(self) -> None:
        """Close what was opened."""
        self.edge.close()
        self.journal.close()


def main() -> None:
    """Tell the story of three customers."""
    with TemporaryDirectory() as folder:
        shop = Shop(Path(folder), Clock())
        looked = {"shoe": "Fleet", "size": 43}
        shop.hear("ann", "Size Missing", looked, Offers=True, Location=True)
        shop.hear("bob", "Size Missing", looked, Offers=True, Location=False)
        shop.hear("cem", "Size Missing", looked, Offers=True, Location=True)
        shop.clock.wait(days=7)
        shop.edge.opt_out("cem")
        for who in ("ann", "bob", "cem"):
            for _ in range(3):  # in and out of the fence
                shop.hear(who, "Fence Entered", NEAR)
                shop.clock.wait(minutes=5)
            print(f"{who}: on the way: {shop.notes(who) or 'nothing'}; in the app: {shop.shown('app.way', who)}")
        shop.close()


if __name__ == "__main__":
    main()
