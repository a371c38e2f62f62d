"""A canary in every field is in no log line, no error and no repr; `python -m tests.proofs canary` has the figures."""

import logging

from tests.proofs.canary import WHO, overhear


def test_no_personal_value_is_overheard_whatever_is_done_wrong(tmp_path):
    found = overhear(tmp_path)

    assert found.found == []
    assert found.errors > 3
    assert found.lines > 0


def test_an_edge_that_tells_is_overheard(tmp_path):
    assert overhear(tmp_path, lambda _: logging.getLogger("tactful").debug("decided for %s", WHO)).found == ["also"]
