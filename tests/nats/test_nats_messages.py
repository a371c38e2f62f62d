"""What is told becomes a message and comes back; what is no message of ours is none, whatever it is."""

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import (
    Consent,
    Consents,
    ConsentState,
    Erased,
    How,
    Link,
    Merge,
    Observation,
    Snapshot,
    Source,
    Split,
    Unlinked,
)
from tactful_adapters.nats_messages import GONE, change, digest, key_of, packed
from tactful_adapters.nats_streams import trusted

MOMENTS = st.integers(0, 2**63 - 1)
TEXTS = st.text(max_size=9)
CUSTOMERS = st.text(min_size=1, max_size=9)
RECORDS = st.builds(
    Consent, TEXTS, st.sampled_from(ConsentState), st.sampled_from(How), MOMENTS, MOMENTS, st.none() | TEXTS, TEXTS
)
CONSENTS = st.builds(Consents, st.lists(RECORDS, max_size=3).map(tuple), MOMENTS, MOMENTS)
OBSERVATIONS = st.builds(Observation, st.none() | st.booleans() | TEXTS, st.sampled_from(Source), MOMENTS)


@st.composite
def told(draw):
    """A line, a customer, and what is told of it."""
    who = draw(CUSTOMERS)
    one = draw(
        st.one_of(
            CONSENTS,
            st.builds(Erased, MOMENTS),
            st.builds(Snapshot, st.just(who), MOMENTS, st.dictionaries(TEXTS, OBSERVATIONS, max_size=3), MOMENTS),
            st.builds(Link, TEXTS, TEXTS, st.just(who), TEXTS, st.floats(0, 1), MOMENTS),
            st.builds(Unlinked, TEXTS, TEXTS),
            st.builds(Merge, st.just(who), TEXTS, MOMENTS),
            st.builds(Split),
        )
    )
    return "consents" if isinstance(one, Consents) else "profiles", "" if isinstance(one, Unlinked) else who, one


@given(told())
def test_what_is_told_comes_back_under_its_key_alone(one):
    line, who, what = one
    message, key = packed(who, what), key_of(who, what)
    found = change(line, key, 7, message)
    assert (found.epoch, found.customer, found.told) == (7, who, what)
    for elsewhere in (("consents", "profiles")[line == "consents"], key), (line, key + "0"):
        if not isinstance(what, Erased) or elsewhere[1] != key:
            with pytest.raises(ValueError, match="damaged"):
                change(*elsewhere, 7, message)


ODD = st.recursive(st.none() | st.integers(-(2**63), 2**64 - 1) | TEXTS, st.lists, max_leaves=9).map(msgpack.packb)


@given(st.binary(max_size=60) | ODD)
def test_what_is_none_of_ours_is_refused(message):
    for line in ("consents", "profiles"):
        if message != GONE:
            with pytest.raises(ValueError, match="damaged"):
                change(line, "c.0", 1, message)


@given(told(), st.data())
def test_a_message_that_was_altered_is_refused_or_still_about_the_same(one, data):
    line, who, what = one
    parts = list(msgpack.unpackb(packed(who, what), use_list=False))
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = data.draw(st.none() | st.integers(-(2**63), 2**64 - 1) | TEXTS | st.binary(max_size=9) | st.floats())
    try:
        found = change(line, key_of(who, what), 1, msgpack.packb(parts))
    except ValueError:
        return
    assert type(found.told) is type(what)
    assert found.customer == who or isinstance(what, Unlinked)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_digests_of_others_are_others(a, b, c, d):
    assert (digest(a, b) == digest(c, d)) == ((a, b) == (c, d))
    assert digest(a) != digest(a, b)


def test_a_stream_as_it_is_made_is_trusted():
    trusted({"discard": "new", "max_msgs_per_subject": 1, "retention": "limits", "metadata": {"tactful": "1"}}, 9)
