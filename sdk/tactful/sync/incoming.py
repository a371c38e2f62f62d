"""One line of a centre's changes into the store, and at once into the edge. It starts no thread and reads no event.

The mark rises when what it stands for is durable: who dies in between applies the same changes again, to no effect.
While there is much to take in, noes at the line's end do not wait for all that comes before them: they are taken ahead
of it, and once more in their turn, to no effect.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import attrs

from ..centre_ports import Centre
from ..changes import Change, Line
from ..consent import Consents
from .account import Account
from .check import checked
from .lease import Lease
from .marks import Marks

#: A centre that always has more is left alone for a while after so many answers.
_ANSWERS_MAX = 10_000
#: After the first answer that is not all, and then after every so many, the end of the line is looked at.
_AHEAD_EVERY = 4


class Here(Protocol):
    """The customers that an edge holds in memory."""

    def overtake(self, changes: Sequence[Change]) -> None:
        """Let every no among changes count at once, before a store has them."""
        ...

    def renew(self, changes: Sequence[Change]) -> None:
        """Take anew from the store whom changes concern, as far as they are here."""
        ...

    def refresh(self) -> None:
        """Have all customers taken anew, each at the next decision; they stay until then."""
        ...

    def let_go(self) -> None:
        """Let all customers go, so that each is fetched anew."""
        ...


@attrs.define(eq=False)
class Incoming:
    """
    Follows a line.

    Attributes:
        line: The line.
        centre: The connection to the centre.
        marks: How far the store is.
        apply: Keeps changes durably; gives how many it passed over, by code.
        here: The customers in memory.
        lease: The right to apply, among all processes that share the store.
        account: What went well and what did not.
        batch: So many changes are asked for at once.
        when_complete: Told at which moment it began to ask for what is now complete, and the centre's own moment.
        begin: Gives that moment.
        position: How far this process has seen the line; None before it has asked the store.
    """

    line: Line
    centre: Centre
    marks: Marks
    apply: Callable[[Sequence[Change]], Mapping[str, int]]
    here: Here
    lease: Lease
    account: Account
    batch: int
    begin: Callable[[], int]
    when_complete: Callable[[int, int], None]
    position: int | None = None

    @property
    def reached(self) -> int:
        """How far the line was followed: by this process, or before it by any that shares the store."""
        return self.marks.epoch(self.line) if self.position is None else self.position

    def step(self) -> int:
        """
        Take in all that is new; return how many changes there were.

        Raises:
            CentreError: If the centre cannot be reached, or its answer makes no sense; then nothing of it counts.
            Exception: What the centre's client or the store raises.
        """
        taken, ahead = 0, 0
        for number in range(_ANSWERS_MAX):
            began_us, after = self.begin(), self.reached
            answer = checked(self.centre.changes(self.line, after, self.batch), self.line, after, self.batch)
            refused = self._take(answer.changes)
            if refused is None:  # another process is applying the same
                break
            if answer.is_complete:
                self.when_complete(began_us, answer.at_us)
            self.here.renew(answer.changes)
            if answer.changes:
                self.position = answer.changes[-1].epoch
            taken += len(answer.changes)
            self.account.went_well(taken=len(answer.changes))
            self.account.refused(refused)
            if answer.is_complete:
                break
            if self.line == "consents" and number % _AHEAD_EVERY == 0:
                ahead = self._look_ahead(max(ahead, self.reached, answer.epoch - self.batch if ahead == 0 else 0))
        return taken

    def _look_ahead(self, after: int) -> int:
        """Let noes after an epoch count and be kept before all that is told before them; return how far that was."""
        answer = checked(self.centre.changes(self.line, after, self.batch), self.line, after, self.batch)
        noes = [one for one in answer.changes if isinstance(one.told, Consents) and _refuses(one.told)]
        if noes:
            self.here.overtake(noes)
            with self.lease.held() as ours:
                if ours:
                    self.apply(noes)
            self.here.renew(noes)
        return answer.changes[-1].epoch if answer.changes else after

    def _take(self, changes: Sequence[Change]) -> Mapping[str, int] | None:
        """Let every no count in the edge, then keep changes durably; None if it is another one's turn."""
        if not changes:
            return {}
        self.here.overtake(changes)
        with self.lease.held() as ours:
            if not ours:
                return None
            mark = self.marks.epoch(self.line)
            new = [change for change in changes if change.epoch > mark]
            refused = self.apply(new) if new else Counter[str]()
            self.marks.rise(self.line, changes[-1].epoch)
        return refused


def _refuses(consents: Consents) -> bool:
    return any(record.refuses for record in consents.records)
