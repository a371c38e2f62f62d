"""Each finding about a boundary: a policy where it is found, and one beside it where it is not."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.authoring import compile_folder, lint
from tactful.authoring.init import init
from tactful.authoring.value_sets import let_through
from tactful.clock import to_us
from tactful.expr import Call, Const, Var, negate
from tactful.schema import ValueType

NOW_US = to_us(datetime(2026, 6, 1, 12, tzinfo=UTC))
SHOP = """
name: a shop
channels: {web: semi-private, email: {privacy: private, outbound: true}}
placements: {page: {channel: web, slots: 3, fallback: {title: Welcome}}, letter: email}
topics: {food: {}, wine: {under: food, sensitivity: sensitive}, baby: {under: food, sensitivity: intimate}, garden: {}}
purposes: {offers: {basis: legitimate-interest}, duty: {basis: contract}}
profile:
  known:
    all: {owner: crm, max_age: 90d}
    visits: int
    spend: number
    town: text
    nappies: {type: bool, topic: baby, protect: true}
segments: {regulars: {when: profile.visits >= 6, size: 640}}
offers:
  all: {intent: sell, topic: food, owner: cooks, purpose: offers}
  used: {when: 'segment.regulars && profile.spend > 9.0 && profile.town == "Rome" && !profile.nappies', treatments: Hi}
"""


def offer(rest):
    return f"offers: {{n: {{{rest}, treatments: New}}}}"


def when(rule, rest="intent: sell"):
    return offer(f"{rest}, when: '{rule}'")


def caps(one, other="{}"):
    return f"caps: {{a: {one}, b: {other}}}" if other != "{}" else f"caps: {{a: {one}}}"


OFTEN = "profile: {more: {often: {type: int, source: stated, protect: true, absent: 9, owner: crm}}}\n"
SIGNED = "tactics: [countdown], approvals: [{tactic: countdown, by: Ada, role: legal, until: %s}]"
ALL = "{of: all, count: %d, within: %s%s}"
BELL = "placements: {bell: {channel: web, moments: [alert, reminder], fallback: {title: Hello}}}\n"
GUESSED = "profile: {more: {kids: {type: bool, source: stated}, guess: {checked_by: kids, type: bool}}}\n"
MEASURED = "sources: {guess: {%s: {right: %d, of: 100, guess: 60}}}\n"
#: By code: what it is about, policies where it is found, and policies where it is not.
SAMPLES = {
    "rule-never": (
        "offer n",
        [
            when("profile.visits > 5 && profile.visits < 6"),
            when("segment.regulars && profile.visits == 3"),
            when("segment.regulars && !segment.regulars"),
            when('profile.town == "Rome" && profile.town in ["Paris", "Oslo"]'),
            when("missing(profile.spend) && profile.spend > 2.0", "intent: inform"),
            when("!has(profile.spend)"),
            offer("when: segment.regulars, unless: profile.visits >= 2"),
            offer("when: profile.nappies, unless: profile.nappies"),
        ],
        [
            when("profile.visits > 5 && profile.visits < 7"),
            when("segment.regulars && profile.visits == 6 || profile.visits == 3"),
            when('profile.town == "Rome" && profile.town in ["Paris", "Rome"]'),
            when("missing(profile.spend) && profile.visits > 2", "intent: inform"),
            offer("when: segment.regulars, unless: profile.visits >= 20"),
            offer("unless: profile.nappies"),
        ],
    ),
    "rule-spare": (
        "offer n",
        [
            when("segment.regulars && profile.visits >= 2"),
            when("profile.visits > 5 && profile.visits >= 6"),
            when("has(profile.spend) && profile.spend > 2.0"),
            when('profile.town == "Rome" && profile.town != "Paris"'),
            when("profile.spend > 2.0 && profile.spend > 2.0"),
            offer("when: profile.visits >= 6, unless: profile.visits < 3"),
        ],
        [
            when("segment.regulars && profile.visits >= 7"),
            when("profile.spend > 2.0 && profile.spend < 3.0"),
            when("has(profile.spend) && profile.visits > 2"),
            when('profile.town != "Rome" && profile.town != "Paris"'),
            offer("when: profile.visits >= 6, unless: profile.visits > 9"),
        ],
    ),
    "rule-exact": (
        "offer n",
        [when("profile.visits >= 6"), when("profile.spend > 4.0 && profile.visits >= 6")],
        [when("segment.regulars"), when("profile.visits >= 5"), when("profile.visits >= 6 || profile.spend > 4.0")],
    ),
    "missing-idle": (
        "offer n",
        [when("missing(profile.spend)")],
        [when("missing(profile.spend)", "intent: inform"), when("has(profile.spend)")],
    ),
    "missing-never": (
        "offer n",
        ["profile: {more: {age: {type: int, owner: crm, absent: 3, source: stated}}}\n" + when("missing(profile.age)")],
        ["profile: {more: {age: {type: int, owner: crm, source: stated}}}\n" + when("missing(profile.age)")],
    ),
    "offer-never": (
        "offer n",
        [offer("tactics: [countdown]"), offer(SIGNED % "2026-05-01").replace("legal", "sales")],
        [offer(SIGNED % "2027-05-01"), offer("value: 2")],
    ),
    "offer-over": ("offer n", [offer("run: 2026-05-01 to 2026-05-31")], [offer("run: 2026-05-01 to 2026-06-30")]),
    "lapses-soon": ("offer n (countdown)", [offer(SIGNED % "2026-06-20")], [offer(SIGNED % "2026-08-20")]),
    "treatment-unplaced": (
        "treatment n/t1",
        [
            "channels: {sms: private}\n" + offer("channels: sms"),
            "channels: {sms: private}\nplacements: {p: {channel: sms, intents: help, fallback: {title: x}}}\n"
            + offer("channels: sms"),
        ],
        ["channels: {sms: private}\nplacements: {p: {channel: sms, fallback: {title: x}}}\n" + offer("channels: sms")],
    ),
    "placement-silent": (
        "placement bare",
        [
            "placements: {bare: web}",
            "placements: {bare: web}\n" + when("profile.visits > 2", "class: mandatory, purpose: duty, intent: inform"),
            "placements: {bare: web}\ncaps: {a: {count: 1, within: 7d}}\n" + offer("intent: inform, purpose: duty"),
            "placements: {bare: {channel: web, topics: garden}}\n"
            + offer("intent: inform, purpose: duty, class: mandatory"),
            "placements: {bare: web}\n"
            + offer("intent: inform, purpose: duty, class: mandatory, run: 2026-01-01 to 2027-01-01"),
        ],
        [
            "placements: {bare: {channel: web, fallback: {title: Hello}}}",
            "placements: {bare: web}\n" + offer("intent: inform, purpose: duty, class: mandatory"),
            "placements: {bare: web}\ncaps: {a: {count: 1, within: 7d}}\n"
            + offer("intent: inform, purpose: duty, class: mandatory"),
            "placements: {bare: email}",
        ],
    ),
    "sensitive-unblended": (
        "offer n",
        [when("profile.nappies") + "\nguardrails: {boudoir: {blend: 100%}}"],
        [when("profile.nappies"), when("profile.visits > 8") + "\nguardrails: {boudoir: {blend: 100%}}"],
    ),
    "text-betrays": (
        "treatment n/t1",
        [
            "offers: {n: {when: profile.nappies, treatments: The softest nappies}}",
            "offers: {n: {when: profile.nappies, treatments: For your babies}}",
            "offers: {n: {when: profile.nappies, treatments: {title: Hello, text: Babys love it}}}",
        ],
        [
            "offers: {n: {when: profile.nappies, treatments: Three packs for two}}",
            "offers: {n: {topic: baby, treatments: The softest nappies}}",
            "offers: {n: {when: profile.nappies, intent: help, topic: baby, treatments: About your nappies}}",
            "offers: {n: {when: profile.visits > 2, treatments: The softest nappies}}",
        ],
    ),
    "cap-empty": (
        "cap a",
        [caps("{tag: spring, count: 1, within: 7d}")],
        [caps("{owner: cooks, count: 1, within: 7d}")],
    ),
    "cap-never-reached": (
        "cap a",
        [
            caps(ALL % (3, "7d", ""), ALL % (2, "7d", "")),
            caps(ALL % (3, "7d", ""), ALL % (3, "14d", "")),
            caps("{of: offer, count: 3, within: 7d}", ALL % (2, "7d", "")),
            caps(ALL % (3, "7d", ", topic: food"), ALL % (2, "7d", "")),
            caps(ALL % (3, "7d", ", channels: email"), ALL % (2, "7d", "")),
            caps(ALL % (3, "week", ""), ALL % (2, "2 weeks", "")),
            caps(ALL % (3, "7d", ""), ALL % (2, "7d", ", per: household")),
        ],
        [
            caps(ALL % (2, "7d", ""), ALL % (3, "14d", "")),
            caps(ALL % (3, "7d", ""), ALL % (2, "6d", "")),
            caps(ALL % (3, "7d", ""), ALL % (2, "7d", ", then: downgrade")),
            caps(ALL % (3, "7d", ""), ALL % (2, "7d", ", event: click")),
            caps(ALL % (3, "7d", ", event: click"), ALL % (2, "7d", ", event: click")),
            caps(ALL % (3, "7d", ""), ALL % (2, "7d", ", channels: email")),
            caps(ALL % (3, "7d", ""), ALL % (2, "7d", ", intent: inform")) + "\n" + offer("intent: inform"),
            caps(ALL % (3, "7d", ", per: household"), ALL % (2, "7d", "")),
            caps(ALL % (3, "7d", ""), "{of: offer, count: 2, within: 7d}"),
            caps(ALL % (3, "7d", ", exempt: []"), ALL % (2, "7d", "")),
            OFTEN + caps(ALL % (3, "7d", ", wish: often"), ALL % (2, "7d", "")),
        ],
    ),
    "cap-stand-in": (
        "cap a",
        [caps(ALL % (2, "7d", ", then: replace, instead: used"), ALL % (2, "7d", ""))],
        [
            caps(ALL % (2, "7d", ", then: replace, instead: used"), ALL % (3, "7d", "")),
            caps(ALL % (2, "7d", ", then: replace, instead: used"), ALL % (2, "7d", ", topic: garden"))
            + "\n"
            + offer("topic: garden"),
        ],
    ),
    "weight-idle": (
        "ranking retention",
        ["ranking: {retention: 2}\n" + offer("satisfaction: 20%")],
        ["ranking: {retention: 2}\n" + offer("retention: 0%"), "ranking: {retention: 0}", "ranking: {satisfaction: 1}"],
    ),
    "moment-idle": (
        "placement bell",
        [BELL, BELL + offer("moment: news")],
        [BELL + offer("moment: alert"), "placements: {bell: {channel: web, fallback: {title: Hello}}}"],
    ),
    "attribute-ageless": (
        "attribute age",
        ["profile: {more: {age: {type: int, owner: crm}}}\n" + when("profile.age > 3")],
        [
            "profile: {more: {age: {type: int, owner: crm, source: stated}}}\n" + when("profile.age > 3"),
            "profile: {more: {age: {type: int, owner: crm, max_age: 9d}}}\n" + when("profile.age > 3"),
        ],
    ),
    "source-unmeasured": (
        "attribute guess",
        [GUESSED, GUESSED + MEASURED % ("third-party", 9), GUESSED + "sources: {guess: {}}\n"],
        [
            GUESSED + MEASURED % ("observed", 9),
            GUESSED.replace("checked_by: kids, ", ""),
            GUESSED + "guardrails: {accuracy: off}\n",
        ],
    ),
    "source-worse": (
        "attribute guess",
        [GUESSED + MEASURED % ("observed", 50), GUESSED + MEASURED % ("observed", 0)],
        [
            GUESSED + MEASURED % ("observed", 51),
            GUESSED + MEASURED % ("third-party", 0),
            GUESSED + MEASURED % ("observed", 0) + "guardrails: {accuracy: {smallest: 101}}\n",
        ],
    ),
    "attribute-lineage": (
        "attribute age",
        ["profile: {more: {age: {type: int, owner: crm, max_age: 9d, source: modelled}}}\n" + when("profile.age > 3")],
        [
            "profile: {more: {age: {type: int, owner: crm, max_age: 9d, source: modelled, derived_from: visits}}}\n"
            + when("profile.age > 3")
        ],
    ),
}
FOUND = [(code, about, text) for code, (about, found, _) in SAMPLES.items() for text in found]
NOT_FOUND = [(code, about, text) for code, (about, _, clean) in SAMPLES.items() for text in clean]


@pytest.fixture
def findings(read, registry):
    def finding(text):
        policy = read({"shop.yaml": SHOP.encode(), "more.yaml": text.encode()}).policy
        return {(one.code, one.about) for one in lint(policy, NOW_US, registry=registry)}

    return finding


def test_the_shop_has_no_findings(findings):
    assert findings("") == set()


@pytest.mark.parametrize(("code", "about", "text"), FOUND)
def test_it_is_found(findings, code, about, text):
    assert (code, about) in findings(text)


@pytest.mark.parametrize(("code", "about", "text"), NOT_FOUND)
def test_beside_it_nothing_is_found(findings, code, about, text):
    assert (code, about) not in findings(text)


def test_what_ends_is_told_only_to_those_who_say_when(read, registry):
    text = "offers: {n: {run: 2026-05-01 to 2026-05-31, treatments: New}}"
    policy = read({"shop.yaml": SHOP.encode(), "more.yaml": text.encode()}).policy
    assert lint(policy, registry=registry) == ()


def test_many_offers_that_are_over_are_one_finding(findings):
    run = "{run: 2026-05-01 to 2026-05-31, treatments: New}"
    assert findings(f"offers: {{n: {run}, m: {run}}}") == {("offer-over", "2 offers, n the first")}


def test_a_boost_for_kinds_that_nothing_is_is_named_by_its_number(findings):
    boosts = "ranking: {boosts: [{when: context.gpc, times: 2}, {when: context.gpc, times: 2, moments: news}]}\n"
    assert findings(boosts) == {("moment-idle", "boost 2")}
    assert findings(boosts + offer("moment: news")) == set()


def test_of_two_caps_that_say_the_same_one_stays(findings):
    found = [about for code, about in findings(caps(ALL % (3, "7d", ""), ALL % (3, "7d", ""))) if code[:4] == "cap-"]
    assert found == ["cap b"]


def test_of_two_tests_that_say_the_same_one_stays(read, registry):
    text = when("profile.spend > 2.0 && profile.spend > 2.0")
    policy = read({"shop.yaml": SHOP.encode(), "more.yaml": text.encode()}).policy
    assert [one.code for one in lint(policy, NOW_US, registry=registry)] == ["rule-spare"]


def test_the_starter_has_no_findings_today_either(tmp_path, registry):
    init(tmp_path / "shop")
    assert lint(compile_folder(tmp_path / "shop"), NOW_US, registry=registry) == ()


def test_the_grocer_keeps_only_what_her_stories_need(registry):
    in_its_year = to_us(datetime(2017, 6, 1, tzinfo=UTC))
    found = [
        (one.code, one.about) for one in lint(compile_folder("examples/grocery/policy"), in_its_year, registry=registry)
    ]
    temptations = ("last_minutes", "light_menu", "only_today", "pain_timer", "seat_covers")
    never = [("offer-never", f"offer {name}") for name in temptations]
    assert found == [*never, ("source-worse", "attribute kids_by_snacks")]


VALUES = [0, 1, 2, 3, 4]
X = Var("profile.x", ValueType.INT)
tests_of_x = st.builds(
    lambda fn, value, swapped, no: (negate if no else lambda e: e)(
        Call(fn, (Const(ValueType.INT, value), X) if swapped else (X, Const(ValueType.INT, value)), ValueType.BOOL)
    ),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.sampled_from(VALUES),
    st.booleans(),
    st.booleans(),
) | st.lists(st.sampled_from(VALUES), max_size=3).map(
    lambda values: Call("in", (X, Const(ValueType.INTS, tuple(values))), ValueType.BOOL)
)


def holds(test, value):
    if test.fn == "!":
        return not holds(test.args[0], value)
    left, right = (arg.value if isinstance(arg, Const) else value for arg in test.args)
    plain = {"==": left == right, "in": test.fn == "in" and left in right}
    if test.fn in plain:
        return plain[test.fn]
    return {"!=": left != right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[
        test.fn
    ]


@given(st.lists(tests_of_x, min_size=1, max_size=4), tests_of_x)
def test_what_is_proved_of_sets_is_so(tests, other):
    sets = [let_through(test)[1] for test in tests]
    met = sets[0]
    for one in sets[1:]:
        met &= one
    left = [value for value in range(-3, 8) if all(holds(test, value) for test in tests)]
    assert [value for value in range(-3, 8) if value in met] == left
    if met.is_empty():
        assert left == []
    if met <= let_through(other)[1]:
        assert all(holds(other, value) for value in left)


def test_sets_prove_what_is_easy():
    def of(fn, value):
        return let_through(Call(fn, (X, Const(ValueType.INT, value)), ValueType.BOOL))[1]

    for value, more in itertools.product(VALUES, VALUES[1:]):
        assert of(">=", value + more) <= of(">", value)
        assert not of(">", value) <= of(">=", value + more + 1)
        assert (of("<", value) & of(">", value)).is_empty()
        assert of("==", value) <= of("!=", value + more)
