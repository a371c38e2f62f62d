"""Relevance: how often is the coupon that a household redeemed among the first 1, 6 and 20?

For each redemption the candidates are the coupons of all campaigns that target the household and run on that day.
Simple ways to order them stand beside tactful's own books (`books.py`). What counts of households and coupons is what
happened before the day.
"""

from collections.abc import Iterable, Iterator, Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from .affinity import Affinities
from .books import Books
from .households import Households
from .journey import Journey
from .rounds import Progress

#: By nothing, by redemptions so far, by the household's past purchases of a coupon's products, and by those over the
#: root of how often anyone bought them.
BASELINES = ("random order", "popularity", "past purchases", "past purchases over popularity")
TACTFUL = ("tactful without guardrails", "tactful with guardrails")
#: So many coupons are looked at.
FIRST = (1, 6, 20)
_Floats = NDArray[np.float64]


@attrs.frozen
class Case:
    """What a household redeemed on a day."""

    household: int
    day: int
    coupons: tuple[int, ...]


def cases(journey: Journey, households: Iterable[int]) -> Iterator[Case]:
    """Yield what some households redeemed, by day and household."""
    some = frozenset(households)
    redeemed: dict[tuple[int, int], list[int]] = {}
    columns = journey.redemptions[["day", "household", "coupon"]]
    for day, household, coupon in columns.to_numpy().tolist():  # by day and household already
        if household in some:
            redeemed.setdefault((day, household), []).append(coupon)
    for (day, household), coupons in redeemed.items():
        yield Case(household, day, tuple(coupons))


def measure(
    journey: Journey, affinities: Affinities, households: Households, found: Iterable[Case], progress: Progress
) -> dict[str, object]:
    """Return how often each way of ordering finds the redeemed coupon, and what the guardrails cost."""
    hits: dict[str, list[_Floats]] = {name: [] for name in (*BASELINES, *TACTFUL)}
    sizes: list[int] = []
    running = Running(journey, affinities)
    with Books(journey, affinities, households) as books:
        for done, case in enumerate(all_ := list(found), 1):
            candidates = running.candidates(case)
            worths = baselines(affinities, households, case)
            made = dict(zip(TACTFUL, books.of(case.household, case.day), strict=True))
            for coupon in case.coupons:
                sizes.append(len(candidates))
                place = affinities.place(coupon)
                for name, worth in worths.items():
                    hits[name].append(_by_worth(worth[candidates], worth[place]))
                for name, book in made.items():
                    hits[name].append(_in_book(book, coupon))
            progress(done, len(all_))
    return _means(hits, sizes)


class Running:
    """The coupons that a household can choose from on a day."""

    def __init__(self, journey: Journey, affinities: Affinities) -> None:
        self._targets = journey.targets
        self._campaigns = journey.campaigns
        self._places: dict[int, list[int]] = {number: [] for number in journey.campaigns}
        pairs = journey.coupon_products[["campaign", "coupon"]].drop_duplicates()
        for campaign, coupon in pairs.to_numpy().tolist():
            self._places[campaign].append(affinities.place(coupon))

    def candidates(self, case: Case) -> NDArray[np.int64]:
        """Return the places of the coupons of all campaigns that target a household and run on a day."""
        run = [one for one in self._targets[case.household] if self._campaigns[one].runs(case.day)]
        return np.unique(np.concatenate([self._places[one] for one in run]).astype(np.int64))


def baselines(affinities: Affinities, households: Households, case: Case) -> Mapping[str, _Floats]:
    """Return the worth of every coupon by simple ways of ordering."""
    bought = affinities.purchases(households.before(case.household, case.day)).astype(float)
    worths = (
        np.zeros(len(bought)),
        affinities.redeemed(case.day),
        bought,
        bought / np.sqrt(affinities.bought(case.day) + 1),
    )
    return dict(zip(BASELINES, worths, strict=True))


def _by_worth(worths: _Floats, own: float) -> _Floats:
    """Return the chance of being among the first so many, if equal worths stand in random order."""
    better, equal = int((worths > own).sum()), int((worths == own).sum())
    return np.array([min(max(n - better, 0) / equal, 1.0) for n in FIRST])


def _in_book(book: tuple[str, ...], coupon: int) -> _Floats:
    """Return whether a coupon stands in one of the first so many slots of a book."""
    start = f"coupons.u{coupon}-"
    return np.array([float(any(offer.startswith(start) for offer in book[:n])) for n in FIRST])


def _means(hits: Mapping[str, list[_Floats]], sizes: list[int]) -> dict[str, object]:
    if not sizes:
        return {"redemptions": 0, "candidates_median": 0.0, "rows": [], "lost_to_guardrails": {}}
    means = {name: np.mean(one, axis=0) for name, one in hits.items()}
    free, kept = (means[name] for name in TACTFUL)
    lost = np.divide(free - kept, free, out=np.zeros(len(FIRST)), where=free > 0)
    return {
        "redemptions": len(sizes),
        "candidates_median": float(np.median(sizes)),
        "rows": [{"name": name, **_first(mean)} for name, mean in means.items()],
        "lost_to_guardrails": _first(lost),
    }


def _first(values: _Floats) -> dict[str, float]:
    return {f"first{n}": round(float(value), 4) for n, value in zip(FIRST, values, strict=True)}
