"""The conformance tests of CEL: what is in the subset is right, and what is not is refused before it can run."""

import json
import math
import re
from pathlib import Path

from tactful.authoring.rules import RuleCompiler, RuleError, fold
from tactful.schema import ValueType

ROWS = [json.loads(line) for line in (Path(__file__).parent / "cel.jsonl").read_text().splitlines()]
# What passed when this was written: the subset may grow, but not shrink unnoticed.
PASSED_AT_LEAST = 240
TYPES = {"INT64": ValueType.INT, "DOUBLE": ValueType.NUMBER, "STRING": ValueType.TEXT, "BOOL": ValueType.BOOL}
# Words of the checker's own, which no author of a policy should have to read.
JARGON = re.compile(r"overload|<input>|INVALID_ARGUMENT|google\.protobuf|undeclared|_[=<>+&|]")


def declared(row):
    """What the row declares; a container is the business of who declares, as rules have none."""
    container = f"{row.get('container', '')}."
    variables = sorted(row.get("type_env", ()), key=lambda variable: variable["name"].startswith(container))
    return {
        variable["name"].removeprefix(container): TYPES[primitive]
        for variable in variables
        if (primitive := variable["ident"]["type"].get("primitive")) in TYPES
    }


def bound(row):
    container = f"{row.get('container', '')}."
    values = sorted(row.get("bindings", {}).items(), key=lambda item: item[0].startswith(container))
    return {name.removeprefix(container): plain(value) for name, value in values}


def plain(tagged):
    ((tag, value),) = tagged.items()
    if tag == "double":
        return float(value)
    if tag == "list":
        return tuple(plain(item) for item in value)
    return value


def same(one, other):
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def answers(row, rule):
    """Every way to evaluate the row."""
    tree = RuleCompiler(declared(row)).translate(row["expr"])
    for form in (tree, fold(tree)):
        yield rule(form).value(bound(row))
        if form.type is ValueType.BOOL:
            yield rule(form).truth(bound(row))


def verdict(row, rule):
    try:
        given = list(answers(row, rule))
    except RuleError as error:
        return "unclear" if not error.message or JARGON.search(error.message) else "refused"
    expected = None if "error" in row else plain(row["value"])
    return "passed" if all(same(answer, expected) for answer in given) else "wrong"


def test_conformance(rule, capsys):
    verdicts = {(row["file"], row["section"], row["name"]): verdict(row, rule) for row in ROWS}
    counts = {kind: list(verdicts.values()).count(kind) for kind in ("passed", "refused", "wrong")}
    with capsys.disabled():
        print("\nCEL conformance:", *(f"{count} {kind}" for kind, count in counts.items()))  # noqa: T201 - worth a line
    assert [name for name, kind in verdicts.items() if kind not in {"passed", "refused"}] == []
    assert counts["passed"] >= PASSED_AT_LEAST


def test_the_rows_notice_operators_with_the_ways_of_python(rule):
    pythonic = {
        "quotient": lambda left, right: left // right if right else None,
        "ratio": lambda left, right: left / right if right else None,
        "to_int": lambda value: int(value) if isinstance(value, str) else round(value),
        "for_all": lambda items, truth: all(truth(item) for item in items),
    }
    for name, wrong in pythonic.items():

        def mutant(expr, operators={name: wrong}):  # noqa: B006 - it is the mutant's own
            return rule(expr, operators=operators)

        assert any(broken(row, mutant) for row in ROWS), name


def broken(row, rule):
    try:
        return verdict(row, rule) == "wrong"
    except (ArithmeticError, ValueError):
        return True
