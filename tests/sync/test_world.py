"""Whatever happens in whichever order, no edge is more personal than it may be, and nothing is lost or doubled."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.authoring import compile_files

from .world import SHOP, World

STEPS = 300


@pytest.fixture(scope="module")
def policy():
    return compile_files({"policy.yaml": SHOP.encode()})


def walked(policy, seed, steps=STEPS):
    """A world after a random walk, whose end was held too."""
    world, chance = World(policy), Random(seed)  # noqa: S311 - no secret
    for _ in range(steps):
        world.do(chance.choice(World.OPERATIONS), chance.randrange(10**6))
    world.end()
    return world


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
