"""Purposes and consents, and how several records fold into one standing. Which consent suffices is a guardrail's."""

import enum
from collections.abc import Iterable
from typing import Final

import attrs

from .clock import NEVER_US, SKEW_US

#: Stands for every purpose at once in the record of a customer who wants to be left in peace.
EVERYTHING: Final = "*"
#: Stands in the record of a customer for the use of all that is known: a no keeps it, and lets nobody use it.
RESTRICTION: Final = "*restriction"
#: The epoch of consents that were said here alone, and that nobody else ever told of: here is where the truth is kept.
FIRST_HAND: Final = -1


class LegalBasis(enum.Enum):
    """The ground on which a purpose may use personal data."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate-interest"
    SOFT_OPT_IN = "soft-opt-in"


class Regime(enum.Enum):
    """Whether silence means no (opt-in) or yes (opt-out)."""

    OPT_IN = "opt-in"
    OPT_OUT = "opt-out"


@attrs.frozen
class Purpose:
    """
    What data is used for.

    Attributes:
        name: Its name in rules.
        legal_basis: The ground on which it stands.
        regimes: Regime by market; a market that is not here is opt-in.
        under: The wider purpose whose refusal refuses this one, or None.
        partner: The partner to whom data goes for it, or None.
        dpv: Its name in the W3C Data Privacy Vocabulary.
        say: What a customer is told of it.
    """

    name: str
    legal_basis: LegalBasis = LegalBasis.CONSENT
    regimes: tuple[tuple[str, Regime], ...] = ()
    under: str | None = None
    partner: str | None = None
    dpv: str = ""
    say: str = ""

    @property
    def asks(self) -> bool:
        """Whether a customer can be left out of it: only what a contract needs goes on, and no partner's purpose."""
        return self.partner is not None or self.legal_basis is not LegalBasis.CONTRACT


class ConsentState(enum.Enum):
    """The states of consent of the W3C Data Privacy Vocabulary; only the first two permit."""

    GIVEN = "ConsentGiven"
    RENEWED = "RenewedConsentGiven"
    UNKNOWN = "ConsentUnknown"
    REQUESTED = "ConsentRequested"
    REQUEST_DEFERRED = "ConsentRequestDeferred"
    REFUSED = "ConsentRefused"
    EXPIRED = "ConsentExpired"
    INVALIDATED = "ConsentInvalidated"
    REVOKED = "ConsentRevoked"
    WITHDRAWN = "ConsentWithdrawn"

    __hash__ = object.__hash__  # a state is one object; the hash of its name would be one more call of Python's


class How(enum.Enum):
    """How a consent was given."""

    EXPLICIT = "explicit"
    DOUBLE_OPT_IN = "double_opt_in"
    IMPLIED = "implied"
    PRE_TICKED = "pre_ticked"
    FORCED = "forced"
    UNKNOWN = "unknown"


#: Only a yes of the customer's own will do where silence, or a purchase, could be taken for one.
OWN_YES: Final = (How.EXPLICIT, How.DOUBLE_OPT_IN)
#: The states that permit.
GIVEN = frozenset({ConsentState.GIVEN, ConsentState.RENEWED})
#: The states that say no, rather than nothing.
REFUSED = frozenset(
    {ConsentState.REFUSED, ConsentState.REVOKED, ConsentState.WITHDRAWN, ConsentState.INVALIDATED},
)


@attrs.frozen
class Consent:
    """
    One record of what a customer said to a purpose.

    Attributes:
        purpose: The purpose's name.
        state: What it says.
        how: How it was given.
        at_us: When [us since 1970].
        until_us: When it ends by itself [us since 1970].
        channel: The one channel that it is for; None means all.
        evidence: The id of the proof, kept elsewhere.
    """

    purpose: str
    state: ConsentState
    how: How
    at_us: int
    until_us: int = NEVER_US
    channel: str | None = None
    evidence: str = ""

    @property
    def refuses(self) -> bool:
        """Whether it says no, rather than yes or nothing."""
        return self.state in REFUSED

    @property
    def scope(self) -> tuple[str, str | None]:
        """The purpose, and the one channel or None for all."""
        return self.purpose, self.channel

    def may_follow(self, no: "Consent") -> bool:
        """Return whether it is a no too, or older, or the explicit yes that alone lifts a no of the same scope."""
        return self.refuses or self.at_us < no.at_us or (self.state in GIVEN and self.how in OWN_YES)


@attrs.frozen
class Consents:
    """
    All consent records of one customer.

    Attributes:
        records: The records.
        at_us: When they were last known to be true [us since 1970]; of first-hand ones, when the first was said.
        epoch: The epoch of their last change at the centre that an edge follows; 0 if they came in another way, and
            `FIRST_HAND` if they were said here alone.
    """

    records: tuple[Consent, ...]
    at_us: int
    epoch: int = 0

    @classmethod
    def first_hand(cls, records: Iterable[Consent], at_us: int) -> "Consents":
        """Return consents that were said here alone, the first of them at a moment [us since 1970]."""
        return cls(tuple(records), at_us, FIRST_HAND)

    @property
    def is_first_hand(self) -> bool:
        """Whether they were said here alone; an edge that follows no centre knows then that they are true."""
        return self.epoch == FIRST_HAND

    @property
    def is_from_centre(self) -> bool:
        """Whether the centre told of them."""
        return self.epoch > 0

    @property
    def as_told(self) -> "Consents":
        """These consents as whoever is told of them has them: not at first hand, so as old as they say."""
        return attrs.evolve(self, epoch=0) if self.is_first_hand else self

    def renewed(self, newer: "Consents") -> "Consents":
        """
        Return newer consents, and with them what they could not know of yet, and the last no for each scope.

        A no stays until a newer explicit yes; nothing less silences it.

        >>> no = Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, at_us=5)
        >>> ticked = Consent("offers", ConsentState.GIVEN, How.PRE_TICKED, at_us=7)
        >>> [one.state.name for one in Consents((no,), 6).renewed(Consents((ticked,), 8)).records]
        ['WITHDRAWN']
        """
        noes: dict[tuple[str, str | None], Consent] = {}
        for one in sorted((one for one in self.records if one.refuses), key=lambda one: one.at_us):
            noes[one.scope] = one
        told = tuple(one for one in newer.records if one.scope not in noes or one.may_follow(noes[one.scope]))
        kept = (one for one in self.records if one.at_us > newer.at_us or noes.get(one.scope) is one)
        return Consents((*told, *(one for one in kept if one not in told)), newer.at_us, newer.epoch)

    def plus(self, record: Consent) -> "Consents":
        """Return these consents and one more record; about the others it says nothing new."""
        return self if record in self.records else attrs.evolve(self, records=(*self.records, record))

    def is_older(self, known: "Consents") -> bool:
        """Return whether others from the centre are known that are newer, by epoch and then by time."""
        return (self.epoch, self.at_us) < (known.epoch, known.at_us)


@attrs.frozen
class Standing:
    """
    What a customer's records for one purpose on one channel come to.

    Attributes:
        given: Whether all that speak for the purpose say yes.
        refused: Whether any says no.
        how: How the weakest yes was given; None without one.
        at_us: When the oldest yes was given [us since 1970]; None without one.
        until_us: The standing holds before this moment [us since 1970].
    """

    given: bool
    refused: bool
    how: str | None
    at_us: int | None
    until_us: int


#: The ways of giving, the weakest first.
WEAKEST = (How.UNKNOWN, How.FORCED, How.PRE_TICKED, How.IMPLIED, How.EXPLICIT, How.DOUBLE_OPT_IN)


def standing(consents: Consents, purposes: Iterable[str], channel: str, now_us: int) -> Standing:
    """
    Fold a customer's records by meet: any no wins.

    For each purpose and scope (all channels, or this one) the newest record speaks; at the same moment, the more
    careful one. A question that is open, or a yes that has run out, is not a yes.

    Args:
        consents: The customer's records.
        purposes: The purpose and those above it, whose refusal refuses it too; the purpose itself first.
        channel: The channel of the contact.
        now_us: The moment [us since 1970].
    """
    lineage = tuple(purposes)
    newest: dict[tuple[str, str | None], Consent] = {}
    changes = [NEVER_US]
    for record in consents.records:
        if record.purpose in lineage and record.channel in (None, channel):
            if record.state in GIVEN and record.at_us > now_us + SKEW_US:
                # A yes from a time to come is none yet, and must not silence a no of today.
                changes.append(record.at_us - SKEW_US)
                continue
            key = (record.purpose, record.channel)
            if key not in newest or speaks_over(record, newest[key]):
                newest[key] = record
    refused = any(record.state in REFUSED for record in newest.values())
    own = [record for record in newest.values() if record.purpose == lineage[0]]
    yes = [record for record in own if record.state in GIVEN and now_us < record.until_us]
    given = bool(yes) and len(yes) == len(own) and not refused
    return Standing(
        given,
        refused,
        min((r.how for r in yes), key=WEAKEST.index).value if given else None,
        min(r.at_us for r in yes) if given else None,
        min([*changes, *(r.until_us for r in yes)]),
    )


def speaks_over(record: Consent, other: Consent) -> bool:
    """Return whether a record speaks rather than another for the same scope: the newer, else the more careful."""
    if record.at_us != other.at_us:
        return record.at_us > other.at_us
    return _permits(record) < _permits(other)


def _permits(record: Consent) -> tuple[int, int, int]:
    """Return a key by which records come in the order of what they permit: a no, no yes, the weaker or shorter yes."""
    if record.state in REFUSED:
        return 0, 0, 0
    return (2 if record.state in GIVEN else 1), WEAKEST.index(record.how), record.until_us
