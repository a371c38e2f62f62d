"""The quick version of the kills; `python -m tests.proofs kills --count 1000` is the whole one."""

import pytest
from tests.proofs.kills import BOASTER, kill_writers

KILLS = 10


@pytest.mark.parametrize("sharing", ["shared", "alone"])
def test_a_killed_writer_loses_nothing_that_was_acknowledged(tmp_path, sharing):
    figures = kill_writers(tmp_path, KILLS, sharing)

    assert (figures.kills, figures.lost, figures.torn, figures.corrupt) == (KILLS, 0, 0, False)
    assert figures.acknowledged >= KILLS


def test_a_writer_that_boasts_is_caught(tmp_path):
    assert kill_writers(tmp_path, 1, "shared", BOASTER).lost > 0
