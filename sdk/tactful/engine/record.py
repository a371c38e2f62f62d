"""Record: what was decided takes room under the caps; what was shown and done goes to the ledger, once in effect.

It looks at no profile. A reservation that is not confirmed lapses.
"""

import uuid
from collections.abc import Callable, Sequence

from ..clock import SECOND_US, Clock
from ..contacts import Contact, contact_id
from ..disclosures import Disclosure
from ..errors import UsageError
from ..plan.caps import SHOWN
from ..ports import Ledger
from .disclosing import Disclosing, passed_by
from .moment import Moment
from .room import room_for
from .tally import Tally
from .token import Receipt, Seal, Shown


def reserve(tally: Tally, moment: Moment, decision: str) -> None:
    """Take room under the caps for what was chosen, until it is confirmed or lapses."""
    plan, channel, now_us = moment.plan, moment.channel.channel.name, moment.now_us
    if SHOWN not in plan.counted_events:
        return
    slate = moment.slate
    rooms = slate.rooms
    if rooms is None:
        rooms = slate.rooms = tuple(room_for(plan, one.ranked.offer, channel) for one in slate.chosen)
    tally.reserve(decision, rooms, now_us, now_us + plan.policy.values.reserve_s * SECOND_US)
    if tally.strict:
        moment.units = tuple(tally.take(room, now_us) for room in rooms)


def receipt_of(moment: Moment, decision: str, customer: str) -> Receipt:
    """Return the receipt of a decision, for its token."""
    shown = []
    for slot, one in enumerate(moment.chosen):
        offer, entry = one.ranked.offer, moment.plan.catalog.entries[one.index]
        place = moment.page.placements[one.placement].placement.name
        shown.append(
            Shown(
                slot,
                place,
                offer.id,
                entry.treatment.id,
                offer.topic,
                offer.owner,
                offer.tags,
                offer.intent.value,
                offer.offer_class.value,
                moment.units[slot] if moment.units else (),
                passed_by(moment.plan, entry),
            )
        )
    until_us = moment.now_us + moment.plan.policy.values.token_s * SECOND_US
    return Receipt(decision, customer, moment.channel.channel.name, until_us, tuple(shown))


def contacts_of(receipt: Receipt, event: str, slot: int | None, now_us: int) -> list[Contact]:
    """
    Return the contacts that an event on a decision makes.

    Args:
        receipt: The decision's receipt.
        event: What happened, such as "shown" or "click".
        slot: In which filled slot, from 0; None means all of them for "shown" and "rendered", else the only one.
        now_us: When it happened [us since 1970].

    Raises:
        UsageError: If the slot is not filled, or must be named.
    """
    shown = receipt.shown
    if slot is not None:
        shown = tuple(one for one in shown if one.slot == slot)
        if not shown:
            raise UsageError(f"slot {slot} of this decision is not filled; it has {len(receipt.shown)} filled slots")
    elif len(shown) > 1 and event not in (SHOWN, "rendered"):
        raise UsageError(f"which slot? {event!r} concerns one of {len(shown)} filled slots: record(…, slot=0)")
    return [
        Contact(
            id=contact_id(receipt.decision, one.slot, one.offer, event),
            customer=receipt.customer,
            event=event,
            at_us=now_us,
            topic=one.topic,
            offer=one.offer,
            treatment=one.treatment,
            placement=one.placement,
            channel=receipt.channel,
            owner=one.owner,
            tags=one.tags,
            intent=one.intent,
            offer_class=one.offer_class,
        )
        for one in shown
    ]


class Recorder:
    """Keeps what became of decisions, and what customers did: durably, once in effect, and counted here at once."""

    def __init__(
        self,
        ledger: Ledger,
        disclosing: Disclosing,
        seal: Seal,
        heard: Callable[[Contact, int], None],
        hold: Callable[[Sequence[Contact]], None],
        confirm: Callable[[Sequence[str]], None],
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._disclosing = disclosing
        self._seal = seal
        self._heard, self._hold = heard, hold
        self._confirm = confirm
        self._clock = clock

    def decided(self, decision: Receipt | str, event: str, slot: int | None) -> bool:
        """Keep what became of a decision, by its receipt or token; return whether it was new."""
        now_us = self._clock()
        receipt = self._seal.open(decision, now_us) if isinstance(decision, str) else decision
        disclosures = self._disclosing.of(receipt, event, slot, now_us)
        new = self._keep(contacts_of(receipt, event, slot, now_us), now_us, disclosures)
        if event == SHOWN:
            self._confirm([unit for one in receipt.shown if slot in (None, one.slot) for unit in one.units])
        return new

    def observed(self, customer: str, event: str, topic: str, offer: str, channel: str, id_: str | None) -> bool:
        """Keep what a customer did apart from any decision; return whether it was new."""
        now_us = self._clock()
        contact = Contact(id_ or uuid.uuid4().hex, customer, event, now_us, topic, offer, channel=channel)
        return self._keep([contact], now_us)

    def _keep(self, contacts: list[Contact], now_us: int, disclosures: Sequence[Disclosure] = ()) -> bool:
        if not contacts:
            return False
        try:
            new = self._ledger.record(contacts, disclosures)
        except Exception:
            # What was shown counts here although it is not kept: or a full disk would have it shown without end.
            unkept = [one for one in contacts if one.event == SHOWN]
            self._hear(unkept, now_us)
            self._hold(unkept)
            raise
        self._hear(contacts, now_us)
        if disclosures:
            self._disclosing.forget(now_us)
        return new > 0

    def _hear(self, contacts: Sequence[Contact], now_us: int) -> None:
        for contact in contacts:
            self._heard(contact, now_us)
