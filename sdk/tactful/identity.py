"""The rules of a deterministic identity graph: kinds of identifiers, clean form, who decides. It keeps nothing."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import ClassVar, Final

import attrs

from .errors import StoreError, UsageError
from .profile import Identity

#: Kinds of identifiers, the strongest first.
KINDS: Final = ("person", "household", "device")
#: The kinds of identifiers that most have; a name that is nowhere is a device's, the weakest.
USUAL_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "card": "person",
        "email": "person",
        "customer": "person",
        "household": "household",
        "cookie": "device",
        "device": "device",
        "ip": "device",
    }
)

#: An identifier's name and value.
Identifier = tuple[str, str]


def _a_share(_: object, __: object, confidence: float) -> None:
    if not 0.0 <= confidence <= 1.0:
        raise UsageError(f"a link's confidence is a number from 0 to 1, not {confidence!r}")


@attrs.frozen(repr=False)
class Link:
    """
    One statement that an identifier stands for a customer.

    Attributes:
        name: The identifier's name.
        value: Its value in clean form.
        customer: The persistent customer id.
        kind: How it is known, such as "stated", "login" or "matched".
        confidence: How sure it is, 0 to 1.
        at_us: When it was stated [us since 1970].
    """

    name: str
    value: str
    customer: str
    kind: str
    confidence: float = attrs.field(validator=_a_share)
    at_us: int

    def __repr__(self) -> str:  # values are personal
        return f"<Link {self.name} {self.kind} {self.confidence}>"


def _known_kinds(_: object, __: object, kinds: Mapping[str, str]) -> None:
    for name, kind in kinds.items():
        if kind not in KINDS:
            from difflib import get_close_matches  # noqa: PLC0415 - for a mistake alone

            near = get_close_matches(str(kind), KINDS, 1) or [", ".join(KINDS)]
            raise UsageError(f"identifier {name!r}: there is no kind {kind!r}; did you mean {near[0]}?")


@attrs.frozen
class IdentityRules:
    """
    Whom identifiers stand for, given who is linked to each.

    Attributes:
        kinds: The kind of each identifier, by name.
        confidence_min: Links that are less sure identify nobody.

    >>> rules = IdentityRules()
    >>> rules.clean({"cookie": " c1 ", "email": "Ada@Example.ORG"})
    (('cookie', 'c1'), ('email', 'Ada@example.org'))
    >>> rules.strongest(rules.clean({"cookie": "c1", "card": "4711"}))
    ('person', (('card', '4711'),))
    """

    #: The identifier whose value is the persistent customer id itself.
    customer: ClassVar[str] = "customer"

    kinds: Mapping[str, str] = attrs.field(default=USUAL_KINDS, validator=_known_kinds)
    confidence_min: float = 0.9

    def clean(self, identifiers: Mapping[str, str]) -> tuple[Identifier, ...]:
        """Return identifiers in one form, sorted; empty ones are left out."""
        cleaned = ((name, _clean(name, value)) for name, value in identifiers.items())
        return tuple(sorted(pair for pair in cleaned if pair[1]))

    def kind(self, name: str) -> str:
        """Return an identifier's kind, by its name."""
        return self.kinds.get(name, KINDS[-1])

    def tells_household(self, link: Link) -> bool:
        """Return whether a link surely tells a customer's household."""
        return self.kind(link.name) == "household" and link.confidence >= self.confidence_min

    def strongest(self, identifiers: Iterable[Identifier]) -> tuple[str, tuple[Identifier, ...]]:
        """Return the strongest kind among identifiers and those that are of it; they decide, the others do not."""
        by_kind: dict[str, list[Identifier]] = {}
        for identifier in identifiers:
            by_kind.setdefault(self.kind(identifier[0]), []).append(identifier)
        kind = min(by_kind, key=KINDS.index, default=KINDS[-1])
        return kind, tuple(by_kind.get(kind, ()))

    def candidates(
        self, identifiers: Iterable[Identifier], standing_for: Callable[[Identifier], set[str]]
    ) -> set[str] | None:
        """
        Return the customers for whom all the strongest identifiers stand; None if nobody is linked to any of them.

        Args:
            identifiers: In clean form.
            standing_for: Gives the customers to whom an identifier is linked surely enough.
        """
        known = [found for one in self.strongest(identifiers)[1] if (found := standing_for(one))]
        return set.intersection(*known) if known else None

    def target(
        self,
        identifiers: tuple[Identifier, ...],
        customer: str | None,
        standing_for: Callable[[Identifier], set[str]],
    ) -> str | None:
        """
        Return for whom a link is to be kept; None means somebody new.

        Args:
            identifiers: In clean form.
            customer: The one that the caller names, or None.
            standing_for: Gives the customers to whom an identifier is linked surely enough.

        Raises:
            StoreError: If an identifier of a person stands for someone other than the one who is named.
            UsageError: If there are no identifiers, or nobody is named and they do not stand for one customer alone.
        """
        if not identifiers:
            raise UsageError("a link needs at least one identifier that is not empty")
        if customer is None:
            found = self.candidates(identifiers, standing_for)
            if found is not None and len(found) != 1:
                names = ", ".join(name for name, _ in self.strongest(identifiers)[1])
                raise UsageError(f"{names}: they do not stand for one customer alone; name the one you mean: customer=")
            return None if found is None else next(iter(found))
        for one in identifiers:
            others = standing_for(one)
            if self.kind(one[0]) == KINDS[0] and others and customer not in others:
                raise StoreError(f"this {one[0]} stands for someone else already; merge the two, or unlink it first")
        return customer

    def identity(
        self,
        identifiers: Mapping[str, str],
        standing_for: Callable[[Identifier], set[str]],
        households: Callable[[str], set[str]],
    ) -> Identity | None:
        """
        Return whom identifiers stand for; None if unknown, or if they contradict each other.

        Args:
            identifiers: As they came.
            standing_for: Gives the customers to whom an identifier is linked surely enough.
            households: Gives the households to which a customer is linked surely enough.
        """
        cleaned = self.clean(identifiers)
        found = self.candidates(cleaned, standing_for)
        if found is None or len(found) != 1:
            return None
        (customer,) = found
        of = households(customer)
        return Identity(customer, self.strongest(cleaned)[0], next(iter(of)) if len(of) == 1 else None)


def _clean(name: str, value: str) -> str:
    cleaned = unicodedata.normalize("NFC", value.strip())
    if name == "email":
        mailbox, at, domain = cleaned.rpartition("@")
        return f"{mailbox}{at}{domain.casefold()}"
    return cleaned
