"""TC strings: decoded as the framework's own library does, and whatever is malformed is refused."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import ValueRefused
from tactful.signals import Restriction, Signals, TcString

ROWS = json.loads((Path(__file__).parent / "tcf.json").read_text(encoding="utf-8"))
GOOD = [row for row in ROWS if "decoded" in row]
BAD = [row for row in ROWS if "error" in row]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: All purposes, and vendors 12, 14, 435, 448 that are consented to; none was told of.
FULL = next(row["tcString"] for row in GOOD if row["name"] == "gen-4")


def moment(at_us):
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_decoded(found):
    publisher = found.publisher
    return {
        "version": 2,
        "created": moment(found.created_us),
        "lastUpdated": moment(found.updated_us),
        "cmpId": found.cmp,
        "cmpVersion": found.cmp_version,
        "consentScreen": found.screen,
        "consentLanguage": found.language,
        "vendorListVersion": found.vendor_list,
        "policyVersion": found.policy,
        "isServiceSpecific": found.service_specific,
        "useNonStandardTexts": found.non_standard_texts,
        "purposeOneTreatment": found.purpose_one_treatment,
        "publisherCountryCode": found.country,
        "specialFeatureOptins": sorted(found.features),
        "purposeConsents": sorted(found.purposes),
        "purposeLegitimateInterests": sorted(found.interests),
        "vendorConsents": sorted(found.vendors),
        "vendorLegitimateInterests": sorted(found.vendor_interests),
        "vendorsDisclosed": sorted(found.disclosed or ()),
        "publisherConsents": sorted(publisher.consents if publisher else ()),
        "publisherLegitimateInterests": sorted(publisher.interests if publisher else ()),
        "numCustomPurposes": publisher.custom_count if publisher else 0,
        "publisherRestrictions": [
            {"purposeId": one.purpose, "restrictionType": one.kind, "vendors": sorted(one.vendors)}
            for one in found.restrictions
        ],
    }


def refusal(text):
    """What is said of a string that cannot be read; nothing of one that can."""
    try:
        TcString.read(text)
    except ValueRefused as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["name"])
def test_a_string_says_what_the_framework_s_own_library_reads(row):
    assert as_decoded(TcString.read(row["tcString"])) == row["decoded"]


@pytest.mark.parametrize("row", BAD, ids=lambda row: row["name"])
def test_a_malformed_string_is_refused_and_permits_nothing(row):
    with pytest.raises(ValueRefused) as raised:
        TcString.read(row["tcString"])

    assert len(row["tcString"]) < 2 or row["tcString"] not in str(raised.value)
    assert all(Signals.of(tc_string=row["tcString"]).refuses(purpose) for purpose in range(1, 25))


def test_a_vendor_needs_consent_by_purpose_and_by_name_and_must_have_been_told_of():
    found = TcString.read(FULL)
    told = found.vendors & found.disclosed

    assert all(found.permits(3, vendor) for vendor in told)
    assert not any(found.permits(3, vendor) for vendor in set(range(1, 1300)) - told)
    assert not found.permits(24, min(told))
    assert not attrs.evolve(found, disclosed=None).permits(3, min(told))
    assert not attrs.evolve(found, disclosed=frozenset()).permits(3, min(told))


@pytest.mark.parametrize(("kind", "consent", "interest"), [(0, False, False), (1, True, False), (2, False, True)])
def test_the_publisher_s_restrictions_hold(kind, consent, interest):
    found = attrs.evolve(TcString.read(FULL), restrictions=(Restriction(7, kind, frozenset({8})),))
    found = attrs.evolve(found, vendors=frozenset({8}), vendor_interests=frozenset({8}), disclosed=frozenset({8}))

    assert (found.permits(7, 8), found.tolerates(7, 8)) == (consent, interest)
    assert (found.permits(9, 8), found.tolerates(9, 8)) == (True, True)
    assert not found.tolerates(3, 8)  # for this one, nobody's interest is enough


def test_the_publisher_s_own_consents_count_where_they_are_given():
    found = TcString.read(next(row["tcString"] for row in GOOD if row["name"] == "static-64"))

    assert [purpose for purpose in range(1, 25) if found.permits(purpose)] == [6]
    assert found.permits(3) is False
    assert attrs.evolve(found, publisher=None).permits(3) is True


@given(st.data())
def test_a_string_that_is_cut_or_altered_is_read_or_refused_and_never_breaks(data):
    text = data.draw(st.sampled_from([row["tcString"] for row in GOOD]))
    cut = data.draw(st.integers(0, len(text)))
    altered = text[:cut] + data.draw(st.text(alphabet=LETTERS + ".=+ é", max_size=3)) + text[cut + 1 :]
    for one in (text[:cut], altered):
        told = refusal(one)
        assert len(one) < 4 or one not in told


@given(st.text(max_size=60) | st.text(alphabet=LETTERS + ".~", max_size=400))
def test_no_text_breaks_what_reads_signals(text):
    found = Signals.of([("Sec-GPC", text)], tc_string=text, gpp_string=text)

    assert found.refuses(1) or not found.malformed


def test_its_repr_tells_nothing_of_what_was_agreed_to():
    assert repr(TcString.read(FULL)) == f"<TcString of CMP {TcString.read(FULL).cmp}, policy 5>"
    assert repr(Signals.of(tc_string=FULL)) == "<Signals>"
