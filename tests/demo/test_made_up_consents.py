"""Consents come from a seeded rule: the same for the same seed, in the shares that it states, and nobody's."""

import pytest

from grocery import consents

NOW_US = 1_509_552_000_000_000
MANY = range(1, 20_001)


def test_the_same_seed_gives_the_same_consents():
    assert [consents.consents_of(n, NOW_US) for n in range(50)] == [consents.consents_of(n, NOW_US) for n in range(50)]


def test_another_seed_gives_others():
    assert consents.mix(MANY, "offers", seed=1) != consents.mix(MANY, "offers", seed=2)


@pytest.mark.parametrize("seed", [1, consents.SEED])
def test_shares_are_as_stated(seed):
    found = consents.mix(MANY, "offers", seed)
    for share in consents.SHARES["offers"]:
        assert found[share.words] / len(MANY) == pytest.approx(share.of, abs=0.012), share.words
    assert sum(found.values()) == len(MANY)


def test_who_did_not_agree_to_offers_was_not_asked_about_partners():
    for household in range(1, 500):
        if consents.share_of(household, "partners") is not None:
            assert consents.agreed(household, "offers")


def test_every_way_that_is_no_consent_is_there():
    ways = {share.how.value for share in consents.SHARES["offers"]}
    assert {"pre_ticked", "forced"} <= ways
    assert any(share.age_days > 730 for share in consents.SHARES["offers"])
