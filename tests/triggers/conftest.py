"""The shoe shop of the examples, with a clock that stands, and outbounds that do as they are told."""

import pytest

from shoes.story import Clock, Shop

LOOKED = {"shoe": "Fleet", "size": 43}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shop(tmp_path, clock):
    opened = Shop(tmp_path, clock)
    yield opened
    opened.close()
