"""How fresh consents are: no clock that is set, no reboot and no silence ever makes them younger."""

from tactful import MemoryStore
from tactful.sync.heard import HEARD_REGISTER, Heard, WatchedClock, boot, steady_clock

from .conftest import FRESH_S, NAMED, PLAIN, FakeClock, ada, at_once, known, title, yes


class Machine:
    """A wall clock that can be set, beside one that only passes."""

    def __init__(self):
        self.wall, self.steady, self.store = FakeClock(), FakeClock(), MemoryStore()

    def heard(self, of="boot-1"):
        return Heard(self.store, self.wall, steady=self.steady, of=of)

    def pass_s(self, seconds):
        self.wall.pass_s(seconds)
        self.steady.pass_s(seconds)


def test_the_age_is_that_of_the_last_word_however_the_wall_clock_is_set():
    machine = Machine()
    heard = machine.heard()
    assert heard.age_us() is None
    heard.hear(heard.begin())
    machine.pass_s(100)
    for set_s in (0, -50, +(10**6), -(2 * 10**6)):
        machine.wall.pass_s(set_s)
        assert heard.age_us() == 100_000_000
        assert heard.at_us(machine.wall()) == machine.wall() - 100_000_000


def test_it_outlives_the_process_and_other_processes_hear_of_it_but_not_the_boot():
    machine = Machine()
    heard, other = machine.heard(), machine.heard()
    heard.hear(heard.begin())
    machine.pass_s(60)
    assert machine.heard().age_us() == other.age_us() == 60_000_000
    assert machine.heard("boot-2").age_us() is None
    machine.steady.now_us = 5  # the same name, and a clock that began anew
    assert machine.heard().age_us() is None


def test_it_is_kept_now_and_then_and_never_makes_anything_younger():
    machine = Machine()
    heard, kept = machine.heard(), []
    raise_register = machine.store.raise_register
    machine.store.raise_register = lambda *said: kept.append(said) or raise_register(*said)
    for _ in range(60):
        heard.hear(heard.begin())
        machine.pass_s(1)
    assert len(kept) == 2
    assert heard.age_us() == 1_000_000
    assert machine.heard().age_us() >= heard.age_us()


def test_a_damaged_mark_tells_nothing():
    machine = Machine()
    machine.store.claim_register(HEARD_REGISTER + "boot-1", b"yesterday")
    assert machine.heard().age_us() is None


def test_a_clock_that_is_set_back_is_noticed_at_the_next_reading():
    machine, told = Machine(), []
    clock = WatchedClock(machine.wall, machine.heard())
    clock.when_set_back = lambda: told.append(machine.wall())
    for _ in range(3):
        machine.pass_s(10)
        clock()
    machine.wall.pass_s(3600)
    clock()
    assert told == []
    machine.wall.pass_s(-3600)
    assert clock() == machine.wall()
    assert told == [machine.wall()]
    machine.pass_s(1)
    clock()
    assert len(told) == 1


def test_small_steps_back_add_up():
    machine, told = Machine(), []
    clock = WatchedClock(machine.wall, machine.heard())
    clock.when_set_back = lambda: told.append(1)
    for _ in range(30):
        machine.pass_s(1)
        machine.wall.pass_s(-0.1)
        clock()
    assert len(told) == 2


def test_an_edge_whose_clock_is_set_back_is_no_more_sure_of_consents(open_edge, centre, clock):
    edge = open_edge()
    centre.put_profile(ada())
    centre.put_consents("ada", known(yes()))
    edge.sync()
    clock.pass_s(FRESH_S / 2)
    assert title(edge) == NAMED
    clock.pass_s(-FRESH_S / 2)
    assert at_once(edge) == {"title": PLAIN}
    assert title(edge) == PLAIN
    edge.sync()
    assert title(edge) == NAMED


def test_the_machine_has_a_steady_clock_and_a_boot():
    first = steady_clock()
    assert first <= steady_clock()
    assert boot() == boot()
