"""A kiosk's whole disk: after visits of a customer with a canary in every field, no byte of it may tell of them.

Searched are all files of the kiosk: the pack, the store with its journals, the key, whatever else lies there.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
from tests.kiosk.conftest import DEVICE_KEY, NOON_US, SHOP, Maker

import tactful
from tactful import (
    Consent,
    Consents,
    ConsentState,
    Contact,
    How,
    MemoryStore,
    Observation,
    Pack,
    ScreenVisit,
    Snapshot,
    Source,
)
from tactful.authoring import compile_files
from tactful.bundle import make_keys
from tactful.testing.clocks import FakeClock

from .overhearing import CANARY, holds

WHO: Final = f"who {CANARY}"
CARD: Final = {"card": f"card {CANARY}"}


@attrs.define
class Searched:
    """
    What was found on a disk.

    Attributes:
        visits: So many visits there were, personal ones among them.
        personal: Those in which the customer was known.
        looks: So often all files were searched.
        files: So many were there in all.
        size_bytes: Of so many bytes in all.
        found: The names of files that held the canary, and when.
    """

    visits: int = 0
    personal: int = 0
    looks: int = 0
    files: int = 0
    size_bytes: int = 0
    found: list[str] = attrs.field(factory=list)

    def look(self, folder: Path, when: str) -> None:
        """Search all files, and their names."""
        self.looks += 1
        for path in sorted(folder.rglob("*")):
            raw = path.read_bytes() if path.is_file() else b""
            self.files += path.is_file()
            self.size_bytes += len(raw)
            if holds(raw) or holds(path.name):
                self.found.append(f"{path.name} {when}")


def _known() -> MemoryStore:
    store = MemoryStore()
    known = Observation(CANARY, Source.OBSERVED, NOON_US)
    store.put_profile(Snapshot(WHO, NOON_US, {"first_name": known, "city": known}, 1))
    store.put_consents(WHO, Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOON_US),), NOON_US))
    store.link(CARD, customer=WHO)
    store.link({"household": f"home {CANARY}"}, customer=WHO)
    store.record([Contact(CANARY, WHO, "shown", NOON_US, topic="food", offer="olives")])
    return store


def search(folder: Path, visits: int = 20, *, pack: bool = True) -> Searched:
    """
    Let a customer visit a kiosk, rightly and wrongly; search its disk on the way and at the end.

    Args:
        folder: Takes the kiosk's disk, and another folder where packs are made.
        visits: So many visits.
        pack: Without it the kiosk has the shop's customers in its store, readable: the control.
    """
    (folder / "made").mkdir()
    disk = folder / "kiosk"
    disk.mkdir()
    policy, found, (private, public) = compile_files({"policy.yaml": SHOP.encode()}), Searched(), make_keys()
    clock, store = FakeClock(NOON_US), f"sqlite:///{disk / 'kiosk.db'}"
    if pack:
        made = Maker(folder / "made", _known(), policy, private, public)(customers=(WHO,))
        brought = made.rename(disk / "store.pack")
        opened = Pack(brought, DEVICE_KEY, key=public)
        edge = tactful.open(policy, pack=opened, store=store, clock=clock)
    else:
        edge = tactful.open(policy, store=store, clock=clock)
        filled: MemoryStore = edge._store  # type: ignore[assignment]
        known = _known()
        filled.put_profile(known.profile(WHO))  # type: ignore[arg-type]
        filled.put_consents(WHO, known.consents(WHO))  # type: ignore[arg-type]
        filled.link(CARD, customer=WHO)
    with edge:
        for number, who in zip(range(visits), _visitors(), strict=False):
            found.visits += 1
            clock.pass_s(8 * 3600)
            with ScreenVisit(edge, who) as visit:
                decision = visit.decide("screen")
                found.personal += CANARY in str((decision.content or {}).get("title"))
                edge.record(decision)
                edge.observe(WHO, "visit", id=f"order {number} {CANARY}")
                found.look(disk, f"during visit {number}")
                if number == visits - 2:
                    edge.opt_out(who, "offers")
            found.look(disk, f"after visit {number}")
        found.look(disk, "before the end")
    found.look(disk, "after the end")
    return found


def _visitors() -> Iterator[object]:
    while True:
        yield from (WHO, CARD, WHO, {"card": f"other {CANARY}"})
