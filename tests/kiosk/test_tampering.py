"""No bit flipped, row moved, cut or older pack is ever taken for true; with the checks off, some are."""

import random

import pytest
from tests.kiosk.conftest import DEVICE_KEY
from tests.kiosk.tampering import Taken, flipped, spliced, truncated, unchecked, whole

from tactful.errors import PackError
from tactful.kiosk.pack_file import PackFile


@pytest.fixture
def raw(make):
    return make(customers=["ada"]).read_bytes()


def test_the_pack_itself_is_taken(raw, make, tmp_path):
    assert whole(raw, tmp_path, make.public)


def test_no_flipped_bit_is_taken(raw, make, tmp_path):
    rng = random.Random(7)  # noqa: S311 - no secret
    bits = rng.sample(range(8 * len(raw)), 1500)
    assert flipped(raw, tmp_path, make.public, bits) == Taken(tried=1500, accepted=0)


def test_no_cut_is_taken(raw, make, tmp_path):
    assert truncated(raw, tmp_path, make.public, range(len(raw))).accepted == 0


def test_no_row_is_taken_in_another_place(make, tmp_path):
    found = spliced(make, tmp_path, count=400, seed=7)
    assert found.tried == 400
    assert found.accepted == 0


def test_no_row_is_taken_in_another_place_by_who_forged_the_head_too(make, tmp_path, signer):
    """Whoever has the signing key and no device key cannot move rows either: each is bound to its place."""
    found = spliced(make, tmp_path, count=200, seed=8, signer=signer)
    assert (found.tried, found.accepted) == (200, 0)


def test_the_control_whose_rows_are_bound_to_nothing_takes_some(make, tmp_path, signer):
    with unchecked():
        assert spliced(make, tmp_path, count=200, seed=9, signer=signer).accepted > 0


def test_a_row_that_is_altered_while_the_pack_is_open_is_not_read(make):
    path = make()
    pack = PackFile(path, (make.public,)).unlock(DEVICE_KEY)
    raw = bytearray(path.read_bytes())
    for place in range(16, pack.head.length - 28 * pack.head.rows):
        raw[place] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(PackError) as refused:
        pack.customer("ada")
    assert refused.value.code == "pack-row"
    path.write_bytes(b"")
    with pytest.raises(PackError) as refused:
        pack.customer("ada")
    assert refused.value.code == "pack-file"
    pack.close()
