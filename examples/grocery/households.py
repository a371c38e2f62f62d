"""Households as an edge takes them: profile, consents and contacts as of noon of a day. It looks at nothing later.

What happened on the day itself does not count either: a profile is made in the night before. A redeemed coupon is value
for what a household told of children; who redeems none for long gets none, and the lease of it ends. Two rules of thumb
guess of children what households told; how often they are right is measured (`sources.py`).
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from tactful import Consents, Contact, Observation, Snapshot, Source

from .affinity import Affinities
from .consents import SEED, consents_of
from .journey import Journey, moment_of

#: What nobody else should learn. It stands in attributes of its own, never among a household's ordinary topics.
SENSITIVE = (
    "alcohol",
    "baby",
    "diet",
    "ethnic_care",
    "family_planning",
    "feminine_care",
    "incontinence",
    "lottery",
    "medication",
    "quit_smoking",
    "tobacco",
    "vitamins",
)
#: Of those, what the policy knows of: the others are counted nowhere.
KNOWN = ("baby", "medication", "quit_smoking")
#: Columns of the journey's lines, by name.
Columns = dict[str, NDArray[Any]]
#: When households told us of themselves: as the year began.
STATED_US = moment_of(0, 0)
#: So sure does a rule of thumb say it is: made up, as is the rule. What is measured of it counts.
SURE = 0.95
#: So many lines has a large basket, on average.
LARGE = 14
_DAY_US = 86_400_000_000
_SATURDAY, _NOON, _EVENING = 5, 12, 17
_SILVER, _GOLD = 400, 900  # spent within 90 days [$]
_TOP = 6


@attrs.frozen(repr=False)
class Household:
    """One household as of a moment; the store is the one where it shops most, None if it never did."""

    number: int
    store: int | None
    snapshot: Snapshot
    consents: Consents
    contacts: tuple[Contact, ...]

    @property
    def id(self) -> str:
        """The persistent customer id."""
        return self.snapshot.customer


def _guesses(known: Mapping[str, Any]) -> dict[str, bool]:
    """Return who has children by two rules of thumb: who often buys snacks; and who does so in large baskets."""
    snacks = "snacks" in known["topics_90d"]
    return {"kids_by_snacks": snacks, "kids_by_baskets": snacks and known["basket_lines"] >= LARGE}


def spread(numbers: Sequence[int], count: int | None) -> Sequence[int]:
    """Return so many of the numbers, spread over all; None means all."""
    if count is None or count >= len(numbers):
        return numbers
    return [numbers[place * len(numbers) // count] for place in range(count)]


class Households:
    """All households of the data, as of any day."""

    def __init__(self, journey: Journey, affinities: Affinities, seed: int = SEED) -> None:
        lines = journey.lines
        self._journey = journey
        self._affinities = affinities
        self._seed = seed
        self._columns: Columns = {str(name): lines[name].to_numpy() for name in lines if name != "topic"}
        self._topics = list(lines["topic"].cat.categories)
        self._columns["topic"] = lines["topic"].cat.codes.to_numpy()
        numbers, starts = np.unique(lines["household"].to_numpy(), return_index=True)
        self._slices = dict(zip(numbers.tolist(), zip(starts, [*starts[1:], len(lines)], strict=True), strict=True))
        self._starts = {number: campaign.start for number, campaign in journey.campaigns.items()}
        self._redeemed: dict[int, list[int]] = {}
        for household, day in journey.redemptions[["household", "day"]].to_numpy().tolist():  # by day already
            self._redeemed.setdefault(household, []).append(day)

    @property
    def numbers(self) -> list[int]:
        """The households' numbers, in order."""
        return list(self._slices)

    def before(self, number: int, day: int) -> slice:
        """Return where a household's lines before a day are."""
        start, end = self._slices[number]
        return slice(start, start + int(np.searchsorted(self._columns["day"][start:end], day)))

    def as_of(self, number: int, day: int) -> Household:
        """Return a household as of noon of a day."""
        now_us, lines = moment_of(day), self.before(number, day)
        id_, made_us = f"h{number}", self._made_us(number, day)
        sent = tuple(f"c{one}" for one in self._sent(number, day))
        seen = {**dict(self._described(number, day)), "campaigns": Observation(sent, Source.OBSERVED, made_us)}
        if lines.start < lines.stop:
            seen |= self._receipts(number, lines, day)
        contacts = (*self._purchases(id_, lines, day), *self._mailings(id_, number, day))
        return Household(
            number, self._store(lines), Snapshot(id_, made_us, seen), consents_of(number, now_us, self._seed), contacts
        )

    def _store(self, lines: slice) -> int | None:
        stores, visits = np.unique(self._columns["store"][lines], return_counts=True)
        return int(stores[visits.argmax()]) if len(stores) else None

    def _made_us(self, number: int, day: int) -> int:
        """Return when a profile was made: last night, or 30 days after the last visit, when the card fell asleep."""
        lines = self.before(number, day)
        last = int(self._columns["day"][lines.stop - 1]) if lines.start < lines.stop else day
        return moment_of(min(day, last + 30), 0)

    def bought_test(self, number: int, day: int, within_days: int) -> bool:
        """Return whether a household bought a pregnancy test in the days before a day."""
        lines = self.before(number, day)
        return bool((self._columns["test"][lines] & (self._columns["day"][lines] >= day - within_days)).any())

    def _receipts(self, number: int, lines: slice, day: int) -> dict[str, Observation]:
        """Return what the receipts say, each with the moment of its last evidence."""
        of = {name: column[lines] for name, column in self._columns.items()}
        last_us = int(of["at_us"][-1])
        known = {
            **self._habits(of, day),
            "coupons_used": bisect_left(self._redeemed.get(number, []), day),
            "scores": self._affinities.scores(lines),
        }
        seen = {name: Observation(value, Source.OBSERVED, last_us) for name, value in known.items()}
        seen |= {name: Observation(guess, Source.MODELLED, last_us, SURE) for name, guess in _guesses(known).items()}
        for topic in KNOWN:
            bought = of["at_us"][of["topic"] == self._topics.index(topic)]
            at_us = int(bought[-1]) if len(bought) else last_us
            seen[f"buys_{topic}"] = Observation(bool(len(bought)), Source.OBSERVED, at_us)
        tests = of["at_us"][of["test"]]
        at_us = int(tests[-1]) if len(tests) else last_us
        seen["bought_pregnancy_test"] = Observation(bool(len(tests)), Source.OBSERVED, at_us)
        return seen

    def _habits(self, of: Columns, day: int) -> dict[str, Any]:
        """Return how a household shops: of ordinary topics, nothing that could harm."""
        recent = of["day"] >= day - 90
        spend = float(of["sales"][recent].sum())
        counts = np.bincount(of["topic"][recent], minlength=len(self._topics))
        order = [self._topics[place] for place in np.argsort(-counts, kind="stable") if counts[place]]
        top = [topic for topic in order if topic not in SENSITIVE and topic != "other"]
        hour = float(np.median(of["hour"]))
        return {
            "visits_90d": len(np.unique(of["basket"][recent])),
            "spend_90d": round(spend, 2),
            "tier": "gold" if spend >= _GOLD else "silver" if spend >= _SILVER else "bronze",
            "basket_lines": round(len(of["basket"]) / len(np.unique(of["basket"])), 2),
            "weekend_share": round(float((of["weekday"] >= _SATURDAY).mean()), 3),
            "daypart": "morning" if hour < _NOON else "afternoon" if hour < _EVENING else "evening",
            "own_brand_share": round(float(of["own"][recent].mean()) if recent.any() else 0.0, 3),
            "last_visit": int(of["at_us"][-1]),
            "topics_90d": tuple(top[:_TOP]),
            **({"favourite_topic": top[0]} if top else {}),
        }

    def _described(self, number: int, day: int) -> Iterator[tuple[str, Observation]]:
        """Yield what the demographic table says: stated, but for the income, which counts as bought and unsure."""
        row, gave_us = self._journey.demographics.get(number, {}), self.gave_us(number, day)
        if isinstance(kids := row.get("kids_count"), str):
            has_kids = kids not in ("None/Unknown", "0")
            yield "kids", Observation(has_kids, Source.STATED, STATED_US, gave_us=gave_us)
        if isinstance(size := row.get("household_size"), str):
            yield "household_size", Observation(int(size.rstrip("+")), Source.STATED, STATED_US)
        if isinstance(income := row.get("income"), str):
            bought_us = moment_of(day) - 30 * _DAY_US
            yield "income_band", Observation(income, Source.THIRD_PARTY, bought_us, 0.5, first_party=False)

    def told(self, number: int) -> bool:
        """Return whether a household told of children, or that it has none."""
        return isinstance(self._journey.demographics.get(number, {}).get("kids_count"), str)

    def gave_us(self, number: int, day: int) -> int | None:
        """Return when a household last redeemed a coupon before a day [us since 1970]; None if it never did."""
        redeemed = self._redeemed.get(number, [])
        place = bisect_left(redeemed, day)
        return moment_of(redeemed[place - 1]) if place else None

    def _sent(self, number: int, day: int) -> list[int]:
        return [one for one in self._journey.targets.get(number, ()) if self._starts[one] <= day]

    def _purchases(self, id_: str, lines: slice, day: int) -> Iterator[Contact]:
        """Yield the last purchase of each topic within 30 days."""
        days, topics, at_us = (self._columns[name][lines] for name in ("day", "topic", "at_us"))
        for code, moment in dict(zip(topics[days >= day - 30], at_us[days >= day - 30], strict=True)).items():
            topic = self._topics[code]
            yield Contact(f"{id_}/bought/{topic}/{moment}", id_, "purchase", int(moment), topic)

    def _mailings(self, id_: str, number: int, day: int) -> Iterator[Contact]:
        """Yield the mailings of the last 60 days: a campaign reached the households that it targets when it began."""
        for one in self._sent(number, day):
            if self._starts[one] >= day - 60:
                at_us = moment_of(self._starts[one], 9)
                yield Contact(
                    f"{id_}/mail/c{one}", id_, "shown", at_us, channel="email", owner="marketing", tags=(f"c{one}",)
                )
