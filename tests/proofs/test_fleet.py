"""The quick version of the fleet; `python -m tests.proofs fleet` is the whole one."""

from tests.proofs.fleet import run_fleet


def test_a_fleet_comes_in_takes_what_is_good_stops_what_is_not_and_forgets(tmp_path):
    figures = run_fleet(tmp_path, 24)

    assert (figures.enrolled, figures.second_uses) == (24, 0)
    assert figures.order == ("canary", "early", "all")
    assert (figures.bad_taken, figures.bad_state) == (1, "stopped")
    assert figures.bad_reason == "in ring canary, 1 of 1 devices report errors: decisions-failed 1"
    assert figures.healed == 24
    assert (figures.killed, figures.killed_by_refusal) == (5, 0)


def test_where_no_ring_stops_a_bad_bundle_reaches_all(tmp_path):
    figures = run_fleet(tmp_path, 24, stops=False)
    assert (figures.bad_taken, figures.bad_state) == (24, "done")
