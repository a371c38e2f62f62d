"""The fast engine and the reference engine say the same of random lives of customers under random policies."""

import os
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.testing.differential.__main__ import sentence
from tactful.testing.differential.compare import first_difference
from tactful.testing.differential.run import run
from tactful.testing.differential.shrink import shrunk
from tactful.testing.differential.tell import told
from tactful.testing.generators import case

from .conftest import FIGURES

DECISIONS = int(os.environ.get("TACTFUL_DECISIONS", "100000"))
#: What must have kept treatments away by itself, so often in a hundred thousand decisions.
DECISIVE = {
    "when": 1000,
    "unless": 1000,
    "content": 1000,
    "period": 1000,
    "channel": 1000,
    "placement": 1000,
    "guardrail": 1000,
    "quota": 1000,
    "familiarity": 1000,
    "variety": 1000,
    "outranked": 1000,
    "core.channel": 1000,
    "core.missing": 1000,
    "core.weak_identity": 1000,
    "core.broken": 1000,
}


def test_both_engines_say_the_same(record_property):
    begun_s = time.monotonic()
    figures = run(DECISIONS)
    for difference in figures.differences:
        raise AssertionError(told(shrunk(difference), difference.case.seed))
    compared = figures.compared
    record_property(FIGURES, sentence(figures, time.monotonic() - begun_s))
    decisive = ", ".join(f"{kind} {times:,}" for kind, times in compared.decisive.most_common())
    record_property(FIGURES, f"the only reason for which a treatment was not shown: {decisive}")

    assert compared.decisions >= DECISIONS
    assert compared.picks > DECISIONS / 2
    assert {
        kind: least for kind, least in DECISIVE.items() if compared.decisive[kind] * 100_000 < least * DECISIONS
    } == {}
    assert set(compared.tones) == {"GENERIC", "CONTEXT", "SEGMENT", "PERSONAL"}


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_both_engines_say_the_same_in_any_case(seed):
    difference = first_difference(case(seed))

    assert difference is None, told(shrunk(difference), seed)
