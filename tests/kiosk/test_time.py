"""Whatever is done to a kiosk's clock, no pack grows fresher; a clock that ran ahead costs one pack at most."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kiosk.conftest import NOON_US, STRANGER, shown, title

from tactful import MemoryStore
from tactful.clock import DAY_US, SECOND_US, SKEW_US
from tactful.kiosk.time_line import TimeLine
from tactful.testing.clocks import FakeClock

DAY_S = 86_400
UNKNOWN = "how old the pack is cannot be told"


class Machine:
    """A machine with a clock, a name for each boot, and a disk that outlives them."""

    def __init__(self, *, keeps_time=False):
        self.clock, self.disk, self.keeps_time, self.boots = FakeClock(NOON_US), MemoryStore(), keeps_time, 0
        self.true_us = NOON_US
        self.start()

    def start(self):
        self.boots += 1
        self._began_us = self.clock.steady_us()
        self.line = TimeLine(
            self.disk, self.clock, keeps_time=self.keeps_time, steady=self.steady, of=f"boot {self.boots}"
        )

    def steady(self):
        return self.clock.steady_us() - self._began_us

    def another_process(self):
        return TimeLine(self.disk, self.clock, keeps_time=self.keeps_time, steady=self.steady, of=f"boot {self.boots}")

    def pass_s(self, seconds):
        self.clock.pass_s(seconds)
        self.true_us += int(seconds * SECOND_US)

    def off_s(self, seconds, *, shown_us=None):
        """Switch the machine off for a while; its clock then shows what it shows."""
        self.line.keep()
        self.true_us += int(seconds * SECOND_US)
        self.clock.now_us = self.true_us if shown_us is None else shown_us
        self.start()


def test_a_consent_is_as_old_as_the_pack_whatever_the_clock_is_set_to(opened, clock):
    edge = opened()
    assert shown(edge) == "Ada, your olives"
    clock.pass_s(2 * DAY_S)
    assert shown(edge) == "Ada, your olives"
    clock.pass_s(2 * DAY_S)  # the guardrail's fresh_for is three days
    assert title(edge.decide("screen", "ada")) == STRANGER
    clock.set_s(-4 * DAY_S)
    assert title(edge.decide("screen", "ada")) == STRANGER
    assert shown(edge) == STRANGER


def test_a_clock_that_is_set_forward_ages_a_pack_and_set_right_again_does_not_make_it_young(opened, clock):
    edge = opened()
    clock.set_s(4 * DAY_S)
    assert shown(edge) == STRANGER
    clock.set_s(-4 * DAY_S)
    assert shown(edge) == STRANGER


def test_a_newer_pack_heals_a_clock_that_ran_years_ahead(opened, clock, make):
    own = MemoryStore()
    edge = opened(store=own, keeps_time=True)
    clock.set_s(3650 * DAY_S)
    assert any("expired" in one for one in edge.decide("screen", "ada").careful)
    edge.close()
    clock.set_s(-3650 * DAY_S)  # the machine is started anew with a clock that is right
    clock.pass_s(8 * DAY_S)
    assert shown(opened(make(epoch=2, issued_us=clock()), store=own, keeps_time=True)) == "Ada, your olives"


def test_after_a_start_with_a_dead_clock_nobody_is_known_and_it_says_so(opened, clock, make):
    own = MemoryStore()
    edge = opened(store=own, keeps_time=True)
    assert shown(edge) == "Ada, your olives"
    edge.close()
    clock.now_us = 0
    edge = opened(make(), store=own, keeps_time=True)
    assert shown(edge) == STRANGER
    assert any(UNKNOWN in one for one in edge.decide("screen", "ada").careful)
    assert edge.status()["pack"]["age_s"] is None


def test_without_a_clock_that_keeps_time_a_pack_is_fresh_in_the_boot_in_which_it_came():
    machine = Machine()
    machine.line.follow(1, NOON_US + 7 * DAY_US, is_new=True, issued_us=NOON_US)
    assert machine.line.tells_age(NOON_US)
    another = machine.another_process()
    another.follow(1, NOON_US + 7 * DAY_US, is_new=False, issued_us=NOON_US)
    assert another.tells_age(NOON_US)
    machine.off_s(60)
    machine.line.follow(1, NOON_US + 7 * DAY_US, is_new=False, issued_us=NOON_US)
    assert not machine.line.tells_age(NOON_US)
    machine.pass_s(3600)
    machine.line.follow(2, NOON_US + 9 * DAY_US, is_new=True, issued_us=machine.true_us)
    assert machine.line.tells_age(machine.true_us)


def test_while_the_machine_sleeps_time_passes():
    machine = Machine()
    machine.line.follow(1, NOON_US + 7 * DAY_US, is_new=True, issued_us=NOON_US)
    machine.pass_s(3 * DAY_S)  # the steady clock goes on in a suspended machine
    machine.clock.set_s(-3 * DAY_S)
    assert machine.line() == NOON_US + 3 * DAY_US


def test_a_pack_from_a_time_to_come_is_not_known_to_be_fresh():
    machine = Machine(keeps_time=True)
    machine.line.follow(1, NOON_US + 30 * DAY_US, is_new=True, issued_us=NOON_US + DAY_US)
    assert not machine.line.tells_age(NOON_US + DAY_US)


def test_a_clock_that_was_behind_a_pack_is_made_right_by_setting_it_and_not_by_waiting():
    machine = Machine()
    machine.off_s(5 * DAY_S, shown_us=NOON_US)  # it goes on where it stood
    issued_us = machine.true_us
    machine.line.follow(1, issued_us + 30 * DAY_US, is_new=True, issued_us=issued_us)
    for line in (machine.line, machine.another_process()):
        line.follow(1, issued_us + 30 * DAY_US, is_new=False, issued_us=issued_us)
        assert not line.tells_age(issued_us)
    machine.pass_s(5 * DAY_S)  # by its own account the pack is a moment old now
    for line in (machine.line, machine.another_process()):
        line.follow(1, issued_us + 30 * DAY_US, is_new=False, issued_us=issued_us)
        assert not line.tells_age(issued_us)
    machine.clock.set_s(5 * DAY_S)
    assert machine.line() == machine.true_us
    assert machine.line.tells_age(issued_us)


def test_a_new_pack_that_lay_there_while_the_machine_was_off_tells_nothing():
    machine = Machine()
    issued_us = machine.true_us
    machine.line.follow(0, issued_us + 7 * DAY_US, is_new=True, issued_us=issued_us)
    machine.off_s(10 * DAY_S, shown_us=issued_us)
    machine.line.follow(1, issued_us + 30 * DAY_US, is_new=True, issued_us=issued_us)
    assert not machine.line.tells_age(issued_us)


def test_a_new_pack_that_is_there_when_a_process_is_started_anew_counts_as_having_come():
    machine = Machine()
    machine.pass_s(DAY_S)
    machine.line.keep()
    machine.line = machine.another_process()
    machine.line.follow(1, NOON_US + 30 * DAY_US, is_new=True, issued_us=NOON_US)
    assert machine.line.tells_age(NOON_US)


def test_no_new_pack_is_younger_than_it_is_whether_it_lay_there_or_was_brought():
    rng, told = random.Random(7), 0  # noqa: S311 - no secret
    for _ in range(500):
        machine, epoch, issued_us = Machine(), 1, NOON_US
        machine.line.follow(1, NOON_US + 30 * DAY_US, is_new=True, issued_us=NOON_US)
        for what in rng.choices(("pass", "set", "off", "lies", "brought"), k=12):
            is_new, stood_us = what in ("lies", "brought"), machine.clock.now_us
            if what == "pass":
                machine.pass_s(rng.choice((60, 3600, DAY_S)))
            elif what == "set":
                machine.clock.set_s(rng.choice((-(10**6), -3600, 3600, 10**6)))
            if is_new:
                epoch, issued_us = epoch + 1, machine.true_us
            if what in ("off", "lies"):
                machine.off_s(rng.choice((60, 3600, 5 * DAY_S)), shown_us=rng.choice((None, 0, stood_us)))
            if what not in ("pass", "set"):
                expires_us = issued_us + 30 * DAY_US
                machine.line.follow(epoch, expires_us, is_new=is_new, issued_us=issued_us)
            if machine.line.tells_age(issued_us):
                told += 1
                assert machine.line() >= machine.true_us - SKEW_US
    assert told > 500  # it is told in many of them


def left_off(machine):
    """A pack of another place was made, and the machine was off for ten days with a clock that stood still."""
    machine.line.follow(0, NOON_US + 7 * DAY_US, is_new=True, issued_us=NOON_US)
    machine.pass_s(3600)
    made_us = machine.true_us - 60 * SECOND_US
    machine.off_s(10 * DAY_S, shown_us=machine.clock.now_us)
    return made_us


def test_a_pack_that_is_brought_and_was_made_before_the_machine_was_off_tells_nothing():
    machine = Machine()
    made_us = left_off(machine)
    machine.line.follow(1, made_us + 30 * DAY_US, is_new=True, issued_us=made_us)
    assert not machine.line.tells_age(made_us)


def test_nor_does_it_in_a_later_process_of_the_same_boot():
    machine = Machine()
    made_us = left_off(machine)
    machine.line.keep()
    machine.line = machine.another_process()
    machine.line.follow(1, made_us + 30 * DAY_US, is_new=True, issued_us=made_us)
    assert not machine.line.tells_age(made_us)
    machine.pass_s(DAY_S)
    assert not machine.line.tells_age(made_us)


def test_with_a_clock_that_keeps_time_it_is_as_old_as_that_clock_says():
    machine = Machine(keeps_time=True)
    machine.line.follow(0, NOON_US + 7 * DAY_US, is_new=True, issued_us=NOON_US)
    machine.off_s(2 * DAY_S)
    machine.line.follow(1, NOON_US + 30 * DAY_US, is_new=True, issued_us=NOON_US)
    assert machine.line.tells_age(NOON_US)
    assert machine.line() == machine.true_us


def test_one_that_is_made_after_that_counts_once_the_clock_is_set_right():
    machine = Machine()
    left_off(machine)
    machine.clock.now_us = machine.true_us
    machine.line.follow(1, machine.true_us + 30 * DAY_US, is_new=True, issued_us=machine.true_us - DAY_US)
    assert machine.line.tells_age(machine.true_us - DAY_US)
    assert machine.line() == machine.true_us


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(0, 3 * DAY_S)),
        st.tuples(st.just("set"), st.integers(-4000 * DAY_S, 4000 * DAY_S)),
        st.tuples(st.just("off"), st.integers(0, 30 * DAY_S)),
        st.tuples(st.just("dead"), st.integers(0, 30 * DAY_S)),
        st.tuples(st.just("process"), st.just(0)),
    ),
    max_size=12,
)


def walked(steps, machine, check):
    issued_us, expires_us = NOON_US, NOON_US + 7 * DAY_US
    machine.line.follow(1, expires_us, is_new=True, issued_us=issued_us)
    for what, seconds in steps:
        if what == "pass":
            machine.pass_s(seconds)
        elif what == "set":
            machine.clock.set_s(seconds)
            machine.clock.now_us = max(machine.clock.now_us, 0)
        elif what == "process":
            machine.line.keep()
            machine.line = machine.another_process()
            machine.line.follow(1, expires_us, is_new=False, issued_us=issued_us)
        else:
            machine.off_s(seconds, shown_us=0 if what == "dead" else None)
            machine.line.follow(1, expires_us, is_new=False, issued_us=issued_us)
        now_us = machine.line()
        if machine.line.tells_age(issued_us):
            check(now_us - issued_us, machine.true_us - issued_us)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_no_walk_of_clocks_boots_and_processes_makes_a_pack_younger_than_it_is(steps):
    def check(age_us, true_age_us):
        assert age_us >= true_age_us

    walked(steps, Machine(), check)


def test_the_control_that_believes_the_wall_clock_is_fooled():
    class Believing(TimeLine):
        def __call__(self):
            return self._clock()

    machine, found = Machine(), []
    machine.line = Believing(machine.disk, machine.clock, steady=machine.steady, of="boot 1")
    walked([("pass", 2 * DAY_S), ("set", -DAY_S)], machine, lambda age_us, true_us: found.append(age_us >= true_us))
    assert found == [True, False]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(-(10**6), 10**6)), max_size=30))
def test_the_clock_of_a_kiosk_never_goes_back(moves):
    machine = Machine()
    machine.line.follow(1, NOON_US + 7 * DAY_US, is_new=True, issued_us=NOON_US)
    before = machine.line()
    for is_set, seconds in moves:
        if is_set:
            machine.clock.set_s(seconds)
        else:
            machine.pass_s(abs(seconds))
        assert machine.line() >= before
        before = machine.line()
