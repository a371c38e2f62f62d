"""Do groups fare differently? Who was shown what, by group, held against the four-fifths rule. It decides nothing.

The unit is the customer, not the decision, as the decisions for one customer are not independent of each other.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal

import attrs

from .decision_log import LoggedDecision, LoggedPick
from .errors import UsageError
from .score_interval import ratio_interval

#: Uniform Guidelines on Employee Selection Procedures (1978), 29 CFR 1607.4 D.
FOUR_FIFTHS: Final = 0.8
SMALLEST_MIN: Final = 10


@attrs.frozen
class Comparison:
    """
    One outcome of one group, beside the group that has it most often.

    Attributes:
        outcome: What may be shown, such as `offer olives` or `tactic countdown`.
        group: The group.
        beside: The group that has the outcome most often.
        rate: The share of the group's customers to whom it was shown at least once, 0 to 1.
        highest: The same share of the other group.
        ratio: The one divided by the other, 0 to 1.
        low: The lower bound of the ratio.
        high: The upper bound of the ratio.
        verdict: "differs" if the whole interval is below four fifths; "may differ" if the ratio is, or else nothing.
    """

    outcome: str
    group: str
    beside: str
    rate: float
    highest: float
    ratio: float
    low: float
    high: float
    verdict: Literal["differs", "may differ", ""]


@attrs.frozen
class Disparity:
    """
    How groups fare.

    Attributes:
        comparisons: Every outcome of every group but the one that has it most often.
        groups: The groups that are large enough, with how many of their customers were decided for.
        silent: The groups that are too small, of which nothing is said.
        ungrouped: How many decisions were for visitors, erased customers, or customers in no group.
        level: The confidence of all intervals together.
        each: The confidence of each interval, by Bonferroni's correction for all pairs of groups and all outcomes.
    """

    comparisons: tuple[Comparison, ...]
    groups: Mapping[str, int]
    silent: tuple[str, ...]
    ungrouped: int
    level: float
    each: float


def disparity(
    decisions: Iterable[LoggedDecision],
    groups: Mapping[bytes, str],
    outcomes: Callable[[LoggedPick], Iterable[str]],
    *,
    smallest: int = 50,
    level: float = 0.95,
) -> Disparity:
    """
    Compare groups by what their customers were shown.

    Args:
        decisions: What was decided.
        groups: The group of each customer, by the customer's pseudonym in the log.
        outcomes: The outcomes that a filled slot is counted for.
        smallest: Of a group with fewer customers nothing is said, >= 10.
        level: The confidence of all intervals together, between 0 and 1.

    Raises:
        UsageError: If `smallest` or `level` is out of its range.
    """
    if smallest < SMALLEST_MIN or not 0 < level < 1:
        raise UsageError(f"the smallest group has at least {SMALLEST_MIN} customers, and the level is between 0 and 1")
    members: dict[str, set[bytes]] = defaultdict(set)
    shown: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    ungrouped = 0
    for decision in decisions:
        group = groups.get(decision.who) if decision.who else None
        if group is None:
            ungrouped += 1
            continue
        members[group].add(decision.who)
        for pick in decision.picks:
            for outcome in outcomes(pick):
                shown[outcome, group].add(decision.who)
    sizes = {group: len(who) for group, who in sorted(members.items()) if len(who) >= smallest}
    names = sorted({outcome for outcome, group in shown if group in sizes})
    each = 1 - (1 - level) / max(1, len(names) * len(sizes) * (len(sizes) - 1))
    counts = {key: len(who) for key, who in shown.items()}
    found = tuple(one for name in names for one in _compared(name, sizes, counts, each))
    return Disparity(found, sizes, tuple(sorted(members.keys() - sizes.keys())), ungrouped, level, each)


def _compared(
    outcome: str, sizes: Mapping[str, int], shown: Mapping[tuple[str, str], int], level: float
) -> Iterator[Comparison]:
    rates = {group: shown.get((outcome, group), 0) / size for group, size in sizes.items()}
    best = max(rates, key=lambda group: (rates[group], group))
    for group, rate in rates.items():
        if group == best:
            continue
        hits, most = shown.get((outcome, group), 0), shown.get((outcome, best), 0)
        low, high = ratio_interval(hits, sizes[group], most, sizes[best], level)
        ratio = rate / rates[best]
        verdict: Literal["differs", "may differ", ""] = ""
        if ratio < FOUR_FIFTHS:
            verdict = "differs" if high < FOUR_FIFTHS else "may differ"
        yield Comparison(outcome, group, best, rate, rates[best], ratio, low, high, verdict)
