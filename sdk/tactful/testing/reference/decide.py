"""The way of a decision in the reference engine, in the order in which it is told."""

from collections import Counter
from collections.abc import Iterator, Sequence

import attrs

from ...clock import NEVER_US
from ...expr import conjuncts, text
from ...familiarity import Familiarity
from ...limits import AtMost, Cap, Hide, Quiet, Require
from ...offers import Channel, Offer, Placement
from ...policy import Policy
from ...registry import GuardrailRules
from ..interpreter import UNKNOWN, evaluate
from . import applying, caps
from .answer import Answer, Entry, Pick, Situation
from .applying import Applying
from .compose import Composer, Filled, Slate, takes
from .entries import entries
from .known import GuardrailsKnow, OffersKnow
from .shortlist import shortlisted
from .visible import meets, read
from .worth import affinity, is_personal, place_in_order, worth


class Reference:
    """
    Decides as the fast engine must.

    Attributes:
        policy: The policy.
        guardrails: What each of its guardrails asks.
        until_us: From then on the policy has expired [us since 1970].
        entries: Its treatments in the order of worth.
    """

    def __init__(self, policy: Policy, guardrails: Sequence[GuardrailRules], until_us: int = NEVER_US) -> None:
        self.policy = policy
        self.until_us = until_us
        self.guardrails = guardrails
        self.entries = entries(policy)

    def decide(self, placements: Sequence[str], situation: Situation) -> Answer | None:
        """
        Return what is shown in the placements of a page, and why everything else is not.

        Returns:
            None if there is nothing to decide: no placement of the policy, or one on no channel.
        """
        page, channel = self._page(placements)
        if channel is None:
            return None
        know = GuardrailsKnow(self.policy, self.until_us, channel, situation)
        asked = list(applying.applying(know, self.guardrails, self.entries))
        decision = _Decision(self.policy, self.entries, page, know, asked)
        return decision.answer()

    def _page(self, names: Sequence[str]) -> tuple[list[Placement], Channel | None]:
        """Return the placements that are decided together, all of the first one's channel, and that channel."""
        by_name = {placement.name: placement for placement in self.policy.placements}
        known = [by_name[name] for name in names if name in by_name]
        page = [placement for placement in known if placement.channel == known[0].channel]
        channels = [one for one in self.policy.channels if page and one.name == page[0].channel]
        return page, channels[0] if channels else None


@attrs.frozen(repr=False)
class _Decision:
    """One decision under way: what it is of, and the limits that apply."""

    policy: Policy
    entries: Sequence[Entry]
    page: Sequence[Placement]
    know: GuardrailsKnow
    asked: Sequence[Applying]

    @property
    def channel(self) -> Channel:
        """The channel of the page."""
        return self.know.channel

    def answer(self) -> Answer:
        offers = {entry.offer.id: entry.offer for entry in self.entries}
        of_offer = {id_: tuple(self._bar_offer(offer)) for id_, offer in offers.items()}
        barred = {
            entry.index: tuple(sorted({*of_offer[entry.offer.id], *self._bar_treatment(entry)}))
            for entry in self.entries
        }
        quotas = [one for one in self.asked if isinstance(one.limit, AtMost)]
        composer = Composer(self.policy, self.page, quotas, self._filled)
        allowed = [entry for entry in self.entries if not barred[entry.index]]
        ranked = shortlisted(self.policy, self.know, self._ranked(allowed), composer, self._affinity)
        slate = composer.fill(ranked)
        shown = {one.entry.index for one in slate.shown}
        reasons = {
            (entry.offer.id, entry.treatment.id): barred[entry.index] or passed_over(entry, slate, composer)
            for entry in self.entries
            if entry.index not in shown
        }
        keys = frozenset((entry.offer.id, entry.treatment.id) for entry in allowed)
        return Answer(keys, tuple(map(self._pick, slate.shown)), reasons, tuple(self._hidden()))

    def _hidden(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Yield the values on record that limits keep from purposes."""
        snapshot, now_us = self.know.situation.snapshot, self.know.situation.now_us
        for id_, limit in [(one.id, one.limit) for one in self.asked if isinstance(one.limit, Hide | Require)]:
            for name in limit.attributes:
                attribute = next((one for one in self.policy.attributes if one.name == name), None)
                observation = None if snapshot is None else snapshot.attributes.get(name)
                if attribute is None or observation is None or read(attribute, observation) is UNKNOWN:
                    continue
                if isinstance(limit, Hide) or not meets(observation, limit, now_us):
                    yield name, limit.purposes, id_

    def _pick(self, filled: Filled) -> Pick:
        entry = filled.entry
        basis = Familiarity.PERSONAL if self._is_personal(entry.offer) else entry.labels.basis
        placement = self.page[filled.place].name
        return Pick(placement, entry.offer.id, entry.treatment.id, entry.labels.tone, basis, filled.worth)

    def _bar_offer(self, offer: Offer) -> Iterator[str]:
        """Yield the ids of all that keeps an offer away by itself, whatever else is on the page."""
        know = self._offers_know(offer)
        if not offer.from_us <= know.guardrails.situation.now_us < offer.until_us:
            yield "period"
        if not any(takes(self.policy, placement, offer) for placement in self.page):
            yield "placement"
        for part in conjuncts(offer.when):
            if evaluate(part, know) is not True:
                yield f"when:{text(part)}"
        for clause in offer.unless:
            if evaluate(clause, know) is not False:
                yield f"unless:{text(clause)}"

    def _bar_treatment(self, entry: Entry) -> Iterator[str]:
        """Yield the ids of all that keeps a treatment away by itself, apart from what keeps its offer away."""
        know = self._offers_know(entry.offer)
        if any(names and self.channel.name not in names for names in (entry.offer.channels, entry.treatment.channels)):
            yield "channel"
        for part in [part for _, fields in entry.treatment.content for field in fields for part in field.parts]:
            if not isinstance(part, str) and evaluate(part, know) is UNKNOWN:
                yield f"content:{text(part)}"
        for one in self.asked:
            if applying.bars(one.limit, entry):
                yield one.id
            yield from self._bar_by_count(one, entry)

    def _bar_by_count(self, one: Applying, entry: Entry) -> Iterator[str]:
        channel, situation = self.channel.name, self.know.situation
        if isinstance(one.limit, Quiet) and caps.hushes(self.policy, one.limit, entry, channel, situation):
            yield one.id
        if isinstance(one.limit, Cap):
            if self._is_reached(one.limit, entry) and caps.bars(one.limit, entry):
                yield f"{one.id}.wish" if caps.is_wished(self.policy, one.limit, situation) else one.id
            if caps.waits(self.policy, one.limit, entry, self.entries, channel, situation):
                yield f"{one.id}.instead"

    def _filled(self, entry: Entry, offers: Sequence[Offer]) -> tuple[str, ...]:
        """Return the ids of the caps that these offers, once on the page, fill for a treatment."""
        found = []
        for id_, cap in [(one.id, one.limit) for one in self.asked if isinstance(one.limit, Cap)]:
            alike = [one for one in self.entries if one.offer.id == entry.offer.id and one.index in cap.scope]
            bars = entry in alike and caps.bars(cap, entry)
            blinds = bool(alike) and caps.blinds(cap) and self._is_personal(entry.offer)
            if (bars or blinds) and self._is_filled(cap, entry.offer, offers):
                found.append(id_)
        return tuple(found)

    def _is_filled(self, cap: Cap, offer: Offer, offers: Sequence[Offer]) -> bool:
        channel, situation = self.channel.name, self.know.situation
        taken = Counter(value for one in offers for value in caps.fills(self.policy, cap, one, channel))
        return any(
            taken[value] and caps.reached(self.policy, cap, value, situation, taken[value])
            for value in caps.dimension_of_offer(self.policy, cap, offer, channel)
        )

    def _ranked(self, allowed: Sequence[Entry]) -> list[tuple[float, list[Entry]]]:
        """Return the allowed treatments by offer with its worth, the best offer first."""
        by_offer: dict[str, list[Entry]] = {}
        for entry in allowed:
            by_offer.setdefault(entry.offer.id, []).append(entry)
        ranked = []
        for number, group in enumerate(by_offer.values()):
            offer = group[0].offer
            worthy = worth(offer, self._offers_know(offer), is_blind=self._is_blind(offer))
            ranked.append((place_in_order(offer, worthy, number), worthy, group))
        return [(worthy, group) for _, worthy, group in sorted(ranked, key=lambda one: one[0])]

    def _affinity(self, offer: Offer) -> float:
        know = self._offers_know(offer)
        return affinity(self.policy, offer, know.affinities(), is_blind=self._is_blind(offer))

    def _offers_know(self, offer: Offer) -> OffersKnow:
        return OffersKnow(
            self.know, offer.purpose, [one.limit for one in self.asked if isinstance(one.limit, Hide | Require)]
        )

    def _is_reached(self, cap: Cap, entry: Entry) -> bool:
        return caps.limits(self.policy, cap, entry, self.channel.name, self.know.situation)

    def _is_personal(self, offer: Offer) -> bool:
        return is_personal(offer, self._offers_know(offer), is_blind=self._is_blind(offer))

    def _is_blind(self, offer: Offer) -> bool:
        """Return whether no affinity may rank an offer: a limit asks it of any of its treatments, so of all."""
        return any(
            applying.blinds(one.limit, entry)
            or (isinstance(one.limit, Cap) and caps.blinds(one.limit) and self._is_reached(one.limit, entry))
            for one in self.asked
            for entry in self.entries
            if entry.offer.id == offer.id
        )


def passed_over(entry: Entry, slate: Slate, composer: Composer) -> tuple[str, ...]:
    """Return why a treatment that nothing bars is not shown: the quotas and caps without room, else another reason."""
    if any(one.entry.offer.id == entry.offer.id for one in slate.shown):
        return ("familiarity",)
    taken_out = {f"quota:{id_}" for id_, one in slate.taken_out if one.entry.offer.id == entry.offer.id}
    no_room = taken_out.union(composer.no_room(entry, slate.chosen))
    if no_room:
        return tuple(sorted(no_room))
    return ("variety",) if composer.lacks_variety(entry.offer, slate.chosen) else ("outranked",)
