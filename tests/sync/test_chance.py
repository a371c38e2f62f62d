"""Jitter takes nothing from the numbers that a host has seeded."""

import random
from itertools import starmap

import pytest

from tactful.sync.notices import Notices
from tactful.sync.pauses import Backoff, uniform
from tactful.sync.retrying import Retrying


def takes_from_the_host(chance):
    before = random.getstate()
    backoff = Backoff(60, chance)
    waits = [backoff.after(OSError()) for _ in range(8)]
    assert all(starmap(lambda wait, n: 0 <= wait <= 2**n, zip(waits, range(8), strict=True)))
    return random.getstate() != before


def test_pauses_leave_the_numbers_of_the_host_alone():
    assert not takes_from_the_host(uniform)
    assert takes_from_the_host(random.uniform)  # the control


@pytest.mark.parametrize("made", [Backoff, Retrying, Notices])
def test_whatever_waits_draws_from_the_system(made):
    assert uniform in (*(made.__init__.__defaults__ or ()), *(made.__init__.__kwdefaults__ or {}).values())
