"""An author may sign what makes no sense: it is refused with a `BundleError`, or it opens, and nothing else happens."""

import copy
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tactful
from tactful import BundleError
from tactful.bundle import packing

from .conftest import payload, plain_policy, registry, seal
from .policies import POLICIES
from .small_policy import ISSUED_US, PUBLIC, TENANT, signed

JUNK = (
    *(None, True, 0, -1, 2**63, 2**64 - 1, -(2**63), 0.5, -0.0, float("inf"), float("nan")),
    *("", "x", "\0", "profile.visits", "segment.regulars", b"", b"\xff", [], [[]], [None], {}, {"": {}}),
    *(["Const", "int", 1], ["Var", "now", "time"], ["Local", "tag", "text"], ["Call", "&&", [], "bool"]),
    ["Call", "nothing", [["Const", "int", 1]], "bool"],
)
OPENED = "opened"
PROFILE = {
    "first_name": "Ann",
    "visits": 9,
    "seen": ISSUED_US,
    "tags": ["jazz"],
    "paused": False,
    "scores": {"music": 2.0},
}


def outcome(raw):
    """The code with which an edge refuses a bundle, or that it opened; then no decision fails."""
    try:
        edge = tactful.open(raw, key=PUBLIC, tenant=TENANT, clock=lambda: ISSUED_US, registry=registry())
    except BundleError as error:
        return error.code
    with edge:
        for placement, profile in (("hero", {}), ("rows", PROFILE)):
            decision = edge.decide(placement, "ann", {"page": "home", "rain": True}, profile=profile)
            assert not [reason for reason in decision.careful if "failed" in reason]
            assert decision.explain().losses or decision.picks or decision.careful
            assert decision.token
            assert decision.content is not None
    return OPENED


def places(plain, path=()):
    """Every place in plain values, as the path to it."""
    pairs = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(plain, path, change):
    """A copy with the value at a place replaced; it goes altogether where the change gives `...`."""
    whole = copy.deepcopy(plain)
    at = whole
    for key in path[:-1]:
        at = at[key]
    value = change(at[path[-1]])
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return whole


GOLDEN = plain_policy()
PLACES = list(places(GOLDEN))


def test_what_is_changed_in_these_tests_opens_unchanged():
    assert outcome(signed()) == OPENED
    assert outcome(seal(payload(GOLDEN))) == OPENED
    assert len(PLACES) > 300


def test_each_part_replaced_by_what_does_not_belong_there():
    chance = random.Random(4)  # noqa: S311 - the same cases each time
    outcomes = [
        outcome(seal(payload(changed(GOLDEN, path, lambda _, junk=junk: junk))))
        for path in PLACES
        for junk in chance.sample(JUNK, 4)
    ]
    print({one: outcomes.count(one) for one in sorted(set(outcomes))})  # noqa: T201 - the figures
    assert set(outcomes) <= {OPENED, "bundle-malformed", "bundle-policy"}
    assert outcomes.count("bundle-malformed") > 500
    assert outcomes.count("bundle-policy") > 10


def test_each_part_left_out_or_there_twice():
    def twice(value):
        return [*value, *value] if isinstance(value, list) else value

    outcomes = {
        outcome(seal(payload(changed(GOLDEN, path, change)))) for path in PLACES for change in (lambda _: ..., twice)
    }

    assert outcomes == {OPENED, "bundle-malformed", "bundle-policy"}


@given(st.data())
def test_parts_that_change_places(data):
    one, other = data.draw(st.sampled_from(PLACES)), data.draw(st.sampled_from(PLACES))
    value = GOLDEN
    for key in other:
        value = value[key]

    assert outcome(seal(payload(changed(GOLDEN, one, lambda _: copy.deepcopy(value))))).startswith(
        ("opened", "bundle-")
    )


@given(POLICIES)
def test_policies_of_any_shape(policy):
    assert outcome(signed(policy)) in (OPENED, "bundle-policy")


def test_bytes_of_the_policy_that_are_altered_before_they_are_signed():
    chance = random.Random(5)  # noqa: S311 - the same cases each time
    body = packing.pack(GOLDEN)
    outcomes = []
    for _ in range(1500):
        altered = bytearray(body)
        for _ in range(chance.randint(1, 3)):
            altered[chance.randrange(len(body))] = chance.randrange(256)
        outcomes.append(outcome(seal(payload(body=bytes(altered)))))
    assert set(outcomes) <= {OPENED, "bundle-malformed", "bundle-policy"}
    assert outcomes.count("bundle-malformed") > 500


def test_bytes_of_the_whole_payload_that_are_altered_before_they_are_signed():
    chance = random.Random(6)  # noqa: S311 - the same cases each time
    whole = packing.pack(payload())
    codes = set()
    for _ in range(1500):
        altered = bytearray(whole)
        altered[chance.randrange(200)] = chance.randrange(256)
        codes.add(outcome(seal(bytes(altered))))
    assert all(one == OPENED or one.startswith("bundle-") for one in codes)
    assert {"bundle-malformed", "bundle-digest", "bundle-foreign"} <= codes


CONTRADICTIONS = {
    ("channels",): ([], "the policy has no channels"),
    ("topics",): ([{"name": "food"}, {"name": "food"}, *GOLDEN["topics"][1:]], "topics: 'food' is there twice"),
    ("placements", 0, "channel"): ("smoke", "placement hero: there is no 'smoke' among the channels"),
    ("placements", 1, "topics"): (["air"], "placement rows: there is no 'air' among the topics"),
    ("placements", 1, "slots"): (2**40, "slots of rows is not from 1 to 1000"),
    ("offers", 0, "topic"): ("air", "offer olives: there is no 'air' among the topics"),
    ("offers", 0, "purpose"): ("air", "offer olives: there is no 'air' among the purposes"),
    ("offers", 0, "value"): (-1.0, "value of olives is not from 0 to 1e+100"),
    ("offers", 0, "treatments"): ([], "offer olives: it needs treatments"),
    ("offers", 0, "treatments", 0, "content"): ([], "offer olives: plain says nothing in the policy's first language"),
    ("offers", 0, "treatments", 1, "channels"): (["smoke"], "offer olives: there is no 'smoke' among the channels"),
    ("offers", 2, "when"): (["Var", "protective.paused", "bool"], "offer loaf: no variable protective.paused"),
    ("offers", 3, "unless"): ([["Var", "profile.visits", "int"]], "offer wine: a rule of type int does not belong"),
    ("segments", 0, "when"): (["Local", "tag", "bool"], "segment regulars: nothing binds tag as bool"),
    ("attributes", 3, "derived_from"): (["air"], "attribute tags: there is no 'air' among the attributes"),
    ("attributes", 5): (
        {"name": "goes_by", "type": "text", "source": "modelled", "checked_by": "air"},
        "attribute goes_by: there is no 'air' among the attributes",
    ),
    ("attributes", 5, "checked_by"): ("seen", "attribute 'goes_by' cannot be checked by 'seen': that is observed"),
    ("ranking", "affinity"): ("air", "the ranking: there is no 'air' among the attributes"),
    ("ranking", "retention"): (-1.0, "the ranking's retention is not from 0 to 1e+100"),
    ("offers", 4, "moment"): ("ask", "offer hours is no ask: it asks nothing"),
    ("offers", 0, "satisfaction"): (1.5, "satisfaction of olives is not from 0 to 1"),
    ("ranking", "boosts", 0, "offers"): (["air"], "a boost: there is no 'air' among the offers"),
    ("ranking", "boosts", 0, "when"): (["Var", "profile.paused", "bool"], "a boost: no variable profile.paused"),
    ("conditions", 0, 1): (
        ["Var", "profile.paused", "bool"],
        "the condition 'protective.paused': no variable profile.p",
    ),
    ("values", "exposure_margin"): (1.5, "exposure_margin is not from 0 to 1"),
}


@pytest.mark.parametrize("path", CONTRADICTIONS, ids=lambda path: "/".join(map(str, path)))
def test_policies_that_contradict_themselves_are_refused_in_words(path):
    value, told = CONTRADICTIONS[path]
    raw = seal(payload(changed(GOLDEN, path, lambda _: value)))

    with pytest.raises(BundleError, match=re.escape(f"the policy contradicts itself: {told}")) as refused:
        tactful.open(raw, key=PUBLIC, clock=lambda: ISSUED_US, registry=registry())
    assert refused.value.code == "bundle-policy"


def doubling(levels):
    """Segments of which each reads the one before it twice."""
    rules = [["Var", "profile.paused", "bool"], *(["Var", f"segment.s{n}", "bool"] for n in range(levels))]
    doubled = [{"name": f"s{n}", "when": ["Call", "&&", [rule, rule], "bool"]} for n, rule in enumerate(rules)]
    return {**GOLDEN, "segments": [*GOLDEN["segments"], *doubled]}


def test_segments_that_double_each_other_do_not_keep_an_edge_busy_for_ever():
    assert outcome(seal(payload(doubling(8)))) == OPENED
    assert outcome(seal(payload(doubling(60)))) == "bundle-policy"  # 2 to the power of 60 parts


def test_segments_that_go_round_in_a_circle_are_refused():
    circle = [{"name": "a", "when": ["Var", "segment.b", "bool"]}, {"name": "b", "when": ["Var", "segment.a", "bool"]}]

    assert outcome(seal(payload({**GOLDEN, "segments": [*GOLDEN["segments"], *circle]}))) == "bundle-policy"


def test_what_the_compiler_does_not_expect_is_a_refusal_too(monkeypatch):
    def unexpected(*_: object, **__: object):
        raise KeyError("Canary")

    monkeypatch.setattr(tactful.plan_reader.Plan, "build", unexpected)
    with pytest.raises(BundleError, match=r"^the policy cannot be compiled \(KeyError\); build it anew$") as refused:
        tactful.open(signed(), key=PUBLIC, clock=lambda: ISSUED_US, registry=registry())
    assert refused.value.code == "bundle-policy"


def test_without_the_check_some_would_open_and_fail(monkeypatch):
    """What the check is for: these reach decisions without it."""
    monkeypatch.setattr(tactful.plan_reader, "contradictions", lambda _: iter(()))
    wrong = changed(
        GOLDEN, ("ranking", "boosts", 1, "when"), lambda _: ["Call", "startsWith", [["Const", "int", 1]] * 2, "bool"]
    )

    with pytest.raises(AssertionError):
        outcome(seal(payload(wrong)))
