"""What a centre tells a kiosk between two packs: that a customer of its pack said no, or was erased. It tells no yes.

A kiosk keeps nothing of anybody whom its pack does not know; so with each pack it reads the line from its beginning.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs

from ..centre_ports import Centre
from ..changes import Change, Erased
from ..consent import EVERYTHING, Consent, Consents, ConsentState, How
from ..sync.account import Account
from ..sync.check import checked
from ..sync.incoming import Here
from .store import KioskStore

#: The register of how far the line was read for a pack, whose epoch follows.
READ_REGISTER: Final = "kiosk-noes/"
#: A centre that always has more is left alone for a while after so many answers.
_ANSWERS_MAX: Final = 10_000


@attrs.define(eq=False)
class Noes:
    """
    Hears noes.

    Attributes:
        store: The kiosk's store.
        centre: The connection to the centre.
        account: What went well and what did not.
        batch: So many changes are asked for at once.
        here: Gives the customers in memory.
    """

    store: KioskStore
    centre: Centre
    account: Account
    batch: int
    here: Callable[[], Here]

    @property
    def reached(self) -> int:
        """How far the line was read for the pack of the moment."""
        mark = self.store.register(self._register()) or b"0"
        return int(mark) if mark.isdigit() else 0  # to begin anew does no harm

    def step(self) -> int:
        """
        Take in every no that is new; return how many customers of the pack said one.

        Raises:
            CentreError: If the centre cannot be reached, or its answer makes no sense; then nothing of it counts.
            PackError: If the pack cannot be read.
            Exception: What the centre's client or the store raises; then the same is asked for again.
        """
        taken = 0
        for _ in range(_ANSWERS_MAX):
            if self.store.is_killed:
                break
            register, after = self._register(), self.reached  # of this pack, also if another one is taken meanwhile
            answer = checked(self.centre.changes("consents", after, self.batch), "consents", after, self.batch)
            noes = self._of_ours(answer.changes)
            self._keep(noes)
            if answer.changes:
                self.store.raise_register(register, answer.changes[-1].epoch)
            taken += len(noes)
            self.account.went_well(taken=len(noes))
            if answer.is_complete:
                break
        return taken

    def _register(self) -> str:
        return f"{READ_REGISTER}{self.store.pack_epoch}"

    def _of_ours(self, changes: Sequence[Change]) -> list[Change]:
        """Return the noes of customers whom the pack knows."""
        scopes = ((change, self.store.packed_scopes(change.customer)) for change in changes)
        noes = ((change, _noes_of(change, known)) for change, known in scopes if known is not None)
        return [attrs.evolve(change, told=told) for change, told in noes if told.records]

    def _keep(self, noes: Sequence[Change]) -> None:
        """Let noes count at once, then keep them durably."""
        if not noes:
            return
        self.here().overtake(noes)
        for change in noes:
            for record in change.told.records if isinstance(change.told, Consents) else ():
                self.store.add_consent(change.customer, record)
        self.here().renew(noes)


def _noes_of(change: Change, scopes: Iterable[tuple[str, str | None]]) -> Consents:
    """Return the noes of a change; an erasure is one to everything, and to each scope that the pack has."""
    told = change.told
    if isinstance(told, Erased):
        no = Consent(EVERYTHING, ConsentState.WITHDRAWN, How.EXPLICIT, told.at_us)
        each = (attrs.evolve(no, purpose=purpose, channel=channel) for purpose, channel in scopes)
        return Consents((no, *(one for one in each if one != no)), told.at_us)
    records = told.records if isinstance(told, Consents) else ()
    return Consents(tuple(one for one in records if one.refuses), 0)
