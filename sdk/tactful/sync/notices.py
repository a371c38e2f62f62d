"""Notices to partners: who opted out is told to each partner, out of the outbox, until the partner has acknowledged it.

Each partner goes by itself: one that does not answer holds up no other. It sends nothing to the centre.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from threading import Event, Lock, Thread
from typing import Final, Protocol, Self

import attrs

from ..clock import SECOND_US, Clock, wall_clock
from ..contacts import Contact
from ..errors import UsageError
from ..outbox_ports import Outbox
from ..partner_ports import Partner, PartnerNotice, notice_id, partner_pseudonym
from ..ports import Ledger
from ..rights_ports import SubjectAccess
from .account import code_of
from .pauses import Backoff

_log = logging.getLogger("tactful")
#: The event that a customer takes a consent back; to a partner, if it has an owner.
_WITHDRAWAL: Final = "withdrawal"
#: The event that a partner has acknowledged a notice.
TOLD: Final = "partner_told"
_AT_ONCE: Final = 500
_END_S: Final = 5.0


class NoticeStore(Outbox, Ledger, Protocol):
    """What is asked of the store in whose outbox notices wait."""


@attrs.frozen(repr=False)
class Recipient:
    """
    A partner as notices go to it.

    Attributes:
        partner: Tells the partner.
        key: The secret that is agreed with the partner, 16 bytes or more; pseudonyms and ids are made with it.
    """

    partner: Partner
    key: bytes

    def notice(self, contact: Contact) -> PartnerNotice:
        """Return what the partner is told of a withdrawal."""
        who = partner_pseudonym(self.key, contact.customer)
        id_ = notice_id(self.key, contact.id)
        return PartnerNotice(id_, contact.owner, who, contact.tags, contact.at_us, contact.channel)


@attrs.define(repr=False)
class _Standing:
    """How it goes with one partner."""

    backoff: Backoff
    not_before_s: float = 0.0
    told: int = 0
    last_error: str = ""
    errors: Counter[str] = attrs.field(factory=Counter)


class Notices:
    """
    Tells partners, one pass at a time by `step`, or in a thread of its own after `start`.

    Run it where events end: beside the store that edges follow as their centre, or at an edge that follows none.
    """

    def __init__(
        self,
        store: NoticeStore,
        recipients: Mapping[str, Recipient],
        *,
        clock: Clock = wall_clock,
        steady_s: Callable[[], float] = time.monotonic,
        chance: Callable[[float, float], float] = random.uniform,
        backoff_max_s: float = 3_600.0,
        every_s: float = 5.0,
    ) -> None:
        """
        Begin with nobody told.

        Args:
            store: The store in whose outbox notices wait.
            recipients: The partners, by their names in the policy.
            clock: Gives the moment [us since 1970].
            steady_s: Gives a time that only passes [s].
            chance: Draws a pause between two bounds [s].
            backoff_max_s: A partner who does not answer is tried again after at most so long [s].
            every_s: The thread looks so often [s].

        Raises:
            UsageError: If a partner has no key that will do.
        """
        for name, one in recipients.items():
            try:
                partner_pseudonym(one.key, "")
            except ValueError as error:
                raise UsageError(f"partner {name}: {error}") from None
        self._store, self._recipients = store, dict(recipients)
        self._clock, self._steady_s, self._every_s = clock, steady_s, every_s
        self._standing = {name: _Standing(Backoff(backoff_max_s, chance)) for name in recipients}
        self._stepping, self._ended = Lock(), Event()
        self._thread: Thread | None = None

    def step(self) -> int:
        """
        Tell each partner who may be tried now what waits for it, oldest first; return how many were acknowledged.

        A partner's failure is counted, and the partner is left alone for a while; it raises nothing.

        Raises:
            StoreError: If the outbox cannot be read, or what was told cannot be kept; it is told again then.
        """
        with self._stepping:
            told = 0
            for number, contact in list(self._waiting()):
                standing = self._standing[contact.owner]
                if self._steady_s() >= standing.not_before_s:
                    told += self._tell(number, contact, standing)
            return told

    def start(self) -> None:
        """Begin to tell in a thread of its own; a second call does nothing."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name="tactful-notices", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread; what waits, waits in the outbox."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(_END_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def status(self) -> Mapping[str, Mapping[str, object]]:
        """Return for each partner how many notices wait, how old the oldest is [s], and what went wrong, by code."""
        now_us, waiting = self._clock(), dict[str, list[int]]()
        for _, contact in self._withdrawals():
            if contact.owner:
                waiting.setdefault(contact.owner, []).append(contact.at_us)
        return {
            name: {
                "waiting": len(times := waiting.get(name, [])),
                "oldest_age_s": (now_us - min(times)) // SECOND_US if times else None,
                **self._told_of(name),
            }
            for name in sorted({*waiting, *self._recipients})
        }

    def _told_of(self, name: str) -> Mapping[str, object]:
        standing = self._standing.get(name)
        if standing is None:
            return {"told": 0, "last_error": "no-recipient", "errors": {}}
        return {"told": standing.told, "last_error": standing.last_error, "errors": dict(standing.errors)}

    def _tell(self, number: int, contact: Contact, standing: _Standing) -> bool:
        """Tell one notice, and keep that it was told; return whether the partner has acknowledged it."""
        recipient = self._recipients[contact.owner]
        try:
            recipient.partner.tell(recipient.notice(contact))
        except Exception as error:  # noqa: BLE001 - a partner's client may raise anything; it is told again
            code = code_of(error)
            if code != standing.last_error:  # once, not each time
                _log.warning("partner %s could not be told: %s", contact.owner, code)
            standing.errors[code] += 1
            standing.last_error = code
            standing.not_before_s = self._steady_s() + standing.backoff.after(error)
            return False
        standing.backoff.reset()
        standing.last_error = ""
        # First the record, then the end of the wait: if we die in between, the partner hears the same id once more.
        self._store.record([self._record(contact, recipient)])
        self._store.outbox_ack([number])
        standing.told += 1
        return True

    def _record(self, contact: Contact, recipient: Recipient) -> Contact:
        """Return the record that a partner was told; of a customer who was erased meanwhile it names nobody."""
        id_ = notice_id(recipient.key, contact.id)
        who = "" if self._is_gone(contact.customer) else contact.customer
        now_us, channel = self._clock(), contact.channel
        return Contact(f"{id_}/told", who, TOLD, now_us, channel=channel, owner=contact.owner, tags=contact.tags)

    def _is_gone(self, customer: str) -> bool:
        return isinstance(self._store, SubjectAccess) and not any(self._store.held(customer).counts.values())

    def _waiting(self) -> Iterator[tuple[int, Contact]]:
        """Yield the notices that wait for partners whom we can tell, oldest first."""
        return ((number, one) for number, one in self._withdrawals() if one.owner in self._recipients)

    def _withdrawals(self) -> Iterator[tuple[int, Contact]]:
        """Yield all withdrawals that wait: they come first in the outbox, so it is read until something else comes."""
        count = _AT_ONCE
        while True:
            found = self._store.outbox_take(count)
            ours = [(n, one) for n, one in found if isinstance(one, Contact) and one.event == _WITHDRAWAL]
            if len(ours) < count:
                return iter(ours)
            count *= 4

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.step()
            except Exception as error:  # noqa: BLE001 - a store may raise anything; the next look tries again
                _log.warning("notices could not be read or kept: %s", code_of(error))
            self._ended.wait(self._every_s)
