"""On the demo's year: what rules of thumb claim of families, measured against what families stated."""

import re
from pathlib import Path

import attrs
import pytest

from grocery.coupons import DEMO_DAY
from grocery.journey import moment_of
from tactful import MeasuredSource, Observation, Source, Verdict
from tactful.against_stated import pairs_of
from tactful.authoring import compile_files, read_files
from tactful.measured_sources import measured

PAGE = (Path(__file__).parents[2] / "docs" / "guardrails.md").read_text(encoding="utf-8")
#: Who has children, by what is bought: a rule of thumb beside the two that the policy has.
CHECKED = """\
profile:
  thumbs:
    by_nursery:
      {owner: analytics, type: bool, source: modelled, purpose: [offers], derived_from: [buys_baby], checked_by: kids}
"""
NURSERY, SNACKS, BASKETS = ((name, Source.MODELLED) for name in ("by_nursery", "kids_by_snacks", "kids_by_baskets"))


def with_claims(snapshot):
    """A profile with what the rule of thumb claims, where there are receipts to claim it by."""
    seen = dict(snapshot.attributes)
    if "buys_baby" in seen:
        seen["by_nursery"] = Observation(seen["buys_baby"].value, Source.MODELLED, snapshot.at_us, 0.95)
    return attrs.evolve(snapshot, attributes=seen)


@pytest.fixture(scope="module")
def found(folder, everyone):
    policy = compile_files({**read_files(folder), "checked.yaml": CHECKED.encode()})
    now_us = moment_of(DEMO_DAY)
    snapshots = (with_claims(household.snapshot) for household in everyone)
    return measured(pair for snapshot in snapshots for pair in pairs_of(policy.attributes, snapshot, now_us))


def told(measurement: MeasuredSource) -> str:
    low, high = measurement.interval
    return f"{measurement.right} ({measurement.share:.1%}, from {low:.1%} to {high:.1%})"


def test_rules_of_thumb_about_families_are_worse_than_a_guess(found):
    assert found.keys() == {NURSERY, SNACKS, BASKETS}
    assert found[NURSERY].verdict() is found[SNACKS].verdict() is Verdict.WORSE
    assert found[BASKETS].verdict() is Verdict.NOT_SHOWN


def test_the_page_tells_what_was_measured(found):
    text = " ".join(PAGE.split())
    one = found[NURSERY]
    assert f"{one.of} of 2,469 households" in text
    assert f"{one.guess} of them ({one.guess_share:.1%})" in text
    assert re.findall(r"is right of (\d+ \([\d.]+%, from [\d.]+% to [\d.]+%\))", text) == [
        told(found[NURSERY]),
        told(found[SNACKS]),
        told(found[BASKETS]),
    ]
