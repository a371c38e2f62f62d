"""The reference engine stands alone: it has nothing from the engine that it judges."""

import ast
from pathlib import Path

import tactful.testing.reference

FOLDER = Path(tactful.testing.reference.__file__).parent
#: The nouns that it may speak of, and its own helpers; of these, the code below is the fast engine's own.
NOUNS = {
    "clock",
    "consent",
    "contacts",
    "errors",
    "expr",
    "familiarity",
    "holdouts",
    "labels",
    "limits",
    "offers",
    "policy",
}
NOUNS |= {"policy", "profile", "registry", "schema", "score_model", "topics"}
OF_THE_FAST_ENGINE = {
    "Labeller",
    "all_labels",
    "circular",
    "reached",
    "standing",
    "speaks_over",
    "TopicGraph",
    "Registry",
    "bucket",
    "key_of",
}


def imports(source):
    """What a module of the reference imports from tactful outside of it: module and name."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names if alias.name.startswith("tactful")}
        elif isinstance(node, ast.ImportFrom) and node.level >= 2:
            found |= {("." * node.level + (node.module or ""), alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tactful"):
            found |= {(node.module, alias.name) for alias in node.names}
    return found


def breaches(source, allowed):
    return {(module, name) for module, name in imports(source) if module not in allowed or name in OF_THE_FAST_ENGINE}


def test_it_imports_nouns_and_the_interpreter_of_rules():
    allowed = {f"...{noun}" for noun in NOUNS} | {"..interpreter"}
    sources = [path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py")]

    assert len(sources) > 5
    assert [breaches(source, allowed) for source in sources if breaches(source, allowed)] == []


def test_the_interpreter_imports_nouns_alone():
    allowed = {f"..{noun}" for noun in NOUNS}
    for name in ("interpreter.py", "cel_values.py"):
        assert breaches((FOLDER.parent / name).read_text(encoding="utf-8"), allowed) == set()


def test_a_breach_is_noticed():
    allowed = {"...consent"}
    assert breaches("from ...plan.plan import Plan", allowed) == {("...plan.plan", "Plan")}
    assert breaches("from ...consent import standing", allowed) == {("...consent", "standing")}
    assert breaches("def f():\n    import tactful.engine.mask", allowed) == {("tactful.engine.mask", "")}
    assert breaches("from tactful.engine import mask", allowed) == {("tactful.engine", "mask")}
    assert breaches("from ...consent import Consent\nfrom .answer import Entry", allowed) == set()
