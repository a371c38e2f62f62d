"""The world of one case: an edge that lives through it, and beside it the plain truth of what it can know.

The edge remembers and caches; the truth is lists, from which each decision is a new situation for the reference.
"""

from collections.abc import Iterator, Mapping

import attrs

from ... import opening
from ...clock import NEVER_US, SECOND_US
from ...consent import Consents
from ...contacts import Contact
from ...engine.count import SLACK_US
from ...engine.decision import Decision
from ...engine.edge import Edge
from ...engine.options import Options
from ...errors import UsageError
from ...limits import Cap, Per
from ...memory import MemoryStore
from ...offers import Offer
from ...plan.plan import Plan
from ...plan.windows import length_us
from ...policy import Policy
from ...profile import Identity, Snapshot
from ...registry import GuardrailRules
from ..generators.cases import Case, Decide, Given, Learn, Observe, Record, Step, Update, registry
from ..reference import Answer, Reference, Situation

#: Longer than any case lasts: nothing is fetched behind a case's back [s].
_NEVER_AGAIN_S = 10**9
_KINDS = {"card": "person", "home": "household", "cookie": "device"}


@attrs.frozen(repr=False)
class Decided:
    """One decision of both engines."""

    step: Decide
    decision: Decision
    answer: Answer | None
    identity: Identity | None
    offers: Mapping[str, Offer]
    channel: str


@attrs.frozen(repr=False)
class _Known:
    """What the edge has fetched of a customer; the ledger back to a moment [us], and whether for the household too."""

    snapshot: Snapshot | None
    consents: Consents | None
    since_us: int
    for_household: bool


class World:
    """Lives through a case with both engines."""

    def __init__(self, case: Case) -> None:
        self._now_us = 0
        self._snapshots: dict[str, Snapshot | None] = {}
        self._consents: dict[str, Consents | None] = {}
        self._here: dict[str, _Known] = {}
        self._happened = {contact.id: contact for contact in case.contacts}
        self._room: dict[str, Contact] = {}
        self._rooms: dict[str, Contact] = {}
        self._decided: list[Decided] = []
        self._edge = self._opened(case)
        self._decide_by(case.policy, case.until_us)

    def _opened(self, case: Case) -> Edge:
        store = MemoryStore(clock=self._clock)
        store.put_many(contacts=case.contacts)
        edge = opening.open(
            case.policy,
            store=store,
            profiles=self._snapshots.get,
            consents=self._consents.get,
            registry=registry(),
            clock=self._clock,
            options=Options(refresh_s=_NEVER_AGAIN_S),
        )
        if case.until_us != NEVER_US:  # as if it came from a bundle that expires
            edge._plan = Plan.build(case.policy, registry(), until_us=case.until_us)  # noqa: SLF001 - no bundle is signed
            edge._tail.follow(edge._plan)  # noqa: SLF001 - as an update does
        edge._snapshots.ask = lambda who: None  # type: ignore[method-assign] # noqa: ARG005, SLF001 - no thread of its own
        return edge

    def _clock(self) -> int:
        return self._now_us

    def _decide_by(self, policy: Policy, until_us: int = NEVER_US) -> None:
        catalog = self._edge.plan.catalog
        rules = [registry().rules(use, catalog) for use in policy.guardrails]
        self.reference = Reference(policy, rules, until_us)
        self._window_us = _longest_window_us(rules)
        if not self._counts("everyone"):
            self._rooms.clear()

    @property
    def edge(self) -> Edge:
        """The edge."""
        return self._edge

    def live(self, steps: tuple[tuple[int, Step], ...]) -> Iterator[tuple[int, Decided]]:
        """Take the steps, and yield each decision with its step's number."""
        for number, (at_us, step) in enumerate(steps):
            self._now_us = at_us
            match step:
                case Decide():
                    decided = self._decide(step)
                    self._decided.append(decided)
                    yield number, decided
                case Record():
                    self._record(step)
                case Observe(contact):
                    self._observe(contact)
                case Learn():
                    self._learn(step)
                case Update(policy):
                    self._edge.update(policy)
                    self._decide_by(policy)

    def close(self) -> None:
        """Close the edge."""
        self._edge.close()

    def _decide(self, step: Decide) -> Decided:
        identity = identity_of(step.who)
        situation = self.situation(step, identity)
        answer = self.reference.decide(step.placements, situation)
        given = step.given or Given()
        decision = self._edge.decide(
            step.placements,
            step.who,
            step.context,
            profile=given.snapshot,
            consents=given.consents,
            contacts=given.contacts,
            preview=step.preview,
        )
        policy = self.reference.policy
        offers = {offer.id: offer for offer in policy.offers}
        channels = {placement.name: placement.channel for placement in policy.placements}
        channel = next((channels[name] for name in step.placements if name in channels), "")
        decided = Decided(step, decision, answer, identity, offers, channel)
        if not step.preview and self._counts_exposures():
            until_us = self._now_us + policy.values.reserve_s * SECOND_US
            room = [attrs.evolve(one, until_us=until_us) for one in self._contacts_of(decided, "shown", None)]
            if situation.everyone is not None and self._counts("everyone"):
                self._rooms.update((one.id, one) for one in room)
            if self._is_counted(identity) and given.contacts is None:
                self._room.update((one.id, one) for one in room)
        return decided

    def situation(self, step: Decide, identity: Identity | None) -> Situation:
        """Return what is known for a decision."""
        known = None if identity is None else self._here.get(identity.customer)
        is_counted = self._is_counted(identity)
        given = step.given or Given()
        snapshot = given.snapshot or (known.snapshot if known is not None else None)
        consents = given.consents or (known.consents if known is not None else None)
        contacts = given.contacts
        if contacts is None and identity is not None and known is not None and is_counted:
            contacts = self._contacts(identity.customer, known.since_us)
        elif contacts is not None:
            contacts = _once(contacts)
        is_known = identity is None or is_counted or contacts is not None
        everyone = tuple({**self._rooms, **self._happened}.values()) if is_known else None
        return Situation(identity, snapshot, consents, contacts, everyone, step.context, self._now_us)

    def _contacts(self, customer: str, since_us: int) -> tuple[Contact, ...] | None:
        """Return what has happened with a customer, and the room taken; None if it is not known far enough back."""
        if self._now_us - self._window_us < since_us:
            return None
        counted = {**self._room, **self._happened}
        return tuple(contact for contact in counted.values() if contact.customer == customer)

    def _is_counted(self, identity: Identity | None) -> bool:
        """Return whether the edge has all that it needs to count the contacts of a customer."""
        known = None if identity is None else self._here.get(identity.customer)
        return known is not None and (known.for_household or not self._counts("household"))

    def _counts(self, per: Per) -> bool:
        """Return whether any cap counts for a customer, a household, or everyone."""
        rules = (rule for guardrail in self.reference.guardrails for _, rule in guardrail.rules)
        return any(isinstance(rule.limit, Cap) and rule.limit.per == per for rule in rules)

    def _counts_exposures(self) -> bool:
        """Return whether any cap counts exposures; else no room is taken."""
        rules = (rule for guardrail in self.reference.guardrails for _, rule in guardrail.rules)
        return any(isinstance(rule.limit, Cap) and rule.limit.counted.event == "shown" for rule in rules)

    def _record(self, step: Record) -> None:
        if step.back > len(self._decided):
            return
        decided = self._decided[-step.back]
        contacts = self._contacts_of(decided, step.event, step.slot)
        try:
            self._edge.record(decided.decision, step.event, slot=step.slot)
        except UsageError:
            if contacts:
                raise
            return
        for contact in contacts:
            self._happened.setdefault(contact.id, contact)

    def _contacts_of(self, decided: Decided, event: str, slot: int | None) -> list[Contact]:
        """Return the contacts that an event on a decision makes; none if it does not say on which slot."""
        picks = [] if decided.answer is None else list(enumerate(decided.answer.picks))
        if slot is not None:
            picks = [(number, pick) for number, pick in picks if number == slot]
        elif event != "shown" and len(picks) > 1:
            return []
        found = []
        for number, pick in picks:
            offer = decided.offers[pick.offer]
            found.append(
                Contact(
                    f"{decided.decision.id}/{number}/{offer.id}/{event}",
                    "" if decided.identity is None else decided.identity.customer,
                    event,
                    self._now_us,
                    offer.topic,
                    offer.id,
                    pick.treatment,
                    pick.placement,
                    decided.channel,
                    offer.owner,
                    offer.tags,
                    intent=offer.intent.value,
                    offer_class=offer.offer_class.value,
                )
            )
        return found

    def _observe(self, contact: Contact) -> None:
        self._edge.observe(
            contact.customer,
            contact.event,
            topic=contact.topic,
            offer=contact.offer,
            channel=contact.channel,
            id=contact.id,
        )
        self._happened.setdefault(contact.id, contact)

    def _learn(self, step: Learn) -> None:
        self._snapshots[step.customer] = step.snapshot
        self._consents[step.customer] = step.consents
        since_us, counts_households = self._now_us - self._window_us - SLACK_US, self._counts("household")
        self._here[step.customer] = _Known(step.snapshot, step.consents, since_us, counts_households)
        self._edge.warm(step.customer)


def identity_of(who: str | Mapping[str, str] | None) -> Identity | None:
    """Return whom the caller's word stands for: the strongest kind of identifier decides."""
    if who is None:
        return None
    if isinstance(who, str):
        return Identity(who)
    name = min(who, key=lambda one: ("person", "household", "device").index(_KINDS[one]))
    return Identity(f"{name}:{who[name]}", _KINDS[name])


def _once(contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
    """Return contacts with each id once: the first, but rather what happened for good than room that was taken."""
    found: dict[str, Contact] = {}
    for contact in contacts:
        before = found.get(contact.id)
        if before is None or (before.until_us is not None and contact.until_us is None):
            found[contact.id] = contact
    return tuple(found.values())


def _longest_window_us(rules: list[GuardrailRules]) -> int:
    caps = [rule.limit for guardrail in rules for _, rule in guardrail.rules if isinstance(rule.limit, Cap)]
    return max((length_us(cap.window) + (cap.suppress_s or 0) * SECOND_US for cap in caps), default=0)
