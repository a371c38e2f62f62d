"""From the checked tree of CEL to ours, refusing what is outside the subset. It neither parses nor checks types."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ..expr import Call, Const, Expr, Local, Quantifier, Var
from ..schema import LIST_MAX_ITEMS, ValueType
from .rule_errors import RuleError
from .rule_literals import LiteralError, duration_us, time_us, zone_name

NODES_MAX: Final = 500
DEPTH_MAX: Final = 32
NESTED_QUANTIFIERS_MAX: Final = 2
TEXT_MAX_BYTES: Final = 4096

#: CEL would expand `has(…)` itself and insist on a field; declared in a container it is a function of ours.
CONTAINER: Final = "tactful"
HAS: Final = f"{CONTAINER}.has"

_OPERATORS: Final = {
    "_&&_": "&&",
    "_||_": "||",
    "!_": "!",
    "_==_": "==",
    "_!=_": "!=",
    "_<_": "<",
    "_<=_": "<=",
    "_>_": ">",
    "_>=_": ">=",
    "@in": "in",
    "_?_:_": "?:",
    "_+_": "+",
    "_-_": "-",
    "_*_": "*",
    "_/_": "/",
    "_%_": "%",
    "-_": "neg",
    "size": "size",
    "contains": "contains",
    "startsWith": "startsWith",
    "endsWith": "endsWith",
}
_CONVERSIONS: Final = {
    "int": ("int", frozenset({ValueType.INT, ValueType.NUMBER, ValueType.TEXT, ValueType.TIME})),
    "double": ("number", frozenset({ValueType.INT, ValueType.NUMBER, ValueType.TEXT})),
    "string": ("text", frozenset({ValueType.TEXT, ValueType.INT, ValueType.BOOL})),
}
_LITERALS: Final[Mapping[str, tuple[ValueType, Callable[[str], int]]]] = {
    "timestamp": (ValueType.TIME, time_us),
    "duration": (ValueType.DURATION, duration_us),
}
_REFUSED: Final = {
    "matches": ("regular expressions", "use contains, startsWith or endsWith"),
    "_[_]": ("an item of a list by its place", "ask x in list, or list.exists(item, …)"),
    "type": ("type()", "the type of each variable is known: see the schema"),
    "dyn": ("dyn()", "the type of each variable is known: see the schema"),
    "uint": ("unsigned numbers", "leave out the u"),
    "bytes": ("bytes", "use text"),
    "bool": ("bool()", 'compare the text: x == "true"'),
}
_PRIMITIVES: Final = {1: ValueType.BOOL, 2: ValueType.INT, 4: ValueType.NUMBER, 5: ValueType.TEXT}
_WELL_KNOWN: Final = {2: ValueType.TIME, 3: ValueType.DURATION}
LISTS: Final = {
    ValueType.TEXT: ValueType.TEXTS,
    ValueType.INT: ValueType.INTS,
    ValueType.NUMBER: ValueType.NUMBERS,
}
ITEMS: Final = {list_: item for item, list_ in LISTS.items()}
_KINDS_OF_TYPES: Final = {
    "null": "null",
    "dyn": "values of several types",
    "map_type": "maps",
    "message_type": "messages",
    "type": "types as values",
    "wrapper": "wrappers",
    "list_type": "lists of other things than text, int or number",
}


class Translator:
    """Translates one checked rule; `checked` is a `cel.expr.CheckedExpr`."""

    def __init__(self, text: str, checked: Any, variables: Mapping[str, ValueType]) -> None:
        self._text = text
        self._checked = checked
        self._variables = variables
        self._nodes = 0
        self._locals: dict[str, ValueType] = {}
        self._quantifiers = 0

    def tree(self) -> Expr:
        """
        Return the rule as our tree.

        Raises:
            RuleError: If it is outside the subset or past a limit.
        """
        return self._expression(self._checked.expr, 1)

    def _expression(self, node: Any, depth: int) -> Expr:
        self._count(node, depth)
        match node.WhichOneof("expr_kind"):
            case "const_expr":
                return self._constant(node)
            case "ident_expr":
                return self._name(node)
            case "call_expr":
                return self._call(node, depth)
            case "list_expr":
                return self._list(node, depth)
            case "comprehension_expr":
                return self._quantifier(node, depth)
            case "struct_expr":
                raise self._refusal(node, "maps and messages", "use lists and variables")
            case _:
                raise self._refusal(node, "parts of values", "name a variable of the schema")

    def _count(self, node: Any, depth: int) -> None:
        self._nodes += 1
        if self._nodes > NODES_MAX:
            raise self._error(
                node, f"a rule has at most {NODES_MAX} parts", "split it into segments", code="rule-limit"
            )
        if depth > DEPTH_MAX:
            raise self._error(
                node, f"a rule nests at most {DEPTH_MAX} deep", "split it into segments", code="rule-limit"
            )

    def _constant(self, node: Any) -> Const:
        constant = node.const_expr
        match constant.WhichOneof("constant_kind"):
            case "bool_value":
                return Const(ValueType.BOOL, constant.bool_value)
            case "int64_value":
                return Const(ValueType.INT, constant.int64_value)
            case "double_value":
                return Const(ValueType.NUMBER, constant.double_value)
            case "string_value":
                if len(constant.string_value.encode()) > TEXT_MAX_BYTES:
                    raise self._error(node, f"a text has at most {TEXT_MAX_BYTES} bytes", code="rule-limit")
                return Const(ValueType.TEXT, constant.string_value)
            case "null_value":
                raise self._refusal(node, "null", "ask has(x) or missing(x)")
            case "uint64_value":
                raise self._refusal(node, *_REFUSED["uint"])
            case _:
                raise self._refusal(node, *_REFUSED["bytes"])

    def _name(self, node: Any) -> Expr:
        name = node.ident_expr.name
        if name in self._locals:
            return Local(name, self._locals[name])
        if name not in self._variables:  # the names of types are variables to the checker
            raise self._refusal(
                node, f"the type {name} as a value", "the type of each variable is known: see the schema"
            )
        return Var(name, self._variables[name])

    def _list(self, node: Any, depth: int) -> Expr:
        elements = node.list_expr.elements
        if len(elements) > LIST_MAX_ITEMS:
            raise self._error(node, f"a list has at most {LIST_MAX_ITEMS} items", code="rule-limit")
        items = tuple(self._expression(element, depth + 1) for element in elements)
        if not items:
            return Const(self._type(node) or ValueType.TEXTS, ())
        if any(item.type is not items[0].type for item in items):
            raise self._refusal(node, "lists of several types", "make all items text, int or number")
        if items[0].type not in LISTS:
            raise self._outside(node, "list_type")
        return Call("list", items, LISTS[items[0].type])

    def _call(self, node: Any, depth: int) -> Expr:
        call = node.call_expr
        function, parts = call.function, [*([call.target] if call.HasField("target") else []), *call.args]
        if function in _REFUSED:
            raise self._refusal(node, *_REFUSED[function])
        if function in {HAS, "missing"}:
            return self._question(node, function.removeprefix(f"{CONTAINER}."), parts[0], depth)
        args = tuple(self._expression(part, self._deeper(function, part, depth)) for part in parts)
        if function in _LITERALS:
            return self._literal(node, function, args[0])
        if function in _CONVERSIONS:
            return self._conversion(node, function, args[0])
        if function.startswith("get"):
            return self._part(node, function, args)
        if function not in _OPERATORS:
            raise self._refusal(node, f"the function {function}()", "see the functions in docs/rules.md")
        return Call(_OPERATORS[function], args, self._type(node) or args[0].type)

    def _deeper(self, function: str, part: Any, depth: int) -> int:
        # A chain of && or || is one step, however the checker balances it.
        chained = function in {"_&&_", "_||_"} and part.call_expr.function == function
        return depth if chained else depth + 1

    def _question(self, node: Any, name: str, part: Any, depth: int) -> Expr:
        var = self._expression(part, depth + 1)
        if not isinstance(var, Var) or var.name == "now":
            raise self._error(node, f"{name}() asks of a variable", f"write {name}(profile.x)", code="rule-type")
        return Call(name, (var,), ValueType.BOOL)

    def _literal(self, node: Any, function: str, arg: Expr) -> Expr:
        type_, read = _LITERALS[function]
        if arg.type is type_:
            return arg
        if not isinstance(arg, Const) or not isinstance(arg.value, str):
            hint = f"give the schema's attribute the type {type_.value}"
            raise self._refusal(node, f"{function}() of anything but text in quotes", hint)
        try:
            return Const(type_, read(arg.value))
        except LiteralError as error:
            raise self._error(node, f'{function}("{arg.value}"): {error}', error.hint, code="rule-literal") from None

    def _conversion(self, node: Any, function: str, arg: Expr) -> Expr:
        name, sources = _CONVERSIONS[function]
        if arg.type not in sources:
            raise self._refusal(node, f"{function}() of a {arg.type.value}", "see the conversions in docs/rules.md")
        if ValueType(name) is arg.type:
            return arg
        return Call(name, (arg,), ValueType(name))

    def _part(self, node: Any, function: str, args: tuple[Expr, ...]) -> Expr:
        for zone in args[1:]:
            if not isinstance(zone, Const) or not isinstance(zone.value, str):
                raise self._refusal(
                    node, "a time zone that is not text in quotes", f'write {function}("Europe/Berlin")'
                )
            try:
                zone_name(zone.value)
            except LiteralError as error:
                raise self._error(
                    node, f'{function}("{zone.value}"): {error}', error.hint, code="rule-literal"
                ) from None
        return Call(function, args, ValueType.INT)

    def _quantifier(self, node: Any, depth: int) -> Expr:
        loop = node.comprehension_expr
        kind, body = _recognized(loop)
        if kind is None:
            raise self._refusal(node, "map() and filter()", "ask with exists, all or exists_one")
        over = self._expression(loop.iter_range, depth + 1)
        if over.type not in ITEMS:
            raise self._outside(node, "map_type")
        if self._quantifiers == NESTED_QUANTIFIERS_MAX:
            raise self._error(node, f"exists and all nest at most {NESTED_QUANTIFIERS_MAX} deep", code="rule-limit")
        outer = self._locals
        self._quantifiers, self._locals = self._quantifiers + 1, {**outer, loop.iter_var: ITEMS[over.type]}
        inner = self._expression(body, depth + 1)
        self._quantifiers, self._locals = self._quantifiers - 1, outer
        return Quantifier(kind, loop.iter_var, over, inner)

    def _type(self, node: Any) -> ValueType | None:
        """Return the type that the checker found; None for a list of which it knows no more."""
        type_ = self._checked.type_map[node.id]
        kind = type_.WhichOneof("type_kind")
        if kind == "primitive" and type_.primitive in _PRIMITIVES:
            return _PRIMITIVES[type_.primitive]
        if kind == "well_known" and type_.well_known in _WELL_KNOWN:
            return _WELL_KNOWN[type_.well_known]
        if kind == "list_type":
            item = type_.list_type.elem_type
            if item.WhichOneof("type_kind") in {"dyn", "type_param", None}:
                return None
            if item.WhichOneof("type_kind") == "primitive" and _PRIMITIVES.get(item.primitive) in LISTS:
                return LISTS[_PRIMITIVES[item.primitive]]
        raise self._outside(node, kind)

    def _outside(self, node: Any, kind: str | None) -> RuleError:
        what = _KINDS_OF_TYPES.get(kind or "", "values of this type")
        return self._refusal(node, what, "use text, numbers, bools, times, durations and lists")

    def _refusal(self, node: Any, what: str, hint: str) -> RuleError:
        return self._error(node, f"outside the subset of CEL: {what}", hint, code="rule-subset")

    def _error(self, node: Any, message: str, hint: str = "", *, code: str) -> RuleError:
        offset, name = self._checked.source_info.positions.get(node.id, 0), node.call_expr.function
        # The checker points at the parenthesis of a call.
        name = name.removeprefix(f"{CONTAINER}.")
        named = self._text[offset : offset + 1] == "(" and self._text[:offset].endswith(name)
        return RuleError(self._text, offset - len(name) if named else offset, message, hint, code=code)


def _recognized(loop: Any) -> tuple[str | None, Any]:
    """Return which quantifier a loop is the expansion of, and its body."""
    step = loop.loop_step.call_expr
    start = loop.accu_init.const_expr.WhichOneof("constant_kind")
    if start == "bool_value" and step.function in {"_||_", "_&&_"} and loop.result.ident_expr.name == loop.accu_var:
        return ("exists" if step.function == "_||_" else "all"), step.args[1]
    if start == "int64_value" and step.function == "_?_:_" and loop.result.call_expr.function == "_==_":
        return "exists_one", step.args[0]
    return None, None
