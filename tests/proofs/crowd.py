"""A centre of very many customers in bounded memory: what it tells of each is worked out anew whenever it is asked.

It remembers per customer only when the last no and the last yes came, and which customers changed lately.
"""

import threading
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Final

from tactful import Consent, Consents, ConsentState, Contact, Disclosure, How, Observation, Snapshot, Source, wall_clock
from tactful.changes import Change, Changes, Delivery, Line

#: So many changes are remembered beyond the first word of everyone; who is further behind is told nonsense by nobody.
_REMEMBERED: Final = 1 << 20


class CrowdCentre:
    """
    A `Centre` of customers "0", "1", … who all said yes at the beginning.

    Attributes:
        taken: How many events came in, by name.
    """

    def __init__(self, customers: int) -> None:
        """Begin with so many customers."""
        self.customers = customers
        self.taken: Counter[str] = Counter()
        self._began_us = wall_clock() - 1_000_000
        self._no_us, self._yes_us = (array("q", bytes(8 * customers)) for _ in range(2))
        #: The epochs with which the last no and the last yes were told.
        self.no_epoch, self.yes_epoch = (array("q", bytes(8 * customers)) for _ in range(2))
        self._whose = {line: array("q", bytes(8 * _REMEMBERED)) for line in ("consents", "profiles")}
        self.epochs = dict.fromkeys(self._whose, customers)
        self._changed = threading.Condition()

    # What an edge asks
    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch: first everyone's first word, then what came later."""
        with self._changed:
            newest = self.epochs[line]
            if after < newest - _REMEMBERED and after >= self.customers:
                raise RuntimeError("an edge fell behind what this centre remembers")
            last = min(newest, after + count)
            told = tuple(self._change(line, epoch) for epoch in range(after + 1, last + 1))
            return Changes(told, newest, last == newest, wall_clock())

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """Count events, and let withdrawals take effect."""
        with self._changed:
            for event in events:
                name = event.event if isinstance(event, Contact) else "disclosure"
                self.taken[name] += 1
                if name == "withdrawal":
                    self._no(int(event.customer), event.at_us)
        return Delivery(frozenset(event.id for event in events))

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """Wait for a change."""
        with self._changed:
            return self._changed.wait_for(lambda: self.epochs[line] > after, timeout_s)

    def close(self) -> None:
        """Do nothing: the process keeps it."""

    # What changes it
    def withdraw(self, customer: int) -> None:
        """Let a customer take the yes back."""
        with self._changed:
            self._no(customer, max(wall_clock(), self._yes_us[customer] + 1))

    def grant(self, customer: int) -> None:
        """Let a customer say yes anew."""
        with self._changed:
            self._yes_us[customer] = max(wall_clock(), self._no_us[customer] + 1)
            self.yes_epoch[customer] = self._tell("consents", customer)

    def move(self, customer: int) -> None:
        """Let a customer's profile be told anew."""
        with self._changed:
            self._tell("profiles", customer)

    def _no(self, customer: int, at_us: int) -> None:
        self._no_us[customer] = max(self._no_us[customer], at_us)
        epoch = self._tell("consents", customer)
        if at_us > self._yes_us[customer]:  # a no that arrives late takes no newer yes away
            self.no_epoch[customer] = epoch

    def _tell(self, line: Line, customer: int) -> int:
        self.epochs[line] += 1
        self._whose[line][self.epochs[line] % _REMEMBERED] = customer
        self._changed.notify_all()
        return self.epochs[line]

    def _change(self, line: Line, epoch: int) -> Change:
        whose = epoch - 1 if epoch <= self.customers else self._whose[line][epoch % _REMEMBERED]
        name = str(whose)
        if line == "consents":
            return Change(epoch, name, self._consents(whose))
        now_us = wall_clock()
        return Change(epoch, name, Snapshot(name, now_us, {"first_name": Observation("X", Source.OBSERVED, now_us)}))

    def _consents(self, customer: int) -> Consents:
        records = [Consent("offers", ConsentState.GIVEN, How.EXPLICIT, self._began_us)]
        if self._no_us[customer]:
            records.append(Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, self._no_us[customer]))
        if self._yes_us[customer]:
            records.append(Consent("offers", ConsentState.GIVEN, How.EXPLICIT, self._yes_us[customer]))
        return Consents(tuple(records), wall_clock())
