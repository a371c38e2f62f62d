"""The quick version of the power cuts; `python -m tests.proofs power-cuts --cuts 2000` is the whole one."""

from random import Random

import pytest
from tests.proofs import disk
from tests.proofs.power_cuts import cut_power

pytestmark = pytest.mark.skipif(
    not disk.is_there(), reason="this Python has SQLite built in: nothing can be put between"
)
CUTS = 60


@pytest.mark.parametrize("setting", ["shared", "alone"])
def test_what_was_acknowledged_is_there_after_a_power_cut(tmp_path, setting):
    figures = cut_power(tmp_path, CUTS, setting)

    assert (figures.cuts, figures.lost, figures.corrupt) == (CUTS, 0, 0)
    assert figures.acknowledged > CUTS * 10


def test_a_store_that_never_syncs_loses_some(tmp_path):
    figures = cut_power(tmp_path, CUTS, "careless")

    assert figures.lost + figures.corrupt > 0


def test_what_was_not_synced_can_be_lost_torn_or_turned_round_and_what_was_is_there():
    happened = [("write", "f", 0, b"aaaa"), ("sync", "f"), ("write", "f", 4, b"bbbb"), ("write", "f", 4, b"cccc")]
    left = {disk.after_cut(happened, Random(seed))["f"] for seed in range(300)}

    assert all(one.startswith(b"aaaa") for one in left)
    assert {b"aaaa", b"aaaabbbb", b"aaaacccc"} < left
    assert any(b"b" in one and b"c" in one for one in left)  # torn


def test_truncating_and_deleting_happen_too():
    happened = [("write", "f", 0, b"aaaa"), ("sync", "f"), ("truncate", "f", 1), ("sync", "f"), ("said", "x")]

    assert disk.after_cut(happened, Random(1)) == {"f": b"a"}
    assert disk.after_cut([*happened, ("delete", "f")], Random(1)) == {}
