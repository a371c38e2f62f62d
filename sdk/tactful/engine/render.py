"""Render: a treatment's content as a channel shows it. Texts hold no markup: all that is shown is escaped."""

import html
from collections.abc import Callable, Mapping
from urllib.parse import quote

from ..clock import to_datetime
from ..expr import Expr
from ..offers import Escape, Field, FieldKind, Placement
from ..plan.fuse import single
from ..plan.plan import Plan
from ..plan.requirements import Inliner
from ..schema import ValueType
from .moment import Moment


def content(moment: Moment, index: int, purpose: int) -> Mapping[str, str]:
    """Return the fields of a treatment, in the moment's language, with their values."""
    return {field.name: _field(moment, field, purpose) for field in fields_of(moment, index)}


def fields_of(moment: Moment, index: int) -> tuple[Field, ...]:
    """Return the fields of a treatment in the moment's language, or in the policy's first."""
    by_language = dict(moment.plan.catalog.entries[index].treatment.content)
    spoken = (language for language in languages_of(moment) if language in by_language)
    return by_language[next(spoken, moment.plan.policy.values.languages[0])]


def fallback(plan: Plan, placement: Placement) -> Mapping[str, str]:
    """Return what an empty slot of a placement shows; nothing if it has no fallback."""
    channel = plan.channels.get(placement.channel)
    escape = Escape.HTML if channel is None else channel.channel.escape
    return {name: _escaped(text, escape) for name, text in placement.fallback}


def languages_of(moment: Moment) -> tuple[str, ...]:
    """Return the languages that the moment's context asks for: `de-CH`, then `de`; none if it asks for none."""
    asked = moment.context[moment.plan.slots.context_slot("language")]
    return (asked, asked.replace("_", "-").partition("-")[0]) if isinstance(asked, str) else ()


def _field(moment: Moment, field: Field, purpose: int) -> str:
    parts = (part if isinstance(part, str) else _value(moment, part, field.kind, purpose) for part in field.parts)
    return _escaped("".join(parts), moment.channel.channel.escape)


def _value(moment: Moment, expr: Expr, kind: FieldKind, purpose: int) -> str:
    text = as_text(value_of(moment, expr, purpose), expr.type)
    return quote(text, safe="") if kind is FieldKind.LINK else text


def value_of(moment: Moment, expr: Expr, purpose: int) -> object:
    """Return what an expression comes to in a moment, as a purpose sees the profile; None where it is unknown."""
    there = moment.there
    return _compiled(moment.plan, expr, purpose)(
        there.views, there.seen, moment.customer.protective, moment.here.known, moment.context, moment.now_us
    )


def _compiled(plan: Plan, expr: Expr, purpose: int) -> Callable[..., object]:
    def make() -> Callable[..., object]:
        inlined = Inliner(plan.policy)(expr)
        return single(plan.slots, lambda emitter: emitter.value(inlined), purpose)

    return plan.once(("content", expr, purpose), make)


def as_text(value: object, type_: ValueType) -> str:
    """
    Return a value as people read it.

    >>> as_text(3.0, ValueType.NUMBER), as_text(("a", "b"), ValueType.TEXTS), as_text(0, ValueType.TIME)
    ('3', 'a, b', '1970-01-01')
    """
    if isinstance(value, tuple):
        return ", ".join(as_text(item, ValueType.TEXT) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if type_ is ValueType.TIME and isinstance(value, int):
        return to_datetime(value).date().isoformat()
    if type_ is ValueType.DURATION and isinstance(value, int):
        days = value / 86_400_000_000
        return f"{days:g} days"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _escaped(text: str, escape: Escape) -> str:
    return html.escape(text) if escape is Escape.HTML else text
