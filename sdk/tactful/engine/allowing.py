"""Allowing: what an event says of consents, and for which purposes it may be kept. It keeps nothing."""

from collections.abc import Iterable, Mapping, Sequence

from ..consent import (
    EVERYTHING,
    GIVEN,
    OWN_YES,
    WEAKEST,
    Consent,
    Consents,
    ConsentState,
    How,
    LegalBasis,
    Purpose,
    standing,
)
from ..events import Event, Events
from ..plan.plan import Plan


def preferred(events: Events, event: Event) -> Mapping[str, bool]:
    """Return the yes or no to each purpose that an event brings; of several categories, any no wins."""
    said: dict[str, bool] = {}
    for category in events.consents:
        answer = event.preferences.get(category.name)
        if answer is not None:
            said.update({purpose: answer and said.get(purpose, True) for purpose in category.purposes})
    return said


def consents_of(events: Events, event: Event, known: Consents, now_us: int) -> tuple[Consent, ...]:
    """
    Return the records that an event adds to what is known: every no, and each yes that the policy says how it is given.

    What is known already, or was said later, adds none; a no yields to a yes of the customer's own alone.
    """
    found = []
    for purpose, yes in preferred(events, event).items():
        how = How.EXPLICIT if not yes else _way(events, event, purpose)
        if how is None:
            continue
        said = Consent(purpose, ConsentState.GIVEN if yes else ConsentState.REFUSED, how, event.at_us)
        spoken = [one for one in known.records if one.scope == said.scope]
        last = max(spoken, key=lambda one: one.at_us, default=None)
        if last is None or (last.at_us < said.at_us and _changes(last, said) and said.may_follow(last)):
            found.append(said)
    return tuple(one for one in found if one.refuses or not _left_in_peace(known, one, now_us))


def _way(events: Events, event: Event, purpose: str) -> How | None:
    """Return how a yes to a purpose is given: in the weakest way of those that were asked; None if it is not kept."""
    asked = (one for one in events.consents if purpose in one.purposes and event.preferences.get(one.name))
    ways = [one.yes for one in asked]
    return None if None in ways else min((way for way in ways if way), key=WEAKEST.index)


def _changes(last: Consent, said: Consent) -> bool:
    if said.refuses:
        return not last.refuses
    return last.state not in GIVEN or WEAKEST.index(last.how) < WEAKEST.index(said.how)


def _left_in_peace(known: Consents, said: Consent, now_us: int) -> bool:
    """Return whether the customer wants to be left in peace, and a yes is not the later one that opens a purpose."""
    out = [one.at_us for one in known.records if one.purpose == EVERYTHING and one.refuses]
    refused = standing(known, (EVERYTHING,), "", now_us).refused
    return refused and not (said.how in OWN_YES and said.at_us > max(out, default=0))


def allowed(plan: Plan, known: Consents | None, said: Mapping[str, bool], now_us: int) -> frozenset[str]:
    """
    Return the purposes for which something of a customer may be kept.

    Args:
        plan: The plan.
        known: The customer's records, with what the event adds; None if nothing is known.
        said: The yes or no to each purpose that the event brings.
        now_us: The moment [us since 1970].
    """
    records = known or Consents((), 0)
    in_peace = standing(records, (EVERYTHING,), "", now_us).refused
    purposes = {one.name: one for one in plan.policy.purposes}
    return frozenset(
        name
        for name, lineage in zip(plan.slots.purposes, plan.lineages, strict=True)
        if _allows(purposes[name], lineage, records, said, in_peace=in_peace, now_us=now_us)
    )


def _allows(
    purpose: Purpose, lineage: Sequence[str], known: Consents, said: Mapping[str, bool], *, in_peace: bool, now_us: int
) -> bool:
    if not purpose.asks:
        return True
    found = standing(known, lineage, "", now_us)
    if found.refused or any(said.get(one) is False for one in lineage):
        return False
    if found.given and found.how is not None and found.how in _ways(purpose):
        return True
    silent = purpose.partner is None and purpose.legal_basis is LegalBasis.LEGITIMATE_INTEREST
    return not in_peace and (silent or said.get(purpose.name) is True)


def _ways(purpose: Purpose) -> Iterable[str]:
    sold = purpose.partner is None and purpose.legal_basis is LegalBasis.SOFT_OPT_IN
    return {way.value for way in (*OWN_YES, *((How.IMPLIED,) if sold else ()))}
