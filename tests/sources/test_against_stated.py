"""What of a snapshot can be compared: values that are there, are not stated themselves, and are not too old."""

import attrs
import pytest

from tactful import Observation, Sensitivity, Snapshot, Source, ValueType
from tactful.against_stated import misnamed, pairs_of
from tactful.clock import DAY_US
from tactful.schema import Attribute

NOW_US = 20_000 * DAY_US
STATED = Attribute("kids", ValueType.TEXT, source=Source.STATED)
GUESS = Attribute("guess", ValueType.TEXT, source=Source.MODELLED, checked_by="kids")


def seen(value, source, age_us=0, confidence=1.0):
    return Observation(value, source, NOW_US - age_us, confidence)


def compared(guess, kids, *attributes):
    found = {name: one for name, one in (("guess", guess), ("kids", kids)) if one is not None}
    return list(pairs_of(attributes or (GUESS, STATED), Snapshot("ann", NOW_US, found), NOW_US))


SAID = seen("no", Source.STATED)


def test_a_claim_is_compared_with_what_was_stated():
    (pair,) = compared(seen("yes", Source.MODELLED), SAID)
    assert (pair.attribute, pair.source, pair.claimed, pair.stated) == ("guess", Source.MODELLED, "yes", "no")


@pytest.mark.parametrize("source", [source for source in Source if source is not Source.STATED])
def test_the_source_is_the_value_s_own(source):
    assert [pair.source for pair in compared(seen("yes", source, confidence=0.0), SAID)] == [source]


def test_without_a_claim_or_a_statement_nothing_is_compared():
    assert compared(None, SAID) == compared(seen("yes", Source.MODELLED), None) == []
    assert compared(seen("yes", Source.STATED), SAID) == []  # she said both
    assert compared(seen("yes", Source.MODELLED), seen("yes", Source.OBSERVED)) == []  # nobody said it
    assert compared(seen("yes", Source.MODELLED), SAID, attrs.evolve(GUESS, checked_by=None), STATED) == []
    assert compared(seen("yes", Source.MODELLED), SAID, GUESS) == []  # nothing is known of what checks it


@pytest.mark.parametrize("old", ["guess", "kids"])
def test_what_is_too_old_by_its_schema_is_not_compared(old):
    schema = [attrs.evolve(a, max_age_s=86_400) if a.name == old else a for a in (GUESS, STATED)]
    for age_us, count in ((DAY_US, 1), (DAY_US + 1, 0)):
        guess, kids = (age_us if name == old else 9 * DAY_US for name in ("guess", "kids"))
        assert len(compared(seen("yes", Source.MODELLED, guess), seen("yes", Source.STATED, kids), *schema)) == count


def test_what_can_check_an_attribute_is_not_complained_of():
    observed = attrs.evolve(GUESS, name="seen", source=Source.OBSERVED, sensitivity=Sensitivity.SENSITIVE)
    unknown = attrs.evolve(GUESS, name="lost", checked_by="nowhere")  # whoever looks names up tells of it
    assert list(misnamed((STATED, GUESS, observed, unknown))) == []


def test_two_that_check_each_other_are_refused():
    guess, kids = attrs.evolve(GUESS, source=Source.STATED), attrs.evolve(STATED, checked_by="guess")
    assert [name for name, _ in misnamed((guess, kids))] == ["guess", "kids"]


def test_a_circle_of_derived_attributes_ends():
    guess = attrs.evolve(GUESS, derived_from=("guess", "other"))
    other = attrs.evolve(GUESS, name="other", derived_from=("guess",), checked_by=None)
    assert list(misnamed((STATED, guess, other))) == []
    ((name, why),) = misnamed((attrs.evolve(STATED, derived_from=("other",)), guess, other))
    assert (name, why.partition(": ")[2]) == ("guess", "one is computed from the other")
