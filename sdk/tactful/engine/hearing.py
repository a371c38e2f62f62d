"""Hearing: what clients' events tell of customers is kept as the policy takes it, and counts for the next decision.

What the policy does not take, or the customer does not allow, is not kept. Each event takes effect once, by its id.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Final

import attrs

from ..clock import DAY_US, Clock
from ..consent import Consent, Consents
from ..contacts import Contact
from ..errors import TokenError, UsageError
from ..events import HEARD, Event, Events, Fate
from ..plan.plan import Plan
from ..ports import ConsentSink, ConsentSource, ProfileAmending, Store
from ..profile import Snapshot
from .allowing import allowed, consents_of, preferred
from .here import WITHDRAWAL
from .identify import Identities
from .joining import Joining
from .snapshot import Snapshots
from .telling import Told, amended, contacts_in, text_at, told

_log = logging.getLogger("tactful")
#: A second event with the same id is known for so long.
SEEN_US: Final = 7 * DAY_US
#: The tag of a receipt that says that identities changed.
_JOINED: Final = "joined"


@attrs.frozen
class Hearing:
    """
    Keeps what events tell.

    Attributes:
        plan: Gives the plan of the moment.
        profiles: Where profiles come from, and are changed.
        consents: Where consents come from, and go to.
        store: The ledger, and where identities are kept.
        decided: Keeps the outcome of a decision, by its token.
        identities: Whom identifiers stand for, as far as that is remembered.
        snapshots: The customers that are here.
        clock: Gives the moment [us since 1970].
    """

    plan: Callable[[], Plan]
    profiles: object
    consents: object
    store: Store
    decided: Callable[[str, str, int | None], bool]
    identities: Identities
    snapshots: Snapshots
    clock: Clock

    def hear(self, events: Iterable[Event]) -> Mapping[Fate, int]:
        """Keep what events tell, one after the other; return what became of them. See `Edge.hear`."""
        profiles = self.profiles
        if not isinstance(profiles, ProfileAmending):
            raise UsageError("hear: profiles come from a source of yours that takes no change: change them there")
        fates: Counter[Fate] = Counter()
        concerned: dict[str, dict[str, str]] = {}
        try:
            for event in events:
                fates.update(self._one(event, profiles, concerned))
        finally:
            for customer, seen in concerned.items():
                renew(self.snapshots, self.identities, customer, seen)
        return dict(fates)

    def _one(self, event: Event, profiles: ProfileAmending, concerned: dict[str, dict[str, str]]) -> Sequence[Fate]:
        plan, now_us = self.plan(), self.clock()
        events, joining = plan.policy.events, Joining(self.store)
        if not _takes(events, event):
            return [Fate.NOT_MAPPED]
        customer = joining.whom(events, event)
        if customer is None:
            return [Fate.NOBODY]
        receipt = f"event/{hashlib.blake2b(event.id.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"
        if any(one.id == receipt for one in self.store.contacts(customer, now_us - SEEN_US)):
            return [Fate.REPEATED]
        known = self._known(customer)
        said = consents_of(events, event, known or Consents((), event.at_us), now_us)
        after = reduce(Consents.plus, said, known or Consents((), event.at_us))
        may = allowed(plan, after, preferred(events, event), now_us)
        what = told(plan, event, may)
        joined: list[Fate] = []
        seen = concerned.setdefault(customer, {})
        if what or said or (event.user and may):
            joined = joining.join(events, event, customer)
        if Fate.KEPT in joined:
            seen |= {events.anonymous: event.anonymous or event.previous, events.group: event.group}
        news = self._agreed(plan, customer, said, receipt) + joined.count(Fate.KEPT)
        amends, outdated = self._amended(profiles, customer, event, what, now_us)
        fates = [*what.fates, *outdated, *(one for one in joined if one not in (Fate.KEPT, Fate.REPEATED))]
        if not may and _joins(events, event):
            fates.append(Fate.NOT_ALLOWED)
        contacts, unfit = self._contacts(customer, event, what, receipt)
        if not news and not amends and len(what.contacts) == len(unfit):
            return fates + unfit or [one for one in joined if one is Fate.REPEATED][:1]
        tags = (_JOINED,) if Fate.KEPT in joined else ()
        self._record([*contacts, Contact(receipt, customer, HEARD, now_us, tags=tags)], now_us)
        return [*fates, *unfit, Fate.KEPT]

    def _known(self, customer: str) -> Consents | None:
        return self.consents.consents(customer) if isinstance(self.consents, ConsentSource) else None

    def _agreed(self, plan: Plan, customer: str, said: Sequence[Consent], receipt: str) -> int:
        """Keep what was said of purposes; a no counts at once, and its notices wait for the centre and the partners."""
        if not isinstance(self.consents, ConsentSink):
            return 0
        noes = [one for one in said if one.refuses]
        if noes:  # the notices come first: if the store fails then, the event comes again, and so do they
            purposes, at_us = tuple(one.purpose for one in noes), noes[0].at_us
            partners = {p.partner for p in plan.policy.purposes if p.name in purposes and p.partner is not None}
            notices = [Contact(f"{receipt}/no/", customer, WITHDRAWAL, at_us, tags=purposes)]
            for partner in sorted(partners):
                theirs = tuple(p.name for p in plan.policy.purposes if p.name in purposes and p.partner == partner)
                notices.append(
                    Contact(f"{receipt}/no/{partner}", customer, WITHDRAWAL, at_us, owner=partner, tags=theirs)
                )
            self.store.record(notices)
            self.snapshots.withdraw(self.snapshots.same(customer), purposes, at_us)
        for one in said:
            self.consents.add_consent(customer, one)
        return len(said)

    def _amended(
        self, profiles: ProfileAmending, customer: str, event: Event, what: Told, now_us: int
    ) -> tuple[int, list[Fate]]:
        """Change the profile; return how much was news, and what was not."""
        if not what.observations and not what.removed:
            return 0, []
        fed = {feed.attribute for feed in self.plan().policy.events.feeds}
        gone = Told({}, what.removed, (), ())
        news = {"own": 0, "others": 0}

        def amend(one: str, before: Snapshot | None) -> Snapshot | None:
            own = one == customer
            if not own and (before is None or not what.removed):
                return None
            changed, count = amended(before, one, what if own else gone, event.at_us, now_us, fed)
            news["own" if own else "others"] += count
            return changed if count else None

        profiles.amend_profile(customer, amend)
        late = max(0, len(what.observations) - news["own"])
        return news["own"] + news["others"], [Fate.OUTDATED] * late

    def _contacts(self, customer: str, event: Event, what: Told, receipt: str) -> tuple[list[Contact], list[Fate]]:
        """Keep the outcomes of decisions; return the other contacts that an event makes, and what did not fit."""
        contacts, unfit = [], []
        for number, one in enumerate(what.contacts):
            if not one.decision:
                id_ = f"{receipt}/{number}"
                contacts.append(Contact(id_, customer, one.counts_as, event.at_us, topic=one.topic))
                continue
            try:
                self.decided(text_at(event, one.decision), one.counts_as, None)
            except (TokenError, UsageError):
                unfit.append(Fate.NOT_FITTING)
        return contacts, unfit

    def _record(self, contacts: Sequence[Contact], now_us: int) -> None:
        self.store.record(contacts)
        for contact in contacts:
            self.snapshots.heard(contact, now_us)


@attrs.frozen
class Elsewhere:
    """
    Takes in what another process recorded; of an event that it heard, the customer is fetched anew.

    Attributes:
        snapshots: The customers that are here.
        identities: Whom identifiers stand for, as far as that is remembered.
    """

    snapshots: Snapshots
    identities: Identities

    def caught_up(self) -> None:
        """Have everyone fetched anew at the next question: what came before the first look is not all here."""
        self.snapshots.refresh_all()

    def __call__(self, contact: Contact, now_us: int) -> None:
        """Count a contact for a customer that is here."""
        self.snapshots.heard(contact, now_us)
        if contact.event == HEARD and not self.snapshots.is_idle:
            same = self.snapshots.same(contact.customer)
            if _JOINED in contact.tags:
                self.identities.forget(same, ())
            self.snapshots.changed(same)
            for ids in self.snapshots.among({contact.customer: same}).values():
                for id_ in ids:
                    self.snapshots.ask(id_)


def renew(snapshots: Snapshots, identities: Identities, customer: str, seen: Mapping[str, str]) -> None:
    """
    Fetch a customer anew under every id that is here, so that the next decision knows what was heard.

    Args:
        snapshots: The customers that are here.
        identities: Whom identifiers stand for, as far as that is remembered.
        customer: The customer.
        seen: The identifiers that stand for somebody else than before.
    """
    same = snapshots.same(customer)
    told = {name: value for name, value in seen.items() if name and value}
    if told:
        identities.forget(same, told.items())
    snapshots.changed(same)
    here = snapshots.among({customer: same}).get(customer, [])
    for id_ in dict.fromkeys((customer, *here)):
        try:
            snapshots.load(id_)
            for one in told.items():
                identities.resolve(dict([one]))
        except Exception as error:  # noqa: BLE001 - a source may raise anything; what was heard is kept all the same
            _log.warning("a customer could not be fetched anew: %s", type(error).__name__)
            snapshots.forget(id_)


def _takes(events: Events, event: Event) -> bool:
    """Return whether the policy takes anything from such an event."""
    fed = any((one.kind, one.event) in ((event.kind, ""), (event.kind, event.name)) for one in events.feeds)
    answered = any(one.name in event.preferences for one in events.consents)
    return fed or answered or any(contacts_in(events, event)) or _joins(events, event)


def _joins(events: Events, event: Event) -> bool:
    """Return whether an event says something of identities that the policy takes."""
    seen = bool(events.anonymous and event.anonymous and event.user)
    aliased = bool(event.previous and (events.anonymous or events.merge_users))
    return seen or aliased or bool(events.group and event.group)
