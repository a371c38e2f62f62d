"""Compiles the rules that stand in a policy's files, each with the variables that may be read there.

A mistake in a rule is noted at its place in the file.
"""

import re
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Final

from ..expr import Const, Expr, Var, replace
from ..plan.slots import BUILT_IN_CONTEXT, direct_variables
from ..schema import Attribute, ContextAttribute, ValueType
from .positions import place_in
from .rules import RuleCompiler, RuleError
from .source import Log, Scalar

Variables = Mapping[str, ValueType]
#: Constants for variables, such as `row.price` in an offer that is made from a row.
Constants = Mapping[str, Const]
_DOTTED: Final = re.compile(r"\w+\.\w+")


class Rulebook:
    """
    The variables of a policy, and compilers for the places at which rules stand.

    Args:
        attributes: The profile's attributes.
        context: The attributes of the moment.
        segments: The names of the segments.
        purposes: The names of the purposes.
        doubtful: Variables whose declaration is wrong. A rule that reads one is not blamed for what follows from it.
        log: Takes the mistakes.
    """

    def __init__(
        self,
        attributes: tuple[Attribute, ...],
        context: tuple[ContextAttribute, ...],
        segments: Collection[str],
        purposes: Collection[str],
        doubtful: Collection[str],
        log: Log,
    ) -> None:
        self._attributes = attributes
        self._log = log
        self._protected = {a.name for a in attributes if a.protect}
        moment = {f"context.{a.name}": a.type for a in (*BUILT_IN_CONTEXT, *context)}
        moment |= {"now": ValueType.TIME, "channel.name": ValueType.TEXT, "channel.privacy": ValueType.TEXT}
        self.moment: Variables = moment
        #: What is known of an event before anything is known of its customer.
        self.event: Variables = {name: type_ for name, type_ in moment.items() if not name.startswith("channel.")}
        self.offer: Variables = {
            **moment,
            **{f"profile.{a.name}": a.type for a in attributes},
            **{f"segment.{name}": ValueType.BOOL for name in segments},
        }
        self._purposes = purposes
        self._doubtful = frozenset(doubtful)
        #: Looked up for every rule of every row, so by identity; the variables are kept, so that it stays theirs.
        self._compilers: dict[tuple[int, tuple[tuple[str, str], ...]], tuple[Variables, RuleCompiler]] = {}
        self._compiled: dict[tuple[RuleCompiler, str, ValueType | None], Expr | RuleError] = {}

    @cached_property
    def guard(self) -> Variables:
        """The variables that conditions of guardrails read."""
        parts = {"given": ValueType.BOOL, "refused": ValueType.BOOL, "how": ValueType.TEXT, "at": ValueType.TIME}
        return {
            **self.moment,
            **{f"protective.{a.name}": a.type for a in self._attributes if a.protect},
            **{name: type_ for a in self._attributes for name, type_ in direct_variables(a).items()},
            **{f"consent.{p}.{part}": type_ for p in self._purposes for part, type_ in parts.items()},
            "identity.kind": ValueType.TEXT,
            "snapshot.at": ValueType.TIME,
            "consents.at": ValueType.TIME,
        }

    def rule(self, written: Scalar, variables: Variables, constants: Constants | None = None) -> Expr | None:
        """Return a rule of type bool; None after noting a mistake."""
        return self._compile(written, written.text, 0, variables, ValueType.BOOL, constants or {})

    def value(self, written: Scalar, text: str, offset: int, variables: Variables, constants: Constants) -> Expr | None:
        """Return the expression that stands in a text from a character on; None after noting a mistake."""
        return self._compile(written, text, offset, variables, None, constants)

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
        return self._compiler(self.guard, {}).compile(text, ValueType.BOOL)

    def of_moment(self, text: str) -> Expr:
        """
        Return a condition that a ranker asks for: it reads context, channel and time only.

        Raises:
            RuleError: If it is none.
        """
        return self._compiler(self.moment, {}).compile(text, ValueType.BOOL)

    def _compile(
        self,
        written: Scalar,
        text: str,
        offset: int,
        variables: Variables,
        expected: ValueType | None,
        constants: Constants,
    ) -> Expr | None:
        compiler = self._compiler(variables, constants)
        key = (compiler, text, expected)
        if key not in self._compiled:
            try:
                self._compiled[key] = compiler.compile(text, expected)
            except RuleError as error:
                self._compiled[key] = error
        found = self._compiled[key]
        if isinstance(found, RuleError):
            if not self._excused(text, found):
                hint = found.hint
                if not hint and text[found.offset :].startswith(("profile.", "segment.")):
                    hint = self._impersonal(variables)
                self._log.add(place_in(written, offset + found.offset), found.code, found.message, hint)
            return None
        return replace(found, lambda n: constants.get(n.name) if isinstance(n, Var) else None) if constants else found

    def _impersonal(self, variables: Variables) -> str:
        """Return what a rule reads instead of a profile where it reads of nobody; empty elsewhere."""
        if variables is self.moment:
            return "here a rule reads context, channel and time only"
        return "here a rule reads context and time only" if variables is self.event else ""

    def _excused(self, text: str, error: RuleError) -> bool:
        """Return whether a mistake follows from another one: a wrong declaration, or a file that cannot be read."""
        return (self._log.unread and error.code == "rule-name") or not self._doubtful.isdisjoint(_DOTTED.findall(text))

    def _compiler(self, variables: Variables, constants: Constants) -> RuleCompiler:
        """Return the compiler for some variables and for constants of these types, made once."""
        key = (id(variables), tuple((name, const.type.value) for name, const in constants.items()))
        if key not in self._compilers:
            types = {name: const.type for name, const in constants.items()}
            self._compilers[key] = variables, RuleCompiler({**variables, **types})
        return self._compilers[key][1]
