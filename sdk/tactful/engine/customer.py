"""What an edge holds of one customer, and what it has worked out from that. It works out nothing itself."""

from collections.abc import Mapping
from typing import Final

from ..clock import SKEW_US
from ..consent import Consent, Consents, ConsentState, How
from ..holdouts import key_of
from ..plan.plan import Plan
from ..profile import Identity, Snapshot
from ..schema import Value
from .held_profile import HeldProfile
from .own import own

#: So many sets of refusals are remembered for a customer; browsers send few.
_REFUSALS_MAX: Final = 4
#: A profile as one purpose may see it, by slot.
View = tuple[Value | None, ...]
#: The profile by purpose, the seen slots without a value by purpose, the affinities by purpose, until when.
Masked = tuple[tuple[tuple[Value | None, ...], ...], tuple[int, ...], tuple[Mapping[str, float] | None, ...], int]
#: The caller's word for a customer: the persistent id, or identifiers by name.
Who = str | Mapping[str, str] | None


class Standing:
    """
    What a snapshot comes to under the hides that apply, from a moment until another.

    Attributes:
        hides: The flags that hide.
        views: The profile by purpose.
        seen: By purpose, the slots that are seen and have no value, as bits.
        scores: The affinities by purpose; None where they are not known.
        allow: The treatments whose standing requirements are met.
        spared: For each look-up in the context, and then each other test of the moment that something else can stand in
            for, the treatments that need not meet it, as that holds.
        since_us: It holds from here [us].
        until_us: It holds before here [us].
        orders: Orders of the offers that were asked for, the latest first; mostly one, so that nothing looks it up.
    """

    __slots__ = ("allow", "hides", "orders", "scores", "seen", "since_us", "spared", "until_us", "views")

    def __init__(
        self,
        hides: int,
        views: tuple[View, ...],
        seen: tuple[int, ...],
        scores: tuple[Mapping[str, float] | None, ...],
        allow: int,
        spared: tuple[int, ...],
        since_us: int,
        until_us: int,
    ) -> None:
        self.hides = hides
        self.views = views
        self.seen = seen
        self.scores = scores
        self.allow = allow
        self.spared = spared
        self.since_us = since_us
        self.until_us = until_us
        self.orders: tuple[object, ...] = ()


class OnChannel:
    """
    What is known of a customer on one channel, and what the bounds that stand allow.

    Attributes:
        channel: The channel's name.
        known: Identity, ages and consents, in the order of `k`.
        allow: The treatments that they allow.
        flags: The flags that they set.
        since_us: It holds from here [us].
        until_us: It holds before here [us].
        standings: What the snapshot comes to, under each of the hides that were asked for; mostly one.
        slate: What filled the page of last, while it holds; None if that cannot be told.
    """

    __slots__ = ("allow", "channel", "flags", "known", "since_us", "slate", "standings", "until_us")

    def __init__(
        self, channel: str, known: tuple[Value | None, ...], allow: int, flags: int, since_us: int, until_us: int
    ) -> None:
        self.channel = channel
        self.known = known
        self.allow = allow
        self.flags = flags
        self.since_us = since_us
        self.until_us = until_us
        self.standings: tuple[Standing, ...] = ()
        self.slate: object = None


class Customer:
    """
    One customer as an edge holds it, under one plan.

    Attributes:
        plan: The plan under which things were worked out.
        identity: Who it is; None for a visitor of whom nothing is known.
        made_us: When the profile was made [us since 1970]; None without one.
        consents: The consents, or None.
        protective: The protective view and the direct one, in the order of `q`.
        own: What caps count the customer by.
        held: Of each holdout, whether the customer is in it.
        channels: What was worked out, on the channel of last first; mostly one, so that nothing looks it up.
    """

    __slots__ = (
        "_profile",
        "_refusing",
        "_snapshot",
        "channels",
        "consents",
        "held",
        "identity",
        "made_us",
        "own",
        "plan",
        "protective",
    )

    def __init__(
        self,
        plan: Plan,
        identity: Identity | None,
        snapshot: Snapshot | None,
        consents: Consents | None,
        profile: HeldProfile | None = None,
    ) -> None:
        """Hold what is known; of a profile that is held elsewhere too, the snapshot only until it was read."""
        self.plan = plan
        self.identity = identity
        self.made_us = None if snapshot is None else snapshot.at_us
        self._snapshot = snapshot
        self._profile = profile
        self.consents = consents
        self.protective = protective_view(plan, snapshot)
        self.own = own(plan, snapshot, self.protective)
        self.held = held(plan, identity)
        self.channels: tuple[OnChannel, ...] = ()
        self._refusing: dict[frozenset[str], Customer] | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        """The profile, or None; it may be read anew each time."""
        known, held = self._snapshot, self._profile
        if known is None and held is not None:
            return held.under(self.plan, "" if self.identity is None else self.identity.customer)
        return known

    def release(self) -> None:
        """Let go of the profile as objects, if it is held elsewhere: what follows from it is worked out."""
        if self._profile is not None:
            self._snapshot = None

    def refusing(self, purposes: frozenset[str], now_us: int) -> "Customer":
        """
        Return the customer as who refuses purposes, whatever was said before: as a signal of the moment does.

        Args:
            purposes: The purposes' names; `*` is all of them.
            now_us: The moment [us since 1970].
        """
        known = self._refusing = {} if self._refusing is None else self._refusing
        found = known.get(purposes)
        if found is None:
            before = self.consents or Consents((), 0)  # of consents that are not known, nothing else becomes known
            # What is later is no yes yet; and one that is on record for later must not lift this when its time comes.
            at_us = max([now_us + SKEW_US, *(one.at_us for one in before.records)])
            said = (Consent(one, ConsentState.REFUSED, How.EXPLICIT, at_us) for one in sorted(purposes))
            consents = Consents((*before.records, *said), before.at_us)
            found = Customer(self.plan, self.identity, self.snapshot, consents, self._profile)
            if len(known) < _REFUSALS_MAX:
                known[purposes] = found
        return found

    def same(self, other: "Customer") -> bool:
        """Return whether two say the same of a customer, whenever it was said."""
        return self is other or (
            self.plan is other.plan
            and self.identity == other.identity
            and _values(self.snapshot) == _values(other.snapshot)
            and _said(self.consents) == _said(other.consents)
        )

    def __repr__(self) -> str:  # what it holds is personal
        return f"<Customer snapshot={self.made_us is not None} consents={self.consents is not None}>"


def held(plan: Plan, identity: Identity | None) -> tuple[bool, ...]:
    """Return of each holdout whether a customer is in it; only a person can be, as devices and households change."""
    holdouts = plan.policy.holdouts
    if identity is None or identity.kind != "person":
        return (False,) * len(holdouts)
    key = plan.once("holdout key", lambda: key_of(plan.policy.values.holdout_key)) if holdouts else b""
    return tuple(holdout.holds(key, identity.customer) for holdout in holdouts)


def protective_view(plan: Plan, snapshot: Snapshot | None) -> View:
    """Return what guardrails and `unless:` see of a snapshot, whatever hides it from purposes; then the direct view."""
    direct = plan.slots.direct
    if snapshot is None:
        return (None,) * (len(plan.visibility.protective) + 2 * len(direct))
    attributes = snapshot.attributes
    view = tuple(
        attributes[name].value if name in attributes else None if name in snapshot.unreadable else absent
        for name, absent in plan.visibility.protective
    )
    if not direct:
        return view
    found = [attributes.get(name) for name in direct]
    sure = [one if one is not None and one.is_direct else None for one in found]
    values = tuple(None if one is None else one.value for one in sure)
    return (*view, *values, *(None if one is None else one.at_us for one in sure))


def told_apart(who: Who) -> object:
    """Return what tells the caller's words apart, or None for one that means nobody."""
    return who if isinstance(who, str) else tuple(who.items()) if who else None


def _values(snapshot: Snapshot | None) -> Mapping[str, Value | None] | None:
    if snapshot is None:
        return None
    return {name: seen.value for name, seen in snapshot.attributes.items()} | dict.fromkeys(snapshot.unreadable)


def _said(consents: Consents | None) -> frozenset[object] | None:
    return None if consents is None else frozenset((c.purpose, c.channel, c.state, c.how) for c in consents.records)


def nobody(known: dict[str, Customer], identity: Identity | None, plan: Plan) -> Customer:
    """Return the customer of whom nothing is known, for an identity's kind; kept among those that are known."""
    kind = "none" if identity is None else identity.kind
    customer = known.get(kind)
    if customer is None or customer.plan is not plan:
        customer = known[kind] = Customer(plan, None if identity is None else Identity("", identity.kind), None, None)
    return customer
