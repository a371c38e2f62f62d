"""Events out of the outbox to the centre: withdrawals first, in order, each once in effect. It asks for no consent.

After a call that fails they go one by one, then more and more at once. One that the centre fails at again and again,
while it takes those of other customers, is set aside: it must not hold up the others for ever.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import attrs

from ..centre_ports import Centre
from ..contacts import Contact
from ..disclosures import Disclosure
from ..errors import CentreError
from ..outbox_ports import Outbox
from .account import Account, plain
from .check import delivered
from .lease import Lease

#: An event at which the centre failed so often, each time just before it took another, is set aside.
_FAILED_MAX: Final = 5
#: The code of what is set aside so.
FAILS_AT: Final = "centre-fails"


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
    """

    centre: Centre
    outbox: Outbox
    lease: Lease
    account: Account
    batch: int
    _size: int = attrs.field(init=False, default=attrs.Factory(lambda self: self.batch, takes_self=True))
    _suspect: tuple[int, int] = (0, 0)  # the number of an event, and how often the centre failed at it alone

    def step(self) -> int:
        """
        Send what waits, batch by batch, until nothing waits; return how many events arrived.

        Raises:
            CentreError: If the centre cannot be reached, takes nothing, or its answer makes no sense.
            Exception: What the centre's client or the store raises.
        """
        arrived = 0
        while waiting := self.outbox.outbox_take(self._size):
            with self.lease.held() as ours:
                if not ours:  # another process is sending
                    break
                try:
                    arrived += self._send(waiting)
                except Exception:
                    self._size = 1
                    if len(waiting) > 1 or not self._is_to_blame(*waiting[0]):
                        raise
                    self.outbox.outbox_refuse({waiting[0][0]: FAILS_AT})
                    self.account.refused(Counter((FAILS_AT,)))
                else:
                    self._size = min(2 * self._size, self.batch)
        if not waiting:  # such as after the store could not be read, while nobody had anything kept
            self.account.over()
        return arrived

    def _is_to_blame(self, number: int, event: Contact | Disclosure) -> bool:
        """Return whether the centre failed because of an event: it takes another customer's, and that often enough."""
        others = self.outbox.outbox_take(self.batch)
        probe = next((one for one in others if one[1].customer != event.customer), None)
        if probe is None:
            return False
        try:
            self._send((probe,))
        except Exception:  # noqa: BLE001 - the centre is to blame; what it failed at first is told of
            return False
        self._suspect = (number, self._suspect[1] + 1 if self._suspect[0] == number else 1)
        return self._suspect[1] >= _FAILED_MAX

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
        if codes:
            self.outbox.outbox_refuse(codes)
        self.account.went_well(taken=len(gone))
        self.account.refused(Counter(codes.values()))
        return len(gone)
