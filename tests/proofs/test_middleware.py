"""The quick version of what the middleware adds; `python -m tests.proofs middleware` is the whole one."""

import pytest

pytest.importorskip("django", reason="needs the extra django")

from .middleware import FRAMEWORKS, added


@pytest.mark.parametrize("who", [None, "ann"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_it_measures_both_in_the_same_run(framework, who, tmp_path):
    done = []
    found = added(framework, who, 40, tmp_path, done.append)

    assert (found.requests, done) == (40, [20, 40])
    assert found.without_us > 0
    assert found.with_us > 0
