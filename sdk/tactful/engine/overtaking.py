"""Overtaking: what a centre tells counts at once for the customers that are here. It keeps nothing durably."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import attrs

from ..changes import Change, Erased, Split, Synced, Unlinked
from ..consent import Consents
from ..identity import Link
from ..merging import Merge
from ..profile import Snapshot
from .identify import Identities
from .snapshot import Snapshots

_log = logging.getLogger("tactful")


@attrs.frozen
class Overtaking:
    """
    Tells the customers that are here of changes at the centre.

    Attributes:
        snapshots: The customers that are here.
        identities: Whom identifiers stand for, as far as that is remembered.
    """

    snapshots: Snapshots
    identities: Identities

    def overtake(self, changes: Sequence[Change]) -> None:
        """Let every no among changes count at once, before the store has it."""
        noes = {change.customer: change.told for change in changes if isinstance(change.told, Consents)}
        same = self._same(customer for customer, told in noes.items() if any(one.refuses for one in told.records))
        for customer in self.snapshots.among(same):
            for one in noes[customer].records:
                if one.refuses:
                    self.snapshots.withdraw(same[customer], (one.purpose,), one.at_us, one.channel)

    def renew(self, changes: Sequence[Change]) -> None:
        """Take anew from the store whom changes concern, as far as they are here; who cannot be read is let go."""
        if any(isinstance(change.told, Split | Unlinked) for change in changes):
            self.identities.reset()  # seldom; and who belonged to whom is not known any more
            self.let_go()
            return
        whose, links = self._same(_concerned(changes)), [one.told for one in changes if isinstance(one.told, Link)]
        ids = {id_ for same in whose.values() for id_ in same}
        if any(not isinstance(change.told, Consents | Snapshot) for change in changes):
            self.identities.forget(ids, {(link.name, link.value) for link in links})
        self.snapshots.changed(ids)
        for change in changes:
            if isinstance(change.told, Erased):
                self.snapshots.erase(whose.get(change.customer, {change.customer}))
        for under in self.snapshots.among(whose).values() if whose else ():
            for id_ in under:
                self._load(id_)

    def refresh(self) -> None:
        """Have all customers taken anew, each at the next decision; they stay until then."""
        self.snapshots.refresh_all()

    def let_go(self) -> None:
        """Let all customers go, so that each is fetched anew."""
        self.snapshots.forget_all()

    def _same(self, customers: Iterable[str]) -> dict[str, set[str]]:
        """Return all ids of each customer; of none while nobody is here."""
        return {} if self.snapshots.is_idle else {one: self.snapshots.same(one) for one in customers}

    def _load(self, id_: str) -> None:
        try:
            self.snapshots.load(id_)
        except Exception as error:  # noqa: BLE001 - a store may raise anything; the customer stays away
            _log.warning("a customer could not be fetched anew: %s", type(error).__name__)
            self.snapshots.forget(id_)


class Following(Protocol):
    """What follows a centre for an edge."""

    def attach(self, here: Overtaking) -> None:
        """Tell which customers are to hear of changes at once, and begin."""
        ...

    def look(self) -> None:
        """See to it that it follows, in this process."""
        ...

    def sync(self) -> Synced:
        """Do one pass."""
        ...

    def nudge(self) -> None:
        """Have the events that wait sent soon."""
        ...

    def status(self) -> Mapping[str, object]:
        """Return its state."""
        ...

    def reset(self) -> None:
        """Begin anew in a forked child."""
        ...

    def close(self) -> None:
        """End it."""
        ...


def _concerned(changes: Sequence[Change]) -> dict[str, None]:
    others = (change.told.other for change in changes if isinstance(change.told, Merge))
    return dict.fromkeys((*(change.customer for change in changes), *others))
