"""What the laws of centres have in common: how a centre is made and changed, and who follows it. It holds no law."""
# ruff: noqa: S101 - to assert is what a kit is for

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ..centre_ports import Centre
from ..changes import Change, Changes, Erased, Line, Split, Told, Unlinked
from ..consent import Consents, standing
from ..contacts import Contact
from ..errors import CentreError
from ..identity import Link
from ..merging import Merge
from ..profile import Snapshot
from ..sync.check import checked

#: A law's centre answers within so long, or not at all [s].
PATIENCE_S: Final = 60.0
_COUNT: Final = 3


class CentreMaking:
    """
    How the laws come by a centre, and change it.

    Attributes:
        persistent: Whether a centre that is made again in the same folder has what was kept.
        shared: Whether two that are made in the same folder are one, at the same time.
        tells_profiles: Whether its line of profiles tells profiles.
        tells_links: Whether that line tells who is who.
        erases: Whether customers can be erased there.
        keeps_edges: Whether it keeps how far the edges are that follow it (`Acknowledging`).
    """

    persistent = False
    shared = False
    tells_profiles = True
    tells_links = True
    erases = True
    keeps_edges = False

    def make_centre(self, where: Path) -> Centre:
        """Return a centre whose files, if it has any, are in a folder; opened, and made if it is not there yet."""
        raise NotImplementedError

    def tell(self, centre: Any, customer: str, told: Told) -> None:
        """Let something be so at a centre from now on; as a `MemoryCentre` is told, unless you say how."""
        if isinstance(told, Consents):
            centre.put_consents(customer, told)
        elif isinstance(told, Snapshot):
            centre.put_profile(told)
        elif isinstance(told, Link):
            centre.link({told.name: told.value}, customer, kind=told.kind, confidence=told.confidence)
        elif isinstance(told, Unlinked):
            centre.unlink({told.name: told.value})
        elif isinstance(told, Merge):
            centre.merge(customer, told.other)
        elif isinstance(told, Split):
            centre.split(customer)
        else:
            centre.erase(customer)

    @contextmanager
    def opened(self, where: Path) -> Iterator[Centre]:
        """Give a centre and close it."""
        centre = self.make_centre(where)
        try:
            yield centre
        finally:
            centre.close()


class Follower:
    """One who follows a line as an edge does, and keeps what was told last of each customer."""

    def __init__(self, centre: Centre, line: Line = "consents", count: int = _COUNT) -> None:
        self._centre = centre
        self._line: Line = line
        self._count = count
        self.position = 0
        self.told: list[Change] = []
        self.newest: dict[str, Told] = {}

    def pull(self) -> Changes:
        """Take in one answer."""
        answer = self._centre.changes(self._line, self.position, self._count)
        try:
            checked(answer, self._line, self.position, self._count)
        except CentreError as error:
            raise AssertionError(str(error)) from None
        for change in answer.changes:
            self.position = change.epoch
            self.told.append(change)
            self.newest[change.customer] = change.told
        return answer

    def catch_up(self) -> None:
        """Take in all that there is."""
        while not self.pull().is_complete:
            pass


def followed(centre: Centre, line: Line = "consents") -> Mapping[str, Told]:
    """Return what a centre tells last of each customer in a line."""
    follower = Follower(centre, line)
    follower.catch_up()
    return follower.newest


def withdrawal(id_: str, customer: str, at_us: int, *purposes: str) -> Contact:
    """Return the event of a withdrawal, as `Edge.opt_out` records it."""
    return Contact(id_, customer, "withdrawal", at_us, tags=purposes)


def opt_in(id_: str, customer: str, at_us: int, purpose: str = "offers", way: str = "explicit") -> Contact:
    """Return the event of a yes, as `Edge.opt_in` records it."""
    return Contact(id_, customer, "opt_in", at_us, tags=(purpose, way))


def stands(told: Told | None, purpose: str = "offers", now_us: int = 10**6) -> tuple[bool, bool]:
    """Return whether consents that were told are given, and refused, at a moment."""
    assert isinstance(told, Consents), f"consents were to be told, not {type(told).__name__}"
    found = standing(told, (purpose,), "web", now_us)
    return found.given, found.refused


def is_erased(told: Told | None) -> bool:
    """Return whether an erasure was told."""
    return isinstance(told, Erased)
