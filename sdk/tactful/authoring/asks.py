"""Offers that ask: who has answered is not asked, and who is asked reads what for and what it gives."""

from collections.abc import Iterable, Iterator, Sequence

import attrs

from ..consent import Purpose
from ..expr import TRUE, Call, Var
from ..offers import Field, FieldKind, MomentKind, Offer, Treatment
from ..schema import Attribute, ValueType
from .offers_reader import Placed
from .source import Log

#: The fields that an offer that asks has besides its own.
PURPOSE_FIELD, GIVES_FIELD = "purpose", "gives"


def with_asks(
    offers: Iterable[Placed], attributes: Sequence[Attribute], purposes: Sequence[Purpose], log: Log
) -> Iterator[Placed]:
    """
    Yield the offers; those that ask, for those alone who can be asked, with purpose and value in words.

    Args:
        offers: The offers that are right by themselves.
        attributes: The profile's attributes.
        purposes: The purposes.
        log: Takes what cannot be asked.
    """
    specs, words = {one.name: one for one in attributes}, {one.name: " ".join(one.say.split()) for one in purposes}
    for placed in offers:
        offer = placed.offer
        if not offer.asks and not offer.gives and offer.moment is not MomentKind.ASK:
            yield placed
            continue
        for message, hint in _mistakes(offer, specs.get(offer.asks), words.get(offer.purpose, "")):
            log.add(placed.place, "ask", f"offer {offer.id!r} {message}", hint)
        spec = specs.get(offer.asks)
        yield attrs.evolve(placed, offer=offer if spec is None else _asking(offer, spec, words.get(offer.purpose, "")))


def _mistakes(offer: Offer, spec: Attribute | None, purpose: str) -> Iterator[tuple[str, str]]:
    if not offer.asks:
        is_what = "gives something for an answer" if offer.gives else "is an ask"
        yield f"{is_what} and asks nothing", "add `asks:`, an attribute"
    elif not offer.gives:
        yield f"asks for {offer.asks!r} and gives nothing", "add `gives:`, in words for the customer"
    if offer.asks and offer.moment not in (None, MomentKind.ASK):
        yield f"asks for {offer.asks!r} and is another kind of moment", "leave out `moment:`: it is an ask"
    if not purpose:
        yield "asks without a purpose in words", f"give the purpose {offer.purpose!r} its `say:`"
    if spec is None:
        return  # that there is no such attribute is told where names are looked up
    if spec.absent is not None:
        yield f"asks for {spec.name!r}, of which everybody has a value", "leave out the attribute's `absent:`"
    if spec.type is ValueType.SCORES:
        yield f"asks for {spec.name!r}, which nobody can answer", "ask for an attribute of another type"
    if spec.purposes and offer.purpose not in spec.purposes:
        hint = f"add {offer.purpose!r} to the attribute's `purpose:`"
        yield f"asks for {spec.name!r}, which its purpose may not read", hint


def _asking(offer: Offer, spec: Attribute, purpose: str) -> Offer:
    missing = Call("missing", (Var(f"profile.{spec.name}", spec.type),), ValueType.BOOL)
    when = missing if offer.when == TRUE else Call("&&", (offer.when, missing), ValueType.BOOL)
    treatments = tuple(_told(one, purpose, offer.gives) for one in offer.treatments)
    return attrs.evolve(offer, when=when, treatments=treatments, moment=MomentKind.ASK)


def _told(treatment: Treatment, purpose: str, gives: str) -> Treatment:
    """Return a treatment with the fields that tell purpose and value, unless it has its own."""
    content = []
    for language, fields in treatment.content:
        there = {field.name for field in fields}
        more = ((PURPOSE_FIELD, purpose), (GIVES_FIELD, gives))
        added = tuple(Field(name, FieldKind.TEXT, (words,)) for name, words in more if name not in there)
        content.append((language, (*fields, *added)))
    return attrs.evolve(treatment, content=tuple(content))
