"""Moral hazards: what is legal, but shameful if it were printed, is not done.

It looks at the tactics that an offer declares, at who signed them and until when. It cannot see a tactic that nobody
declares.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import attrs

from tactful import Always, Catalog, Entry, LimitRule, Offer, Scope, Sensitivity, When, Withhold, hookimpl

from .settings import listed, none_or_more_of, some_texts, texts

#: What nobody can sign.
SHAMEFUL = (
    "confirmshaming",
    "disguised_ad",
    "false_scarcity",
    "false_urgency",
    "fear",
    "guilt",
    "hidden_cost",
    "price_by_vulnerability",
    "roach_motel",
)
#: What can be done with decency, or without; so can a tactic that another guardrail knows.
HAZARDOUS = (
    "countdown",
    "free_trial_that_renews",
    "gamble",
    "personal_price",
    "preselected",
    "scarcity",
    "social_pressure",
)
_SAY = "We do not press you: what only hurries or tempts we leave out."
_START = datetime(1970, 1, 1, tzinfo=UTC)
#: What ends later than the calendar does not end, and is no sign-off.
_LATEST_US = (datetime(9999, 1, 1, tzinfo=UTC) - _START) // timedelta(microseconds=1)


@attrs.frozen
class MoralHazards:
    """
    Which tactics are refused, and whose sign-off the others need.

    Attributes:
        refuse: Hazardous tactics that are refused like shameful ones.
        unsigned: Hazardous tactics that need no sign-off, unless they are refused.
        roles: The roles in which a reviewer can sign.
    """

    name: ClassVar[str] = "moral_hazards"
    tiers: ClassVar[tuple[str, ...]] = ("values", "execution")
    tactics: ClassVar[tuple[str, ...]] = (*SHAMEFUL, *HAZARDOUS)
    dial: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "conservative": {"refuse": ("gamble", "personal_price", "social_pressure"), "roles": ("ethics",)},
        "bold": {"unsigned": ("countdown", "scarcity"), "roles": ("ethics", "legal", "brand")},
    }
    looser: ClassVar[Mapping[str, str | tuple[str, ...]]] = {
        "refuse": "less",
        "unsigned": "more",
        "roles": "more",
    }

    refuse: tuple[str, ...] = attrs.field(default=(), converter=texts, validator=none_or_more_of(HAZARDOUS))
    unsigned: tuple[str, ...] = attrs.field(default=(), converter=texts, validator=none_or_more_of(HAZARDOUS))
    roles: tuple[str, ...] = attrs.field(default=("ethics", "legal"), converter=texts, validator=some_texts())

    def scope(self, catalog: Catalog) -> Scope:
        """Return all that declares a tactic."""
        return catalog.where(lambda entry: bool(entry.offer.tactics))

    def limits(self, catalog: Catalog) -> Iterable[LimitRule]:
        """
        Yield what is refused, what meets the vulnerable, what nobody signed, and until when the rest is signed.

        Of what meets the vulnerable the customer is told nothing: it would tell what we hold them to be.
        """
        refused = catalog.where(lambda entry: any(map(self._is_refused, entry.offer.tactics)))
        yield Always(Withhold(refused), "its tactic is refused, whoever signs it", "refused", _SAY)
        protected = _protected(catalog)
        vulnerable = catalog.where(lambda entry: bool(entry.offer.tactics) and _is_picked_by(entry, protected))
        yield Always(Withhold(vulnerable), "it presses those whom protected knowledge picks", "vulnerable")
        for until_us, scope in self._signed(catalog, catalog.all - refused - vulnerable):
            if until_us is None:
                yield Always(Withhold(scope), f"nobody signed its tactic as {self._roles}", "unsigned", _SAY)
                continue
            until = (_START + timedelta(microseconds=until_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            reason = f"the sign-off of its tactic ended at {until[:16]} UTC"
            yield When(f'now >= timestamp("{until}")', Withhold(scope), reason, f"lapsed.{until_us}", _SAY)

    def sentence(self) -> str:
        """Return its line in the policy document."""
        also = f", nor what uses {_words(self.refuse)}" if self.refuse else ""
        free = [tactic for tactic in self.unsigned if tactic not in self.refuse]
        but = f" but {_words(free)}" if free else ""
        return (
            f"What we would be ashamed to see printed is not done{also}: nobody can sign it. Every other way to press "
            f"or tempt{but} needs the sign-off of a named reviewer ({self._roles}), which expires, and never meets "
            f"those whom something sensitive picks."
        )

    @property
    def _roles(self) -> str:
        return listed(self.roles, "or")

    def _is_refused(self, tactic: str) -> bool:
        return tactic in SHAMEFUL or tactic in self.refuse

    def _signed(self, catalog: Catalog, scope: Scope) -> Iterable[tuple[int | None, Scope]]:
        """Return which of these treatments need a sign-off, by the moment until which they have it; None is never."""
        signed: dict[int | None, Scope] = {}
        for index in scope:
            offer = catalog.entries[index].offer
            hazards = [tactic for tactic in offer.tactics if tactic not in self.unsigned]
            ends = [max(self._ends(offer, tactic), default=None) for tactic in hazards]
            if ends:
                until_us = None if None in ends else min(end for end in ends if end is not None)
                signed[until_us] = signed.get(until_us, Scope()) | Scope(1 << index)
        return signed.items()

    def _ends(self, offer: Offer, tactic: str) -> list[int]:
        """Return until when each sign-off of a tactic holds that counts [us since 1970]."""
        counting = (a for a in offer.approvals if a.tactic == tactic and a.role in self.roles and a.by.strip())
        return [approval.until_us for approval in counting if 0 < approval.until_us < _LATEST_US]


def _is_picked_by(entry: Entry, protected: set[str]) -> bool:
    """Return whether something sensitive or protected selects a treatment or stands in its text."""
    read = entry.labels.evidence | entry.labels.shows
    return entry.labels.sensitivity > Sensitivity.ORDINARY or not protected.isdisjoint(read)


def _protected(catalog: Catalog) -> set[str]:
    """Return the attributes that are protected, and those that are computed from them, however far round."""
    protected = {attribute.name for attribute in catalog.policy.attributes if attribute.protect}
    while more := {a.name for a in catalog.policy.attributes if not protected.isdisjoint(a.derived_from)} - protected:
        protected |= more
    return protected


def _words(tactics: Iterable[str]) -> str:
    return listed([tactic.replace("_", " ") for tactic in tactics])


@hookimpl
def tactful_guardrails() -> Iterable[type]:
    """Bring the guardrail."""
    return [MoralHazards]
