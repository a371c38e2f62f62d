"""How often a source is right, beside what a guess would be: from claimed and stated values. It keeps no value."""

import enum
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from .against_stated import Pair
from .schema import Source

#: The guardrail that takes what was measured, and sets on how many customers.
JUDGING: Final = "accuracy"
#: Of a source that was checked on fewer customers nothing is told, unless another number is set.
SMALLEST: Final = 50
_LEVEL: Final = 0.95


class Verdict(enum.Enum):
    """What a measurement shows of a source, with a confidence of 95 %."""

    BETTER = "better than a guess"
    NOT_SHOWN = "not shown to be better than a guess"
    WORSE = "worse than a guess"
    TOO_FEW = "too few to tell"


_COUNT: Final = attrs.validators.and_(attrs.validators.instance_of(int), attrs.validators.ge(0))


@attrs.frozen
class MeasuredSource:
    """
    How often a source's values of one attribute are what customers state.

    Attributes:
        right: Of so many customers the value is right.
        of: So many customers were compared.
        guess: Of so many a guess is right that says of everybody what most of them state.

    Raises:
        ValueError: If these cannot be counts of the same customers.
    """

    right: int = attrs.field(validator=_COUNT)
    of: int = attrs.field(validator=_COUNT)
    guess: int = attrs.field(validator=_COUNT)

    def __attrs_post_init__(self) -> None:
        """Refuse counts that do not fit: of anybody at all, the guess is right of one at least."""
        if self.right > self.of or not min(1, self.of) <= self.guess <= self.of:
            raise ValueError(f"right and guess must be at most {self.of}, and guess not 0 where anybody is compared")

    @property
    def share(self) -> float:
        """The share of right values, 0 to 1; 0 of none."""
        return self.right / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval of that share, with a confidence of 95 % (see `score_interval`)."""
        from .score_interval import share_interval  # noqa: PLC0415 - slow to import, and asked of few policies

        return share_interval(self.right, self.of, _LEVEL) if self.of else (0.0, 1.0)

    @property
    def guess_share(self) -> float:
        """The share of customers of whom the guess is right, 0 to 1; 0 of none."""
        return self.guess / self.of if self.of else 0.0

    def verdict(self, smallest: int = SMALLEST) -> Verdict:
        """
        Return what this shows of the source, beside the guess on the same customers.

        Where all of them state the same, a guess is never wrong: nothing tells who knows more.

        Args:
            smallest: Of fewer customers nothing is told.

        >>> MeasuredSource(40, 100, 60).verdict().value, MeasuredSource(55, 100, 60).verdict().value
        ('worse than a guess', 'not shown to be better than a guess')
        """
        if self.of < max(1, smallest):
            return Verdict.TOO_FEW
        low, high = self.interval
        if low > self.guess_share:
            return Verdict.BETTER
        return Verdict.WORSE if high < self.guess_share < 1 else Verdict.NOT_SHOWN


def smallest_of(guardrail: object) -> int:
    """Return on how many customers a source must be checked, as the guardrail says that judges sources."""
    return int(getattr(guardrail, "smallest", SMALLEST))


def measured(pairs: Iterable[Pair]) -> Mapping[tuple[str, Source], MeasuredSource]:
    """Return how often each source is right, by attribute and source; in the order of their names."""
    right: Counter[tuple[str, Source]] = Counter()
    stated: defaultdict[tuple[str, Source], Counter[object]] = defaultdict(Counter)
    for pair in pairs:
        key, truth = (pair.attribute, pair.source), _comparable(pair.stated)
        stated[key][truth] += 1
        right[key] += _comparable(pair.claimed) == truth
    return {
        key: MeasuredSource(right[key], stated[key].total(), max(stated[key].values()))
        for key in sorted(stated, key=lambda key: (key[0], key[1].value))
    }


def _comparable(value: object) -> object:
    """Return a value so that equal ones count as one: of a list, what stands in it, in whatever order."""
    if isinstance(value, list | tuple | set | frozenset):
        return frozenset(Counter(map(_comparable, value)).items())
    if isinstance(value, Mapping):
        return frozenset((key, _comparable(one)) for key, one in value.items())
    return value
