"""Placements and offers as feature flags: what a flag of a type is worth to a customer. It knows no protocol.

A flag is a placement, `home.hero`, or an offer in one, `home.hero:olives`.
"""

import json
import math
from collections.abc import Mapping
from typing import Final

import attrs

import tactful

#: Who is meant, as `Edge.decide` takes it.
Who = str | Mapping[str, str] | None
#: Keys of a context that are no attributes of the moment.
IDENTIFIERS: Final = "identifiers"
VIEW: Final = "view"
TARGETING_KEY: Final = "targeting_key"
#: The field of a treatment that says what a flag is worth.
VALUE: Final = "value"
_ALWAYS: Final = attrs.fields(tactful.Offer).when.default


class NoFlag(Exception):
    """There is no such flag."""


class OtherType(Exception):
    """The flag is of another type than the one that is asked for."""


@attrs.frozen(repr=False)
class Flag:
    """
    What a flag is to a customer.

    Attributes:
        key: The flag's key.
        value: Its value; None if nothing may be shown, and the caller's own default stands.
        variant: The treatment that gives it; empty without a value.
        reason: Why, in OpenFeature's words: STATIC, TARGETING_MATCH, DEFAULT, STALE or DISABLED.
        metadata: Names and numbers that go with it; nothing personal but what the treatment itself shows.
    """

    key: str
    value: object
    variant: str
    reason: str
    metadata: Mapping[str, bool | int | float | str]

    def __repr__(self) -> str:  # the value can be personal
        return f"<Flag {self.key}: {self.reason}>"


@attrs.frozen
class _Place:
    """
    What a placement could show, by the policy alone.

    Attributes:
        rules: Whether an offer has a rule of whom it is for, by its id.
        valued: The offers whose treatments say what a flag is worth.
    """

    rules: Mapping[str, bool]
    valued: frozenset[str]


class Flags:
    """The flags of an edge; safe under threads."""

    def __init__(self, edge: tactful.Edge) -> None:
        self._edge = edge
        self._places: tuple[object, dict[str, _Place]] = (None, {})
        self._now_us = 0

    @property
    def edge(self) -> tactful.Edge:
        """What decides."""
        return self._edge

    @property
    def now_us(self) -> int:
        """When the last flag was evaluated [us since 1970]; 0 before the first."""
        return self._now_us

    def names(self) -> tuple[str, ...]:
        """Return the placements, each a flag."""
        return tuple(self._edge.plan.placements)

    def evaluate(self, key: str, type_: str | None, who: Who, context: Mapping[str, object]) -> Flag:
        """
        Return what a flag is to a customer.

        Without `view` in the context nothing is reserved under the caps: a flag can be asked for many times before
        anything is shown.

        Args:
            key: A placement, or `PLACEMENT:OFFER`.
            type_: "boolean", "string", "integer", "float" or "object"; None for what the flag is by itself.
            who: The customer's id, identifiers, or None.
            context: What is known of the moment; what the policy does not declare is left out.

        Raises:
            NoFlag: If the policy has no such placement, or the offer is none that it could show.
            OtherType: If the flag is of another type.
        """
        placement, _, offer = key.partition(":")
        place = self._place(placement)
        if offer and offer not in place.rules:
            raise NoFlag
        view = context.get(VIEW)
        decision = self._edge.decide(
            placement,
            who,
            self._declared(context),
            view=view if isinstance(view, str) else None,
            preview=not isinstance(view, str),
        )
        self._now_us = decision.now_us
        reason, metadata = _reason(decision, place, offer), _metadata(decision)
        first = next((pick for pick in decision.picks if offer in ("", pick.offer)), None)
        if first is None:
            plain = (
                place.rules
                and type_ in ("boolean", None)
                and place.valued.isdisjoint((offer,) if offer else place.rules)
            )
            return Flag(key, False if plain else None, "", reason, metadata)
        if VALUE in first.content:
            value, more = _own_value(first.content, type_)
            return Flag(key, value, first.treatment, reason, {**more, **metadata})
        variant = f"{first.offer}/{first.treatment}"
        return Flag(key, _plain_value(decision.picks, first, offer, type_), variant, reason, metadata)

    def _declared(self, context: Mapping[str, object]) -> Mapping[str, object]:
        return {one.name: context[one.name] for one in self._edge.plan.policy.context if one.name in context}

    def _place(self, placement: str) -> _Place:
        """Return what a placement could show, worked out once for each plan."""
        plan = self._edge.plan
        known, places = self._places
        if known is not plan:
            places = {}
            self._places = (plan, places)
        found = places.get(placement)
        if found is None:
            page, _ = plan.page((placement,))
            if page is None or placement not in plan.placements:
                raise NoFlag
            entries = [one for index, one in enumerate(plan.catalog.entries) if page.mask >> index & 1]
            ruled = {one.offer.id: not (one.offer.when == _ALWAYS and not one.offer.unless) for one in entries}
            valued = (one.offer.id for one in entries for field in one.treatment.content[0][1] if field.name == VALUE)
            found = places[placement] = _Place(ruled, frozenset(valued))
        return found


def _reason(decision: tactful.Decision, place: _Place, offer: str) -> str:
    """Return why a flag is as it is, in OpenFeature's words."""
    if not place.rules:
        return "DISABLED"
    if decision.is_stale:
        return "STALE"
    if offer and all(pick.offer != offer for pick in decision.picks):
        return "DEFAULT"
    shown = offer or next((pick.offer for pick in decision.picks), "")
    if not shown:
        return "DEFAULT"
    if place.rules[shown]:
        return "TARGETING_MATCH"
    return "DEFAULT" if any(place.rules.values()) else "STATIC"


def _metadata(decision: tactful.Decision) -> dict[str, bool | int | float | str]:
    """Return what goes with a flag: the decision's token, and what kept others away or held it back."""
    limits = ", ".join(sorted(decision.limits()))
    return {
        "tactful.token": decision.token,
        **({"tactful.limits": limits} if limits else {}),
        **({"tactful.careful": "; ".join(decision.careful)} if decision.is_stale else {}),
    }


def _own_value(content: Mapping[str, str], type_: str | None) -> tuple[object, dict[str, bool | int | float | str]]:
    """Return the value that a treatment says, and its other fields as metadata."""
    value = fitting(parsed(content[VALUE]), type_)
    more = {name: parsed(text) for name, text in content.items() if name != VALUE}
    return value, {name: one for name, one in more.items() if isinstance(one, bool | int | float | str)}


def _plain_value(picks: tuple[tactful.Pick, ...], first: tactful.Pick, offer: str, type_: str | None) -> object:
    """Return what a flag is whose treatments say no value: whether something is shown, what, and with which content."""
    match type_:
        case "boolean":
            return True
        case "string":
            return first.treatment if offer else first.offer
        case "object" | None:
            return [
                {"offer": pick.offer, "treatment": pick.treatment, "content": dict(pick.content)}
                for pick in picks
                if offer in ("", pick.offer)
            ]
        case _:
            raise OtherType


def parsed(text: str) -> object:
    """
    Return what a field says: a JSON value, or the text itself if it is none.

    >>> parsed("10"), parsed("true"), parsed("hi"), parsed('""'), parsed("NaN")
    (10, True, 'hi', '', 'NaN')
    """
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text
    return text if found is None or (isinstance(found, float) and not math.isfinite(found)) else found


def _no_constant(name: str) -> object:
    raise ValueError(name)


def fitting(value: object, type_: str | None) -> object:
    """
    Return a value as one of a type; a whole number fits where a number is asked for, and nothing else is changed.

    Raises:
        OtherType: If it is of another type.
    """
    if type_ is None:
        return value
    if type_ == "float" and type(value) is int and abs(value) <= _WHOLE_MAX:
        return float(value)
    if type_ == "integer" and type(value) is float and value.is_integer():
        return int(value)
    if type(value) not in _TYPES[type_]:
        raise OtherType
    return value


#: Beyond it, numbers with a point do not tell whole ones apart.
_WHOLE_MAX: Final = 2**53
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "boolean": (bool,),
    "string": (str,),
    "integer": (int,),
    "float": (float,),
    "object": (dict, list),
}
