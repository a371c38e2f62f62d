"""A bundle that is signed as it should be is refused all the same for what it says: each with a code and words."""

import re
import traceback
from pathlib import Path

import pytest

from tactful import BundleError, bundle
from tactful.bundle import envelope, keys
from tactful.bundle.header import FORMAT, SDK
from tactful.clock import DAY_US, SECOND_US

from .conftest import code, payload, plain_policy, read, seal
from .small_policy import EPOCH, EXPIRES_US, ISSUED_US, PRIVATE, PUBLIC, SMALL, TENANT, signed

ROOT = Path(__file__).parents[2]
STRANGER, STRANGER_PUBLIC = bundle.make_keys()
NEWER = ".".join([*SDK.split(".")[:-1], str(int(SDK.split(".")[-1]) + 1)])


def refusal(raw, **changed):
    with pytest.raises(BundleError) as refused:
        read(raw, **changed)
    return f"{refused.value.code}: {refused.value}"


def test_what_seals_for_these_tests_seals_what_is_accepted():
    assert seal(payload()) == signed()
    assert code(seal(payload(plain_policy()))) == ""


def test_every_older_epoch_is_refused_and_the_same_or_a_newer_one_accepted():
    codes = [code(signed(epoch=epoch), highest=200) for epoch in range(210)]

    assert codes == ["bundle-older"] * 200 + [""] * 10
    assert refusal(signed(epoch=3), highest=9) == (
        "bundle-older: the bundle has epoch 3, and epoch 9 was taken already; build a newer one"
    )


def test_another_tenant():
    assert code(signed(tenant="other-shop")) == "bundle-foreign"
    assert code(signed(tenant="other-shop"), tenant=None) == ""
    assert code(signed(tenant="other-shop"), tenant="other-shop") == ""
    assert refusal(signed(tenant="other-shop")).endswith("is for tenant 'other-shop', not 'corner-shop'")


def test_another_key():
    assert code(signed(private_key=STRANGER)) == "bundle-unpinned"
    assert code(signed(private_key=STRANGER), keys=[STRANGER_PUBLIC]) == ""
    assert code(signed(), keys=[]) == "bundle-unpinned"
    assert keys.key_id(PUBLIC) in refusal(signed(private_key=STRANGER))


def test_several_keys_may_sign_and_one_pinned_one_is_enough():
    both = signed(private_key=[PRIVATE, STRANGER])

    assert [code(both, keys=pinned) for pinned in ([PUBLIC], [STRANGER_PUBLIC], [STRANGER_PUBLIC, PUBLIC])] == [""] * 3
    assert code(both, keys=[bundle.make_keys()[1]]) == "bundle-unpinned"
    assert len(envelope.unpack(both).signatures) == 2


def test_a_pinned_key_that_contradicts_is_not_outvoted():
    """Of two signatures by pinned keys, one that does not fit refuses the bundle."""
    both = signed(private_key=[PRIVATE, STRANGER])
    damaged = both[:-1] + bytes([both[-1] ^ 1])

    assert code(damaged, keys=[PUBLIC, STRANGER_PUBLIC]) == "bundle-altered"
    assert code(damaged, keys=[PUBLIC]) == ""


@pytest.mark.parametrize(
    ("now_us", "expected"),
    [
        (ISSUED_US - 301 * SECOND_US, "bundle-not-yet"),
        (ISSUED_US - 300 * SECOND_US, ""),
        (EXPIRES_US - 1, ""),
        (EXPIRES_US, "bundle-expired"),
        (EXPIRES_US + 1000 * DAY_US, "bundle-expired"),
        (0, "bundle-not-yet"),
    ],
)
def test_times(now_us, expected):
    assert code(signed(), now_us=now_us) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"format": FORMAT + 1}, "bundle-too-new"),
        ({"format": FORMAT + 1, "kind": "consent", "later": 1}, "bundle-too-new"),
        ({"format": 0}, "bundle-malformed"),
        ({"format": True}, "bundle-malformed"),
        ({"format": "1"}, "bundle-malformed"),
        ({"format": ...}, "bundle-malformed"),
        ({"kind": "consent"}, "bundle-kind"),
        ({"kind": "consent", "later": 1}, "bundle-kind"),
        ({"kind": ...}, "bundle-kind"),
        ({"min_sdk": NEWER}, "bundle-min-sdk"),
        ({"min_sdk": "99"}, "bundle-min-sdk"),
        ({"min_sdk": "99", "later": 1}, "bundle-min-sdk"),
        ({"min_sdk": "soon"}, "bundle-min-sdk"),
        ({"min_sdk": 0}, "bundle-min-sdk"),
        ({"min_sdk": ...}, "bundle-min-sdk"),
        ({"later": 1}, "bundle-malformed"),
        ({"tenant": ""}, "bundle-malformed"),
        ({"tenant": "a\nb"}, "bundle-malformed"),
        ({"tenant": "x" * 101}, "bundle-malformed"),
        ({"tenant": ...}, "bundle-malformed"),
        ({"epoch": -1}, "bundle-malformed"),
        ({"epoch": "7"}, "bundle-malformed"),
        ({"epoch": 7.0}, "bundle-malformed"),
        ({"epoch": 2**64 - 1}, "bundle-malformed"),
        ({"issued_us": -1}, "bundle-malformed"),
        ({"expires_us": ISSUED_US}, "bundle-malformed"),
        ({"expires_us": 2**62}, "bundle-malformed"),
        ({"issued_us": 2**61, "expires_us": 2**62}, "bundle-malformed"),
        ({"sha256": "0" * 64}, "bundle-digest"),
        ({"sha256": "0"}, "bundle-digest"),
        ({"length": 0}, "bundle-digest"),
        ({"min_sdk": SDK}, ""),
        ({"min_sdk": "0"}, ""),
        ({"tenant": TENANT}, ""),
    ],
)
def test_headers(header, expected):
    assert code(seal(payload(**header))) == expected


def test_the_first_check_that_fails_is_the_one_that_is_told():
    """The order: signature, format, kind, needed version, tenant, epoch, times, digest, content."""
    wrong = [
        ("bundle-too-new", {"format": FORMAT + 1}),
        ("bundle-kind", {"kind": "consent"}),
        ("bundle-min-sdk", {"min_sdk": "99"}),
        ("bundle-foreign", {"tenant": "other-shop"}),
        ("bundle-older", {"epoch": EPOCH - 1}),
        ("bundle-expired", {"issued_us": 0, "expires_us": 1}),
        ("bundle-digest", {"sha256": "0" * 64}),
    ]
    for number, (expected, _) in enumerate(wrong):
        all_from_here = {name: value for _, header in wrong[number:] for name, value in header.items()}
        raw = seal(payload(body=b"\xc1", **all_from_here))

        assert code(raw) == expected
        assert code(raw, keys=[STRANGER_PUBLIC]) == "bundle-unpinned"
    assert code(seal(payload(body=b"\xc1"))) == "bundle-malformed"


@pytest.mark.parametrize(
    "whole",
    [b"", b"\xc1", [], "text", {}, {"header": {}}, {"header": [], "policy": b""}, {"header": {}, "policy": "text"}],
)
def test_payloads_that_are_none(whole):
    assert code(seal(whole)) == "bundle-malformed"


def test_a_payload_holds_nothing_beside_header_and_policy():
    assert code(seal({**payload(), "note": "x"})) == "bundle-malformed"


def test_newer_than_this_tactful_says_which_and_what_to_do():
    assert refusal(seal(payload(min_sdk="99"))) == (
        f"bundle-min-sdk: the bundle needs tactful 99 or newer, this is {SDK}; upgrade tactful"
    )
    assert refusal(seal(payload(format=2))) == (
        f"bundle-too-new: the bundle has format 2, tactful {SDK} reads up to 1; upgrade tactful"
    )


def test_the_version_that_bundles_are_held_against_is_the_project_s():
    told = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)

    assert told is not None
    assert told[1] == SDK


NO_KEYS = ["", "AAAA", "é" * 44, "!" * 44, PRIVATE[:-2], PRIVATE + PRIVATE, "\x00" * 32, 7, None, b"x"]


@pytest.mark.parametrize("no_key", NO_KEYS)
def test_what_is_no_key_is_refused(no_key):
    with pytest.raises(BundleError) as refused:
        signed(private_key=[no_key])
    assert refused.value.code == "bundle-key"
    with pytest.raises(BundleError) as refused:
        read(signed(), keys=[no_key])
    assert refused.value.code == "bundle-key"


def test_a_bundle_is_signed_by_at_least_one_key_and_not_by_many():
    for private_keys in ([], [bundle.make_keys()[0] for _ in range(17)]):
        with pytest.raises(BundleError, match="signed by 1 to 16 different keys"):
            signed(private_key=private_keys)
    assert signed(private_key=[PRIVATE, PRIVATE]) == signed()


def test_no_private_key_is_in_any_error():
    canary = bundle.make_keys()[0]
    attempts = [
        lambda: signed(private_key=canary[:-1]),
        lambda: signed(private_key=[canary, canary + "A"]),
        lambda: signed(private_key=canary, epoch=-1),
        lambda: signed(private_key=canary, tenant=""),
        lambda: signed(SMALL.offers, private_key=canary),
        lambda: read(signed(), keys=[canary]),
        lambda: read(signed(private_key=canary)),
    ]
    for attempt in attempts:
        with pytest.raises(BundleError) as refused:
            attempt()
        told = "".join(traceback.format_exception(refused.value)) + repr(refused.value)
        assert not [part for part in (canary[:12], canary[12:24], canary[24:36]) if part in told]
    assert canary[:12] in "".join(traceback.format_exception(ValueError(canary)))  # so a leak would be seen


@pytest.mark.parametrize(
    "terms",
    [
        {"epoch": -1},
        {"epoch": 2**63},
        {"tenant": ""},
        {"tenant": "x" * 101},
        {"expires_us": ISSUED_US},
        {"expires_us": 2**62},
        {"issued_us": -1},
    ],
)
def test_terms_that_make_no_sense_are_not_written(terms):
    with pytest.raises(BundleError) as refused:
        signed(**terms)
    assert refused.value.code == "bundle-malformed"
