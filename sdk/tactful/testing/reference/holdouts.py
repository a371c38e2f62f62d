"""Holdouts: who is in one, and which offers it withholds, as RFC 7693 and the policy say."""

import hashlib

from ...holdouts import Holdout
from ...offers import Offer
from ...policy import Policy
from ...profile import Identity
from .labels import lineage


def is_held(policy: Policy, holdout: Holdout, identity: Identity | None) -> bool:
    """Return whether a customer is in a holdout: the first 8 bytes drawn, as a fraction, are below its share."""
    if identity is None or identity.kind != "person":
        return False
    text = str(len(holdout.name)) + ":" + holdout.name + identity.customer
    drawn = hashlib.blake2b(text.encode(), digest_size=8, key=bytes.fromhex(policy.values.holdout_key))
    return int(drawn.hexdigest(), 16) < holdout.share * 2.0**64


def is_held_out(policy: Policy, holdout: Holdout, offer: Offer) -> bool:
    """Return whether a holdout is about an offer; none is about help, or about what must be sent."""
    if offer.intent.value == "help" or offer.offer_class.value in {"mandatory", "transactional"}:
        return False
    by_tag = any(tag in offer.tags for tag in holdout.tags)
    by_topic = any(topic in lineage(policy, offer.topic) for topic in holdout.topics)
    names_nothing = holdout.tags == holdout.topics == holdout.offers == ()
    return names_nothing or by_tag or by_topic or offer.id in holdout.offers
