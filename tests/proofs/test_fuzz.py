"""The quick version of the fuzzing; `python -m tests.proofs fuzz --count 1000000` is the whole one."""

from contextlib import nullcontext

import pytest
from tests.proofs import fuzz as fuzzing
from tests.proofs.fuzz import TARGETS, fuzz

import tactful


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_wrong_is_refused_and_nothing_crashes(target):
    figures = fuzz(target, 1000)

    assert (figures.inputs, figures.crashed, figures.kinds) == (1000, 0, {})
    assert figures.refused > 100 or target == "calls of decide"  # which refuses nothing
    assert figures.refused < 1000 or target == "relay answers"  # of which hardly one is as it was


def test_what_crashes_is_counted(monkeypatch):
    broken = {"calls of decide": lambda _: nullcontext((lambda one: 1 / one, iter([1, 0, 0])))}
    monkeypatch.setattr(fuzzing, "TARGETS", broken)

    figures = fuzz("calls of decide", 3)

    assert (figures.inputs, figures.crashed, figures.kinds) == (3, 2, {"ZeroDivisionError": 2})
    assert issubclass(tactful.StoreError, tactful.TactfulError)
