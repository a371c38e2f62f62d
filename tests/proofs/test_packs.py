"""The quick version of the packs; `python -m tests.proofs packs` is the whole one."""

import pytest
from tests.proofs.packs import WAYS, try_packs


@pytest.mark.parametrize("way", WAYS)
def test_no_pack_is_taken_that_is_none_and_a_careless_kiosk_takes_some(way, tmp_path):
    found = try_packs(tmp_path, way, 100, bits=300)

    assert found.tried > 1
    assert found.accepted == 0
    assert (found.careless > 0) == (WAYS[way][1] is not None)
