"""Random rules, well typed: mostly such as people write, sometimes deep ones."""

from collections.abc import Mapping
from typing import Final

import attrs

from ...expr import Call, Const, Expr, Local, Quantifier, Var, negate, reads, text
from ...schema import Value, ValueType
from .chance import Chance

BOOL, INT, NUMBER, TEXT = ValueType.BOOL, ValueType.INT, ValueType.NUMBER, ValueType.TEXT
TIME, DURATION, TEXTS, INTS = ValueType.TIME, ValueType.DURATION, ValueType.TEXTS, ValueType.INTS
_ORDERED: Final = ("<", "<=", ">", ">=")
_ITEMS: Final = {TEXTS: TEXT, INTS: INT}
_LISTS: Final = {item: list_ for list_, item in _ITEMS.items()}
NOW: Final = Var("now", TIME)


@attrs.frozen
class Rules:
    """
    Makes rules.

    Attributes:
        chance: Where they come from.
        variables: The types of the variables that they may read.
        values: For some variables, the values worth comparing with.
        often: Variables that they read more often than others.
    """

    chance: Chance
    variables: Mapping[str, ValueType]
    values: Mapping[str, tuple[Value, ...]] = attrs.field(factory=dict)
    often: tuple[str, ...] = ()

    def condition(self) -> Expr:
        """Return a condition."""
        chance = self.chance
        if chance.happens(0.15):
            return self.deep(BOOL, chance.number(2, 4))
        if chance.happens(0.25):
            fn = chance.of(("&&", "||"))
            sides = (self.simple(), self.simple())
            return Call(fn, self._or_here(*sides) if fn == "||" else sides, BOOL)
        simple = self.simple()
        return negate(simple) if chance.happens(0.15) else simple

    def _or_here(self, one: Expr, other: Expr) -> tuple[Expr, Expr]:
        """Return two questions; where neither is about the context, the first becomes one, as in `page is x, or …`."""
        here = [n for n, type_ in self.variables.items() if n.startswith("context.") and type_ is TEXT]
        here = [name for name in here if name in self.values]
        if not here or any(name.startswith("context.") for name in reads(one) | reads(other)):
            return one, other
        number = len(text(other))  # as good as chance, and the same rules follow from what is drawn as before
        name = here[number % len(here)]
        values = self.values[name]
        return Call("==", (Var(name, TEXT), Const(TEXT, values[number % len(values)])), BOOL), other

    def printed(self) -> Expr:
        """Return what stands in braces in a text."""
        return self.deep(self.chance.of((TEXT, INT, BOOL, TIME)), self.chance.of((0, 0, 0, 2)))

    def simple(self) -> Expr:
        """Return one question about one variable."""
        chance = self.chance
        name = chance.of(self.often if self.often and chance.happens(0.4) else tuple(self.variables))
        var = Var(name, self.variables[name])
        if chance.happens(0.1) and name != "now":
            return Call(chance.of(("has", "missing")), (var,), BOOL)
        match var.type:
            case ValueType.BOOL:
                return var
            case ValueType.TIME:
                return self._about_time(var)
            case ValueType.TEXTS | ValueType.INTS:
                return self._about_list(var)
            case ValueType.TEXT:
                return self._about_text(var)
        return Call(chance.of((*_ORDERED, "==", "!=")), (var, self._constant(var)), BOOL)

    def _about_time(self, var: Var) -> Expr:
        chance = self.chance
        compare = chance.of(
            ("<=", ">", *_ORDERED)
        )  # such as turn right after a moment, more than those that turn at it
        if var == NOW or chance.happens(0.2):
            return Call(compare, (NOW, Const(TIME, chance.moment_us())), BOOL)
        if chance.happens(0.6):
            age = Call("-", (NOW, var), DURATION)
            return Call(compare, (age, Const(DURATION, chance.value(DURATION))), BOOL)
        if chance.happens(0.5):
            then = Call("+", (var, Const(DURATION, chance.value(DURATION))), TIME)
            return Call(compare, (then, NOW), BOOL)
        return Call("==", (Call("getHours", (var,), INT), Call("getHours", (NOW,), INT)), BOOL)

    def _about_list(self, var: Var) -> Expr:
        item = _ITEMS[var.type]
        if self.chance.happens(0.5):
            return Call("in", (Const(item, self.chance.value(item)), var), BOOL)
        kind = self.chance.of(("exists", "all", "exists_one"))
        local = Local("v", item)
        return Quantifier(kind, "v", var, Call("==", (local, Const(item, self.chance.value(item))), BOOL))

    def _about_text(self, var: Var) -> Expr:
        chance = self.chance
        if chance.happens(0.5):
            sides = (var, self._constant(var))
            return Call(chance.of(("==", "==", "!=")), sides if chance.happens(0.8) else sides[::-1], BOOL)
        items = tuple(self._constant(var) for _ in range(chance.number(1, 3)))
        if chance.happens(0.5):
            return Call("in", (var, Call("list", items, TEXTS)), BOOL)
        return Call("in", (var, Const(TEXTS, tuple(str(item.value) for item in items))), BOOL)

    def _constant(self, var: Var) -> Const:
        known = self.values.get(var.name)
        return Const(var.type, self.chance.of(known) if known else self.chance.value(var.type))

    # Deep ones

    def deep(self, type_: ValueType, depth: int) -> Expr:
        """Return an expression of a type, nested at most so deep; constant parts stand computed, as after compiling."""
        made = self._deep(type_, depth)
        is_constant = isinstance(made, Call) and all(isinstance(arg, Const) for arg in made.args)
        return self._leaf(type_) if is_constant else made

    def _deep(self, type_: ValueType, depth: int) -> Expr:
        chance = self.chance
        if depth <= 0:
            return self._leaf(type_)
        if chance.happens(0.15):
            return Call("?:", (self.deep(BOOL, depth - 1), *(self.deep(type_, depth - 1) for _ in "ab")), type_)
        match type_:
            case ValueType.BOOL:
                return self._deep_bool(depth - 1)
            case ValueType.INT | ValueType.NUMBER:
                fn = chance.of(("+", "-", "*", "/"))
                return Call(fn, (self.deep(type_, depth - 1), self.deep(type_, depth - 1)), type_)
            case ValueType.TIME:
                return Call(chance.of("+-"), (self.deep(TIME, depth - 1), self.deep(DURATION, depth - 1)), TIME)
            case ValueType.DURATION:
                return Call("-", (self.deep(TIME, depth - 1), self.deep(TIME, depth - 1)), DURATION)
            case ValueType.TEXT:
                return Call("+", (self.deep(TEXT, depth - 1), self.deep(TEXT, depth - 1)), TEXT)
        return self._leaf(type_)

    def _deep_bool(self, depth: int) -> Expr:
        chance = self.chance
        kind = chance.number(0, 5)
        if kind <= 1:
            return Call(chance.of(("&&", "||")), (self.deep(BOOL, depth), self.deep(BOOL, depth)), BOOL)
        if kind == 2:  # noqa: PLR2004 - the third of six
            return Call("!", (self.deep(BOOL, depth),), BOOL)
        if kind == 3:  # noqa: PLR2004 - the fourth
            item = chance.of((TEXT, INT))
            return Call("in", (self.deep(item, depth), self._leaf(_LISTS[item])), BOOL)
        type_ = chance.of((TEXT, INT, NUMBER, TIME, DURATION))
        return Call(chance.of((*_ORDERED, "==", "!=")), (self.deep(type_, depth), self.deep(type_, depth)), BOOL)

    def _leaf(self, type_: ValueType) -> Expr:
        names = [name for name, own in self.variables.items() if own is type_]
        if names and self.chance.happens(0.75):
            return Var(self.chance.of(names), type_)
        if type_ is BOOL and self.chance.happens(0.8):
            return self.simple()
        return Const(type_, self.chance.value(type_))
