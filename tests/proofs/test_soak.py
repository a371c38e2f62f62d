"""The quick version of the soak; `python -m tests.proofs soak --minutes 30` is the whole one."""

import attrs
import pytest
from tests.proofs.crowd import CrowdCentre
from tests.proofs.soak import FLAT, soak, trend

import tactful
from tactful import Consents, Contact


def test_an_edge_at_work_keeps_to_every_no_and_loses_nothing(tmp_path):
    found = soak(tmp_path, 0.07, 300, 300)

    assert (found.violations, found.lost, found.failures) == (0, 0, {})
    assert 0 < found.personal < found.decisions
    assert found.withdrawals > 0
    assert found.updates > 0
    assert found.bundles > 0


class Deaf(CrowdCentre):
    """A centre that counts each no and tells of none: an edge that believes it breaks what it promised."""

    def changes(self, line, after, count):
        told = super().changes(line, after, count)
        changes = tuple(
            attrs.evolve(one, told=Consents(one.told.records[:1], one.told.at_us)) if line == "consents" else one
            for one in told.changes
        )
        return attrs.evolve(told, changes=changes)


def test_a_no_that_is_passed_over_is_a_violation(tmp_path):
    assert soak(tmp_path, 0.1, 20, 300, centre=Deaf).violations > 0


def test_what_is_kept_for_each_decision_is_seen_in_the_memory(tmp_path):
    found = soak(tmp_path, 0.07, 300, 300, keep=1_000_000)

    assert found.growth_mb > FLAT * found.rss_mb
    assert found.blocks_growth > 0


def test_a_late_no_takes_no_newer_yes_away():
    centre = CrowdCentre(1)
    said_us = tactful.wall_clock()
    centre.grant(0)
    centre.deliver([Contact("1", "0", "withdrawal", said_us, tags=("offers",))])

    assert centre.no_epoch[0] == 0
    assert centre.epochs["consents"] == 3


@pytest.mark.parametrize(("mb_an_hour", "growth"), [(0.0, 0.0), (60.0, 24.0)])
def test_the_slope_is_that_of_the_samples(mb_an_hour, growth):
    found = trend([(at_s, 100 + mb_an_hour * at_s / 3600) for at_s in range(0, 3600, 36)])

    assert found == pytest.approx((growth, mb_an_hour))
