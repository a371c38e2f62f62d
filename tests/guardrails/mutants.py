"""Mutants: copies of a guardrail with one small change each. A check that passes for all of them checks nothing."""

import inspect
import sys
import types
from collections.abc import Callable, Iterable
from unittest.mock import patch

from ..differential.mutating import twin
from .houses import House, shop

Check = Callable[[House], None]


def mutated(module: types.ModuleType, old: str, new: str, part: types.ModuleType | None = None) -> types.ModuleType:
    """Return a copy of a plugin's module whose source, or that of a part which it imports, differs in one place."""
    if part is None:
        return twin(module, old, new)
    with patch.dict(sys.modules, {part.__name__: twin(part, old, new)}):
        return twin(module, module.__doc__, module.__doc__)


def checks_of(module: types.ModuleType) -> dict[str, Check]:
    """Return the tests of a module that take a house and nothing else."""
    found = {name: test for name, test in vars(module).items() if name.startswith("test_")}
    checks = [name for name, test in found.items() if list(inspect.signature(test).parameters) == ["house"]]
    return {name: found[name] for name in reversed(checks)}  # the stories stand first, and take longest


def first_failing(checks: Iterable[tuple[str, Check]], house: House) -> str | None:
    """Return the name of the first check that fails for a house, or None."""
    for name, check in checks:
        try:
            check(house)
        except AssertionError:
            return name
    return None


def assert_caught(
    tests: types.ModuleType, plugin: types.ModuleType, old: str, new: str, part: types.ModuleType | None = None
) -> None:
    """Hold that a mutant, which works as a guardrail does, fails one of a module's checks."""
    house = House(mutated(plugin, old, new, part))
    assert house.rules(shop(), tests.NAME).broken is None, "the mutant is no guardrail any more"
    assert first_failing(checks_of(tests).items(), house) is not None, "nobody noticed"
