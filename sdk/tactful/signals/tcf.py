"""The TC string of IAB Europe's Transparency and Consent Framework, version 2: decoded, and what it permits.

The format: https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework, TCFv2, Consent
string and vendor list format. What cannot be read permits nothing.
"""

from typing import Final

import attrs

from ..errors import ValueRefused
from .bits import Bits

_VERSION: Final = 2
_PURPOSES: Final = 24
_FEATURES: Final = 12
#: Purposes for which legitimate interest is no ground (TCF policies, 2.2 and later).
_CONSENT_ALONE: Final = frozenset({1, 3, 4, 5, 6})
_DISCLOSED, _ALLOWED, _PUBLISHER = 1, 2, 3
_NOT_ALLOWED, _NEEDS_CONSENT, _NEEDS_INTEREST = 0, 1, 2


@attrs.frozen
class Restriction:
    """
    What a publisher does not let vendors do.

    Attributes:
        purpose: The purpose's number.
        kind: 0 means not at all, 1 only with consent, 2 only for legitimate interest.
        vendors: The vendors' numbers.
    """

    purpose: int
    kind: int
    vendors: frozenset[int]


@attrs.frozen
class PublisherPurposes:
    """
    What was agreed to with the publisher.

    Attributes:
        consents: Purposes that are consented to.
        interests: Purposes for which legitimate interest was not objected to.
        custom_count: How many purposes of the publisher's own there are.
        custom_consents: Those of them that are consented to, from 1.
        custom_interests: Likewise, without an objection.
    """

    consents: frozenset[int]
    interests: frozenset[int]
    custom_count: int
    custom_consents: frozenset[int]
    custom_interests: frozenset[int]


@attrs.frozen(repr=False)
class TcString:
    """
    A decoded TC string.

    Attributes:
        created_us: When it was first made [us since 1970].
        updated_us: When it was last changed, likewise.
        cmp: The number of the consent management platform that made it.
        cmp_version: Its version.
        screen: The screen on which consent was given.
        language: The language in which it was asked for, two letters.
        vendor_list: The version of the list of vendors.
        policy: The version of the policies.
        service_specific: Whether it is for one service.
        non_standard_texts: Whether purposes were told in other words.
        features: Special features that were opted in to.
        purposes: Purposes that are consented to.
        interests: Purposes for which legitimate interest was not objected to.
        purpose_one_treatment: Whether purpose 1 was not told, as the publisher's law has it.
        country: The publisher's country, two letters.
        vendors: Vendors that are consented to.
        vendor_interests: Vendors to whose legitimate interest nobody objected.
        restrictions: What the publisher does not let vendors do.
        disclosed: Vendors that were told of; None if the segment is missing, and then the string permits nothing.
        publisher: What was agreed to with the publisher; None if the segment is missing.
    """

    created_us: int
    updated_us: int
    cmp: int
    cmp_version: int
    screen: int
    language: str
    vendor_list: int
    policy: int
    service_specific: bool
    non_standard_texts: bool
    features: frozenset[int]
    purposes: frozenset[int]
    interests: frozenset[int]
    purpose_one_treatment: bool
    country: str
    vendors: frozenset[int]
    vendor_interests: frozenset[int]
    restrictions: tuple[Restriction, ...]
    disclosed: frozenset[int] | None = None
    publisher: PublisherPurposes | None = None

    @classmethod
    def read(cls, text: str) -> "TcString":
        """
        Return what a TC string says.

        Raises:
            ValueRefused: If it is malformed or of another version; the message does not hold it.
        """
        core, *others = text.split(".")
        found = _core(Bits(core, "the TC string"))
        segments: dict[int, Bits] = {}
        for other in others:
            bits = Bits(other, "a segment of the TC string")
            kind = bits.whole(3)
            if kind not in (_DISCLOSED, _ALLOWED, _PUBLISHER) or kind in segments:
                raise ValueRefused("the TC string has a segment that is not known, or one twice")
            segments[kind] = bits
        if _ALLOWED in segments:
            segments[_ALLOWED].ids()  # it is no longer used; malformed is malformed
        return attrs.evolve(
            found,
            disclosed=segments[_DISCLOSED].ids() if _DISCLOSED in segments else None,
            publisher=_publisher(segments[_PUBLISHER]) if _PUBLISHER in segments else None,
        )

    def permits(self, purpose: int, vendor: int | None = None) -> bool:
        """
        Return whether a purpose is consented to, by a vendor or by whoever shows the page.

        Without the segment of vendors that were told of, which is mandatory since 28 February 2026, it permits nothing.

        Args:
            purpose: The purpose's number, 1 to 24.
            vendor: The vendor's number in the global list; None asks for the publisher itself.
        """
        if self.disclosed is None or purpose not in self.purposes:
            return False
        if vendor is None:
            return self.publisher is None or purpose in self.publisher.consents
        restricted = {one.kind for one in self.restrictions if one.purpose == purpose and vendor in one.vendors}
        return vendor in self.vendors and vendor in self.disclosed and not restricted & {_NOT_ALLOWED, _NEEDS_INTEREST}

    def tolerates(self, purpose: int, vendor: int) -> bool:
        """Return whether a vendor's legitimate interest in a purpose stands: it was told of, and nobody objected."""
        if self.disclosed is None or purpose in _CONSENT_ALONE or purpose not in self.interests:
            return False
        restricted = {one.kind for one in self.restrictions if one.purpose == purpose and vendor in one.vendors}
        told = vendor in self.vendor_interests and vendor in self.disclosed
        return told and not restricted & {_NOT_ALLOWED, _NEEDS_CONSENT}

    def __repr__(self) -> str:  # what somebody agreed to is personal
        return f"<TcString of CMP {self.cmp}, policy {self.policy}>"


def _core(bits: Bits) -> TcString:
    if bits.whole(6) != _VERSION:
        raise ValueRefused("the TC string is of another version than 2")
    return TcString(
        created_us=bits.moment_us(),
        updated_us=bits.moment_us(),
        cmp=bits.whole(12),
        cmp_version=bits.whole(12),
        screen=bits.whole(6),
        language=bits.letters(2),
        vendor_list=bits.whole(12),
        policy=bits.whole(6),
        service_specific=bits.flag(),
        non_standard_texts=bits.flag(),
        features=bits.field(_FEATURES),
        purposes=bits.field(_PURPOSES),
        interests=bits.field(_PURPOSES),
        purpose_one_treatment=bits.flag(),
        country=bits.letters(2),
        vendors=bits.ids(),
        vendor_interests=bits.ids(),
        restrictions=tuple(_restriction(bits) for _ in range(bits.whole(12))),
    )


def _restriction(bits: Bits) -> Restriction:
    purpose, kind = bits.whole(6), bits.whole(2)
    if not 0 < purpose <= _PURPOSES or kind > _NEEDS_INTEREST:
        raise ValueRefused("the TC string has a restriction that is none")
    return Restriction(purpose, kind, bits.ranges())


def _publisher(bits: Bits) -> PublisherPurposes:
    consents, interests, count = bits.field(_PURPOSES), bits.field(_PURPOSES), bits.whole(6)
    return PublisherPurposes(consents, interests, count, bits.field(count), bits.field(count))
