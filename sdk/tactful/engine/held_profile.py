"""Held profile: a profile that an edge holds for whatever plan and kind of identifier asks. It decides nothing."""

from ..enriching import NO_ENRICHERS, Enrichers
from ..plan.plan import Plan
from ..profile import Snapshot
from .convert import to_snapshot
from .packed_profile import Profile, pack, unpack


class HeldProfile:
    """
    A profile as its source gave it; packed where it comes back from that as it was, and as it came otherwise.

    Attributes:
        customer: The id that the source gave it under; empty for plain values.
    """

    __slots__ = ("_enrichers", "_kept", "_loaded_us", "customer")

    def __init__(self, given: Profile, loaded_us: int, enrichers: Enrichers = NO_ENRICHERS) -> None:
        """Hold a profile that was fetched at a moment [us since 1970], with what these enrichers gave."""
        self._enrichers = enrichers
        self.customer = given.customer if isinstance(given, Snapshot) else ""
        self._kept: Profile | bytes = pack(given) or given
        self._loaded_us = loaded_us

    def under(self, plan: Plan, customer: str, given: Profile | None = None) -> Snapshot:
        """
        Return the profile as a plan's schema reads it; another policy can know other attributes and types.

        Args:
            plan: The plan.
            customer: The persistent customer id.
            given: What the source gave, if it is at hand: it need not be unpacked.
        """
        kept = self._kept if given is None else given
        found = unpack(kept) if isinstance(kept, bytes) else kept
        snapshot = to_snapshot(plan.attribute_specs, customer, found, self._loaded_us)[0]
        return snapshot if plan.enrichers is self._enrichers else plan.enrichers.not_asked(snapshot)

    def __repr__(self) -> str:  # what it holds is personal
        return f"<HeldProfile packed={isinstance(self._kept, bytes)}>"
