"""The quick version of the bundles; `python -m tests.proofs bundles` is the whole one."""

from random import Random

import pytest
from tests.bundle.small_policy import signed
from tests.proofs.bundles import RAW, WAYS, try_bundles

COUNT = 300


@pytest.mark.parametrize("way", WAYS)
def test_no_bundle_is_taken_that_is_none_and_a_careless_reader_takes_some(way):
    found = try_bundles(way, COUNT, most=COUNT)

    assert found.tried >= COUNT // 10
    assert found.accepted == 0
    assert found.careless > 0


def test_every_bit_and_every_byte_has_its_turn():
    flips, cuts = (set(WAYS[way][0](0, Random(1))) for way in ("bits flipped", "truncations"))

    assert len(flips) == 8 * len(RAW) > 8 * 4096
    assert len(cuts) == len(RAW)


def test_no_splice_is_one_of_the_bundles_that_it_is_made_of():
    assert not {RAW, signed(epoch=8)} & set(WAYS["splices"][0](COUNT, Random(1)))
