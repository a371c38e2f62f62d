"""The made-up shop: what is made without YAML is what the compiler makes of it, and customers differ as they should."""

from random import Random

import pytest

from tactful.authoring import compile_files
from tactful.bench.drawn import drawn
from tactful.bench.shop import Affinity, shop, written


def test_offers_made_without_yaml_are_what_the_compiler_makes_of_their_lines():
    lines = tuple(drawn(60, Random(1)))  # noqa: S311 - nothing secret

    assert compile_files({"policy.yaml": written(lines)}) == shop(60, 1).policy
    assert compile_files({"policy.yaml": written(lines[:-1])}) != shop(60, 1).policy


@pytest.mark.parametrize("affinity", Affinity)
def test_affinities_lie_as_they_are_asked_for(affinity):
    for customer in shop(5, 5, affinity=affinity).customers:
        best, second, *_, least = sorted(customer.attributes["scores"].value.values(), reverse=True)
        match affinity:
            case Affinity.FLAT:
                assert best == least
            case Affinity.SKEWED:
                assert best > 2.5 * second
                assert second > 10 * least
            case _:
                assert best >= second > least


def test_favourites_differ_from_customer_to_customer():
    def favourite(customer):
        scores = customer.attributes["scores"].value
        return max(scores, key=scores.get)

    assert len({favourite(one) for one in shop(5, 30, affinity=Affinity.SKEWED).customers}) > 5
