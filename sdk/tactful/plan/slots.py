"""Where each variable lies at run time, so that a compiled condition reads tuples and no names. It holds no value.

A compiled condition reads local variables: `p0`, `p1` … (the profile as each purpose may see it), `n0`, `n1` …
(bits of attributes that are seen and have no value), `q` (the protective view, then the direct one), `k` (what is known
of the customer on a channel: identity, ages, consents, holdouts), `c` (the context) and `now`.
"""

import ast
import sys
from collections.abc import Mapping

import attrs

from ..errors import ValueRefused
from ..expr import Var, reads
from ..policy import Policy
from ..schema import Attribute, ContextAttribute, Value, ValueType, check_value
from .syntax import parsed_expression

#: Context attributes that every policy has.
BUILT_IN_CONTEXT = (
    ContextAttribute("market", ValueType.TEXT),
    ContextAttribute("language", ValueType.TEXT),
    ContextAttribute("gpc", ValueType.BOOL, absent=False),
)
#: What is known of a customer on a channel before any consent, in the order of `k`.
KNOWN = (
    *("channel.name", "channel.privacy", "identity.kind"),
    *("snapshot.at", "consents.at", "consents.opted_out", "consents.restricted"),
)
#: What is known of each consent, in the order of `k` after `KNOWN`.
CONSENT_PARTS = ("given", "refused", "how", "at")

#: What most values of some types come as; what is not great either needs no further check.
_USUAL = {ValueType.TEXT: str, ValueType.INT: int, ValueType.BOOL: bool}
_SMALL = 256


def direct_variables(attribute: Attribute) -> Mapping[str, ValueType]:
    """Return the variables of an attribute in the direct view, with their types; none if it is not protected."""
    name = f"direct.{attribute.name}"
    return {name: attribute.type, f"{name}.at": ValueType.TIME} if attribute.protect else {}


@attrs.frozen
class Slots:
    """
    The layout of a policy's variables.

    Attributes:
        attributes: The profile's attributes in the order of `p`; those of type `scores` are not in it.
        protective: Protected attributes in the order of `q`.
        direct: Names of those that a condition reads in the direct view; in `q`, their values and then their times come
            after the protective view.
        known: Index in `k` by name.
        context: The context's attributes in the order of `c`.
        purposes: The purposes' names in the order of `p0`, `p1` ….
    """

    attributes: tuple[Attribute, ...]
    protective: tuple[Attribute, ...]
    direct: tuple[str, ...]
    known: Mapping[str, int]
    context: tuple[ContextAttribute, ...]
    purposes: tuple[str, ...]
    _profile_index: Mapping[str, int] = attrs.field(alias="profile_index")
    _protective_index: Mapping[str, int] = attrs.field(alias="protective_index")
    _context_index: Mapping[str, int] = attrs.field(alias="context_index")
    _no_context: tuple[Value | None, ...] = attrs.field(alias="no_context")
    _usual: tuple[type | None, ...] = attrs.field(alias="usual")

    @classmethod
    def of(cls, policy: Policy) -> "Slots":
        """Return the layout for a policy."""
        readable = tuple(a for a in policy.attributes if a.type is not ValueType.SCORES)
        protective = tuple(a for a in readable if a.protect)
        read = {name for _, condition in policy.conditions for name in reads(condition)}
        direct = tuple(a.name for a in protective if read & set(direct_variables(a)))
        declared = {a.name for a in policy.context}
        context = (*(a for a in BUILT_IN_CONTEXT if a.name not in declared), *policy.context)
        consents = (f"consent.{p.name}.{part}" for p in policy.purposes for part in CONSENT_PARTS)
        return cls(
            attributes=readable,
            protective=protective,
            direct=direct,
            known={name: index for index, name in enumerate((*KNOWN, *consents, *(h.id for h in policy.holdouts)))},
            context=context,
            purposes=tuple(p.name for p in policy.purposes),
            profile_index={a.name: index for index, a in enumerate(readable)},
            protective_index={
                **{f"protective.{a.name}": index for index, a in enumerate(protective)},
                **{f"direct.{name}": len(protective) + index for index, name in enumerate(direct)},
                **{f"direct.{name}.at": len(protective) + len(direct) + index for index, name in enumerate(direct)},
            },
            # Callers write these names into their source, and Python keeps one text for all: found by being the same.
            context_index={sys.intern(a.name): index for index, a in enumerate(context)},
            no_context=tuple(a.absent for a in context),
            usual=tuple(_USUAL.get(a.type) for a in context),
        )

    def context_values(self, given: Mapping[str, object] | None) -> tuple[tuple[Value | None, ...], tuple[str, ...]]:
        """
        Return the moment's context as a tuple, and the names of values that do not fit their type.

        A name that the policy does not declare is not visible; a value that does not fit is unknown.
        """
        if not given:
            return self._no_context, ()
        values = list(self._no_context)
        refused: list[str] = []
        index, usual = self._context_index, self._usual
        for name, value in given.items():
            slot = index.get(name)
            if slot is None:
                continue
            if type(value) is usual[slot] and (  # so small a text or number as every check gives back as it is
                len(value) < _SMALL if usual[slot] is str else -_SMALL < value < _SMALL  # type: ignore[arg-type, operator]
            ):
                values[slot] = value  # type: ignore[call-overload]
                continue
            try:
                values[slot] = None if value is None else check_value(self.context[slot].type, value)
            except ValueRefused:
                values[slot] = None
                refused.append(name)
        return tuple(values), tuple(refused)

    def profile_slot(self, name: str) -> int | None:
        """Return an attribute's index in `p`, or None."""
        return self._profile_index.get(name)

    def context_slot(self, name: str) -> int:
        """Return a context attribute's index in `c`."""
        return self._context_index[name]

    def names(self, purpose: int | None = None) -> "SlotNames":
        """Return how conditions under a purpose reach their variables; under none, they see no profile."""
        return SlotNames(self, purpose)

    def place(self, var: Var, purpose: int | None) -> tuple[str, int] | None:
        """Return the tuple and the index that hold a variable, or None if it is nowhere."""
        space, _, rest = var.name.partition(".")
        if space == "profile":
            if purpose is None:
                return None
            tuple_name, index = f"p{purpose}", self._profile_index.get(rest)
        elif space in ("protective", "direct"):
            tuple_name, index = "q", self._protective_index.get(var.name)
        elif space == "context":
            tuple_name, index = "c", self._context_index.get(rest)
        else:
            tuple_name, index = "k", self.known.get(var.name)
        return None if index is None else (tuple_name, index)


@attrs.frozen
class SlotNames:
    """How conditions under one purpose reach their variables (`conditions.Names`)."""

    slots: Slots
    purpose: int | None

    def load(self, var: Var) -> ast.expr:
        """Return the code that gives a variable's value, or None where it is unknown."""
        if var.name == "now":
            return ast.Name("now", ast.Load())
        place = self.slots.place(var, self.purpose)
        if place is None:
            return ast.Constant(None)
        return ast.Subscript(ast.Name(place[0], ast.Load()), ast.Constant(place[1]), ast.Load())

    def missing(self, var: Var) -> ast.expr:
        """Return the code that tells whether an attribute is seen and has no value: True, False or None."""
        place = self.slots.place(var, self.purpose)
        if place is None:
            return ast.Constant(None)
        if place[0] != f"p{self.purpose}":  # everything but the profile is simply there or unknown
            return parsed_expression(f"None if {place[0]}[{place[1]}] is None else False")
        code = f"(True if n{self.purpose} >> {place[1]} & 1 else None) if {place[0]}[{place[1]}] is None else False"
        return parsed_expression(code)
