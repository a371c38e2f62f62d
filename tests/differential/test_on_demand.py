"""The runner on demand: it says how much it compared, and shows a difference as small as it can."""

import logging
import subprocess
import sys

import pytest

from tactful.testing.differential.__main__ import main
from tactful.testing.differential.run import run
from tactful.testing.differential.shrink import shrunk

from .mutating import Mutant, mutated

FORGETS_TO_WITHHOLD = Mutant("engine.middle", " & ~limited.withheld", "", 0)


@pytest.fixture(autouse=True)
def heard():
    """What the runner keeps quiet is heard again by the tests after it."""
    log = logging.getLogger("tactful")
    level = log.level
    yield
    log.setLevel(level)


def test_it_prints_its_figures(capsys):
    assert main(["--decisions", "300"]) == 0

    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("fast engine against reference: ")
    assert " 0 differences" in said


def test_it_works_in_several_processes():
    command = [sys.executable, "-W", "error", "-m", "tactful.testing.differential"]
    ended = subprocess.run(
        [*command, "--decisions", "3000", "--processes", "2"], capture_output=True, text=True, check=False
    )

    assert (ended.returncode, " 0 differences" in ended.stdout) == (0, True), ended.stderr


def test_it_fails_with_a_small_case_when_the_engines_differ(capsys):
    with mutated(FORGETS_TO_WITHHOLD):
        assert main(["--decisions", "20000"]) == 1

    said = capsys.readouterr().out
    assert "difference in the case of seed" in said
    assert " 1 differences" in said or " 5 differences" in said


def test_a_difference_gets_smaller_and_stays_one():
    with mutated(FORGETS_TO_WITHHOLD):
        (found,) = run(20_000).differences
        small = shrunk(found)

        assert shrunk(small, tries_max=1).what == small.what
    assert len(small.case.steps) < 10 < len(found.case.steps)
    assert len(small.case.policy.offers) <= 2
    assert small.step == len(small.case.steps) - 1
