"""What ledger and decision log say in all: counts alone, of nobody in particular. It judges nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from ..clock import NEVER_US
from ..contacts import Contact
from ..log_ports import DecisionLog
from ..ports import Ledger

SHOWN: Final = "shown"
#: What customers do when they are offended.
OFFENCES: Final = ("dismissed", "too_personal", "complaint", "unsubscribe")
_PAGE: Final = 10_000
#: An offer's id, a treatment's id, and the owner as the ledger has it.
Told = tuple[str, str, str]


@attrs.frozen
class Figures:
    """
    What was counted. Where nothing was read, there is no figure, and that is another thing than none.

    Attributes:
        events: How often each event happened, by offer, treatment and owner, then by event; None without a ledger.
        decisions: How many decisions were logged; None without a decision log.
        limited: In how many of these a limit kept something away.
        limits: In how many of these each limit did, by its id.
    """

    events: Mapping[Told, Mapping[str, int]] | None = None
    decisions: int | None = None
    limited: int = 0
    limits: Mapping[str, int] = attrs.field(factory=dict)

    def total(self, *events: str) -> int:
        """Return how often events happened, of all offers together."""
        return sum(counts.get(event, 0) for counts in (self.events or {}).values() for event in events)


#: Nothing was read.
NOTHING: Final = Figures()


def figures_of(store: object, since_us: int = -NEVER_US) -> Figures:
    """
    Return what a store's ledger and decision log say in all, read in pages.

    Args:
        store: A store; what it lacks of the two is left out.
        since_us: Only what happened at or after this moment [us since 1970].
    """
    found = Figures()
    if isinstance(store, Ledger):
        found = attrs.evolve(found, events=_events(store, since_us))
    return _with_log(found, store, since_us) if isinstance(store, DecisionLog) else found


def contacts_of(ledger: Ledger, since_us: int = -NEVER_US) -> Iterator[Contact]:
    """Yield all contacts of a ledger in the order of their arrival, without the reservations."""
    last = 0
    while page := ledger.tail(last, _PAGE):
        last = page[-1][0]
        yield from (contact for _, contact in page if contact.until_us is None and contact.at_us >= since_us)


def _events(ledger: Ledger, since_us: int) -> Mapping[Told, Mapping[str, int]]:
    counts: dict[Told, Counter[str]] = {}
    for contact in contacts_of(ledger, since_us):
        if contact.event == SHOWN or contact.event in OFFENCES:
            key = (contact.offer, contact.treatment, contact.owner)
            counts.setdefault(key, Counter())[contact.event] += 1
    return counts


def _with_log(found: Figures, log: DecisionLog, since_us: int) -> Figures:
    decisions = limited = 0
    limits: Counter[str] = Counter()
    for decision in log.logged(since_us, NEVER_US):
        decisions += 1
        limited += bool(decision.limits)
        limits.update(id_ for id_, _ in decision.limits)
    return attrs.evolve(found, decisions=decisions, limited=limited, limits=limits)
