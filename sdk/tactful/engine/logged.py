"""Logged: a decision as the log keeps it, worked out when there is time for it. No personal value comes out of here."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any, Final

import attrs
import msgpack

from ..bundle import codec
from ..bundle.packing import pack
from ..consent import Consents
from ..decision_log import LoggedDecision, LoggedPick
from ..errors import BundleError
from ..expr import text
from ..plan.plan import Plan
from ..policy import Policy
from ..profile import Snapshot
from ..pseudonyms import digest, pseudonym
from .explain import limits_acting, truths
from .moment import Chosen, Moment
from .pick import basis_of

_PLUGINS_BYTES: Final = 16
#: What a caller wrote stands in these; the log says it without the caller's words.
_IN_OUR_WORDS: Final = {
    "placement ": "a placement that was asked for is not of the page's channel, or not in the policy",
    "consent to ": "a consent is not understood: refused",
}


def logged(moment: Moment, id_: str, customer: str, careful: tuple[str, ...], key: bytes) -> LoggedDecision:
    """
    Return a decision as the log keeps it.

    Args:
        moment: What it was made of.
        id_: Its id.
        customer: The customer's id; empty for a visitor of whom nothing is known.
        careful: What held it back.
        key: The key of pseudonyms and digests.
    """
    plan, whom = moment.plan, moment.customer
    return LoggedDecision(
        id=id_,
        at_us=moment.now_us,
        who=pseudonym(key, customer),
        channel=moment.channel.channel.name,
        placements=tuple(one.placement.name for one in moment.page.placements),
        picks=tuple(_pick(moment, one) for one in moment.chosen),
        limits=tuple(limits_acting(moment).items()),
        careful=tuple(in_our_words(one) for one in careful),
        policy=plan.policy.name,
        epoch=plan.epoch,
        bundle=policy_digest(plan),
        plugins=plugins_digest(plan),
        kind="" if whom.identity is None else whom.identity.kind,
        snapshot=_snapshot_digest(whom.snapshot, key),
        consents=_consents_digest(whom.consents, key),
        truths=_bits(moment),
    )


def policy_digest(plan: Plan) -> bytes:
    """Return the SHA-256 of a plan's policy, as the header of its bundle names it; empty if no bundle could hold it."""

    def make() -> bytes:
        try:
            return hashlib.sha256(pack(codec.encode(Policy, plan.policy))).digest()
        except BundleError:
            return b""

    return plan.once("policy digest", make)


def plugins_digest(plan: Plan) -> bytes:
    """Return the digest of what the guardrails ask: the same while plugins and settings ask the same."""

    def make() -> bytes:
        asked = [
            (one.id, text(one.condition), one.limit, one.reason, one.say)
            for one in plan.bounds
            if not one.id.startswith("core.") or one.id.startswith("core.broken.")
        ]
        packed = json.dumps(asked, default=_plain, sort_keys=True).encode()
        return hashlib.blake2b(packed, digest_size=_PLUGINS_BYTES).digest()

    return plan.once("plugins digest", make)


def _pick(moment: Moment, one: Chosen) -> LoggedPick:
    entry = moment.plan.catalog.entries[one.index]
    return LoggedPick(
        moment.page.placements[one.placement].placement.name,
        entry.offer.id,
        entry.treatment.id,
        int(entry.labels.tone),
        int(basis_of(moment, one)),
        one.worth,
    )


def in_our_words(careful: str) -> str:
    """Return what held a decision back, without any word of the caller that it may name."""
    return next((ours for theirs, ours in _IN_OUR_WORDS.items() if careful.startswith(theirs)), careful)


def _bits(moment: Moment) -> bytes:
    """Return truths as bytes, eight to each, the first in the lowest bit."""
    bits = count = 0
    for count, one in enumerate(truths(moment), 1):
        bits |= one << count - 1
    return bits.to_bytes((count + 7) // 8, "little")


def _snapshot_digest(snapshot: Snapshot | None, key: bytes) -> bytes:
    if snapshot is None:
        return b""
    seen = [(name, _observed(one)) for name, one in sorted(snapshot.attributes.items())]
    known = (snapshot.at_us, snapshot.epoch, seen, sorted(snapshot.unreadable))
    return digest(key, b"snapshot", _packed(known))


def _observed(one: Any) -> tuple[object, ...]:
    value = sorted(one.value.items()) if isinstance(one.value, Mapping) else one.value
    return value, one.source.value, one.at_us, one.confidence, one.first_party


def _consents_digest(consents: Consents | None, key: bytes) -> bytes:
    if consents is None:
        return b""
    records = [[_plain(one) if isinstance(one, Enum) else one for one in attrs.astuple(r)] for r in consents.records]
    return digest(key, b"consents", _packed((consents.at_us, records)))


def _packed(known: object) -> bytes:
    """Return values as bytes; a text that is no Unicode is still a text."""
    packed: bytes = msgpack.packb(known, unicode_errors="surrogatepass")
    return packed


def _plain(value: Any) -> object:
    """Return what JSON does not know as what it knows, always the same."""
    if isinstance(value, frozenset):
        return sorted(str(_plain(one)) for one in value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return [type(value).__name__, *(getattr(value, field.name) for field in attrs.fields(type(value)))]
