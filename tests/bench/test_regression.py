"""A decision does not come to do much more than it did: counts, which no busy machine disturbs, beside those kept.

After a change that is worth its price, or one that saves: `python tests/bench/counting.py`, and commit counts.json.
"""

import importlib.util
import json
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tactful.bench.works import Bench
from tactful.plan.plan import Plan

_spec = importlib.util.spec_from_file_location("counting", Path(__file__).with_name("counting.py"))
counting = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(counting)
Counts, grown = counting.Counts, counting.grown


def slower(monkeypatch, extra):
    """What `extra` does is done in each decision besides, with as many numbers as there are offers."""
    careful = Plan.careful

    def run(plan, now_us):
        extra(plan.offers)
        return careful(plan, now_us)

    monkeypatch.setattr(Plan, "careful", run)


EXTRAS = {
    "instructions": lambda offers: [offer for offer in offers if offer.width],
    "c_calls": lambda offers: [len(offers) for _ in offers],
    "peak_bytes": lambda offers: sorted(range(10 * len(offers))),
}


@pytest.mark.skipif(sys.gettrace() is not None, reason="something else traces")
def test_no_work_takes_much_more_than_is_kept():
    kept, tolerance = counting.kept(counting.version())

    assert grown(counting.counted(), kept, tolerance) == []


@pytest.mark.parametrize("kind", EXTRAS)
def test_a_decision_that_does_more_is_noticed(monkeypatch, kind):
    with closing(Bench(200)) as bench:
        before = {"decide": counting.counts_of(bench.decide)}
        slower(monkeypatch, EXTRAS[kind])
        after = {"decide": counting.counts_of(bench.decide)}

    assert any(kind in one for one in grown(after, before, counting.SAME_VERSION))


def test_what_is_no_more_than_the_tolerance_allows_is_no_growth():
    kept = {"a": Counts(100, 10, 1000)}

    assert grown({"a": Counts(125, 12.5, 1250)}, kept, 1.25) == []
    assert grown({"a": Counts(50, 5, 500)}, kept, 1.25) == []
    assert grown({"a": Counts(126, 12.6, 1251)}, kept, 1.25) == [
        "a: 126.0 instructions, more than 125.0",
        "a: 12.6 c_calls, more than 12.5",
        "a: 1,251.0 peak_bytes, more than 1,250.0",
    ]


def test_a_work_that_is_new_or_gone_must_be_kept_anew():
    assert grown({"a": Counts(1, 1, 1)}, {"b": Counts(1, 1, 1)}, 2) == [
        "b is not counted any more",
        "a is not kept yet",
    ]


def test_counts_are_the_same_each_time():
    with closing(Bench(20)) as bench:
        first, second = (counting.counts_of(bench.preview) for _ in range(2))

    assert first == second


def test_an_interpreter_of_another_version_is_given_a_wider_tolerance():
    python = json.loads(counting.COUNTS.read_text(encoding="utf-8"))["python"]
    (own, tolerance), (other, wider) = counting.kept(python), counting.kept("Another 9.9")

    assert (tolerance, wider) == (counting.SAME_VERSION, counting.OTHER_VERSION)
    assert set(own) == set(other) == {f"{name} {size}" for size, names in counting.WORKS.items() for name in names}
