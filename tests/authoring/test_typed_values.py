"""Values in personas, contexts and schemas are read by the type that is declared, whatever they look like."""

from datetime import UTC, datetime, timedelta

import pytest

from tactful import ValueType
from tactful.clock import to_us
from tactful.schema import check_value

NINE_US = to_us(datetime(2026, 12, 1, 9, tzinfo=UTC))
RIGHT = [
    (ValueType.TEXT, "NO", "NO"),
    (ValueType.TEXT, "21:30", "21:30"),
    (ValueType.TEXT, '""', ""),
    (ValueType.INT, "-12", -12),
    (ValueType.INT, "9223372036854775807", 2**63 - 1),
    (ValueType.NUMBER, "1e3", 1000.0),
    (ValueType.NUMBER, "-.5", -0.5),
    (ValueType.BOOL, "true", True),
    (ValueType.TIME, "2026-12-01T10:00:00+01:00", NINE_US),
    (ValueType.TIME, "2026-12-01 09:00Z", NINE_US),
    (ValueType.DURATION, "1h 30m", 5_400_000_000),
    (ValueType.TEXTS, "[a, 1, null]", ("a", "1", "null")),
    (ValueType.TEXTS, "[]", ()),
    (ValueType.INTS, "[1, 2]", (1, 2)),
    (ValueType.NUMBERS, "[1, 2.5]", (1.0, 2.5)),
    (ValueType.SCORES, "{a: 1, b: 0.5}", {"a": 1.0, "b": 0.5}),
    (ValueType.SCORES, "{}", {}),
]
WRONG = [
    (ValueType.TEXT, "[a]"),
    (ValueType.INT, "9223372036854775808"),
    (ValueType.INT, "1.0"),
    (ValueType.INT, "١٢"),
    (ValueType.NUMBER, "inf"),
    (ValueType.NUMBER, "0x10"),
    (ValueType.NUMBER, "1e999"),
    (ValueType.BOOL, "yes"),
    (ValueType.TIME, "2026-12-01T10:00:00"),
    (ValueType.DURATION, "0s"),
    (ValueType.DURATION, "90"),
    (ValueType.DURATION, "90d soon"),
    (ValueType.TEXTS, "a"),
    (ValueType.INTS, "[1, a]"),
    (ValueType.NUMBERS, "[1, nan]"),
    (ValueType.SCORES, "{a: -1}"),
    (ValueType.SCORES, "[1]"),
]


@pytest.fixture
def known(good, read):
    """What is known of a persona whose attribute of a type is written so."""

    def reading(type_, written):
        attribute = f"profile: {{more: {{it: {{type: {type_.value}}}}}}}\n"
        people = f"zoe: {{profile: {{it: {written}}}}}\n"
        suite = read({**good, "more.yaml": attribute.encode(), "personas/more.yaml": people.encode()})
        (one,) = suite.personas["zoe"].profile
        return one.value

    return reading


@pytest.mark.parametrize(("type_", "written", "value"), RIGHT)
def test_a_value_of_each_type(known, type_, written, value):
    found = known(type_, written)
    assert found == value
    assert type(found) is type(value)
    assert check_value(type_, timedelta(microseconds=found) if type_ is ValueType.DURATION else found) == found


@pytest.mark.parametrize(("type_", "written"), WRONG)
def test_a_value_of_another_type_is_a_mistake(mistakes, good, type_, written):
    attribute = f"profile: {{more: {{it: {{type: {type_.value}}}}}}}\n"
    people = f"zoe: {{profile: {{it: {written}}}}}\n"
    (found,) = mistakes({**good, "more.yaml": attribute.encode(), "personas/more.yaml": people.encode()})
    assert (found.file, found.line, found.code) == ("personas/more.yaml", 1, "type")


def test_a_list_has_a_bound(mistakes, good, known):
    assert len(known(ValueType.INTS, f"[{', '.join(['1'] * 256)}]")) == 256
    attribute = b"profile: {more: {it: {type: list of int}}}\n"
    people = f"zoe: {{profile: {{it: [{', '.join(['1'] * 257)}]}}}}\n"
    (found,) = mistakes({**good, "more.yaml": attribute, "personas/more.yaml": people.encode()})
    assert "at most 256 items" in found.message
