"""Exchange: what a customer tells us when asked, and what the customer got for what we know. It decides nothing.

Both change the profile where it is kept, durably, and count for the next decision.
"""

import difflib
import logging
import uuid
from collections.abc import Callable, Sequence

import attrs

from ..clock import Clock
from ..contacts import Contact, contact_id
from ..errors import UsageError, ValueRefused
from ..plan.plan import Plan
from ..ports import Ledger, ProfileAmending
from ..profile import Identity, Observation, Snapshot
from ..schema import Attribute, Source, check_value
from .customer import Who
from .here import ANSWERED, GAVE
from .record import Recorder
from .snapshot import Snapshots
from .token import Receipt, Shown

_log = logging.getLogger("tactful")
_WHAT_MAX_CHARS = 200


@attrs.frozen
class Exchange:
    """
    Keeps answers, and value given.

    Attributes:
        plan: Gives the plan of the moment.
        profiles: Where profiles come from, and are changed.
        ledger: Where it is on record.
        recorder: Records what became of decisions.
        resolve: Gives whom a caller means.
        snapshots: The customers that are here.
        clock: Gives the moment [us since 1970].
    """

    plan: Callable[[], Plan]
    profiles: object
    ledger: Ledger
    recorder: Recorder
    resolve: Callable[[Who], Identity | None]
    snapshots: Snapshots
    clock: Clock

    def answer(self, receipt: Receipt, value: object, slot: int | None) -> bool:
        """Keep an answer as a stated attribute; return whether it was new. See `Edge.answer`."""
        sink = self._sink("answer")
        if not receipt.customer:
            raise UsageError("answer: nobody knows whose answer it is; decide for a customer")
        asked, spec = self._asked(receipt, slot)
        try:
            checked = check_value(spec.type, value)
        except ValueRefused as error:
            raise ValueRefused(f"the answer to {spec.name}: {error}") from None
        now_us = self.clock()
        said = Observation(checked, Source.STATED, now_us)

        def amend(customer: str, before: Snapshot | None) -> Snapshot | None:
            if customer != receipt.customer:
                return None
            known = Snapshot(customer, now_us, {}) if before is None else before
            return attrs.evolve(known, attributes={**known.attributes, spec.name: said})

        sink.amend_profile(receipt.customer, amend)
        new = self.recorder.decided(receipt, ANSWERED, asked.slot)
        self._fetch(receipt.customer)
        return new

    def gave(
        self, what: str, who: Who, receipt: Receipt | None, attributes: Sequence[str] | None, slot: int | None
    ) -> bool:
        """Keep that a customer got value for some attributes; return whether any was on record. See `Edge.gave`."""
        sink = self._sink("gave")
        if not what.strip() or len(what) > _WHAT_MAX_CHARS:
            raise UsageError(f"gave: say what the customer got, in 1 to {_WHAT_MAX_CHARS} characters")
        customer, shown = self._whom(who, receipt, slot)
        named = self._read(shown) if attributes is None and shown is not None else tuple(attributes or ())
        for name in named:
            self._know(name)
        if not named:
            raise UsageError("gave: name the attributes for which it was given")
        names = frozenset(one for name in named for one in self.plan().catalog.origins(name))
        now_us = self.clock()
        touched: list[str] = []

        def amend(_: str, before: Snapshot | None) -> Snapshot | None:
            there = {} if before is None else {n: o for n, o in before.attributes.items() if n in names}
            if before is None or not there:
                return None
            touched.extend(there)
            given = {n: attrs.evolve(o, gave_us=max(now_us, o.gave_us or now_us)) for n, o in there.items()}
            return attrs.evolve(before, attributes={**before.attributes, **given})

        sink.amend_profile(customer, amend)
        offer = "" if shown is None else shown.offer
        id_ = uuid.uuid4().hex
        if receipt is not None and shown is not None:
            id_ = contact_id(receipt.decision, shown.slot, offer, GAVE)
        self.ledger.record([Contact(id_, customer, GAVE, now_us, offer=offer, treatment=what.strip(), tags=named)])
        self._fetch(customer)
        return bool(touched)

    def _sink(self, what: str) -> ProfileAmending:
        if not isinstance(self.profiles, ProfileAmending):
            raise UsageError(f"{what}: profiles come from a source of yours that takes no change: change them there")
        return self.profiles

    def _asked(self, receipt: Receipt, slot: int | None) -> tuple[Shown, Attribute]:
        """Return the one slot in which something was asked, and the attribute that it asks for."""
        plan = self.plan()
        asks = {offer.id: offer.asks for offer in plan.policy.offers if offer.asks}
        slots = [one for one in receipt.shown if one.offer in asks and slot in (None, one.slot)]
        if len(slots) != 1:
            wrong = "asks nothing there" if not slots else "asks in several slots: answer(…, slot=0)"
            raise UsageError(f"answer: this decision {wrong}")
        return slots[0], plan.attribute_specs[asks[slots[0].offer]]

    def _whom(self, who: Who, receipt: Receipt | None, slot: int | None) -> tuple[str, Shown | None]:
        """Return the customer, and the slot of a decision that it is about."""
        if (who is None) is (receipt is None):
            raise UsageError("gave: say for which decision, or who= and attributes=")
        if receipt is None:
            identity = self.resolve(who)
            if identity is None:
                raise UsageError("gave: the identifiers stand for nobody; link them first")
            return identity.customer, None
        shown = [one for one in receipt.shown if slot in (None, one.slot)]
        if not receipt.customer or len(shown) != 1:
            wrong = "is for nobody who is known" if not receipt.customer else "fills not one slot: gave(…, slot=0)"
            raise UsageError(f"gave: this decision {wrong}")
        return receipt.customer, shown[0]

    def _read(self, shown: Shown) -> tuple[str, ...]:
        """Return the attributes that what was shown reads, in its rules and its text."""
        read: set[str] = set()
        catalog = self.plan().catalog
        for entry in catalog.entries:
            if (entry.offer.id, entry.treatment.id) == (shown.offer, shown.treatment):
                read = {name.partition(".")[2] for name in catalog.reads(entry) if name.startswith("profile.")}
        return tuple(sorted(read & self.plan().attribute_specs.keys()))

    def _know(self, name: str) -> None:
        known = self.plan().attribute_specs
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"gave: there is no attribute {name!r}{hint}")

    def _fetch(self, customer: str) -> None:
        try:
            self.snapshots.load(customer)
        except Exception as error:  # noqa: BLE001 - a source may raise anything; what was said is kept all the same
            _log.warning("a customer could not be fetched anew: %s", type(error).__name__)
            self.snapshots.forget(customer)
