"""Notices to partners: who opted out is told to each partner, out of the outbox, until the partner has acknowledged it.

Each partner goes by itself: one that does not answer holds up no other. What was read is not read again, but now
and then. It sends nothing to the centre.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock, Thread
from typing import Final, Protocol, Self

import attrs

from ..clock import Clock, wall_clock
from ..contacts import Contact
from ..errors import UsageError
from ..outbox_ports import Outbox, Waiting
from ..partner_ports import Partner, PartnerNotice, notice_id, partner_pseudonym
from ..ports import Ledger
from ..rights_ports import SubjectAccess
from .account import code_of
from .pauses import Backoff, uniform
from .waits import age_s, waiting_by_owner

_log = logging.getLogger("tactful")
#: The event that a partner has acknowledged a notice.
TOLD: Final = "partner_told"
_AT_ONCE: Final = 500
#: So often all is read from the beginning, in case the outbox was put back from a copy meanwhile [s].
_ANEW_S: Final = 3_600.0
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
    """
    How it goes with one partner.

    Attributes:
        after: What waits for it up to this number was told, or has failed in this round.
        failed: The lowest number that has failed in this round; 0 if none has.
    """

    backoff: Backoff
    after: int = 0
    failed: int = 0
    not_before_s: float = 0.0
    told: int = 0
    last_error: str = ""
    errors: Counter[str] = attrs.field(factory=Counter)

    def round_ends(self) -> bool:
        """Begin the next round, at what has failed in this one; return whether anything has."""
        again = self.failed > 0
        if again:
            self.after, self.failed = self.failed - 1, 0
        return again


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
        chance: Callable[[float, float], float] = uniform,
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
        self._stepping, self._ended, self._anew_s = Lock(), Event(), self._steady_s()
        self._thread: Thread | None = None

    def step(self) -> int:
        """
        Tell each partner who may be tried now what waits for it, oldest first; return how many were acknowledged.

        A partner's failure is counted, and the partner is left alone for a while; it raises nothing. After that its
        next notice is tried, and the one that failed when all others were: one that it never takes holds up no other.

        Raises:
            StoreError: If the outbox cannot be read, or what was told cannot be kept; it is told again then.
        """
        with self._stepping:
            self._begin_anew()
            told, now_s = 0, self._steady_s()
            due = {name: one for name, one in self._standing.items() if now_s >= one.not_before_s}
            while due:
                page = self._store.outbox_withdrawals(min(one.after for one in due.values()), _AT_ONCE)
                told += self._tell_page(page, due)
                if len(page) < _AT_ONCE:  # all was read
                    due = {name: one for name, one in due.items() if one.round_ends()}
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
        now_us, waiting = self._clock(), waiting_by_owner(self._store)
        return {
            name: {
                "waiting": (waits := waiting.get(name, Waiting())).count,
                "oldest_age_s": age_s(waits.oldest_us, now_us),
                **self._told_of(name),
            }
            for name in sorted(({*waiting} - {""}) | {*self._recipients})
        }

    def _told_of(self, name: str) -> Mapping[str, object]:
        standing = self._standing.get(name)
        if standing is None:
            return {"told": 0, "last_error": "no-recipient", "errors": {}}
        return {"told": standing.told, "last_error": standing.last_error, "errors": dict(standing.errors)}

    def _begin_anew(self) -> None:
        now_s = self._steady_s()
        if now_s >= self._anew_s:
            self._anew_s = now_s + _ANEW_S
            for standing in self._standing.values():
                standing.after = standing.failed = 0

    def _tell_page(self, page: Sequence[tuple[int, Contact]], due: dict[str, _Standing]) -> int:
        """Tell what was read to who is due; who fails is so no longer. Return how many were acknowledged."""
        told = 0
        for number, contact in page:
            standing = due.get(contact.owner)
            if standing is None or number <= standing.after:
                continue
            if self._tell(number, contact, standing):
                told += 1
            else:
                standing.failed = standing.failed or number
                del due[contact.owner]
            standing.after = number  # and not before: what raised is told again
        for standing in due.values():
            standing.after = max(standing.after, page[-1][0] if page else 0)
        return told

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

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self.step()
            except Exception as error:  # noqa: BLE001 - a store may raise anything; the next look tries again
                _log.warning("notices could not be read or kept: %s", code_of(error))
            self._ended.wait(self._every_s)
