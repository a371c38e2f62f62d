"""Render: a treatment's content as a channel shows it. Values are escaped as the channel asks; text never is."""

import html
from collections.abc import Callable, Mapping
from urllib.parse import quote

from ..clock import to_datetime
from ..expr import Expr
from ..offers import Escape, Field, FieldKind
from ..plan.fuse import single
from ..plan.plan import Plan
from ..plan.requirements import Inliner
from ..schema import ValueType
from .moment import Moment


def content(moment: Moment, index: int, purpose: int) -> Mapping[str, str]:
    """Return the fields of a treatment, in the moment's language, with their values."""
    treatment = moment.plan.catalog.entries[index].treatment
    by_language = dict(treatment.content)
    fields = by_language.get(language_of(moment)) or by_language[moment.plan.policy.values.languages[0]]
    return {field.name: _field(moment, field, purpose) for field in fields}


def language_of(moment: Moment) -> str:
    """Return the language that the moment's context asks for, or an empty text."""
    asked = moment.context[moment.plan.slots.context_slot("language")]
    return asked if isinstance(asked, str) else ""


def _field(moment: Moment, field: Field, purpose: int) -> str:
    escape = moment.channel.channel.escape
    return "".join(
        part if isinstance(part, str) else _escaped(_value(moment, part, purpose), field.kind, escape)
        for part in field.parts
    )


def _value(moment: Moment, expr: Expr, purpose: int) -> str:
    there = moment.there
    value = _compiled(moment.plan, expr, purpose)(
        there.views, there.seen, moment.customer.protective, moment.here.known, moment.context, moment.now_us
    )
    return as_text(value, expr.type)


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


def _escaped(text: str, kind: FieldKind, escape: Escape) -> str:
    if kind is FieldKind.LINK:
        return quote(text, safe="")
    return html.escape(text) if escape is Escape.HTML else text
