"""Limits: the one kind of verdict. Each makes slates infeasible; none can make one feasible.

Verdicts combine by intersection, so neither the order nor the repetition of guardrails matters.
"""

from collections.abc import Iterator
from typing import Literal

import attrs

from .familiarity import Familiarity
from .schema import Source


@attrs.frozen
class Scope:
    """
    A set of treatments of one catalog, by their index there.

    >>> Scope(0b0110) & Scope(0b0011), 1 in Scope(0b0010), list(Scope(0b101))
    (Scope(bits=2), True, [0, 2])
    """

    bits: int = attrs.field(default=0, validator=attrs.validators.ge(0))

    def __and__(self, other: "Scope") -> "Scope":
        return Scope(self.bits & other.bits)

    def __or__(self, other: "Scope") -> "Scope":
        return Scope(self.bits | other.bits)

    def __sub__(self, other: "Scope") -> "Scope":
        return Scope(self.bits & ~other.bits)

    def __le__(self, other: "Scope") -> bool:
        return not self.bits & ~other.bits

    def __contains__(self, index: object) -> bool:
        return isinstance(index, int) and index >= 0 and bool(self.bits >> index & 1)

    def __iter__(self) -> Iterator[int]:
        bits = self.bits
        while bits:
            lowest = bits & -bits
            yield lowest.bit_length() - 1
            bits ^= lowest

    def __len__(self) -> int:
        return self.bits.bit_count()


@attrs.frozen
class Withhold:
    """None of these."""

    scope: Scope


@attrs.frozen
class UpTo:
    """Of these, only up to this tone or basis; below PERSONAL, the customer's affinity does not rank them."""

    scope: Scope
    tone: Familiarity = Familiarity.PERSONAL
    basis: Familiarity = Familiarity.PERSONAL


@attrs.frozen
class RankBlind:
    """These are ranked as for a customer of whom nothing is known."""

    scope: Scope


@attrs.frozen
class AtMost:
    """At most so many of these on a page: a count, or a share of the slots that are filled at the end, 0 to 1."""

    scope: Scope
    count: int | None = None
    share: float | None = None


@attrs.frozen
class Hide:
    """These attributes do not exist under these purposes (none named: under all)."""

    attributes: tuple[str, ...]
    purposes: tuple[str, ...] = ()


@attrs.frozen
class Require:
    """
    Of these attributes, values that do not meet this do not exist under these purposes (none named: under all).

    Attributes:
        attributes: Names of attributes.
        purposes: Names of purposes.
        confidence: The lowest confidence that will do, 0 to 1.
        sources: The sources that will do; None means all.
        max_age_s: The greatest age that will do [s]; None means any.
        first_party: Whether only values from the direct relationship will do.
    """

    attributes: tuple[str, ...]
    purposes: tuple[str, ...] = ()
    confidence: float = 0.0
    sources: frozenset[Source] | None = None
    max_age_s: int | None = None
    first_party: bool = False


Dimension = Literal["offer", "topic", "tag", "owner", "channel", "all"]
Reached = Literal["suppress", "defer", "downgrade"]


@attrs.frozen
class Cap:
    """
    At most `count` counted events within a rolling window.

    Attributes:
        scope: The treatments that it withholds when it is reached (of the dimension's value that reached it).
        count: So many events are allowed, >= 1.
        within_s: The length of the window [s].
        event: The event that is counted, such as "shown", "click" or "purchase".
        of: Counted for each value of this dimension apart; a topic counts for the wider ones too, unless `exact`.
        then: `suppress` and `defer` withhold, `downgrade` allows tone and basis up to CONTEXT.
        suppress_s: Once reached, it stays so for this long after the last event [s]; None means until the window frees.
        exact: An event counts for its own topic alone, not for the wider ones: it concerns what lies under that topic.
    """

    scope: Scope
    count: int
    within_s: int
    event: str = "shown"
    of: Dimension = "offer"
    then: Reached = "suppress"
    suppress_s: int | None = None
    exact: bool = False


Limit = Withhold | UpTo | RankBlind | AtMost | Hide | Require | Cap


@attrs.frozen
class When:
    """
    A limit that applies unless its condition is surely false.

    Attributes:
        condition: In the rule language; it reads `protective`, `consent`, `context`, `channel`, `identity`,
            `snapshot.at`, `consents.at` and `now`.
        limit: Any but `Require` and `Cap`.
        reason: Why, for an engineer.
        id: Its name within the guardrail; empty means its number.
        say: Why, for a customer; empty means that nothing is said.
    """

    condition: str
    limit: Limit
    reason: str
    id: str = ""
    say: str = ""


@attrs.frozen
class Unless:
    """A limit that applies unless its condition is surely true; otherwise like `When`."""

    condition: str
    limit: Limit
    reason: str
    id: str = ""
    say: str = ""


@attrs.frozen
class Always:
    """A limit that always applies; otherwise like `When`."""

    limit: Limit
    reason: str
    id: str = ""
    say: str = ""


LimitRule = When | Unless | Always
