"""A seed makes the same case in every process, so that what a seed has caught it catches again."""

import os
import subprocess
import sys

SCRIPT = """
from tactful.testing.differential.compare import Compared, first_difference
from tactful.testing.generators import case

for seed in range(8):
    compared = Compared()
    first_difference(case(seed), compared)
    print(seed, compared.decisions, compared.picks, compared.reasons, sorted(compared.decisive.items()))
"""


def told(hash_seed):
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", SCRIPT]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_a_case_is_the_same_in_every_process():
    one, other = told("1"), told("2")

    assert one == other
    assert len(one.splitlines()) == 8
