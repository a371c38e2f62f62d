"""Which attribute is checked against which, and what a snapshot gives to compare. It counts nothing."""

from collections.abc import Iterable, Iterator

import attrs

from .clock import SECOND_US
from .profile import Observation, Snapshot
from .schema import Attribute, Source, Value, ValueType


@attrs.frozen(repr=False)
class Pair:
    """
    What a source claims of a customer, beside what the customer stated.

    Attributes:
        attribute: The attribute whose value is claimed.
        source: Where the value comes from.
        claimed: The value.
        stated: The value of the attribute that it is checked against.
    """

    attribute: str
    source: Source
    claimed: Value
    stated: Value

    def __repr__(self) -> str:  # values are personal
        return f"<Pair {self.attribute} {self.source.value}>"


def pairs_of(attributes: Iterable[Attribute], snapshot: Snapshot, now_us: int) -> Iterator[Pair]:
    """
    Yield what can be compared of one customer: values that are there, and not too old by their own schema.

    Args:
        attributes: The profile schema.
        snapshot: The customer.
        now_us: The moment [us since 1970].
    """
    schema = {attribute.name: attribute for attribute in attributes}
    for attribute in schema.values():
        checking = schema.get(attribute.checked_by or "")
        claimed, stated = (_found(one, snapshot, now_us) for one in (attribute, checking))
        if claimed is None or stated is None or claimed.source is Source.STATED or stated.source is not Source.STATED:
            continue
        yield Pair(attribute.name, claimed.source, claimed.value, stated.value)


def misnamed(attributes: Iterable[Attribute]) -> Iterator[tuple[str, str]]:
    """Yield the attributes that name, among those that are there, one which cannot check them; and why it cannot."""
    schema = {attribute.name: attribute for attribute in attributes}
    for attribute in schema.values():
        checking = schema.get(attribute.checked_by or "")
        why = "" if checking is None else _misfit(attribute, checking, schema)
        if why:
            yield attribute.name, f"{attribute.name!r} cannot be checked by {attribute.checked_by!r}: {why}"


def _misfit(attribute: Attribute, checking: Attribute, schema: dict[str, Attribute]) -> str:
    if attribute.name == checking.name:
        return "that is the same attribute"
    if attribute.source is Source.STATED:
        return "what customers state is what others are checked by"
    if checking.source is not Source.STATED:
        return f"that is {checking.source.value}, and must be stated"
    if attribute.type is ValueType.SCORES or checking.type is not attribute.type:
        scores = attribute.type is ValueType.SCORES
        return "scores are neither right nor wrong" if scores else f"that is of type {checking.type.value}"
    if checking.name in _origins(attribute, schema) or attribute.name in _origins(checking, schema):
        return "one is computed from the other"
    return ""


def _origins(attribute: Attribute, schema: dict[str, Attribute]) -> set[str]:
    """Return the names of what an attribute is computed from, however far round."""
    seen: set[str] = set()
    waiting = list(attribute.derived_from)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += schema[name].derived_from if name in schema else ()
    return seen


def _found(attribute: Attribute | None, snapshot: Snapshot, now_us: int) -> Observation | None:
    found = None if attribute is None else snapshot.attributes.get(attribute.name)
    if attribute is None or found is None or attribute.max_age_s is None:
        return found
    return found if now_us - found.at_us <= attribute.max_age_s * SECOND_US else None
