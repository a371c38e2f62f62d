"""A module is one idea and a function one thought: neither may outgrow a person's view."""

import ast

MODULE_LINES = 300
FUNCTION_LINES = 50

# Each stands here with the reason why it is better long; one that has become short must go from the list.
LONG_MODULES: dict[str, str] = {
    "sdk/tactful/__init__.py": "a table: three lines for each public name, and nothing else",
    "sdk/tactful/engine/edge.py": "the face of the library: more than half of it tells what its few methods promise",
}
LONG_FUNCTIONS: dict[str, str] = {
    "sdk/tactful/opening.py:open": "one line of code for each part that it puts together, and two to tell what it is",
}


def long_modules(sources):
    return {path for path, text in sources.items() if text.count("\n") > MODULE_LINES}


def long_functions(sources):
    return {
        f"{path}:{node.name}"
        for path, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES
    }


def test_modules_are_short_or_say_why_not(sources):
    assert long_modules(sources) == set(LONG_MODULES)


def test_functions_are_short_or_say_why_not(sources):
    assert long_functions(sources) == set(LONG_FUNCTIONS)


def test_the_measure_finds_what_is_long():
    body = "    pass\n" * FUNCTION_LINES
    assert long_functions({"a.py": f"def f():\n{body}"}) == {"a.py:f"}
    assert long_functions({"a.py": f"def f():\n{body[9:]}"}) == set()
    assert long_modules({"a.py": "\n" * (MODULE_LINES + 1), "b.py": "\n" * MODULE_LINES}) == {"a.py"}
