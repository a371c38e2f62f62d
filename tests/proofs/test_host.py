"""The quick version of the processes of one host; `python -m tests.proofs host` is the whole one."""

from tests.proofs.host import CAP, run_host


def test_the_processes_of_a_host_keep_one_cap_and_lose_nothing(tmp_path):
    found = run_host(tmp_path, 6, processes=2)

    assert (found.most, found.over, found.lost, found.doubled) == (CAP, 0, 0, 0)
    assert found.shown == 6 * CAP


def test_processes_that_share_no_store_go_over(tmp_path):
    found = run_host(tmp_path, 6, processes=2, shared=False)

    assert found.over > 0
    assert (found.lost, found.doubled) == (0, 0)
