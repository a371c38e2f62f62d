"""Strict caps in Valkey against a plain account of what was promised, under a clock that the walk moves."""

import time
import uuid

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tactful import Ask
from tactful_adapters import valkey_strict
from tactful_adapters.valkey_strict import ValkeyStrictCaps

MINUTE_US = 60_000_000
COUNTS = {"few": 2, "more": 5}
SUBJECTS = ("ada", "al")
CLOCK = "{'0', redis.call('GET', 'the-tests-clock')}"


class Account:
    """What was promised, as anybody would write it down; by unit: [subject, cap, reserved, leaves, ends, how]."""

    def __init__(self):
        self.now_us = time.time_ns() // 1000
        self.lines = {}
        self.merged = False

    def same(self, subject):
        return ("ada", "al") if self.merged and subject in ("ada", "al") else (subject,)

    def inside(self, cap, subject):
        return [
            line
            for line in self.lines.values()
            if line["cap"] == cap and line["subject"] in self.same(subject) and line["ends"] > self.now_us
        ]

    def room(self, cap, subject):
        return max(0, COUNTS[cap] - len(self.inside(cap, subject)))

    def reserve(self, units, cap, subject, counts_us, hold_us):
        for unit in units:
            assert unit not in self.lines
            self.lines[unit] = {
                "cap": cap,
                "subject": subject,
                "reserved": self.now_us,
                "leaves": self.now_us + counts_us,
                "ends": self.now_us + hold_us,
                "used": False,
                "late": False,
            }

    def confirm(self, unit):
        line = self.lines[unit]
        is_held = line["ends"] > self.now_us
        if line["used"]:
            return int(is_held)
        if not is_held and self.now_us >= line["leaves"]:
            return 0
        late_us = self.now_us - line["reserved"]
        line["ends"] = max(line["leaves"] + late_us, line["ends"] if is_held else 0)
        line["used"], line["late"] = True, not is_held
        return 1

    def release(self, unit):
        line = self.lines[unit]
        if line["used"] or line["ends"] <= self.now_us:
            return 0
        line["ends"] = 0
        return 1


class Walk(RuleBasedStateMachine):
    server = None

    def __init__(self):
        super().__init__()
        self.server.run("FLUSHALL")
        self.account = Account()
        self.tick(0)
        self.edges = [ValkeyStrictCaps(self.server.url(), members=self.account.same) for _ in range(2)]
        self.edges[0].begin()

    def tick(self, minutes):
        self.account.now_us += minutes * MINUTE_US
        self.server.run("SET", "the-tests-clock", self.account.now_us)

    @rule(
        edge=st.integers(0, 1),
        cap=st.sampled_from(sorted(COUNTS)),
        subject=st.sampled_from(SUBJECTS),
        wanted=st.integers(1, 6),
        counts=st.integers(1, 30),
        hold=st.integers(1, 30),
        is_lost=st.booleans(),
    )
    def reserve(self, edge, cap, subject, wanted, counts, hold, is_lost):
        expected = min(wanted, self.account.room(cap, subject))
        ask = Ask(cap, "", "customer", subject, COUNTS[cap], wanted, counts * MINUTE_US, hold * MINUTE_US)
        caps = self.edges[edge]
        if is_lost:  # the answer to the first one is; it is asked again
            question = [caps._asked(ask)]
            caps._done("reserve", question)
            (found,) = caps._done("reserve", question)
            units = [unit.decode() for unit in found]
        else:
            (units,) = caps.reserve([ask])
        assert len(units) == len(set(units)) == expected
        self.account.reserve(units, cap, subject, counts * MINUTE_US, hold * MINUTE_US)

    @rule(edge=st.integers(0, 1), which=st.integers(0, 999))
    def confirm(self, edge, which):
        if self.account.lines:
            unit = list(self.account.lines)[which % len(self.account.lines)]
            assert self.edges[edge].confirm([unit]) == self.account.confirm(unit)

    @rule(edge=st.integers(0, 1), which=st.integers(0, 999))
    def release(self, edge, which):
        if self.account.lines:
            unit = list(self.account.lines)[which % len(self.account.lines)]
            assert self.edges[edge].release([unit]) == self.account.release(unit)

    @rule(minutes=st.integers(1, 20))
    def time_passes(self, minutes):
        self.tick(minutes)

    @rule()
    def they_are_one_customer(self):
        self.account.merged = True

    @invariant()
    def no_cap_is_exceeded_but_by_what_was_merged_or_told_too_late(self):
        for cap, count in COUNTS.items():
            for subject in SUBJECTS:
                in_time = [
                    one for one in self.account.inside(cap, subject) if one["subject"] == subject and not one["late"]
                ]
                assert len(in_time) <= count or any(one["late"] for one in self.account.lines.values())

    def teardown(self):
        for edge in self.edges:
            edge.close()


@pytest.fixture
def walk(server, monkeypatch):
    text = valkey_strict._script()
    assert "redis.call('TIME')" in text
    monkeypatch.setattr(valkey_strict, "_script", lambda: text.replace("redis.call('TIME')", CLOCK))
    return type(f"Walk{uuid.uuid4().hex}", (Walk,), {"server": server})


@pytest.fixture
def mistake(walk, monkeypatch):
    """Put a mistake in the place of what is right in the script."""

    def put(right, mistaken):
        text = valkey_strict._script()
        assert text.count(right) == 1
        monkeypatch.setattr(valkey_strict, "_script", lambda: text.replace(right, mistaken))

    return put


QUICK = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


def test_what_is_promised_is_what_a_plain_account_allows(walk):
    run_state_machine_as_test(walk, settings=QUICK)


@pytest.mark.parametrize(
    ("right", "mistaken"),
    [
        ("inside = inside + redis.call('ZCARD', key_of(room))", "inside = redis.call('ZCARD', key_of(room))"),
        ("inside < ask.count", "inside <= ask.count"),
        ("local ends = redis.call('ZSCORE', key_of(room), 'r' .. unit)", "local ends = nil"),
        ("redis.call('ZREM', key_of(unit.room), 'r' .. unit.name)", "redis.call('ZREM', key_of(unit.room), unit.name)"),
    ],
)
def test_a_script_with_a_mistake_is_found_out(walk, mistake, right, mistaken):
    mistake(right, mistaken)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(walk, settings=settings(QUICK, max_examples=200, phases=[Phase.generate]))


def told_late(walk):
    walk.reserve(0, "few", "ada", wanted=2, counts=10, hold=9, is_lost=False)
    walk.time_passes(8)
    walk.confirm(0, 0)
    walk.confirm(0, 1)
    walk.time_passes(5)
    walk.reserve(1, "few", "ada", wanted=2, counts=10, hold=9, is_lost=False)


def told_twice(walk):
    walk.reserve(0, "few", "ada", wanted=2, counts=10, hold=5, is_lost=False)
    walk.time_passes(1)
    walk.confirm(0, 0)
    walk.time_passes(4)
    walk.confirm(1, 0)
    walk.time_passes(7)
    walk.reserve(1, "few", "ada", wanted=2, counts=10, hold=9, is_lost=False)


@pytest.mark.parametrize(
    ("way", "right", "mistaken"),
    [
        (told_late, "math.max(0, now - unit.reserved)", "0"),
        (told_twice, "if redis.call('ZSCORE', key, 'c' .. unit.name) then", "if false then"),
    ],
)
def test_a_script_with_a_mistake_that_shows_seldom_is_found_out_on_the_way_to_it(walk, mistake, way, right, mistaken):
    way(walk())
    mistake(right, mistaken)
    with pytest.raises(AssertionError):
        way(walk())
