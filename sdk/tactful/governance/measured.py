"""What holdouts show: customers who were held out against those who were not. It names none of them."""

import math

import attrs

from ..clock import NEVER_US
from ..holdouts import key_of
from ..policy import Policy
from ..ports import Ledger
from .figures import contacts_of
from .wilson import Interval, wilson

#: With fewer customers on either side nothing is told.
SMALLEST = 50


@attrs.frozen
class Comparison:
    """
    How many customers did something, among those who were held out and those who were not.

    Attributes:
        holdout: The holdout's name.
        outcome: What they did, as "purchase".
        treated: How many customers were not held out.
        held: How many were.
        treated_rate: The share of the former who did it.
        held_rate: The share of the latter.
        difference: The former share less the latter, -1 to 1.
        low: The difference is not below this, with a confidence of 95 %.
        high: Nor above this.
    """

    holdout: str
    outcome: str
    treated: int
    held: int
    treated_rate: Interval
    held_rate: Interval
    difference: float
    low: float
    high: float


def measured(policy: Policy, ledger: Ledger, outcome: str, since_us: int = -NEVER_US) -> tuple[Comparison, ...]:
    """
    Return what each holdout shows, as far as enough customers are on both sides.

    All persons of the ledger are compared by how they were drawn, whether or not they were shown anything: who was
    reached is no fair draw. What the ledger knows by a device or a household is in no holdout, and left out.

    Args:
        policy: Its holdouts and their key.
        ledger: What customers did.
        outcome: The event that counts, once for each customer.
        since_us: Only what happened at or after this moment [us since 1970].
    """
    if not policy.holdouts:
        return ()
    key = key_of(policy.values.holdout_key)
    kinds = dict(policy.identifiers)
    customers: dict[str, bool] = {}
    for contact in contacts_of(ledger, since_us):
        if kinds.get(contact.customer.partition(":")[0], "person") == "person":
            did = contact.event == outcome
            customers[contact.customer] = customers.get(contact.customer, False) or did
    found = []
    for holdout in policy.holdouts:
        held = [did for customer, did in customers.items() if holdout.holds(key, customer)]
        count, did_all = len(customers) - len(held), sum(customers.values()) - sum(held)
        if min(len(held), count) >= SMALLEST:
            found.append(_compared(holdout.name, outcome, (did_all, count), (sum(held), len(held))))
    return tuple(found)


def _compared(name: str, outcome: str, treated: tuple[int, int], held: tuple[int, int]) -> Comparison:
    """Return a comparison, with Newcombe's interval of the difference (Statistics in Medicine 17, 1998, method 10)."""
    one, other = wilson(*treated), wilson(*held)
    difference = one.share - other.share
    low = difference - math.hypot(one.share - one.low, other.high - other.share)
    high = difference + math.hypot(one.high - one.share, other.share - other.low)
    return Comparison(name, outcome, treated[1], held[1], one, other, difference, max(low, -1.0), min(high, 1.0))
