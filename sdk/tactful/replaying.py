"""Replaying: the past decided again of its evidence, by the policy of then or by another one. Nothing is changed by it.

By the policy of then each decision must come out as it did. By another one the decisions follow from each other: what
it shows takes the place, in all later decisions, of what was shown.
"""

import os
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from .contacts import Contact, decision_of
from .decision_log import LoggedDecision, place
from .engine.again import decide_again
from .engine.decision import Decision
from .engine.logged import plugins_digest, policy_digest
from .engine.record import contacts_of
from .engine.token import Seal
from .errors import StoreError
from .evidence import CountedContacts, Evidence, SealedEvidence
from .memory import MemoryStore
from .plan.caps import SHOWN
from .plan.plan import Plan
from .ports import Ledger

#: What is compared of a decision that must come out as it did; a folder has neither epoch nor end, a bundle has both.
_SAME: Final = ("channel", "placements", "picks", "limits", "careful", "kind", "snapshot", "consents")
_SAME_EPOCH: Final = ("truths",)


@attrs.frozen
class Replayed:
    """
    One decision, and what became of it.

    Attributes:
        before: The decision as it was logged.
        after: The decision as it is made again; None without evidence.
        repeats: Whether policy and guardrails are those of then, so that nothing may differ.
        differs: What differs.
        segments: The segments that the customer was in.
        damaged: Whether the evidence is there, and cannot be read.
        held: The ids of the limits that keep away what was shown before.
    """

    before: LoggedDecision
    after: LoggedDecision | None = None
    repeats: bool = False
    differs: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    damaged: bool = False
    held: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether something else is shown."""
        return self.after is not None and _slate(self.before) != _slate(self.after)


class Replay:
    """Decides the past again."""

    def __init__(self, plan: Plan, key: bytes, ledger: Ledger) -> None:
        """
        Begin before anything was shown.

        Args:
            plan: The plan to decide by.
            key: The key of the store's pseudonyms and digests.
            ledger: Has the contacts that this plan's caps count, and those of then were too short for.
        """
        self._plan = plan
        self._ledger = ledger
        self._key = key
        self._seal = Seal(MemoryStore(), os.urandom(32))
        self._instead = _Instead()

    def of(
        self, logged: Iterable[LoggedDecision], evidence: Iterable[tuple[SealedEvidence, Evidence | StoreError]]
    ) -> Iterator[Replayed]:
        """
        Yield what becomes of each decision.

        Args:
            logged: The decisions, in the order of their places in the log.
            evidence: The evidence there is, in the same order.
        """
        waiting = iter(evidence)
        row, found = next(waiting, (None, None))
        for record in logged:
            while row is not None and (row.at_us, row.id) < place(record):
                row, found = next(waiting, (None, None))
            if row is None or (row.at_us, row.id) != place(record):
                yield Replayed(record)
            elif not isinstance(found, Evidence):
                yield Replayed(record, damaged=True)
            else:
                yield self._again(record, found)

    def _again(self, record: LoggedDecision, evidence: Evidence) -> Replayed:
        plan = self._plan
        repeats = is_of(record, plan)
        if not repeats:
            evidence = self._instead.of(self._reaching_back(evidence))
        decision = decide_again(plan, evidence, self._seal)
        after = decision.logged(self._key)
        segments = decision.segments()
        if not repeats:
            self._instead.note(record, evidence, decision, after)
            return Replayed(record, after, segments=segments, held=_held(record, decision))
        names = _SAME + (_SAME_EPOCH if record.epoch == after.epoch else ())
        differs = tuple(name for name in names if getattr(record, name) != getattr(after, name))
        return Replayed(record, after, repeats, differs, segments)

    def _reaching_back(self, evidence: Evidence) -> Evidence:
        """Return evidence with contacts as far back as this plan's caps look, as far as the ledger has them."""
        own, identity, plan = evidence.own, evidence.identity, self._plan
        if own is None or identity is None or not evidence.counts_known:
            return evidence
        since_us, home = evidence.at_us - plan.longest_window_us, identity.household
        household = evidence.household
        if "household" in plan.counted_per:
            household = household or CountedContacts((), evidence.at_us)
            if household.since_us > since_us:
                alone = self._ledger.contacts(identity.customer, since_us)
                older = self._ledger.household_contacts(home, since_us) if home else alone
                household = _with_older(household, older, since_us)
        if own.since_us > since_us:
            own = _with_older(own, self._ledger.contacts(identity.customer, since_us), since_us)
        return attrs.evolve(evidence, own=own, household=household)


def _with_older(counted: CountedContacts, older: Iterable[Contact], since_us: int) -> CountedContacts:
    known = {contact.id for contact in counted.contacts}
    more = (one for one in older if one.at_us <= counted.since_us and one.id not in known)
    return CountedContacts((*more, *counted.contacts), since_us)


def _held(record: LoggedDecision, decision: Decision) -> tuple[str, ...]:
    """Return the limits that keep away what was shown before, those that the page itself filled among them."""
    plan = decision.plan
    limits = {bound.id for bound in plan.bounds} | {f"{cap.id}.{of}" for cap in plan.caps for of in ("strict", "wish")}
    shown = {(pick.offer, pick.treatment) for pick in record.picks}
    if shown <= {(pick.offer, pick.treatment) for pick in decision.picks}:
        return ()
    lost = (one for one in decision.explain().losses if (one.offer, one.treatment) in shown)
    found = {reason.id.removeprefix("quota:") for one in lost for reason in one.reasons}
    return tuple(sorted(found & limits))


def is_of(record: LoggedDecision, plan: Plan) -> bool:
    """Return whether a plan's policy and guardrails surely are those of a decision."""
    return record.bundle != b"" and (record.bundle, record.plugins) == (policy_digest(plan), plugins_digest(plan))


class _Instead:
    """What another policy shows in place of what was shown, and did not show before."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[Contact, ...]] = {}
        self._more: dict[bytes, list[Contact]] = {}
        self._more_at_home: dict[str, list[Contact]] = {}

    def of(self, evidence: Evidence) -> Evidence:
        """Return evidence with what would have been shown until then."""
        home = None if evidence.identity is None else evidence.identity.household
        own = self._counted(evidence.own, self._more.get(_whose(evidence), ()))
        household = self._counted(evidence.household, self._more_at_home.get(home, ()) if home else ())
        return attrs.evolve(evidence, own=own, household=household)

    def note(self, record: LoggedDecision, evidence: Evidence, decision: Decision, after: LoggedDecision) -> None:
        """Keep what is shown in place of something else."""
        if _slate(record) == _slate(after):
            return
        contacts = tuple(contacts_of(decision.receipt(), SHOWN, None, record.at_us))
        self._shown[record.id] = contacts
        if not record.picks and contacts:  # nobody recorded a fallback: as it was decided, it was seen
            self._more.setdefault(_whose(evidence), []).extend(contacts)
            home = None if evidence.identity is None else evidence.identity.household
            if home:
                self._more_at_home.setdefault(home, []).extend(contacts)

    def _counted(self, counted: CountedContacts | None, more: Iterable[Contact]) -> CountedContacts | None:
        if counted is None:
            return None
        kept: dict[str, Contact] = {}
        for contact in counted.contacts:
            decision, event = decision_of(contact), contact.event
            instead = self._shown.get(decision)
            if instead is None or (event != SHOWN and any(contact.offer == one.offer for one in instead)):
                kept[contact.id] = contact
            elif event == SHOWN:
                kept |= {
                    one.id: attrs.evolve(one, at_us=contact.at_us, until_us=contact.until_us, customer=contact.customer)
                    for one in instead
                }
        kept |= {one.id: one for one in more}
        return attrs.evolve(counted, contacts=tuple(kept.values()))


def _whose(evidence: Evidence) -> bytes:
    return evidence.customer.encode("utf-8", "surrogatepass")


def _slate(record: LoggedDecision) -> tuple[tuple[str, str, str], ...]:
    return tuple((one.placement, one.offer, one.treatment) for one in record.picks)
