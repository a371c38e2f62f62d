"""What the linter thinks about caps: those that can never act, and stand-ins that are held back with what they replace.

It proves it from what caps count and limit. What depends on the customer, it leaves alone.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from ..catalog import Catalog
from ..limits import Always, Calendar, Cap, Counted, Rolling
from ..plan.caps import SHOWN
from ..registry import GuardrailRules
from .findings import Finding

_PER: Final = ("customer", "household", "everyone")
_Named = tuple[str, Cap]


def caps_found(catalog: Catalog, answers: Sequence[GuardrailRules]) -> Iterator[Finding]:
    """Yield what is odd about the caps that guardrails ask for."""
    caps: list[_Named] = [
        (name, rule.limit)
        for answer in answers
        for name, rule in answer.rules
        if isinstance(rule, Always) and isinstance(rule.limit, Cap)
    ]
    yield from _empty(caps)
    yield from _swallowed(caps)
    yield from _stand_ins(catalog, caps)


def wishes_read(answers: Sequence[GuardrailRules]) -> frozenset[str]:
    """Return the attributes that caps read, as variables."""
    limits = (rule.limit for answer in answers for _, rule in answer.rules)
    return frozenset(f"profile.{limit.wish}" for limit in limits if isinstance(limit, Cap) and limit.wish)


def _about(name: str) -> str:
    return f"cap {name.partition('.')[2]}"


def _empty(caps: Sequence[_Named]) -> Iterator[Finding]:
    for name, cap in caps:
        if not cap.scope:
            yield Finding(
                "cap-empty", _about(name), "no offer is of the kind that it limits", "correct it, or delete it"
            )


def _swallowed(caps: Sequence[_Named]) -> Iterator[Finding]:
    """Yield caps that another one always reaches first; of two that say the same, the later."""
    gone: set[str] = set()
    for name, cap in reversed(caps):
        for other, wider in caps:
            if other != name and other not in gone and cap.scope and _first(wider, cap):
                gone.add(name)
                reason = f"it is never reached: {_about(other)} allows {wider.count} where this one allows {cap.count}"
                yield Finding("cap-never-reached", _about(name), reason, "make it stricter, or delete it")
                break


def _stand_ins(catalog: Catalog, caps: Sequence[_Named]) -> Iterator[Finding]:
    """Yield stand-ins that a cap holds back whenever they would come in."""
    for name, cap in caps:
        for other, wider in caps if cap.instead else ():
            if other != name and cap.instead <= wider.scope and _reached_with(wider, cap):
                offer = catalog.entries[next(iter(cap.instead))].offer.id
                reason = f"{offer} cannot come in instead: then {_about(other)} holds it back as well"
                yield Finding("cap-stand-in", _about(name), reason, "let another offer come in, or exempt this one")
                break


def _first(wider: Cap, cap: Cap) -> bool:
    """Return whether one cap withholds all that another limits before that one is reached, or just then."""
    return (
        wider.then != "downgrade"
        and cap.counted.event == SHOWN
        and not cap.wish
        and not cap.instead
        and not wider.instead
        and cap.scope <= wider.scope
        and cap.counted.exempt == wider.counted.exempt
        and (wider.count < cap.count or cap.then in {wider.then, "downgrade"})
        and _reached_with(wider, cap)
    )


def _reached_with(wider: Cap, cap: Cap) -> bool:
    """Return whether one cap is reached, on the same channel, whenever another is."""
    return (
        wider.count <= cap.count
        and wider.counted.event == cap.counted.event
        and _PER.index(wider.per) >= _PER.index(cap.per)
        and wider.of in {"all", cap.of}
        and (wider.of == "all" or not wider.exact or cap.exact)
        and (not wider.channels or (bool(cap.channels) and set(cap.channels) <= set(wider.channels)))
        and _counts(wider.counted, cap.counted)
        and _lasts(wider, cap)
    )


def _counts(wider: Counted, counted: Counted) -> bool:
    """Return whether everything that one counts, the other counts too."""
    pairs = [(wider.intents, counted.intents), (wider.topics, counted.topics), (wider.tags, counted.tags)]
    pairs += [(wider.owners, counted.owners)]
    narrower = all(not wide or (bool(narrow) and set(narrow) <= set(wide)) for wide, narrow in pairs)
    return narrower and set(wider.exempt) <= set(counted.exempt)


def _lasts(wider: Cap, cap: Cap) -> bool:
    """Return whether one cap's window reaches at least as far back."""
    match wider.window, cap.window:
        case Rolling() as far, Rolling() as near:
            return far.length_s >= near.length_s and (wider.suppress_s or 0) >= (cap.suppress_s or 0)
        case Calendar() as far, Calendar() as near:
            same = (far.unit, far.zone, far.week_start) == (near.unit, near.zone, near.week_start)
            return same and far.times >= near.times and (wider.suppress_s or 0) >= (cap.suppress_s or 0)
    return False
