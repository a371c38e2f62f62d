"""The quick version of the kiosks; `python -m tests.proofs kiosks` is the whole one."""

from tests.proofs.kiosks import CAMPAIGN, ONCE, run_kiosks


def test_kiosks_without_a_network_keep_strict_caps_together_and_lose_nothing(tmp_path):
    figures = run_kiosks(tmp_path, 120)

    assert (figures.lost, figures.doubled, figures.foreign) == (0, 0, 0)
    assert figures.most <= CAMPAIGN
    assert figures.most_for_one <= ONCE
    assert figures.shown > 10


def test_without_shares_they_go_over(tmp_path):
    assert run_kiosks(tmp_path, 120, shared=False).over
