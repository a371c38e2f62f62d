"""Events out of the outbox to the centre: withdrawals first, in order, each once in effect. It asks for no consent.

After a call that fails they go one by one, then more and more at once. One that the centre fails at again and again,
while it takes those of other customers, is set aside: it must not hold up the others for ever. A withdrawal never is:
whether the centre fails at it or refuses it, it stays in the outbox, is passed over, and is tried again for ever.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import attrs

from ..centre_ports import Centre
from ..contacts import Contact
from ..disclosures import Disclosure
from ..errors import CentreError
from ..outbox import OutboxLimits
from ..outbox_ports import Outbox
from .account import Account, plain
from .check import delivered
from .lease import Lease
from .retrying import Retrying

#: An event at which the centre failed so often, each time just before it took another, is set aside or passed over.
_FAILED_MAX: Final = 5
#: The code of what is set aside so.
FAILS_AT: Final = "centre-fails"
#: Of the withdrawals behind a whole batch at which the centre fails, so many are tried in a pass, for so long [s].
_FAR_MAX: Final = 32
_FAR_S: Final = 5.0
#: A withdrawal that is said while a batch is under way waits for it: a batch that takes longer is made smaller [s].
_LONG_S: Final = 0.2
#: Yet so many go over at once, unless the centre fails: where each call takes long, smaller ones would not be sooner.
_FEWEST: Final = 50
_WITHDRAWAL: Final = OutboxLimits.classes.index("withdrawal")


@attrs.define(eq=False)
class Outgoing:
    """
    Sends what waits.

    Attributes:
        centre: The connection to the centre.
        outbox: Where events wait until they have arrived.
        lease: The right to send, among all processes that share the store.
        account: What went well and what did not.
        batch: So many events go over at once.
        again: When the withdrawals that the centre does not take are tried again.
        clock_s: Gives a time that only passes [s].
    """

    centre: Centre
    outbox: Outbox
    lease: Lease
    account: Account
    batch: int
    again: Retrying
    clock_s: Callable[[], float] = time.monotonic
    _size: int = attrs.field(init=False, default=attrs.Factory(lambda self: self.batch, takes_self=True))
    _adopted: bool = False
    _probes: int = 0  # how many others the centre failed at
    _far: tuple[int, int] = (0, 1)  # the last one that was tried further back, and how many are tried the next time
    _suspect: tuple[int, int] = (0, 0)  # the number of an event, and how often the centre failed at it alone

    def step(self) -> int:
        """
        Send what waits, batch by batch, until nothing waits; return how many events arrived.

        What fails of those that are passed over is in the account, and is not raised.

        Raises:
            CentreError: If the centre cannot be reached, takes nothing, or its answer makes no sense.
            Exception: What the centre's client or the store raises.
        """
        self._adopt()
        arrived, failure = 0, None
        try:
            arrived = self._fresh()
        except Exception as error:  # noqa: BLE001 - a client may raise anything; it is raised in the end
            failure = error
        more, again = self._again()
        if failure is not None:
            raise failure
        if again is not None and not arrived + more:
            self.account.failed(again)  # and raised to nobody: it is to hold up none of the others
        return arrived + more

    def _fresh(self) -> int:
        """Send what waits and is not passed over, until nothing of it waits; return how many events arrived."""
        arrived = 0
        while waiting := self.outbox.outbox_take(self._size):
            with self.lease.held() as ours:
                if not ours:  # another process is sending
                    break
                began_s = self.clock_s()
                try:
                    arrived += self._send(waiting)
                except Exception as error:
                    self._size = 1
                    if len(waiting) > 1 or not self._is_to_blame(*waiting[0]):
                        raise
                    self._put_aside(dict(waiting), {waiting[0][0]: FAILS_AT}, error)
                else:
                    self._resize(len(waiting), self.clock_s() - began_s)
        if not waiting:  # such as after the store could not be read, while nobody had anything kept
            self.account.over()
        return arrived

    def _resize(self, sent: int, took_s: float) -> None:
        """Have more go over at once the next time; fewer, if so many took so long that a withdrawal would wait."""
        if took_s > _LONG_S and sent > _FEWEST:
            self._size = max(sent // 2, _FEWEST)
        elif took_s <= _LONG_S / 2 or self._size < _FEWEST:
            self._size = min(2 * self._size, self.batch)

    def _adopt(self) -> None:
        """Let what was set aside wait again, once, if withdrawals are among it, as earlier versions left them there."""
        if not self._adopted:
            if any(OutboxLimits.rank(one) == _WITHDRAWAL for one, _ in self.outbox.outbox_refused()):
                self.outbox.outbox_retry()
            self._adopted = True

    def _again(self) -> tuple[int, Exception | None]:
        """Try again what was passed over, if it is time to; return how many arrived, and what the centre failed at.

        One failure a pass: the round goes on in the next. What has come meanwhile goes before the rest of the round.
        """
        arrived = 0
        while page := self.again.next(self.outbox):
            with self.lease.held() as ours:
                if not ours:
                    break
                try:
                    taken = self._send(page)
                except Exception as error:  # noqa: BLE001 - a client may raise anything; it is told of in the end
                    self.again.failed(page, error)
                    return arrived, error
            self.again.answered(page, taken)
            arrived += taken + self._fresh()
        return arrived, None

    def _put_aside(self, events: Mapping[int, Contact | Disclosure], codes: Mapping[int, str], why: Exception) -> None:
        """Set aside what the centre does not take, so that it holds up no other; pass a withdrawal over."""
        kept = {number: code for number, code in codes.items() if OutboxLimits.rank(events[number]) == _WITHDRAWAL}
        self.outbox.outbox_refuse({number: code for number, code in codes.items() if number not in kept})
        self.account.refused(Counter(codes.values()))
        if kept:
            self.outbox.outbox_pass_over(kept)
            self.again.put(kept, why)

    def _is_to_blame(self, number: int, event: Contact | Disclosure) -> bool:
        """Return whether the centre failed because of an event: it takes another customer's, and that often enough."""
        waiting = self.outbox.outbox_take(self.batch)
        others = [pair for pair in waiting if pair[1].customer != event.customer]
        firsts = list({pair[1].customer: pair for pair in reversed(others)}.values())
        if not firsts:
            return False
        # Events of another class first, then the others in turn: more than one may be such that the centre fails.
        firsts.sort(key=lambda one: OutboxLimits.rank(one[1]) == OutboxLimits.rank(event))
        try:
            self._send((firsts[self._probes % len(firsts)],))
        except Exception:  # noqa: BLE001 - the centre is to blame; what it failed at first is told of
            self._probes += 1
            if not self._reaches(waiting):
                return False
        self._suspect = (number, self._suspect[1] + 1 if self._suspect[0] == number else 1)
        return self._suspect[1] >= _FAILED_MAX

    def _reaches(self, waiting: Sequence[tuple[int, Contact | Disclosure]]) -> bool:
        """
        Return whether the centre takes a withdrawal further back, if what waits first are withdrawals alone.

        There may be thousands at which it fails. Each pass goes on where the last one ended, one by one, and a few
        more each time, so that one which it would take is found in the end, and a centre that is down has its peace.
        """
        if len(waiting) < self.batch or any(OutboxLimits.rank(one) != _WITHDRAWAL for _, one in waiting):
            return False
        after, count = self._far
        page = self.outbox.outbox_withdrawals(max(after, waiting[-1][0]), count)
        passed = {number for number, _ in self.outbox.outbox_passed_over(page[0][0] - 1, count)} if page else set()
        until_s, taken = self.clock_s() + _FAR_S, 0
        for pair in page:
            after = pair[0]
            if after not in passed:
                with suppress(Exception):  # what it failed at first is told of
                    taken += self._send((pair,))
            if self.clock_s() > until_s:
                break
        is_last = len(page) < count and after == (page[-1][0] if page else after)
        self._far = (0 if is_last else after, min(2 * count, _FAR_MAX))
        return taken > 0

    def _send(self, waiting: Sequence[tuple[int, Contact | Disclosure]]) -> int:
        numbers: dict[str, list[int]] = {}
        for number, event in waiting:
            numbers.setdefault(event.id, []).append(number)
        answer = delivered(self.centre.deliver([event for _, event in waiting]), numbers)
        gone = [number for id_ in answer.accepted for number in numbers[id_]]
        codes = {number: plain(code) for id_, code in answer.refused.items() for number in numbers[id_]}
        if not gone and not codes:
            raise CentreError("the centre took none of the events, and refused none", code="centre-silent")
        self.outbox.outbox_ack(gone)
        self.account.went_well(taken=len(gone))
        if codes:
            self._put_aside(dict(waiting), codes, CentreError("the centre refuses it", code="centre-refuses"))
        return len(gone)
