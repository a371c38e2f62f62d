"""The format stands still: a bundle of another day is read as it was meant, and written again as it was."""

import base64
import hashlib
import json
from typing import get_args, get_type_hints

import attrs
import msgpack
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tactful import Policy, bundle
from tactful.bundle.header import FORMAT, MIN_SDK
from tactful.expr import Expr

from .conftest import code, read
from .small_policy import GOLDEN, PUBLIC, SMALL, signed, told

RAW = (GOLDEN / "small.bundle").read_bytes()
RECORDED = json.loads((GOLDEN / "small.json").read_text(encoding="utf-8"))


def differences(recorded, found, place=""):
    """Yield where what was recorded is not what is found; fields that came later do not count."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        for name, value in recorded.items():
            yield from differences(value, found.get(name, "absent"), f"{place}/{name}")
    elif isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        for number, (one, other) in enumerate(zip(recorded, found, strict=True)):
            yield from differences(one, other, f"{place}/{number}")
    elif (type(recorded), recorded) != (type(found), found):
        yield f"{place}: recorded {recorded!r}, found {found!r}"


def test_the_golden_bundle_is_read_as_it_was_meant():
    found = read(RAW)

    assert list(differences(RECORDED, told(found.policy))) == []
    assert (found.header.format, found.header.kind, found.header.min_sdk) == (FORMAT, "policy", MIN_SDK)
    assert (found.header.tenant, found.header.epoch) == ("corner-shop", 7)


def test_the_golden_bundle_is_written_again_byte_by_byte():
    assert signed() == RAW
    assert signed(read(RAW).policy) == RAW


def within(hint):
    """Every noun that a value of a type can hold, itself included."""
    if attrs.has(hint):
        yield hint.__name__
    inner = get_type_hints(hint).values() if attrs.has(hint) and hint not in get_args(Expr) else get_args(hint)
    for one in inner:
        yield from within(one)


def test_the_golden_policy_has_one_of_each_noun():
    assert {name for name in within(Policy) if f'"{name}"' not in json.dumps(RECORDED)} == set()
    assert {"Policy", "Boost", "Quantifier", "Field"} < set(within(Policy))


def test_a_changed_default_would_be_noticed():
    changed = {**RECORDED, "values": {**RECORDED["values"], "min_segment": 41}}

    assert list(differences(changed, told(SMALL))) == ["/values/min_segment: recorded 41, found 40"]
    assert list(differences({**RECORDED, "gone": 1}, told(SMALL))) == ["/gone: recorded 1, found 'absent'"]
    assert list(differences({"share": 1}, {"share": True})) == ["/share: recorded 1, found True"]


def test_the_envelope_is_dsse():
    """Anyone can verify it with the DSSE protocol and Ed25519, without tactful."""
    sealed = msgpack.unpackb(RAW)
    type_, payload = sealed["payloadType"].encode(), sealed["payload"]
    signed_bytes = b" ".join([b"DSSEv1", str(len(type_)).encode(), type_, str(len(payload)).encode(), payload])
    raw_key = base64.b64decode(PUBLIC)
    key = load_der_public_key(bytes.fromhex("302a300506032b6570032100") + raw_key)

    key.verify(sealed["signatures"][0]["sig"], signed_bytes)
    assert sealed["signatures"][0]["keyid"] == hashlib.sha256(raw_key).hexdigest()[:16]
    header = msgpack.unpackb(payload)["header"]
    assert header["sha256"] == hashlib.sha256(msgpack.unpackb(payload)["policy"]).hexdigest()


def test_the_golden_bundle_is_accepted_signed_and_in_development():
    assert code(RAW) == ""
    assert bundle.read_unsigned(RAW).policy == SMALL
