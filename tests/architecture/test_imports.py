"""Who may import what: pluggy in two files, five libraries at the edge, cryptography only when it is needed."""

import ast
import sys
from collections.abc import Iterator

PLUGGY_FILES = {"sdk/tactful/hookspecs.py", "sdk/tactful/hooks_called.py"}
EDGE = {"attr", "attrs", "cachetools", "cryptography", "msgpack", "pluggy", "tactful"}
#: What extras bring; `edge.decide_many` loads the one in the engine when it is called.
ABOVE_THE_EDGE = ("sdk/tactful/authoring/", "sdk/tactful/testing/", "sdk/tactful/cli/", "sdk/tactful/engine/batch/")
#: Loaded where the libraries of an extra are there.
ABOVE_THE_EDGE += (
    "sdk/tactful/relay/",
    "sdk/tactful/fleet/",
    "sdk/tactful/serve/",
    "sdk/tactful/pytest_plugin.py",
    "sdk/tactful/bench/tables.py",
    "sdk/tactful/bench/chart.py",
)


def imported(node: ast.AST) -> Iterator[str]:
    """The first name of each absolute import below a node, wherever it stands."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom) and inner.level == 0 and inner.module:
            yield inner.module.partition(".")[0]


def at_import_time(node: ast.AST) -> Iterator[ast.stmt]:
    """The import statements that run when the module is imported: all but those in functions and for types alone."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
        return
    children: list[ast.AST] = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        children = []
    elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        children = list(node.orelse)
    for child in children:
        yield from at_import_time(child)


def foreign(source: str) -> set[str]:
    return set(imported(ast.parse(source))) - EDGE - sys.stdlib_module_names


def eager(source: str) -> set[str]:
    return {name for statement in at_import_time(ast.parse(source)) for name in imported(statement)}


def edge_sources(sources):
    return {
        path: text for path, text in sources.items() if path.startswith("sdk/") and not path.startswith(ABOVE_THE_EDGE)
    }


def test_only_two_files_import_pluggy(sources):
    importers = {path for path, text in sources.items() if "pluggy" in imported(ast.parse(text))}
    assert importers == PLUGGY_FILES


def test_the_edge_imports_five_libraries_and_no_more(sources):
    edge = edge_sources(sources)
    assert edge
    assert {path: names for path, text in edge.items() if (names := foreign(text))} == {}


def test_the_engine_loads_what_decides_for_many_only_when_it_is_called(sources):
    for path, text in edge_sources(sources).items():
        statements = [one for one in at_import_time(ast.parse(text)) if isinstance(one, ast.ImportFrom)]
        assert not any("batch" in (one.module or "").split(".") for one in statements), path


def test_no_module_of_the_edge_imports_cryptography_at_once(sources):
    assert [path for path, text in edge_sources(sources).items() if "cryptography" in eager(text)] == []


def test_the_checks_above_see_what_they_look_for():
    assert foreign("import attrs, json\ndef f():\n    from pandas.core import frame") == {"pandas"}
    assert foreign("from . import pandas") == set()
    assert eager("if TYPE_CHECKING:\n    import cryptography\ndef f():\n    import cryptography") == set()
    assert eager("class C:\n    def f(self):\n        import cryptography") == set()
    assert eager("try:\n    import cryptography\nexcept ImportError:\n    pass") == {"cryptography"}


LOADED = """
import sys
before = set(sys.modules)
{}
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(" ".join(sorted(loaded - sys.stdlib_module_names)))
"""


def test_importing_tactful_loads_the_edge_alone(fresh):
    ended = fresh(LOADED.format("import tactful; tactful.open"))
    assert ended.returncode == 0, ended.stderr
    loaded = set(ended.stdout.split())
    assert "tactful" in loaded
    compiled = {name for name in loaded if "cython" in name}  # what msgpack's compiled part brings along
    assert loaded - compiled <= EDGE - {"cryptography"}


def test_the_front_door_alone_waits_for_no_library(fresh):
    assert set(fresh(LOADED.format("import tactful")).stdout.split()) == {"tactful"}


def test_a_library_beyond_the_edge_would_be_seen(fresh):
    assert "hypothesis" in fresh(LOADED.format("import tactful, hypothesis")).stdout.split()
