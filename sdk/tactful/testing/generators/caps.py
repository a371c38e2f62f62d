"""Random caps and quiet hours."""

from datetime import date, timedelta
from typing import Final, Literal

import attrs

from ...clock import SECOND_US, to_datetime
from ...familiarity import Familiarity
from ...limits import Calendar, Cap, Counted, Per, Quiet, Rolling, Scope
from ...offers import Intent, OfferClass
from ...schema import ValueType
from .chance import LENGTHS_US, NOWHERE, Chance
from .policies import OWNERS
from .words import TAGS, ZONES, Words

#: Lengths of time that are worth a try [s].
LENGTHS_S: Final = tuple(length_us // SECOND_US for length_us in LENGTHS_US if length_us >= SECOND_US)
_PER: Final[tuple[Per, ...]] = ("customer", "customer", "customer", "household", "everyone")
_WEEK_S: Final = 604_800
_UNITS: Final[tuple[Literal["day", "week", "month"], ...]] = ("day", "week", "week", "month")


def cap(chance: Chance, words: Words) -> Cap:
    """Return a cap whose scope is still empty."""
    per: Per = chance.of(_PER)
    counted = _weighed(_counted(chance, words), chance.apart())
    rests = per != "everyone" and chance.happens(0.45) and not counted.weights
    made = Cap(
        scope=Scope(),
        count=chance.of((1, 1, 2, 2, 3)),
        window=_calendar(chance) if chance.happens(0.3) else Rolling(chance.of((*LENGTHS_S, 86_400, 604_800))),
        counted=counted,
        of=chance.of(("offer", "topic", "topic", "tag", "owner", "channel", "all")),
        per=per,
        channels=chance.some(words.channels, 2) if chance.happens(0.15) else (),
        then=chance.of(("suppress", "defer", "downgrade", "replace")),
        to=chance.of((Familiarity.CONTEXT, Familiarity.CONTEXT, Familiarity.SEGMENT, Familiarity.GENERIC)),
        suppress_s=chance.of(LENGTHS_S) if rests else None,
        exact=chance.happens(0.5),
    )
    apart = chance.apart()
    return _wished(_met(made, apart), words, apart)


def _met(cap: Cap, chance: Chance) -> Cap:
    """Return a cap; one whose events weigh counts most of what happens, so that what speaks against it is met."""
    if not cap.counted.weights or not chance.happens(0.8):
        return cap
    counted = Counted(cap.counted.event, weights=cap.counted.weights)
    return attrs.evolve(
        cap, counted=counted, count=chance.of((1, 1, 2)), of="all", channels=(), window=Rolling(_WEEK_S)
    )


def _wished(cap: Cap, words: Words, chance: Chance) -> Cap:
    """Return a cap, sometimes with the customer's own number: of an attribute that need be neither there nor an int."""
    if cap.per != "customer" or cap.then == "replace" or not chance.happens(0.35):
        return cap
    numbers = tuple(name for name, type_ in words.attributes.items() if type_ is ValueType.INT)
    names = numbers if numbers and not chance.happens(0.1) else (*words.attributes, NOWHERE)
    return attrs.evolve(cap, wish=chance.of(names))


def _calendar(chance: Chance) -> Calendar:
    unit: Literal["day", "week", "month"] = chance.of(_UNITS)
    return Calendar(unit, chance.of((1, 1, 2)), chance.of(("", *ZONES)), chance.number(0, 6))


def _counted(chance: Chance, words: Words) -> Counted:
    event = chance.of(("shown", "shown", "shown", "click", "purchase"))
    if chance.happens(0.7):
        return Counted(event)
    return Counted(
        event,
        chance.some(tuple(intent.value for intent in Intent)) if chance.happens(0.3) else (),
        chance.some(words.topics) if chance.happens(0.3) else (),
        chance.some(TAGS) if chance.happens(0.3) else (),
        chance.some(OWNERS) if chance.happens(0.2) else (),
        chance.some(tuple(kind.value for kind in OfferClass)) if chance.happens(0.3) else (),
    )


def _weighed(counted: Counted, chance: Chance) -> Counted:
    """Return what is counted, sometimes with events that weigh more or less."""
    if not chance.happens(0.3):
        return counted
    others = chance.some(tuple(event for event in ("click", "purchase", "complaint") if event != counted.event), 2)
    return attrs.evolve(counted, weights=tuple((event, chance.of((-3, -1, -1, 2))) for event in others))


def quiet(chance: Chance, words: Words) -> Quiet:
    """Return quiet hours whose scope is still empty."""
    return Quiet(
        Scope(),
        chance.number(0, 1439),
        chance.number(0, 1439),
        chance.of(("", *ZONES)),
        chance.some(tuple(range(7)), 5) if chance.happens(0.3) else tuple(range(7)),
        chance.some(words.channels, 2) if chance.happens(0.3) else (),
        dates=_dates(chance.apart()),
    )


def _dates(chance: Chance) -> tuple[tuple[date, date], ...]:
    """Return no holidays, or some around the days of the cases."""
    if not chance.happens(0.3):
        return ()
    firsts = [to_datetime(chance.moment_us()).date() for _ in range(chance.number(1, 2))]
    return tuple((first, first + timedelta(days=chance.number(0, 2))) for first in firsts)
