"""
What an event tells a centre of consents: a withdrawal or a yes that was said at an edge. It keeps nothing.

An edge's clock may be wrong. What it dates later than the centre's own moment was said at its arrival at the latest,
and is taken as said then. What it dates too early cannot be told from what waited long at an edge, and is left as it
is: the edge itself dates nothing before what it knew when it was said.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

import attrs

from .clock import SECOND_US, SKEW_US
from .consent import EVERYTHING, GIVEN, OWN_YES, RESTRICTION, Consent, Consents, ConsentState, How
from .contacts import Contact
from .disclosures import Disclosure

#: A time that is later than the centre's own by more than this is its edge's clock's error.
AHEAD_US: Final = 2 * SECOND_US
_EVENTS: Final = frozenset({"withdrawal", "opt_in", "opt_in_asked"})


def tells_consent(event: Contact | Disclosure) -> bool:
    """Return whether an event says something of consents; a partner's notice does not."""
    return isinstance(event, Contact) and event.event in _EVENTS and not event.owner and bool(event.tags)


def after_telling(known: Consents | None, event: Contact, at_us: int) -> Consents:
    """
    Return what a centre knows of a customer's consents once an event has come in. The same event twice is as once.

    What is dated later than the centre's moment counts from its arrival, so that what is said after it is newer. A no
    loses no force by that: it stays as new as every yes that it was newer than. A yes whose clock cannot be trusted at
    all lifts no no.

    Args:
        known: What it knew of one id; None for nothing.
        event: What `tells_consent`.
        at_us: The centre's moment [us since 1970].

    >>> out = Contact("1", "ada", "withdrawal", 7, tags=("offers",))
    >>> [one.state.name for one in after_telling(None, out, at_us=9).records]
    ['WITHDRAWN']
    """
    before = Consents((), at_us) if known is None else known
    records = before.records
    # What came with a time ahead bears a mark, so that it counts once, whenever it comes again.
    mark = hashlib.sha256(event.id.encode(errors="surrogatepass")).hexdigest()[:32]
    marks = (mark, event.id.removesuffix("/yes"))
    marked = {(one.scope, one.state) for one in records if one.evidence in marks}
    for record in _arrived(before, event, at_us, mark) if event.at_us > at_us + AHEAD_US else _said(before, event):
        if record not in records and (record.scope, record.state) not in marked:
            records = (*records, record)
    return Consents(records, at_us, before.epoch)


def _arrived(known: Consents, event: Contact, at_us: int, mark: str) -> Iterable[Consent]:
    """Yield what an event says whose clock was ahead, as said at its arrival."""
    for record in _said(known, event):
        about = [one for one in known.records if one.purpose in (record.purpose, EVERYTHING)]
        if record.refuses:
            before_it = (one.at_us for one in about if one.state in GIVEN and one.at_us <= event.at_us)
            yield attrs.evolve(record, at_us=max((at_us, *before_it)), evidence=mark)
        elif event.at_us <= at_us + SKEW_US or not any(one.refuses for one in about):
            yield attrs.evolve(record, at_us=at_us, evidence=record.evidence or mark)


def _said(known: Consents, event: Contact) -> Iterable[Consent]:
    channel = event.channel or None
    if event.event == "withdrawal":
        yeses = [one for one in known.records if one.state in GIVEN and one.purpose != RESTRICTION]
        given = [one.purpose for one in yeses if one.at_us <= event.at_us]
        purposes = (*event.tags, *given) if EVERYTHING in event.tags else event.tags  # other policies have others
        for purpose in dict.fromkeys(purposes):
            yield Consent(purpose, ConsentState.WITHDRAWN, How.EXPLICIT, event.at_us, channel=channel)
    elif event.event == "opt_in_asked":
        if all(one.purpose != event.tags[0] for one in known.records):
            state, how = ConsentState.REQUESTED, How.DOUBLE_OPT_IN
            yield Consent(event.tags[0], state, how, event.at_us, channel=channel, evidence=event.id)
    else:
        yes = _yes(event, channel)
        about = (one for one in known.records if one.purpose in (yes.purpose, EVERYTHING))
        if yes.how in OWN_YES or not any(one.refuses and one.channel in (None, channel) for one in about):
            yield yes


def _yes(event: Contact, channel: str | None) -> Consent:
    """Return the yes of an event; in a way that is not known, the weakest."""
    purpose, way = (*event.tags, "", "")[:2]  # an event that names no purpose is a yes to none
    how = {one.value: one for one in How}.get(way, How.UNKNOWN)
    evidence = event.id.removesuffix("/yes") if how is How.DOUBLE_OPT_IN else ""
    return Consent(purpose, ConsentState.GIVEN, how, event.at_us, channel=channel, evidence=evidence)
