"""Limits: the one kind of verdict. Each makes slates infeasible, none feasible; they combine by intersection."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

import attrs
from attrs.validators import deep_iterable, ge, gt, in_

from .bitset import indices_of
from .familiarity import Familiarity
from .pieces import in_pieces
from .schema import Source


@attrs.frozen
class Scope:
    """
    A set of treatments of one catalog, by their index there.

    >>> Scope(0b0110) & Scope(0b0011), 1 in Scope(0b0010), list(Scope(0b101))
    (Scope(bits=2), True, [0, 2])
    """

    bits: int = attrs.field(default=0, validator=ge(0))

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
        return in_pieces(indices_of(self.bits))

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
        min_age_s: The least age that will do [s]; None means any.
        channels: On these channels; empty means everywhere.
        lease_s: So long after it was observed, or the customer last got value for it, a value ends [s]; None is never.
    """

    attributes: tuple[str, ...]
    purposes: tuple[str, ...] = ()
    confidence: float = 0.0
    sources: frozenset[Source] | None = None
    max_age_s: int | None = None
    first_party: bool = False
    min_age_s: int | None = None
    channels: tuple[str, ...] = ()
    lease_s: int | None = None


@attrs.frozen
class Rolling:
    """
    A window that moves with the moment.

    Attributes:
        length_s: An event counts for this long [s], > 0.
    """

    length_s: int = attrs.field(validator=gt(0))


@attrs.frozen
class Calendar:
    """
    A window of the calendar: the day, week or month of the moment, and as many before it as make `times`.

    Attributes:
        unit: "day", "week" or "month".
        times: So many of them, the present one among them, >= 1.
        zone: The time zone whose midnight counts, as "Europe/Berlin"; empty means the customer's own. Where that is
            not known the cap is reached.
        week_start: The day on which a week begins, from 0 for Monday to 6 for Sunday.
    """

    unit: Literal["day", "week", "month"] = attrs.field(validator=in_(("day", "week", "month")))
    times: int = attrs.field(default=1, validator=ge(1))
    zone: str = ""
    week_start: int = attrs.field(default=0, validator=in_(range(7)))


Window = Rolling | Calendar
Dimension = Literal["offer", "topic", "tag", "owner", "channel", "all"]
Per = Literal["customer", "household", "everyone"]
Reached = Literal["suppress", "defer", "downgrade", "replace"]


@attrs.frozen
class Counted:
    """
    Which events a cap counts. What is left empty says nothing; an event of which something is not known counts.

    Attributes:
        event: What happened, such as "shown", "click" or "purchase".
        intents: Only of offers of these intents.
        topics: Only of these topics, with those under them.
        tags: Only of offers that had one of these tags then.
        owners: Only of offers of these owners.
        exempt: Not of offers of these classes.
        weights: Further events that are counted, each as so many; one that weighs less than nothing takes away from
            what came before it (of a cap for everyone, from all). The event itself weighs 1.
    """

    event: str = "shown"
    intents: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    weights: tuple[tuple[str, int], ...] = ()

    def weight(self, event: str) -> int:
        """
        Return as how many an event is counted.

        >>> [Counted("shown", weights=(("click", -5),)).weight(event) for event in ("shown", "click", "purchase")]
        [1, -5, 0]
        """
        return 1 if event == self.event else dict(self.weights).get(event, 0)


@attrs.frozen
class Cap:
    """
    At most `count` counted events within a window. While the counts are not known, it is reached.

    Attributes:
        scope: The treatments that it limits when it is reached (of the dimension's value that reached it).
        count: So many events are allowed, >= 1.
        window: How far back it counts.
        counted: Which events it counts.
        of: Counted for each value of this dimension apart; a topic counts for the wider ones too, unless `exact`.
        per: Counted for each customer, for each household (who is in none is one), or for everyone together.
        channels: It counts, and limits, on these channels alone, all of them together; empty means everywhere.
        then: What it does when it is reached. `suppress` withholds; `defer` withholds and says until when;
            `downgrade` allows tone and basis up to `to`; `replace` withholds, and lets `instead` in.
        to: With `downgrade`, what is still allowed, below PERSONAL.
        instead: With `replace`, the treatments that are withheld until it is reached.
        suppress_s: Once reached, it stays so for this long after the last event [s]; None means as the window says.
        exact: An event counts for its own topic alone, not for the wider ones: it concerns what lies under that topic.
        strict: Whether room is reserved at the centre before it is used, so that all edges together keep within it. It
            counts what is shown, and nothing can stand in for it.
        wish: The protected attribute, an int, with the customer's own number, which counts where it is below `count`;
            what is not known, or below 0, is 0. It is for a cap per customer, not strict, without `instead`.
    """

    scope: Scope
    count: int = attrs.field(validator=ge(1))
    window: Window
    counted: Counted = Counted()
    of: Dimension = "offer"
    per: Per = "customer"
    channels: tuple[str, ...] = ()
    then: Reached = "suppress"
    to: Familiarity = Familiarity.CONTEXT
    instead: Scope = Scope()
    suppress_s: int | None = None
    exact: bool = False
    strict: bool = False
    wish: str = ""


@attrs.frozen
class Quiet:
    """
    None of these within some hours of the day. Where the time zone is not known, it is always so.

    Attributes:
        scope: The treatments.
        from_min: From this minute of the day, 0 to 1439.
        to_min: Before this minute of the day, 0 to 1439; one that is not later is on the next day.
        zone: The time zone, as "Europe/Berlin"; empty means the customer's own.
        days: On nights (or days) that begin on these days, from 0 for Monday to 6 for Sunday.
        channels: On these channels; empty means everywhere.
        dates: All day on these days as well, each from the first to the last.
    """

    scope: Scope
    from_min: int = attrs.field(validator=in_(range(1440)))
    to_min: int = attrs.field(validator=in_(range(1440)))
    zone: str = ""
    days: tuple[int, ...] = attrs.field(default=tuple(range(7)), validator=deep_iterable(in_(range(7))))
    channels: tuple[str, ...] = ()
    dates: tuple[tuple[date, date], ...] = ()


Limit = Withhold | UpTo | RankBlind | AtMost | Hide | Require | Cap | Quiet


@attrs.frozen
class When:
    """
    A limit that applies unless its condition is surely false.

    Attributes:
        condition: In the rule language; it reads `protective`, `direct`, `consent`, `context`, `channel`, `identity`,
            `snapshot.at`, `consents.at` and `now`.
        limit: Any but `Require`, `Cap` and `Quiet`.
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
