"""Consent: what a customer's records for one purpose on one channel come to. Any no wins."""

from collections.abc import Iterable
from typing import Any

from ...clock import SKEW_US
from ...consent import GIVEN, REFUSED, WEAKEST, Consent, Consents
from ...policy import Policy
from ..interpreter import UNKNOWN


def consent(policy: Policy, consents: Consents | None, purpose: str, part: str, channel: str, now_us: int) -> Any:
    """
    Return one part of a consent as rules read it.

    Args:
        policy: The policy.
        consents: The customer's records; None if they are not known.
        purpose: The purpose.
        part: `given`, `refused`, `how` or `at`.
        channel: The channel of the contact.
        now_us: The moment [us since 1970].
    """
    if consents is None or all(one.name != purpose for one in policy.purposes):
        return UNKNOWN
    speaking = _speaking(consents, _wider(policy, purpose), channel, now_us)
    refused = any(record.state in REFUSED for record in speaking)
    own = [record for record in speaking if record.purpose == purpose]
    yes = [record for record in own if record.state in GIVEN and now_us < record.until_us]
    given = len(own) > 0 and yes == own and not refused
    match part:
        case "given":
            return given
        case "refused":
            return refused
        case "how":
            return min((one.how for one in yes), key=WEAKEST.index).value if given else UNKNOWN
        case "at":
            return min(one.at_us for one in yes) if given else UNKNOWN
    return UNKNOWN


def opted_out(consents: Consents | None, channel: str, now_us: int) -> bool:
    """Return whether a customer wants to be left in peace; of one whose consents are not known it is not said."""
    if consents is None:
        return False
    return any(record.state in REFUSED for record in _speaking(consents, ["*"], channel, now_us))


def restricted(consents: Consents | None, channel: str, now_us: int) -> bool:
    """Return whether a customer's data is to be kept and not used; of one whose consents are not known: no."""
    if consents is None:
        return False
    return any(record.state in REFUSED for record in _speaking(consents, ["*restriction"], channel, now_us))


def _speaking(consents: Consents, purposes: Iterable[str], channel: str, now_us: int) -> list[Consent]:
    """Return, for each purpose and scope (all channels, or this one), the record that speaks: the last one made."""
    # A yes from a time to come is none yet.
    heard = [one for one in consents.records if one.state not in GIVEN or one.at_us <= now_us + SKEW_US]
    speaking: list[Consent] = []
    for purpose in purposes:
        for scope in (None, channel):
            records = [one for one in heard if one.purpose == purpose and one.channel == scope]
            if records:
                newest_us = max(one.at_us for one in records)
                newest = [one for one in records if one.at_us == newest_us]
                # At the same moment the more careful one speaks: a no, else no yes, else the weaker or shorter yes.
                speaking.append(min(newest, key=_how_careful))
    return speaking


def _how_careful(record: Consent) -> tuple[int, int, int]:
    """Return a key by which the most careful record comes first."""
    permits = 0 if record.state in REFUSED else 2 if record.state in GIVEN else 1
    return permits, WEAKEST.index(record.how), record.until_us


def _wider(policy: Policy, purpose: str) -> tuple[str, ...]:
    """Return a purpose and those above it."""
    under = {one.name: one.under for one in policy.purposes}
    found: list[str] = []
    at: str | None = purpose
    while at is not None and at not in found:
        found.append(at)
        at = under.get(at)
    return tuple(found)
