"""What callers and sources bring, as nouns: plain values, consents in a word. It refuses, it never raises."""

from collections.abc import Mapping

import attrs

from ..consent import Consent, Consents, ConsentState, How
from ..profile import Observation, Snapshot
from ..schema import AS_HELD, Attribute


def to_snapshot(
    schema: Mapping[str, Attribute], customer: str, given: Snapshot | Mapping[str, object], now_us: int
) -> tuple[Snapshot, tuple[str, ...]]:
    """
    Return a snapshot of values that fit the schema, and the names of those that do not: of these nothing is known.

    Args:
        schema: The attributes; a name that they do not have is not visible.
        customer: The persistent customer id.
        given: A snapshot, or values by attribute name. A plain value counts as observed now, from the source that the
            schema names; an `Observation` says it itself.
        now_us: The moment [us since 1970].
    """
    whole = given if isinstance(given, Snapshot) else Snapshot(customer, now_us, {})
    attributes: dict[str, Observation] = {}
    refused: list[str] = []
    for name, value in (given.attributes if isinstance(given, Snapshot) else given).items():
        spec = schema.get(name)
        if spec is None or value is None:
            continue
        seen = value if isinstance(value, Observation) else None
        plain = value if seen is None else seen.value
        checked = AS_HELD[spec.type](plain)
        if checked is None:
            refused.append(name)
        elif seen is None:
            attributes[name] = Observation(checked, spec.source, now_us)
        else:
            attributes[name] = seen if checked is plain else attrs.evolve(seen, value=checked)
    unreadable = whole.unreadable.union(refused)
    return Snapshot(customer, whole.at_us, attributes, whole.epoch, unreadable), tuple(refused)


def to_consents(given: Consents | Mapping[str, object], now_us: int) -> tuple[Consents, tuple[str, ...]]:
    """
    Return consents of what a caller says by purpose, and the purposes whose word is not understood.

    The word is how consent was given (`explicit`, `double_opt_in`, …), or a state such as `withdrawn` or `refused`.
    A word that is not understood counts as refused.
    """
    if isinstance(given, Consents):
        return given, ()
    records: list[Consent] = []
    refused: list[str] = []
    for purpose, word in given.items():
        if isinstance(word, Consent):
            records.append(word)
            continue
        state = _STATES.get(word) if isinstance(word, str) else None
        if isinstance(word, str) and word in _HOWS:
            records.append(Consent(purpose, ConsentState.GIVEN, How(word), now_us))
        else:
            records.append(Consent(purpose, state or ConsentState.REFUSED, How.UNKNOWN, now_us))
            if state is None:
                refused.append(purpose)
    return Consents(tuple(records), now_us), tuple(refused)


_HOWS = frozenset(how.value for how in How)
_STATES = {state.name.lower(): state for state in ConsentState if state is not ConsentState.GIVEN}
