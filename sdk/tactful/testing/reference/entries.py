"""The treatments of a policy in the order of worth, which gives each its index; scopes are sets of these indices."""

from ...offers import Intent
from ...policy import Policy
from .answer import Entry
from .labels import labels
from .worth import base_worth


def entries(policy: Policy) -> tuple[Entry, ...]:
    """
    Return a policy's treatments, best first.

    Offers: help first, then by base worth, then by id. Treatments of one offer: by lift, then the less familiar
    tone, then by id.
    """
    found: list[Entry] = []
    for offer in sorted(policy.offers, key=lambda o: (o.intent is not Intent.HELP, -base_worth(policy, o), o.id)):
        labelled = [(labels(policy, offer, treatment), treatment) for treatment in offer.treatments]
        for label, treatment in sorted(labelled, key=lambda lt: (-lt[1].lift, lt[0].tone, lt[1].id)):
            found.append(Entry(len(found), offer, treatment, label))
    return tuple(found)
