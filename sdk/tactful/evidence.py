"""Evidence: what one decision was made of, so that it can be made again; and the trace of each look at it.

It is as personal as a profile. As bytes it leaves this module sealed alone (`sealing`).
"""

from collections.abc import Mapping
from typing import Any, Final

import attrs
import msgpack

from .consent import Consent, Consents, ConsentState, How
from .contacts import Contact
from .errors import StoreError
from .profile import Identity, Observation, Snapshot
from .schema import Source, Value

_FORMAT: Final = 1


@attrs.frozen(repr=False)
class CountedContacts:
    """
    What was counted under the caps.

    Attributes:
        contacts: The contacts, and the room that was taken.
        since_us: All that happened later than this is among them [us since 1970].
    """

    contacts: tuple[Contact, ...]
    since_us: int


@attrs.frozen
class CountedBudget:
    """
    How much of a cap for everyone together was used up.

    Attributes:
        cap: The rule's id.
        shape: What it counts and how far back, as text; a cap of another shape counts something else.
        value: The value for which it was counted.
        inside: How much counted.
        frees_us: Until when the cap is reached [us since 1970]; None if it was not.
    """

    cap: str
    shape: str
    value: str
    inside: int
    frees_us: int | None


@attrs.frozen
class RoomInHand:
    """
    What was in hand under a strict cap.

    Attributes:
        cap: The rule's id.
        value: The value for which it was counted.
        per: For whom it counted.
        units: How many units.
    """

    cap: str
    value: str
    per: str
    units: int


@attrs.frozen(repr=False)
class Evidence:
    """
    What one decision was made of.

    Attributes:
        id: The decision's id.
        at_us: When it was decided [us since 1970].
        customer: The customer's id; empty for a visitor.
        identity: Whom the identifiers stood for; None for a visitor.
        placements: The placements, as they were asked for.
        context: What was known of the moment, by name; None where nothing was.
        snapshot: The profile, as far as the policy could read it.
        consents: The consents.
        careful: What held the decision back beyond its policy.
        counts_known: Whether it was known what counts under the caps; else all of them were reached.
        own: The customer's counted contacts; None for a visitor.
        household: The household's, if a cap counts them.
        budgets: What was counted for everyone together; empty if that was not known, None if no cap counts it.
        strict: What was in hand under strict caps.
    """

    id: str
    at_us: int
    customer: str
    identity: Identity | None
    placements: tuple[str, ...]
    context: Mapping[str, Value | None]
    snapshot: Snapshot | None
    consents: Consents | None
    careful: tuple[str, ...] = ()
    counts_known: bool = False
    own: CountedContacts | None = None
    household: CountedContacts | None = None
    budgets: tuple[CountedBudget, ...] | None = None
    strict: tuple[RoomInHand, ...] = ()

    def __repr__(self) -> str:  # all of it is personal
        return f"<Evidence of decision {self.id}>"


@attrs.frozen
class Access:
    """
    One look at evidence.

    Attributes:
        at_us: When [us since 1970].
        reader: Who looked.
        reason: Why.
        decision: The decision that was looked at; empty for all from one moment to another.
        since_us: From when on [us since 1970].
        until_us: Until when.
    """

    at_us: int
    reader: str
    reason: str
    decision: str = ""
    since_us: int = 0
    until_us: int = 0


@attrs.frozen
class SealedEvidence:
    """
    Evidence as a store keeps it: nobody without the key can read it.

    Attributes:
        id: The decision's id.
        at_us: When it was decided [us since 1970].
        who: The customer's pseudonym, so that an erasure finds it; empty for a visitor.
        until_us: It is kept until then [us since 1970].
        sealed: The rest.
    """

    id: str
    at_us: int
    who: bytes
    until_us: int
    sealed: bytes


def pack_evidence(evidence: Evidence) -> bytes:
    """Return evidence as compact bytes."""
    snapshot, consents, identity = evidence.snapshot, evidence.consents, evidence.identity
    seen = {} if snapshot is None else snapshot.attributes
    plain = (
        _FORMAT,
        evidence.id,
        evidence.at_us,
        evidence.customer,
        None if identity is None else attrs.astuple(identity),
        evidence.placements,
        dict(evidence.context),
        None if snapshot is None else (snapshot.customer, snapshot.at_us, snapshot.epoch, sorted(snapshot.unreadable)),
        {name: (one.value, one.source.value, *attrs.astuple(one)[2:]) for name, one in seen.items()},
        _plain_consents(consents),
        evidence.careful,
        evidence.counts_known,
        _plain_contacts(evidence.own),
        _plain_contacts(evidence.household),
        None if evidence.budgets is None else [attrs.astuple(one) for one in evidence.budgets],
        [attrs.astuple(one) for one in evidence.strict],
    )
    packed: bytes = msgpack.packb(plain, unicode_errors="surrogatepass")
    return packed


def unpack_evidence(packed: bytes) -> Evidence:
    """
    Return the evidence of some bytes.

    Raises:
        StoreError: If they are of a newer format, or damaged.
    """
    try:
        format_, *fields = msgpack.unpackb(packed, use_list=False, unicode_errors="surrogatepass")
        if format_ == _FORMAT:
            return _evidence(*fields)
    except (ValueError, TypeError, LookupError, AttributeError, msgpack.UnpackException):
        raise StoreError("the evidence is damaged; it cannot be repaired", code="evidence-damaged") from None
    raise StoreError(f"the evidence has format {format_}, this version reads {_FORMAT}", code="evidence-format")


def _evidence(  # noqa: PLR0913, PLR0917 - as they are packed
    id_: str,
    at_us: int,
    customer: str,
    identity: Any,
    placements: tuple[str, ...],
    context: Mapping[str, Value | None],
    head: Any,
    seen: Mapping[str, Any],
    consents: Any,
    careful: tuple[str, ...],
    counts_known: bool,  # noqa: FBT001 - as they are packed
    own: Any,
    household: Any,
    budgets: Any,
    strict: Any,
) -> Evidence:
    attributes = {name: Observation(value, Source(source), *rest) for name, (value, source, *rest) in seen.items()}
    snapshot = None if head is None else Snapshot(head[0], head[1], attributes, head[2], frozenset(head[3]))
    return Evidence(
        id_,
        at_us,
        customer,
        None if identity is None else Identity(*identity),
        placements,
        context,
        snapshot,
        None if consents is None else Consents(tuple(_consent(*one) for one in consents[1]), consents[0]),
        careful,
        counts_known,
        _contacts(own),
        _contacts(household),
        None if budgets is None else tuple(CountedBudget(*one) for one in budgets),
        tuple(RoomInHand(*one) for one in strict),
    )


def _consent(purpose: str, state: str, how: str, *rest: Any) -> Consent:
    return Consent(purpose, ConsentState(state), How(how), *rest)


def _plain_consents(consents: Consents | None) -> object:
    if consents is None:
        return None
    records = [(r.purpose, r.state.value, r.how.value, *attrs.astuple(r)[3:]) for r in consents.records]
    return consents.at_us, records


def _plain_contacts(counted: CountedContacts | None) -> object:
    return None if counted is None else (counted.since_us, [attrs.astuple(one) for one in counted.contacts])


def _contacts(plain: Any) -> CountedContacts | None:
    return None if plain is None else CountedContacts(tuple(Contact(*one) for one in plain[1]), plain[0])
