"""Events out of the outbox to the centre: withdrawals first, in order, each once in effect. It asks for no consent."""

from collections import Counter
from collections.abc import Sequence

import attrs

from ..centre_ports import Centre
from ..contacts import Contact
from ..disclosures import Disclosure
from ..errors import CentreError
from ..outbox_ports import Outbox
from .account import Account, plain
from .check import delivered
from .lease import Lease


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

    def step(self) -> int:
        """
        Send what waits, batch by batch, until nothing waits; return how many events arrived.

        Raises:
            CentreError: If the centre cannot be reached, takes nothing, or its answer makes no sense.
            Exception: What the centre's client or the store raises.
        """
        arrived = 0
        while waiting := self.outbox.outbox_take(self.batch):
            with self.lease.held() as ours:
                if not ours:  # another process is sending
                    break
                arrived += self._send(waiting)
        return arrived

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
