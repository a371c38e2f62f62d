"""The quick version of decisions after a no; `python -m tests.proofs after-no` is the whole one."""

import pytest
from tests.proofs.after_no import decide_after_no

from tactful.engine.overtaking import Overtaking


@pytest.mark.parametrize("store", ["sqlite", "memory"])
def test_no_personal_decision_begins_once_a_no_has_been_applied(tmp_path, store):
    found = decide_after_no(tmp_path, 8, store)

    assert (found.withdrawals, found.violations) == (8, 0)
    assert found.begun_after_no > 0
    assert 0 < found.personal < found.decisions


def test_an_edge_that_tells_nobody_in_memory_is_caught(tmp_path, monkeypatch):
    """The control: consents reach the store alone."""
    monkeypatch.setattr(Overtaking, "overtake", lambda *_: None)
    monkeypatch.setattr(Overtaking, "renew", lambda *_: None)

    assert decide_after_no(tmp_path, 16, "memory").violations > 0
