"""Whatever happens in whichever order, no edge is more personal than it may be, and nothing is lost or doubled."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.differential.mutating import Mutant, mutated

from tactful.authoring import compile_files

from . import walk
from .walk import walked
from .world import SHOP, World


@pytest.fixture(scope="module")
def policy():
    return compile_files({"policy.yaml": SHOP.encode()})


@pytest.mark.parametrize("seed", range(10))
def test_a_random_walk_breaks_no_promise(policy, seed):
    world = walked(policy, seed)
    assert world.personal > 0
    assert world.personal < world.decisions


@given(st.lists(st.tuples(st.sampled_from(World.OPERATIONS), st.integers(0, 10**6)), max_size=60))
@settings(max_examples=60)
def test_no_sequence_of_operations_breaks_a_promise(policy, operations):
    world = World(policy)
    for operation, number in operations:
        world.do(operation, number)
    world.end()


#: Each with the seed of a walk that caught it; if it is not caught there any more, others are tried.
MUTANTS = [
    Mutant("consent", "noes[one.scope] = one", "pass", 8),
    Mutant("sync.incoming", "if change.epoch > mark]", "if change.epoch > mark + 1]", 1),
    Mutant("sync.fresh", "at_us=0 if true_us is None else true_us", "at_us=self.clock()", 2),
    Mutant("sync.heard", "return None if age_us is None else now_us - age_us", "return now_us", 2),
    Mutant(
        "sync.outgoing", "answer = delivered(", "self.outbox.outbox_ack(sum(numbers.values(), [])); answer = delivered("
    ),
    Mutant("sync.apply_consents", "epoch=change.epoch", "epoch=0", 1),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mistake_in_following_is_noticed(policy, mutant):
    with mutated(mutant) as changed:
        assert changed
        assert any(breaks(policy, seed) for seed in (mutant.seed, *range(20))), "nobody noticed"


def breaks(policy, seed):
    try:
        walked(policy, seed)
    except AssertionError:
        return True
    return False


def test_the_command_prints_its_figures(capsys):
    assert walk.main(["--steps", "600", "--seed", "1"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"600 steps, [1-9]\d* decisions, [1-9]\d* of them personal, 0 violations", told)
