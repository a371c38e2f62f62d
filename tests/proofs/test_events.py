"""The quick version of how soon an event counts; `python -m tests.proofs events` is the whole one."""

import pytest

from .events import delays


@pytest.mark.parametrize("where", ["the same process", "another process"])
def test_an_event_changes_the_next_decision(where, tmp_path):
    found = delays(14, where, tmp_path)

    assert (found.events, found.lost) == (14, 0)
    assert 0 < found.p50_ms <= found.p99_ms <= found.max_ms
