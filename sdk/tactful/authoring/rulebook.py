"""Compiles the rules that stand in a policy's files, each with the variables that may be read there.

A mistake in a rule is noted at its place in the file.
"""

from collections.abc import Mapping
from functools import cached_property

from ..expr import Const, Expr, Var, replace
from ..plan.slots import BUILT_IN_CONTEXT
from ..schema import Attribute, ContextAttribute, ValueType
from .content import within
from .rules import RuleCompiler, RuleError
from .source import Log, Node, Place, Scalar

Variables = Mapping[str, ValueType]


class Rulebook:
    """The variables of a policy, and compilers for the places at which rules stand."""

    def __init__(
        self,
        attributes: tuple[Attribute, ...],
        context: tuple[ContextAttribute, ...],
        segments: tuple[str, ...],
        purposes: tuple[str, ...],
        log: Log,
    ) -> None:
        self._attributes = attributes
        self._log = log
        self._protected = {a.name for a in attributes if a.protect}
        moment = {f"context.{a.name}": a.type for a in (*BUILT_IN_CONTEXT, *context)}
        moment |= {"now": ValueType.TIME, "channel.name": ValueType.TEXT, "channel.privacy": ValueType.TEXT}
        self.moment: Variables = moment
        self.offer: Variables = {
            **moment,
            **{f"profile.{a.name}": a.type for a in attributes},
            **{f"segment.{name}": ValueType.BOOL for name in segments},
        }
        self._purposes = purposes
        self._compilers: dict[tuple[tuple[str, ValueType], ...], RuleCompiler] = {}

    @cached_property
    def guard(self) -> Variables:
        """The variables that conditions of guardrails read."""
        parts = {"given": ValueType.BOOL, "refused": ValueType.BOOL, "how": ValueType.TEXT, "at": ValueType.TIME}
        return {
            **self.moment,
            **{f"protective.{a.name}": a.type for a in self._attributes if a.protect},
            **{f"consent.{p}.{part}": type_ for p in self._purposes for part, type_ in parts.items()},
            "identity.kind": ValueType.TEXT,
            "snapshot.at": ValueType.TIME,
            "consents.at": ValueType.TIME,
        }

    def rule(self, node: Node, variables: Variables, row: Mapping[str, Const] | None = None) -> Expr | None:
        """Return the rule that stands at a node, of type bool; None after noting a mistake."""
        if not isinstance(node, Scalar):
            self._log.add(node.place, "type", "expected a rule, as text")
            return None
        return self._compile(node.text, node, node.place, variables, ValueType.BOOL, row)

    def value(self, text: str, place: Place, variables: Variables, row: Mapping[str, Const] | None) -> Expr | None:
        """Return the expression of a `{…}` in a text; None after noting a mistake."""
        return self._compile(text, None, place, variables, None, row)

    def protective(self, expr: Expr) -> Expr:
        """Return an `unless:` rule so that it reads protected attributes even where a purpose may not see them."""

        def change(node: Expr) -> Expr | None:
            if isinstance(node, Var) and node.name.removeprefix("profile.") in self._protected:
                return Var(node.name.replace("profile.", "protective.", 1), node.type)
            return None

        return replace(expr, change)

    def condition(self, text: str) -> Expr:
        """
        Return a guardrail's condition.

        Raises:
            RuleError: If it is none.
        """
        return self._compiler(self.guard).compile(text, ValueType.BOOL)

    def _compile(
        self,
        text: str,
        node: Scalar | None,
        place: Place,
        variables: Variables,
        expected: ValueType | None,
        row: Mapping[str, Const] | None,
    ) -> Expr | None:
        values = row or {}
        known = {**variables, **{name: const.type for name, const in values.items()}}
        try:
            expr = self._compiler(known).compile(text, expected)
        except RuleError as error:
            at = place if node is None else within(node, error.offset)
            if node is None:
                at = Place(place.file, place.line, place.column + error.offset)
            self._log.add(at, error.code, error.message, error.hint)
            return None
        return replace(expr, lambda n: values.get(n.name) if isinstance(n, Var) else None) if values else expr

    def _compiler(self, variables: Variables) -> RuleCompiler:
        key = tuple(variables.items())
        if key not in self._compilers:
            self._compilers[key] = RuleCompiler(variables)
        return self._compilers[key]
