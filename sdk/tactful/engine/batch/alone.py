"""Alone: one customer of many, decided by the engine of single decisions. It is what columns are held against."""

from ...consent import Consents
from ...profile import Identity, Snapshot
from .. import middle
from ..customer import Customer
from ..limited import everything_reached
from ..moment import Moment
from ..tally import Tally
from .asked import Asked


def moment(asked: Asked, snapshot: Snapshot, consents: Consents | None, tally: Tally | None) -> Moment:
    """
    Return what fills one customer's page, and all that it was decided from.

    Args:
        asked: What many decisions share.
        snapshot: The profile.
        consents: The consents; None if they are not known.
        tally: What counts under the caps; None if something of it is not known.
    """
    plan, channel, now_us = asked.plan, asked.channel, asked.now_us
    name = channel.channel.name
    customer = Customer(plan, Identity(snapshot.customer), snapshot, consents)
    limited = everything_reached(plan, name) if tally is None else tally.limited(name, now_us)
    caps = None if tally is None else tally.room(name, asked.page.slots, now_us)
    return middle.decide(plan, channel, asked.page, customer, asked.context, limited, caps, now_us)
