"""The quick version of how soon a withdrawal counts elsewhere; `python -m tests.proofs latency` is the whole one."""

import pytest
from tests.proofs.latency import GOALS_MS, between, latency
from tests.proofs.servers import SERVERS, missing, postgresql

from tactful import Consents, MemoryCentre
from tactful.changes import Changes
from tactful.testing.faulty_centres import WrappedCentre


@pytest.fixture(scope="module")
def database():
    if missing("postgresql"):
        yield None
        return
    with postgresql() as one:
        yield one


@pytest.mark.parametrize("how", GOALS_MS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_withdrawal_takes_effect_at_the_other_edge_and_stays(server, how, tmp_path, database):
    if wanted := missing(server):
        pytest.skip(f"there is no server: pip install {wanted}")
    found = latency(server, how, 4, tmp_path, gap_s=0.1, database=database)

    assert (found.withdrawals, found.never, found.came_back) == (4, 0, 0)
    assert 0 < found.p50_ms <= found.p99_ms <= found.max_ms


class Forgets(WrappedCentre):
    """A centre that tells of every yes and of no no."""

    def changes(self, line, after, count):
        told = super().changes(line, after, count)
        kept = [
            one
            for one in told.changes
            if not (isinstance(one.told, Consents) and any(record.refuses for record in one.told.records))
        ]
        return Changes(tuple(kept), told.epoch, told.is_complete, told.at_us)


def test_a_centre_that_forgets_the_no_is_noticed(tmp_path):
    centre = MemoryCentre()

    found = between(lambda: Forgets(centre), centre, 2, tmp_path, 0.1, patience_s=1)

    assert found.never == 2
