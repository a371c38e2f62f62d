"""Syntax trees are made by one thread at a time: CPython before 3.12.1 fails now and then where two do."""

import gc
import sys
import threading
import time
from contextlib import nullcontext

import pytest

from tactful.plan import syntax

CODE = "\n".join(f"if x > {number} and (y or [z, {number}]): m &= 0x{number:x}" for number in range(12))


@pytest.fixture
def collecting():
    """The collector of garbage, which is often at work, lets another thread in each time."""

    def let_in(phase, info):
        time.sleep(0)

    before = gc.get_threshold()
    gc.callbacks.append(let_in)
    gc.set_threshold(5)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(let_in)


def made_at_once(count):
    """Have four threads, at different depths of their stacks, make trees; return what went wrong."""
    wrong = []

    def make(depth):
        if depth:
            make(depth - 1)
            return
        for _ in range(count):
            try:
                syntax.parsed(CODE)
            except SystemError as error:
                wrong.append(str(error))

    threads = [threading.Thread(target=make, args=(depth,)) for depth in (0, 7, 14, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def test_threads_make_trees_one_after_the_other(collecting):
    assert made_at_once(40) == []


@pytest.mark.skipif(sys.version_info >= (3, 12, 1), reason="this Python can make trees in two threads")
def test_without_their_turn_some_fail(collecting, monkeypatch):
    monkeypatch.setattr(syntax, "_turn", nullcontext())

    assert any("recursion depth" in one for _ in range(10) for one in made_at_once(40))


def test_what_is_parsed_runs():
    scope = {"__builtins__": {}}
    module = syntax.ast.Module(syntax.parsed("x = 1 + 1"), [])
    exec(syntax.compiled(module, "<test>"), scope)  # noqa: S102 - written above

    assert scope["x"] == 2
    assert syntax.ast.unparse(syntax.parsed_expression("a if b else c")) == "a if b else c"
