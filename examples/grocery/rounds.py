"""Rounds of decisions: every household on every channel, timed one by one. What is shown is counted, not judged."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs
import numpy as np

import tactful
from tactful import Familiarity, MemoryStore, Policy

from .households import Household

#: The placement that the demo decides for, by channel.
PLACEMENTS: Mapping[str, str] = {"web": "web.home", "kiosk": "kiosk.welcome", "email": "email.letter"}
#: The bins of the histogram of times: 24 to a thousandfold, from 4 us to 4 ms.
BINS_US: Sequence[float] = [4 * 1000 ** (place / 24) for place in range(25)]
#: Ends the id of the limit by which an offer waits until it comes in for another one: it withholds from nobody.
_WAITS = ".instead"
#: Tells how many steps of all are done.
Progress = Callable[[int, int], None]


def store_of(households: Sequence[Household]) -> MemoryStore:
    """Return a store with what the centre knows: cards, profiles, consents and the ledger's contacts."""
    store = MemoryStore(kinds={"card": "household"})
    for one in households:
        store.link(who(one), customer=one.id)
    store.put_many(
        profiles=[one.snapshot for one in households],
        consents={one.id: one.consents for one in households},
        contacts=[contact for one in households for contact in one.contacts],
    )
    return store


def who(household: Household) -> dict[str, str]:
    """Return a household's loyalty card, as a till or a shop's page sends it."""
    return {"card": str(household.number)}


def context_of(household: Household, channel: str) -> dict[str, object]:
    """Return what is known of the moment: the kiosk stands where the household shops."""
    here = channel == "kiosk" and household.store is not None
    return {"daypart": "noon", "store": household.store} if here else {"daypart": "noon"}


@attrs.define
class Channel:
    """What one channel showed."""

    decisions: int = 0
    silent: int = 0
    tones: Counter[str] = attrs.field(factory=Counter)
    bases: Counter[str] = attrs.field(factory=Counter)

    def figures(self) -> dict[str, object]:
        """Return it as plain values, tones and bases from the least to the most familiar."""
        ladder = [step.name for step in Familiarity]
        return {
            "decisions": self.decisions,
            "silent": self.silent,
            "tones": {name: self.tones[name] for name in ladder},
            "bases": {name: self.bases[name] for name in ladder},
        }


@attrs.define
class Round:
    """
    A round of decisions: every household on every channel.

    Attributes:
        decisions: By channel.
        times_us: By channel, how long `Edge.decide` alone took, with room reserved under the caps [us].
    """

    decisions: dict[str, list[tactful.Decision]]
    times_us: dict[str, list[float]]

    def latency(self) -> dict[str, object]:
        """Return median and 99th percentile of all decisions, the median by channel, and a histogram [us]."""
        times = np.concatenate(list(self.times_us.values()))
        counts, _ = np.histogram(np.clip(times, BINS_US[0], BINS_US[-1]), BINS_US)
        return {
            "median": round(float(np.median(times)), 1),
            "p99": round(float(np.percentile(times, 99)), 1),
            "medians": {name: round(float(np.median(found)), 1) for name, found in self.times_us.items()},
            "histogram": [
                {"from": round(low, 1), "to": round(high, 1), "decisions": int(count)}
                for low, high, count in zip(BINS_US, BINS_US[1:], counts, strict=False)
            ],
        }

    def careful(self) -> dict[str, int]:
        """Return why decisions showed less than usual, with how many each; nothing if all went well."""
        return dict(Counter(why for made in self.decisions.values() for decision in made for why in decision.careful))

    def acted(self) -> Counter[str]:
        """Return on how many decisions each limit acted."""
        return Counter(limit for made in self.decisions.values() for decision in made for limit in decision.limits())

    def counted(self) -> tuple[dict[str, Channel], dict[str, Counter[str]]]:
        """Return what each channel showed, and on how many decisions of each channel a limit acted."""
        channels = {name: Channel() for name in self.decisions}
        limits: dict[str, Counter[str]] = {}
        for name, channel in channels.items():
            for decision in self.decisions[name]:
                channel.decisions += 1
                channel.silent += not decision.picks
                channel.tones.update(pick.tone.name for pick in decision.picks)
                channel.bases.update(pick.basis.name for pick in decision.picks)
                for limit in decision.limits():
                    if not limit.endswith(_WAITS):
                        limits.setdefault(limit, Counter())[name] += 1
        return channels, limits


def decide_for_all(edge: tactful.Edge, households: Sequence[Household], progress: Progress) -> Round:
    """Decide for every household on every channel, with room reserved; the customers are warm already."""
    found = Round({name: [] for name in PLACEMENTS}, {name: [] for name in PLACEMENTS})
    for done, household in enumerate(households, 1):
        for name, placement in PLACEMENTS.items():
            card, context = who(household), context_of(household, name)
            start_ns = time.perf_counter_ns()
            decision = edge.decide(placement, card, context)
            found.times_us[name].append((time.perf_counter_ns() - start_ns) / 1000)
            found.decisions[name].append(decision)
        progress(done, len(households))
    return found


def shown(policy: Policy, households: Sequence[Household], now_us: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield the channel, and the offers and treatments in its slots, for each household on every channel."""
    with tactful.open(policy, clock=lambda: now_us) as edge:
        for household in households:
            for channel in PLACEMENTS:
                receipt = look(edge, household, channel).receipt()
                yield channel, tuple((one.offer, one.treatment) for one in receipt.shown)


def look(edge: tactful.Edge, household: Household, channel: str) -> tactful.Decision:
    """Decide for a household on a channel without a trace, by what the caller brings."""
    return edge.decide(
        PLACEMENTS[channel],
        who(household),
        context_of(household, channel),
        profile=household.snapshot,
        consents=household.consents,
        contacts=household.contacts,
        preview=True,
    )
