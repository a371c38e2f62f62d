"""Whatever policy is written is read back equal, and the same policy gives the same bytes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tactful import BundleError, Policy, ValueType
from tactful.bundle import codec, packing
from tactful.expr import Call, Const, Var
from tactful.policy import PluginUse, Segment
from tactful.schema import Attribute, ContextAttribute

from .conftest import read
from .policies import POLICIES
from .small_policy import SMALL, signed


@given(POLICIES)
def test_what_is_written_is_read_back_equal(policy):
    assert read(signed(policy)).policy == policy


@given(POLICIES)
def test_what_is_read_is_written_again_byte_by_byte(policy):
    raw = packing.pack(codec.encode(Policy, policy))

    assert packing.pack(codec.encode(Policy, codec.decode(Policy, packing.unpack(raw, "the policy")))) == raw


def typed(value):
    """A value with the types of all that is in it: to Python, 1, 1.0 and true are equal."""
    if attrs.has(type(value)):
        return type(value), [typed(getattr(value, field.name)) for field in attrs.fields(type(value))]
    if isinstance(value, Mapping):
        return [(key, typed(value[key])) for key in sorted(value)]
    return (type(value), [typed(item) for item in value]) if isinstance(value, tuple | list) else (type(value), value)


@given(POLICIES)
def test_everything_keeps_its_type(policy):
    assert typed(read(signed(policy)).policy) == typed(policy)


def test_a_type_that_changes_is_noticed():
    one, other = Const(ValueType.NUMBER, 1.0), Const(ValueType.NUMBER, 1)

    assert one == other
    assert typed(one) != typed(other)


def test_a_codec_that_forgets_is_noticed(monkeypatch):
    real = codec.decode
    monkeypatch.setattr(codec, "decode", lambda cls, plain: forgetful(real(cls, plain)))
    law = given(POLICIES)(test_what_is_written_is_read_back_equal.hypothesis.inner_test)

    with pytest.raises(AssertionError):
        settings(phases=[Phase.generate], max_examples=20, report_multiple_bugs=False)(law)()


def forgetful(noun):
    return attrs.evolve(noun, context=()) if isinstance(noun, Policy) else noun


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 9), min_size=2))
def test_the_order_of_keys_does_not_show(settings):
    turned = dict(reversed(settings.items()))
    one, other = (attrs.evolve(SMALL, guardrails=(PluginUse("house", "", s),)) for s in (settings, turned))

    assert signed(one) == signed(other)


def test_numbers_that_are_equal_are_written_alike():
    def scores(value):
        return attrs.evolve(SMALL, attributes=(Attribute("s", ValueType.SCORES, absent={"a": value}),))

    assert signed(scores(2)) == signed(scores(2.0))
    assert signed(scores(0.0)) == signed(scores(-0.0))
    assert signed(scores(2.0)) != signed(scores(2.5))


def test_a_zero_has_no_sign():
    def margin(value):
        return attrs.evolve(SMALL, values=attrs.evolve(SMALL.values, exposure_margin=value))

    assert signed(margin(0.0)) == signed(margin(-0.0))


def test_a_default_is_left_out_wherever_it_comes_from():
    first = SMALL.offers[2]
    assert first.chance == 1.0
    same = attrs.evolve(first, chance=float("1.0"))  # equal to the default, and another object

    assert codec.encode(Policy, SMALL) == codec.encode(
        Policy, attrs.evolve(SMALL, offers=(*SMALL.offers[:2], same, *SMALL.offers[3:]))
    )


def test_another_process_writes_the_same_bytes():
    program = "import sys; from small_policy import signed; sys.stdout.write(signed().hex())"
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told == [signed().hex().encode()] * 2


WRONG = {
    "a text that is none": attrs.evolve(SMALL, name=7),
    "half a character": attrs.evolve(SMALL, name="\ud800"),
    "half a character in a key": attrs.evolve(SMALL, guardrails=(PluginUse("h", "", {"\ud800": 1}),)),
    "a list for a tuple": attrs.evolve(SMALL, offers=list(SMALL.offers)),
    "a noun of another kind": attrs.evolve(SMALL, topics=SMALL.channels),
    "a whole number of 65 bits": attrs.evolve(SMALL, values=attrs.evolve(SMALL.values, min_segment=2**64)),
    "a number of 400 digits": attrs.evolve(SMALL, values=attrs.evolve(SMALL.values, exposure_margin=10**400)),
    "not a number": attrs.evolve(SMALL, values=attrs.evolve(SMALL.values, exposure_margin=float("nan"))),
    "a truth for a count": attrs.evolve(SMALL, values=attrs.evolve(SMALL.values, min_segment=True)),
    "a tuple as a setting": attrs.evolve(SMALL, guardrails=(PluginUse("house", "", {"hours": (8, 20)}),)),
    "a value of another type": attrs.evolve(SMALL, context=(ContextAttribute("c", ValueType.INT, absent="one"),)),
    "a time in words": attrs.evolve(
        SMALL, context=(ContextAttribute("c", ValueType.TIME, absent="2026-01-01T00:00Z"),)
    ),
    "a literal of another type": attrs.evolve(SMALL, segments=(Segment("s", Const(ValueType.BOOL, 1)),)),
    "a type that is none": attrs.evolve(SMALL, segments=(Segment("s", Const("bool", True)),)),  # noqa: FBT003
    "no rule": attrs.evolve(SMALL, segments=(Segment("s", "profile.visits > 6"),)),
}


@pytest.mark.parametrize("policy", WRONG.values(), ids=WRONG)
def test_what_would_not_come_back_is_not_written(policy):
    with pytest.raises(BundleError) as refused:
        signed(policy)
    assert refused.value.code == "bundle-malformed"


def test_a_refusal_to_write_names_the_place():
    offers = (SMALL.offers[0], attrs.evolve(SMALL.offers[1], chance="often"))
    with pytest.raises(BundleError, match=r"^/offers/1/chance: expected a number, found str$"):
        signed(attrs.evolve(SMALL, offers=offers))


def nested(levels):
    rule = Var("segment.regulars", ValueType.BOOL)
    for _ in range(levels):
        rule = Call("!", (rule,), ValueType.BOOL)
    return attrs.evolve(SMALL, segments=(Segment("s", rule),))


def test_rules_may_nest_deeper_than_authors_can_write_and_no_deeper():
    """Authors are allowed 32 levels, and chains of `&&` that the checker balances."""
    assert read(signed(nested(120))).policy == nested(120)
    with pytest.raises(BundleError, match="inside one another; split the rule"):
        signed(nested(130))
    with pytest.raises(BundleError, match="nested too deeply"):
        signed(nested(5000))
