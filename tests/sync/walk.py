"""Random walks of two edges and a centre: `python -m tests.sync.walk --steps 1000000` prints the figures."""

import argparse
import sys
from random import Random

from tactful.authoring import compile_files

from .world import SHOP, World

STEPS = 300


def walked(policy, seed, steps=STEPS):
    """A world after a random walk, whose end was held too."""
    world, chance = World(policy), Random(seed)  # noqa: S311 - no secret
    for _ in range(steps):
        world.do(chance.choice(World.OPERATIONS), chance.randrange(10**6))
    world.end()
    return world


def main(arguments=None):
    """Walk so many steps, each world anew after a while; say what was found, and where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    policy, violations, decisions, personal = compile_files({"policy.yaml": SHOP.encode()}), 0, 0, 0
    for seed in range(asked.seed, asked.seed + max(1, asked.steps // STEPS)):
        try:
            world = walked(policy, seed)
        except AssertionError as error:
            violations += 1
            print(f"seed {seed}: {str(error).partition(chr(10))[0]}")  # noqa: T201 - a command's output
        else:
            decisions, personal = decisions + world.decisions, personal + world.personal
    steps = max(1, asked.steps // STEPS) * STEPS
    print(f"{steps} steps, {decisions} decisions, {personal} of them personal, {violations} violations")  # noqa: T201
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
