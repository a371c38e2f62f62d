"""The demo's data, read once for all tests."""

import pytest

from grocery.affinity import Affinities
from grocery.coupons import DEMO_DAY
from grocery.households import Households
from grocery.journey import load
from grocery.variants import FOLDER


@pytest.fixture(scope="session")
def folder():
    return FOLDER


@pytest.fixture(scope="session")
def journey():
    return load()


@pytest.fixture(scope="session")
def affinities(journey):
    return Affinities(journey)


@pytest.fixture(scope="session")
def households(journey, affinities):
    return Households(journey, affinities)


@pytest.fixture(scope="session")
def everyone(households):
    return [households.as_of(number, DEMO_DAY) for number in households.numbers]


@pytest.fixture(scope="session")
def silent():
    """Progress that nobody looks at."""
    return lambda *_: None
