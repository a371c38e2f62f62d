"""Small mistakes put into the code of a running library, and taken out again.

A mutant is a change in a module's text. The changed text is compiled beside the module, and each of the module's
functions gets the code of its changed twin, so that whoever holds the function has the mistake.
"""

import importlib
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs


@attrs.frozen
class Mutant:
    """
    A mistake: in a module of tactful, or an adapter by its whole name, one text (which is there once) for another.

    Attributes:
        seed: A case that caught it before; where it is not caught there any more, others are tried.
    """

    module: str
    right: str
    wrong: str
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.module}: {' '.join(self.right.split())} -> {' '.join(self.wrong.split()) or 'nothing'}"


@contextmanager
def mutated(mutant: Mutant) -> Iterator[int]:
    """Make the mistake, and give the number of functions that it changes."""
    name = mutant.module if mutant.module.startswith("tactful_") else f"tactful.{mutant.module}"
    module = importlib.import_module(name)
    wrong = dict(functions(twin(module, mutant.right, mutant.wrong)))
    before = {name: function.__code__ for name, function in functions(module)}
    changed = [name for name, code in before.items() if code != wrong[name].__code__]
    right = dict(functions(module))
    try:
        for name in changed:
            right[name].__code__ = wrong[name].__code__
        yield len(changed)
    finally:
        for name in changed:
            right[name].__code__ = before[name]


def twin(module: types.ModuleType, right: str, wrong: str) -> types.ModuleType:
    """
    Return a copy of a module whose text differs in one place; nobody who imports the module gets it.

    Raises:
        LookupError: If the text is not there, or more than once.
    """
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    found = source.count(right)
    if found != 1:
        raise LookupError(f"{module.__name__}: {right!r} is there {found} times; a mutant needs one place")
    made = types.ModuleType(module.__name__, module.__doc__)
    made.__package__ = module.__package__
    exec(compile(source.replace(right, wrong), str(module.__file__), "exec"), vars(made))  # noqa: S102 - our own text
    return made


def functions(module: types.ModuleType) -> Iterator[tuple[str, types.FunctionType]]:
    """Yield the functions that a module's text defines, those of its classes too, by their qualified names."""
    seen: set[int] = set()
    waiting: list[object] = [value for value in vars(module).values() if _is_of(value, module)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, type):
            waiting += list(vars(value).values())
        elif isinstance(value, staticmethod | classmethod):
            waiting.append(value.__func__)
        elif isinstance(value, property):
            waiting.append(value.fget)
        elif isinstance(value, types.FunctionType) and id(value) not in seen and _is_from(value, module):
            seen.add(id(value))
            yield value.__qualname__, value


def _is_from(function: types.FunctionType, module: types.ModuleType) -> bool:
    return function.__code__.co_filename == str(importlib.import_module(module.__name__).__file__)


def _is_of(value: object, module: types.ModuleType) -> bool:
    return getattr(value, "__module__", None) == module.__name__
