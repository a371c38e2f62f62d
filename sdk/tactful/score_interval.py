"""The confidence interval of a ratio of two shares, and of one share. It knows no customer and no offer."""

from collections.abc import Callable
from math import inf, sqrt
from statistics import NormalDist

_HALVINGS = 200
_NOTHING = 1e-12
_FAR = 1e9


def ratio_interval(hits: int, size: int, other_hits: int, other_size: int, level: float) -> tuple[float, float]:
    """
    Return the score interval of a ratio of two shares, low and high, each from 0 to infinity.

    Unlike an interval from the logarithm of the ratio it holds where nobody, or everybody, was hit. O. Miettinen and
    M. Nurminen, Comparative analysis of two rates, Statistics in Medicine 4 (1985), 213-226.

    Args:
        hits: How many were hit in the group above the line, 0 to `size`.
        size: How many are in it, >= 1.
        other_hits: How many were hit in the group below the line.
        other_size: How many are in it, >= 1.
        level: The share of such intervals that hold the true ratio, between 0 and 1.

    >>> low, high = ratio_interval(40, 100, 80, 100, 0.95)
    >>> round(low, 2), round(high, 2)
    (0.38, 0.64)
    """
    bound = NormalDist().inv_cdf(0.5 + level / 2) ** 2

    def outside(ratio: float) -> bool:
        return _chi_squared(hits, size, other_hits, other_size, ratio) > bound

    if other_hits == 0 and hits == 0:
        return 0.0, inf
    share, other = hits / size, other_hits / other_size
    found = share / other if other else inf
    low = 0.0 if hits == 0 else _edge(outside, min(found, 1e6), downwards=True)
    high = inf if other_hits == 0 else _edge(outside, found, downwards=False)
    return low, high


def share_interval(hits: int, size: int, level: float) -> tuple[float, float]:
    """
    Return the score interval of a share, low and high. E. B. Wilson, JASA 22 (1927), 209-212.

    Args:
        hits: How many were hit, 0 to `size`.
        size: Of how many, >= 1.
        level: The share of such intervals that hold the true share, between 0 and 1.

    >>> low, high = share_interval(8, 10, 0.95)
    >>> round(low, 2), round(high, 2)
    (0.49, 0.94)
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    centre = hits + z * z / 2
    spread = z * sqrt(hits * (size - hits) / size + z * z / 4)
    return max(0.0, (centre - spread) / (size + z * z)), min(1.0, (centre + spread) / (size + z * z))


def _chi_squared(hits: int, size: int, other_hits: int, other_size: int, ratio: float) -> float:
    """Return how far the shares are from a ratio: the squared score, with the shares most likely under it."""
    total = size + other_size
    a = total * ratio
    b = -(size * ratio + hits + other_size + other_hits * ratio)
    c = float(hits + other_hits)
    likely_other = (-b - sqrt(max(0.0, b * b - 4 * a * c))) / (2 * a) if a else other_hits / other_size
    likely = min(1.0, ratio * likely_other)
    variance = likely * (1 - likely) / size + ratio * ratio * likely_other * (1 - likely_other) / other_size
    away = hits / size - ratio * other_hits / other_size
    if variance <= 0:
        return 0.0 if abs(away) < _NOTHING else inf
    return away * away / variance * (total - 1) / total


def _edge(outside: Callable[[float], bool], inside: float, *, downwards: bool) -> float:
    """Return where an interval ends, on one side of a ratio that is inside, by halving."""
    far = 0.0 if downwards else max(1.0, inside)
    while not downwards and not outside(far):
        far *= 2
        if far > _FAR:
            return inf
    near = inside
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if outside(middle) else (middle, far)
    return near
