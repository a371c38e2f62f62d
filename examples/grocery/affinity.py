"""What coupons are worth, and how much a household likes them: from purchases and redemptions before a day.

    affinity = ∛ lines that the household bought of the coupon's products
    value = ∛ (√(redeemed + 1) / (bought by anyone + 50) ** 0.45)

A coupon for what everybody buys says little of a household; one that was often redeemed is a good one. The cube root
changes no order: it keeps coupons comparable with other offers. Both exponents were chosen on the redemptions of
January to June 2017, and the rest of the year tests them.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .journey import Journey

#: The affinity of a coupon of whose products the household bought none: as of a tenth of a line.
ABSENT = 0.1 ** (1 / 3)
_REDEEMED_POWER, _BOUGHT_POWER, _BOUGHT_START = 0.5, 0.45, 50.0
#: Brings coupons into the range of the other offers of the policy.
_SCALE = 1.5


class Affinities:
    """Counts of purchases by coupon, for any household and day of the year."""

    def __init__(self, journey: Journey) -> None:
        pairs = journey.coupon_products[["product", "coupon"]].drop_duplicates()
        self.coupons: NDArray[np.int64] = np.unique(pairs["coupon"].to_numpy())
        products = np.unique(np.concatenate([journey.lines["product"].unique(), pairs["product"].unique()]))
        # By product, in rows: the coupons that are for it.
        product = np.searchsorted(products, pairs["product"].to_numpy())
        order = np.argsort(product, kind="stable")
        self._coupon = np.searchsorted(self.coupons, pairs["coupon"].to_numpy())[order]
        self._first = np.searchsorted(product[order], np.arange(len(products) + 1))
        self._line_product = np.searchsorted(products, journey.lines["product"].to_numpy())
        by_day = np.argsort(journey.lines["day"].to_numpy(), kind="stable")
        self._days = journey.lines["day"].to_numpy()[by_day]
        self._products_by_day = self._line_product[by_day]
        self._redemptions = journey.redemptions
        self._bought: dict[int, NDArray[np.int64]] = {}

    def scores(self, lines: slice) -> dict[str, float]:
        """Return a household's affinity by coupon, from some of the journey's lines; none where it bought nothing."""
        counts = self.purchases(lines)
        return {f"u{self.coupons[place]}": float(counts[place]) ** (1 / 3) for place in np.flatnonzero(counts)}

    def purchases(self, lines: slice) -> NDArray[np.int64]:
        """Return, by coupon, how many of some of the journey's lines are of its products."""
        return self._by_coupon(self._line_product[lines])

    def values(self, day: int) -> NDArray[np.float64]:
        """Return, by coupon, its value as of the Sunday before a day."""
        good = (self.redeemed(_sunday(day)) + 1.0) ** _REDEEMED_POWER
        return _SCALE * np.cbrt(good / (self.bought(day) + _BOUGHT_START) ** _BOUGHT_POWER)

    def bought(self, day: int) -> NDArray[np.int64]:
        """Return, by coupon, how many lines of its products anyone bought before the Sunday before a day."""
        week = _sunday(day)
        if week not in self._bought:
            self._bought[week] = self._by_coupon(self._products_by_day[: np.searchsorted(self._days, week)])
        return self._bought[week]

    def redeemed(self, day: int) -> NDArray[np.int64]:
        """Return, by coupon, how often it was redeemed before a day."""
        earlier: pd.Series = self._redemptions.loc[self._redemptions["day"] < day, "coupon"]
        return np.bincount(np.searchsorted(self.coupons, earlier.to_numpy()), minlength=len(self.coupons))

    def place(self, coupon: int) -> int:
        """Return a coupon's place in what the other methods return."""
        return int(np.searchsorted(self.coupons, coupon))

    def _by_coupon(self, products: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return, by coupon, how many of some products (with repetition) it is for."""
        found, counts = np.unique(products, return_counts=True)
        first, length = self._first[found], self._first[found + 1] - self._first[found]
        starts = np.repeat(first - np.concatenate([[0], np.cumsum(length)[:-1]]), length)
        coupons = self._coupon[starts + np.arange(length.sum())]
        weights = np.repeat(counts, length)
        return np.bincount(coupons, weights=weights, minlength=len(self.coupons)).astype(np.int64)


def _sunday(day: int) -> int:
    return day // 7 * 7
