"""Where an offer loses its customers: how many to each rule and limit. It holds counts, and no customer."""

from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

#: What keeps an allowed offer away from a full page; it is allowed all the same.
COMPETITION = ("familiarity", "outranked", "variety", "quota:")


@attrs.frozen
class Lost:
    """
    What one rule or limit takes.

    Attributes:
        id: The rule or limit.
        text: Why, for an engineer.
        alone: So many customers would get the offer without it alone.
        at_all: For so many it is one of the reasons.
    """

    id: str
    text: str
    alone: int
    at_all: int


@attrs.frozen
class Funnel:
    """
    Where an offer loses its customers on one channel.

    Attributes:
        channel: The channel.
        customers: All that were decided for.
        shown: Those to whom it is shown.
        allowed: Those who may get it, whether or not other offers fill the page; `shown` among them.
        lost: What takes the others, what takes most first.
    """

    channel: str
    customers: int
    shown: int
    allowed: int
    lost: tuple[Lost, ...]


class Tally:
    """Counts the customers of one offer on one channel."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._customers = self._shown = self._allowed = 0
        self._alone: Counter[str] = Counter()
        self._at_all: Counter[str] = Counter()
        self._texts: dict[str, str] = {}

    def add(self, treatments: Iterable[Sequence[tuple[str, str]]], *, shown: bool) -> None:
        """
        Count one customer.

        Args:
            treatments: For each treatment of the offer that is not shown, the ids and words of all that kept it away.
            shown: Whether one of its treatments is shown.
        """
        self._customers += 1
        kept = [[reason for reason in reasons if not reason[0].startswith(COMPETITION)] for reasons in treatments]
        if shown or not all(kept):
            self._shown += shown
            self._allowed += 1
            return
        self._texts.update(reason for reasons in kept for reason in reasons)
        self._at_all.update({id_ for reasons in kept for id_, _ in reasons})
        self._alone.update({reasons[0][0] for reasons in kept if len(reasons) == 1})

    def funnel(self) -> Funnel:
        """Return what was counted."""
        ids = sorted(self._at_all, key=lambda id_: (-self._at_all[id_], -self._alone[id_], id_))
        lost = tuple(Lost(id_, self._texts[id_], self._alone[id_], self._at_all[id_]) for id_ in ids)
        return Funnel(self._channel, self._customers, self._shown, self._allowed, lost)
