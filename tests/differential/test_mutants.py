"""A mistake in the fast engine makes it differ from the reference: each of the mutants is caught, and in time."""

import pytest

from tactful.testing.differential.compare import RAISED, Compared, first_difference
from tactful.testing.differential.run import run
from tactful.testing.generators import case

from .conftest import FIGURES, MUTANT
from .model_mutants import MODEL_MUTANTS
from .mutants import MUTANTS as OTHERS
from .mutating import Mutant, functions, mutated

MUTANTS = [*OTHERS, *MODEL_MUTANTS]
#: A mutant that lives so long has found a hole in the generators.
DECISIONS_MAX = 120_000


def caught(mutant):
    """The difference that a mutant makes, first looked for where it was found before; and how much was compared."""
    compared = Compared()
    with mutated(mutant):
        found = first_difference(case(mutant.seed), compared)
        if found is not None:
            return found, compared
        figures = run(DECISIONS_MAX)
    compared.plus(figures.compared)
    return next(iter(figures.differences), None), compared


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mutant_is_caught(mutant, record_property):
    difference, compared = caught(mutant)
    record_property(MUTANT, "survived" if difference is None else f"seed {difference.case.seed}")

    assert difference is not None, f"it survived {compared.decisions:,} decisions"
    assert difference.what != RAISED, difference
    if difference.case.seed != mutant.seed:
        record_property(
            FIGURES, f"seed {mutant.seed} does not catch it any more, {difference.case.seed} does: {mutant}"
        )


def test_there_are_mutants_of_every_part_of_the_engine():
    assert len(set(map(str, MUTANTS))) == len(MUTANTS) >= 25
    stages = {mutant.module for mutant in MUTANTS}
    assert stages >= {f"engine.{name}" for name in ("mask", "guard", "qualify", "count", "rank", "compose", "explain")}


def test_a_mutant_leaves_nothing_behind():
    import tactful.engine.compose as module  # noqa: PLC0415 - to see it before and after

    before = {name: function.__code__ for name, function in functions(module)}
    with mutated(Mutant("engine.compose", "return same >= most", "return same > most", 0)) as changed:
        assert changed == 1
    assert {name: function.__code__ for name, function in functions(module)} == before
    assert "_Seats.take" in before


def test_a_mutant_needs_one_place():
    for text in ("def ", "what is not there"):
        with pytest.raises(LookupError, match="one place"), mutated(Mutant("engine.compose", text, "", 0)):
            pass
