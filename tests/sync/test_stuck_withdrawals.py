"""A withdrawal is never given up: whatever the centre makes of it, it is passed over, kept, and tried again."""

from itertools import pairwise

import pytest

from tactful import CentreError, Contact, MemoryCentre, MemoryStore, OutboxLimits
from tactful.sync import following, outgoing
from tactful.sync.outgoing import Outgoing
from tactful.sync.retrying import Retrying
from tactful.testing.faulty_centres import FlappingCentre, WrappedCentre
from tactful_adapters.sqlite import SQLiteStore

from .conftest import known, title, yes


class FailsAt(WrappedCentre):
    """A centre that breaks when it is given an event that is picked."""

    def __init__(self, inner, picked):
        super().__init__(inner)
        self.picked, self.tries = picked, 0

    def deliver(self, events):
        if any(map(self.picked, events)):
            self.tries += 1
            raise OSError("cannot store it")
        return super().deliver(events)


def is_ada_s_no(event):
    return event.event == "withdrawal" and event.customer == "ada"


def is_no(event):
    return event.event == "withdrawal"


def nobody(_):
    return False


def waits(store, who="ada"):
    """All that waits of a customer, what is passed over and what waits behind it too."""
    return sorted((one.event for one in store._outbox.of([who])), key=lambda event: event != "withdrawal")


def arrived(centre, who):
    return [one.event for one in centre.events if one.customer == who]


def survives(open_edge, centre, clock):
    """Ada's no fails again and again, holds up nobody but her, and arrives in the end, before what she said later."""
    store = MemoryStore(clock=clock)
    broken = FailsAt(centre, is_ada_s_no)
    edge = open_edge(store, at=broken)
    edge.opt_out("ada")
    clock.pass_s(1)
    edge.opt_in("ada", "offers")
    edge.opt_out("bob")
    for _ in range(10):
        edge.observe("eve", "purchase")
        edge.sync()
        clock.pass_s(1)
    assert arrived(centre, "bob") == ["withdrawal"]
    assert arrived(centre, "eve") == ["purchase"] * 10
    assert waits(store) == ["withdrawal", "opt_in"]
    assert store.outbox_refused() == ()
    for _ in range(20):  # long after the fifth time
        clock.pass_s(600)
        edge.sync()
    assert waits(store) == ["withdrawal", "opt_in"]
    assert arrived(centre, "ada") == []
    broken.picked = nobody
    clock.pass_s(600)
    edge.sync()
    assert arrived(centre, "ada") == ["withdrawal", "opt_in"]
    assert waits(store) == []


def test_a_withdrawal_at_which_the_centre_fails_is_never_given_up_and_holds_up_nobody_else(open_edge, centre, clock):
    survives(open_edge, centre, clock)


class SetsAside(Outgoing):
    """As it was: after five failures it is set aside, and nothing tries it again."""

    def _put_aside(self, events, codes, why):
        self.outbox.outbox_refuse(codes)


class NeverAgain(Outgoing):
    """It passes over what failed, for good."""

    def _again(self):
        return 0, None


class HoldsUp(Outgoing):
    """It tries the first one for ever, before all others."""

    def _is_to_blame(self, number, event):
        return not is_no(event) and super()._is_to_blame(number, event)


class LetsOvertake(Outgoing):
    """It passes over the withdrawal and not what its customer said later."""

    def step(self):
        taken, outbox = 0, self.outbox
        for number, event in outbox.outbox_take(99):
            try:
                taken += self._send(((number, event),))
            except OSError:
                continue
        return taken


@pytest.mark.parametrize("mutant", [SetsAside, NeverAgain, HoldsUp, LetsOvertake])
def test_the_test_of_survival_notices(open_edge, centre, clock, monkeypatch, mutant):
    monkeypatch.setattr(following, "Outgoing", mutant)
    with pytest.raises(AssertionError):
        survives(open_edge, centre, clock)


def test_a_withdrawal_that_the_centre_refuses_waits_too_and_what_else_it_refuses_is_set_aside(open_edge, clock):
    refused = {"on": True}
    centre = MemoryCentre(clock=clock, refuse=lambda one: "cannot-be-kept" if refused["on"] else None)
    store = MemoryStore(clock=clock)
    edge = open_edge(store, at=centre)
    edge.opt_out("ada")
    edge.observe("bob", "purchase")
    edge.sync()
    assert waits(store) == ["withdrawal"]
    assert [(one.event, code) for one, code in store.outbox_refused()] == [("purchase", "cannot-be-kept")]
    events = edge.status()["centre"]["events"]
    assert (events["withdrawals"]["passed_over"], events["errors"]) == (1, {"cannot-be-kept": 2})
    refused["on"] = False
    clock.pass_s(600)
    assert edge.sync().events == 1
    assert arrived(centre, "ada") == ["withdrawal"]


def test_an_objection_and_a_restriction_are_never_given_up_either_nor_is_what_an_erasure_leaves(
    open_edge, centre, clock
):
    store = MemoryStore(clock=clock)
    broken = FailsAt(centre, is_no)
    edge = open_edge(store, at=broken)
    edge.rights.object_to("ada", "news")
    edge.rights.restrict("bob")
    edge.opt_out("eve")
    edge.rights.erase("eve")
    for _ in range(60):
        edge.observe("al", "purchase")
        edge.sync()
        clock.pass_s(300)
    assert len(arrived(centre, "al")) == 60
    assert [waits(store, who) for who in ("ada", "bob", "eve")] == [["withdrawal"]] * 3
    broken.picked = nobody
    clock.pass_s(600)
    edge.sync()
    assert [arrived(centre, who) for who in ("ada", "bob", "eve")] == [["withdrawal"]] * 3


def test_the_status_shows_withdrawals_by_themselves(open_edge, centre, clock):
    broken = FailsAt(centre, is_ada_s_no)
    edge = open_edge(at=broken)
    of = lambda: edge.status()["centre"]["events"]["withdrawals"]  # noqa: E731 - asked again and again
    none = {"passed_over": 0, "passed_over_oldest_age_s": None, "passed_over_codes": {}}
    assert of() == {"waiting": 0, "oldest_age_s": None, **none}
    edge.opt_out("ada")
    assert of() == {"waiting": 1, "oldest_age_s": 0, **none}
    for _ in range(6):
        edge.observe("eve", "purchase")
        edge.sync()
        clock.pass_s(100)
    passed = {"passed_over": 1, "passed_over_oldest_age_s": 600, "passed_over_codes": {"centre-fails": 1}}
    assert of() == {"waiting": 1, "oldest_age_s": 600, **passed}


def test_it_is_tried_again_later_and_later_and_told_of_each_time(open_edge, centre, clock, monkeypatch):
    monkeypatch.setattr(following, "Retrying", lambda clock, batch: Retrying(clock, batch, chance=lambda _, high: high))
    broken = FailsAt(centre, is_ada_s_no)
    edge = open_edge(at=broken)
    edge.opt_out("ada")
    while not edge.status()["centre"]["events"]["withdrawals"]["passed_over"]:
        edge.observe("eve", "purchase")
        edge.sync()
    tried_at_s = []
    for now_s in range(3_000):
        before = broken.tries
        failed = edge.sync().errors == {"events": "OSError"}
        assert failed == (broken.tries > before)
        tried_at_s += [now_s] * (broken.tries - before)
        clock.pass_s(1)
    pauses = [after - one for one, after in pairwise(tried_at_s)]
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]


def test_a_centre_that_is_down_is_asked_no_more_often_for_what_was_passed_over(open_edge, centre, clock):
    flapping = FlappingCentre(FailsAt(centre, is_no))
    edge = open_edge(at=flapping)
    for n in range(30):
        edge.opt_out(f"customer {n}")
    while edge.status()["centre"]["events"]["withdrawals"]["passed_over"] < 30:
        edge.observe("eve", "purchase")
        edge.sync()
    flapping.down |= {"deliver"}
    for _ in range(5):
        clock.pass_s(600)
        before = flapping.calls["deliver"]
        edge.observe("eve", "purchase")
        assert edge.sync().errors == {"events": "centre-down"}
        assert flapping.calls["deliver"] - before <= 2


def test_what_another_process_has_sent_meanwhile_is_not_sent_again(open_edge, centre, clock):
    store = MemoryStore(clock=clock)
    broken = FailsAt(centre, is_ada_s_no)
    edge = open_edge(store, at=broken)
    edge.opt_out("ada")
    for _ in range(5):
        edge.observe("eve", "purchase")
        edge.sync()
    ((number, _),) = store.outbox_withdrawals(0, 9)
    store.outbox_ack([number])
    tries = broken.tries
    clock.pass_s(600)
    edge.sync()
    assert broken.tries == tries
    assert edge.status()["centre"]["events"]["withdrawals"]["passed_over"] == 0


def test_withdrawals_that_were_set_aside_once_are_taken_up_again(open_edge, centre, clock):
    store = MemoryStore(clock=clock)
    store.record([Contact("1", "ada", "withdrawal", clock(), tags=("offers",))])
    ((number, _),) = store.outbox_take(9)
    store.outbox_refuse({number: "centre-fails"})
    edge = open_edge(store)
    assert edge.sync().events == 1
    assert store.outbox_refused() == ()


def refusing(clock, refused):
    return MemoryCentre(clock=clock, refuse=lambda one: "not-taken" if one.customer in refused else None)


def makes_no_one_wait(open_edge, clock, store, many=5_000):
    """So many that the centre refuses, and one behind them: it arrives in the first pass, with a bounded memory."""
    refused = {f"customer {n}" for n in range(many)}
    inner = refusing(clock, refused)
    centre = FlappingCentre(inner)
    store.record([Contact(f"{n}", f"customer {n}", "withdrawal", clock()) for n in range(many)])
    edge = open_edge(store, at=centre)
    edge.opt_out("ada")
    edge.observe("eve", "purchase")
    assert edge.sync().errors == {}
    assert arrived(inner, "ada") == ["withdrawal"]
    assert arrived(inner, "eve") == ["purchase"]
    assert edge.status()["centre"]["events"]["withdrawals"]["passed_over"] == many
    clock.pass_s(600)
    before = centre.calls["deliver"]
    edge.opt_out("bob")
    edge.sync()
    assert arrived(inner, "bob") == ["withdrawal"]
    assert centre.calls["deliver"] - before <= 2 + many // 500  # in batches, not one by one
    refused.clear()
    clock.pass_s(600)
    assert edge.sync().events == many
    assert edge.status()["centre"]["events"]["withdrawals"]["passed_over"] == 0


@pytest.mark.parametrize("where", [MemoryStore, SQLiteStore])
def test_thousands_that_are_refused_make_no_other_customer_wait(where, open_edge, clock, tmp_path):
    with where(clock=clock) if where is MemoryStore else where(tmp_path / "edge.db", clock=clock) as store:
        makes_no_one_wait(open_edge, clock, store)


class AThousandAtMost(Outgoing):
    """As it was: past a thousand, the next one that is refused holds up all behind it."""

    def _put_aside(self, events, codes, why):
        passed = sum(one.count for one in self.outbox.outbox_passed_counts().values())
        super()._put_aside(events, dict(list(codes.items())[: max(0, 1_000 - passed)]), why)
        if passed >= 1_000:
            raise why


class OneByOne(Outgoing):
    """It tries each alone again."""

    def _again(self):
        self.again._batch = self.again._size = 1
        return super()._again()


@pytest.mark.parametrize("mutant", [AThousandAtMost, OneByOne])
def test_the_test_of_thousands_notices(open_edge, clock, monkeypatch, mutant):
    monkeypatch.setattr(following, "Outgoing", mutant)
    with pytest.raises(AssertionError):
        makes_no_one_wait(open_edge, clock, MemoryStore(clock=clock), 1_500)


def test_who_tries_again_keeps_none_of_them(open_edge, clock):
    refused = {f"customer {n}" for n in range(3_000)}
    store = MemoryStore(clock=clock)
    store.record([Contact(f"{n}", f"customer {n}", "withdrawal", clock()) for n in range(3_000)])
    edge = open_edge(store, at=refusing(clock, refused))
    for _ in range(5):
        edge.sync()
        clock.pass_s(600)
        edge.opt_out("ada")
    kept = edge._following._steps["events"].__self__.again
    assert len(kept._trying) <= 500
    assert not [name for name, value in vars(kept).items() if isinstance(value, dict | list)]


def test_what_is_passed_over_is_the_same_after_a_restart(open_edge, clock, tmp_path):
    refused = {"ada", "bob"}
    told = []
    for _ in range(2):
        with SQLiteStore(tmp_path / "edge.db", clock=clock) as store:
            edge = open_edge(store, at=refusing(clock, refused))
            if not told:
                edge.opt_out("ada")
                edge.opt_out("bob")
                edge.sync()
            told.append(edge.status()["centre"]["events"]["withdrawals"])
            edge.close()
        clock.pass_s(0)
    assert told[0] == told[1]
    assert told[0]["passed_over_codes"] == {"not-taken": 2}
    refused.clear()
    with SQLiteStore(tmp_path / "edge.db", clock=clock) as store:
        assert open_edge(store, at=refusing(clock, refused)).sync().events == 2  # at once: who knows what is so by now


def test_one_that_fails_again_raises_nothing_that_would_hold_up_the_others(open_edge, centre, clock):
    """A worker leaves the centre alone after an error; what is passed over must not have it do so."""
    edge = open_edge(at=FailsAt(centre, is_ada_s_no))
    edge.opt_out("ada")
    while not edge.status()["centre"]["events"]["withdrawals"]["passed_over"]:
        edge.observe("eve", "purchase")
        edge.sync()
    clock.pass_s(600)
    assert edge._following._once("events") == 0
    assert edge.status()["centre"]["events"]["last_error"] == "OSError"


def test_codes_that_a_centre_makes_up_are_told_of_up_to_a_number(open_edge, clock):
    store = MemoryStore(clock=clock)
    store.record([Contact(f"{n}", f"{n}", "withdrawal", clock()) for n in range(30)])
    words = iter([*"abcdefghijklmnopqrstuvwxyz", "aa", "bb", "cc", "dd"])
    centre = MemoryCentre(clock=clock, refuse=lambda _: next(words))
    edge = open_edge(store, at=centre)
    edge.sync()
    assert next(words, None) is None  # each was asked about once
    codes = edge.status()["centre"]["events"]["withdrawals"]["passed_over_codes"]
    assert (len(codes), sum(codes.values())) == (21, 30)


def test_what_is_a_withdrawal_here_is_what_an_outbox_never_drops():
    assert OutboxLimits.classes[outgoing._WITHDRAWAL] == "withdrawal"


def test_a_pause_is_no_shorter_than_the_centre_wants(clock):
    store = MemoryStore(clock=clock)
    store.record([Contact("1", "ada", "withdrawal", clock())])
    ((number, _),) = store.outbox_take(9)
    again = Retrying(clock, 9, chance=lambda low, _: low)
    assert again.next(store) == []
    store.outbox_pass_over({number: "busy"})
    again.put([number], CentreError("busy", retry_after_s=90))
    clock.pass_s(89)
    assert again.next(store) == ()
    clock.pass_s(1)
    assert [one for one, _ in again.next(store)] == [number]


def test_what_is_passed_over_during_a_round_waits_for_the_next(clock):
    store = MemoryStore(clock=clock)
    store.record([Contact(f"{n}", f"{n}", "withdrawal", clock()) for n in range(6)])
    numbers = [number for number, _ in store.outbox_take(9)]
    again = Retrying(clock, 2, chance=lambda _, high: high)
    store.outbox_pass_over(dict.fromkeys(numbers[:3], "no"))
    again.answered(page := again.next(store), 0)
    assert [one for one, _ in page] == numbers[:2]
    store.outbox_pass_over(dict.fromkeys(numbers[3:], "no"))
    again.put(numbers[3:], CentreError("no"))
    again.answered(page := again.next(store), 0)
    assert [one for one, _ in page] == numbers[2:3]
    assert list(again.next(store)) == []
    clock.pass_s(1)
    assert [one for one, _ in again.next(store)] == numbers[:2]


def test_a_yes_after_the_no_counts_once_both_have_arrived(open_edge, centre, clock):
    centre.put_consents("ada", known(yes()))
    broken = FailsAt(centre, is_ada_s_no)
    here, there = open_edge(at=broken), open_edge()
    here.sync()
    here.opt_out("ada")
    clock.pass_s(1)
    here.opt_in("ada", "offers")
    for _ in range(7):
        here.observe("eve", "purchase")
        here.sync()
    broken.picked = nobody
    clock.pass_s(600)
    here.sync()
    there.sync()
    assert title(there) == title(here) is not None
