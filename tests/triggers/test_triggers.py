"""What triggers promise: a second look before anything goes out, and nothing twice. Who breaks it is caught."""

import json
import logging
import sqlite3
import subprocess
import sys

import pytest

import tactful
from shoes.story import NEAR, POLICY, Phones
from tactful.authoring import compile_files
from tactful_adapters.triggers import Journal, Note, Outcome, Sent, Started, Triggers

from .conftest import LOOKED

#: A trigger that no cap holds back and that starts something once an hour.
MOVED = """
triggers: {moved: {event: Ticket Moved, placement: push.note, port: push, lasts: 6h, properties: {answered: answered}}}
"""


def shoes(more=""):
    """The example's policy, with more."""
    return compile_files({"policy.yaml": (POLICY / "policy.yaml").read_bytes(), "more.yaml": more.encode()})


SHOES = shoes(MOVED)


class Phone:
    """An outbound that does as it is told, and remembers what it was handed."""

    def __init__(self, *outcomes):
        self.outcomes, self.notes = list(outcomes), []

    def send(self, note):
        self.notes.append(note)
        outcome = self.outcomes.pop(0) if self.outcomes else Outcome.TAKEN
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class House:
    """A shop whose customer Ann looked at shoes a week ago, and what waits and goes out there."""

    def __init__(self, folder, clock, triggers=Triggers, journal=Journal, outcomes=()):
        self.clock, self.phone, self.folder = clock, Phone(*outcomes), folder
        self.edge, self.elsewhere = (self.opened() for _ in range(2))
        self.journal = journal(folder / "triggers.db")
        self.triggers = triggers(
            self.edge, {"push": self.phone}, journal=self.journal, address=Phones(), clock=clock, jitter=lambda: 1
        )
        self.event("Size Missing", LOOKED, {"Offers": True, "Location": True})
        clock.wait(days=7)

    def opened(self):
        return tactful.open(SHOES, store=f"sqlite:///{self.folder / 'edge.db'}", clock=self.clock)

    def event(self, name, fields, preferences=None, id_=None):
        id_ = id_ or f"{name}/{self.clock()}"
        kind = tactful.EventKind.TRACK
        event = tactful.Event(
            id_, kind, self.clock(), user="ann", name=name, fields=fields, preferences=preferences or {}
        )
        self.edge.hear([event])
        return self.triggers.heard([event])

    def near(self, id_=None):
        return self.event("Fence Entered", NEAR, id_=id_)

    def close(self):
        self.edge.close()
        self.elsewhere.close()
        self.journal.close()


@pytest.fixture
def house_of(tmp_path, clock):
    opened = []

    def house(**more):
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(House(folder, clock, **more))
        return opened[-1]

    yield house
    for one in opened:
        one.close()


# The two promises, and their mutants.


def second_look(house):
    """Who says no after the event, in another process, hears nothing."""
    assert house.near() == {Started.WAITING: 1}
    house.elsewhere.opt_out("ann", "location")
    assert house.triggers.send_due() == Sent(held=1)
    assert house.phone.notes == []


def once(house):
    """An event that comes again sends nothing again; no cap would keep it."""
    for number in (1, 1, 2, 1):
        house.event("Ticket Answered", {"answered": True}, id_=f"ticket-{number}")
        house.triggers.send_due()
    assert len(house.phone.notes) == 2


def seldom(house):
    """Another event right after one starts nothing; no cap would keep it."""
    for minute in range(12):
        house.event("Ticket Moved", {"answered": True}, id_=f"ticket-{minute}")
        house.triggers.send_due()
        house.clock.wait(minutes=10)
    assert len(house.phone.notes) == 2


def doubt(house):
    """What may have gone out is not sent again."""
    house.phone.outcomes = [TimeoutError("ann's gateway")]
    house.near()
    assert house.triggers.send_due() == Sent(doubtful=1)
    for _ in range(5):
        house.clock.wait(minutes=5)
        assert house.triggers.send_due() == Sent()
    assert len(house.phone.notes) == 1


class NoSecondLook(Triggers):
    def _looked_again(self, trigger, note):
        return self._edge.decide(trigger.placement, note.who, note.moment)


class WithWhatWasKnown(Triggers):
    def _start(self, trigger, event, who, moment):
        self.first = self._edge.decide("push.note", who, moment)
        return super()._start(trigger, event, who, moment)

    def _looked_again(self, trigger, note):
        return self.first


class WithoutIds(Journal):
    def key(self, trigger, event):
        return super().key(trigger, f"{event}/{self.counts()}")


class WithoutWindow(Journal):
    def add(self, note, customer, count, within_us):
        return super().add(note, customer, count, 0)


class Insistent(Triggers):
    def _handed_over(self, port, note):
        outcome = super()._handed_over(port, note)
        return Outcome.LATER if outcome is Outcome.DOUBTFUL else outcome


class Unreserved(Journal):
    def reserve(self, key, token):
        return True

    def settle(self, key, state):
        """Keep nothing."""

    def recorded(self, key):
        """Keep nothing."""


@pytest.mark.parametrize("promise", [second_look, once, seldom, doubt])
def test_it_is_promised(house_of, promise):
    promise(house_of())


@pytest.mark.parametrize(
    ("promise", "mutant"),
    [
        (second_look, {"triggers": NoSecondLook}),
        (second_look, {"triggers": WithWhatWasKnown}),
        (once, {"journal": WithoutIds}),
        (seldom, {"journal": WithoutWindow}),
        (doubt, {"triggers": Insistent}),
        (doubt, {"journal": Unreserved}),
    ],
)
def test_who_breaks_a_promise_is_caught(house_of, promise, mutant):
    house = house_of(**mutant)
    with pytest.raises(AssertionError):
        promise(house)


# What becomes of notes.


@pytest.mark.parametrize("strict", ["true", "false"])
def test_a_cap_for_everyone_holds_for_notes(tmp_path, clock, strict):
    rule = f"caps: {{total: {{of: all, channels: [push], per: everyone, count: 1, within: day, strict: {strict}}}}}\n"
    phone = Phone()
    with tactful.open(shoes(rule), clock=clock) as edge, Journal(tmp_path / "journal") as journal:
        triggers = Triggers(edge, {"push": phone}, journal=journal, address=Phones(), clock=clock)
        for who in ("ann", "bob"):
            fields, kind = {"answered": True}, tactful.EventKind.TRACK
            triggers.start(tactful.Event(who, kind, clock(), user=who, name="Ticket Answered", fields=fields))
        sent = triggers.send_due()
    assert (sent.sent, len(phone.notes)) == (1, 1)


def test_what_is_not_taken_is_tried_again_later_each_time_after_a_second_look(house_of):
    house = house_of(outcomes=[Outcome.LATER, Outcome.LATER])
    house.near()
    tries = []
    for minute in range(10):
        tries += [minute] if house.triggers.send_due() != Sent() else []
        house.clock.wait(minutes=1)
    assert tries == [0, 1, 2]  # after half a minute, and a minute
    assert {note.id for note in house.phone.notes} == {house.phone.notes[0].id}
    assert house.journal.counts() == {"sent": 1}


def test_a_no_between_two_tries_ends_it(house_of):
    house = house_of(outcomes=[Outcome.LATER])
    house.near()
    assert house.triggers.send_due() == Sent(later=1)
    house.elsewhere.opt_out("ann")
    house.clock.wait(minutes=1)
    assert house.triggers.send_due() == Sent(held=1)


def test_what_is_refused_is_not_tried_again_and_counts_under_no_cap(house_of):
    house = house_of(outcomes=[Outcome.REFUSED])
    house.near()
    assert house.triggers.send_due() == Sent(refused=1)
    assert not any(one.event == "shown" for one in house.edge._store.contacts("ann", 0))
    assert house.triggers.send_due() == Sent()


def test_what_went_out_counts_as_shown_in_doubt_too(house_of):
    for outcome in (Outcome.TAKEN, Outcome.DOUBTFUL):
        house = house_of(outcomes=[outcome])
        house.near()
        house.triggers.send_due()
        assert [one.offer for one in house.edge._store.contacts("ann", 0) if one.event == "shown"] == ["near_by"]


def test_a_process_that_dies_while_it_sends_leaves_it_in_doubt_and_counted(house_of):
    house = house_of(outcomes=[KeyboardInterrupt()])
    house.phone.send = lambda note: (_ for _ in ()).throw(KeyboardInterrupt)
    house.near()
    with pytest.raises(KeyboardInterrupt):
        house.triggers.send_due()
    again, phone = house.opened(), Phone()
    with Journal(house.folder / "triggers.db") as journal:
        after = Triggers(again, {"push": phone}, journal=journal, address=Phones(), clock=house.clock)
        assert after.send_due() == Sent()
        assert journal.counts() == {"reserved": 1}
    assert phone.notes == []
    assert [one.event for one in again._store.contacts("ann", 0) if one.event == "shown"] == ["shown"]
    again.close()


def test_two_senders_of_one_journal_send_it_once(house_of):
    house, phone = house_of(), Phone()
    house.near()
    with Journal(house.folder / "triggers.db") as journal:
        other = Triggers(house.elsewhere, {"push": phone}, journal=journal, address=Phones(), clock=house.clock)
        (waiting,) = journal.due(house.clock())
        assert house.triggers.send_due() == Sent(sent=1)
        assert other.send_due() == Sent()
        assert not journal.reserve(waiting.key, "token")
    assert len(house.phone.notes) + len(phone.notes) == 1


def test_where_nobody_knows_nothing_is_said_until_somebody_does(house_of, monkeypatch, caplog):
    house = house_of()
    house.near()
    with monkeypatch.context() as broken, caplog.at_level(logging.DEBUG, "tactful"):
        broken.setattr(house.edge, "warm", lambda _: (_ for _ in ()).throw(OSError("no way to ann")))
        assert house.triggers.send_due() == Sent(unknown=1)
    assert "ann" not in caplog.text
    house.clock.wait(minutes=1)
    assert house.triggers.send_due() == Sent(sent=1)


def test_who_has_no_address_gets_nothing(house_of):
    house = house_of()
    house.triggers._address = lambda *_: None
    house.near()
    assert house.triggers.send_due() == Sent(nowhere=1)


def broken(*_):
    raise OSError("no way to ann")


@pytest.mark.parametrize("address", [broken, lambda *_: "ann@example.com"])
def test_an_address_that_cannot_be_had_holds_up_nobody_and_takes_no_room(house_of, caplog, address):
    house = house_of()
    right, house.triggers._address = house.triggers._address, address
    house.near()
    with caplog.at_level(logging.DEBUG, "tactful"):
        assert house.triggers.send_due() == Sent(unknown=1)
    assert "ann" not in caplog.text
    house.triggers._address = right
    house.clock.wait(minutes=1)
    assert house.triggers.send_due() == Sent(sent=1)


@pytest.mark.parametrize("address", [broken, lambda *_: "ann@example.com", lambda *_: None])
def test_the_room_of_what_did_not_go_out_is_given_back(house_of, monkeypatch, address):
    house = house_of()
    house.triggers._address = address
    house.near()
    given_back = []
    monkeypatch.setattr(house.edge, "release", given_back.append)
    house.triggers.send_due()
    assert [len(decision.picks) for decision in given_back] == [1]


LOCKED = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


def test_a_journal_that_is_opened_twice_keeps_its_locks(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise sqlite3.OperationalError

    with Journal(tmp_path / "j.db") as journal, journal._writing():
        with monkeypatch.context() as without:
            without.setattr(sqlite3, "connect", fails)  # or it would wait for the lock that we have
            with pytest.raises(tactful.StoreError):
                Journal(tmp_path / "j.db")
        command = [sys.executable, "-c", LOCKED, str(tmp_path / "j.db")]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.strip() == "database is locked"
    assert (tmp_path / "j.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("to", ["ann@example.com", "+49 151 1234567", "4915112345678", "", "a" * 201, "a b"])
def test_a_reference_that_could_be_an_address_is_refused(to):
    with pytest.raises(tactful.UsageError, match="reference"):
        Note("1", "push", to, {}, 0)


def test_an_event_that_is_too_old_starts_nothing(house_of):
    house = house_of()
    at_us = house.clock()
    house.clock.wait(minutes=30)
    event = tactful.Event("late", tactful.EventKind.TRACK, at_us, user="ann", name="Fence Entered", fields=NEAR)
    assert house.triggers.start(event) == (Started.LATE,)
    other = tactful.Event("other", tactful.EventKind.PAGE, house.clock(), user="ann", name="Fence Entered")
    assert house.triggers.start(other) == (Started.NOT_MAPPED,)


def test_what_waits_is_bounded_and_forgotten_in_time(house_of):
    house = house_of(journal=lambda path: Journal(path, waiting_max=1))
    assert house.event("Ticket Answered", {"answered": True}, id_="1") == {Started.WAITING: 1}
    assert house.event("Ticket Answered", {"answered": True}, id_="2") == {Started.FULL: 1}
    assert house.triggers.send_due() == Sent(sent=1)
    house.clock.wait(days=4)
    house.triggers.send_due()
    assert house.journal.counts() == {}


def test_who_is_forgotten_is_out_of_the_journal(house_of):
    house = house_of()
    house.near()
    raw = (house.folder / "triggers.db").read_bytes()
    assert b'"ann"' in raw
    assert house.triggers.forget("ann") == 1
    assert b'"ann"' not in (house.folder / "triggers.db").read_bytes()
    assert house.triggers.send_due() == Sent()


def test_an_erasure_at_the_edge_reaches_what_waits_and_what_went_out(house_of):
    house = house_of()
    house.event("Ticket Answered", {"answered": True}, id_="1")
    house.triggers.send_due()
    house.near()
    assert house.journal.counts() == {"sent": 1, "waiting": 1}
    assert dict(house.edge.rights.erase("ann").beside) == {"triggers": 2}
    assert house.journal.counts() == {}
    assert b'"ann"' not in (house.folder / "triggers.db").read_bytes()
    assert house.triggers.send_due() == Sent()


def test_a_note_that_went_out_keeps_nothing_of_whose_it_was(house_of):
    house = house_of()
    house.near()
    house.triggers.send_due()
    with sqlite3.connect(house.folder / "triggers.db") as file:
        assert file.execute("SELECT state, who, moment, token FROM notes").fetchall() == [("sent", "", "", "")]


def test_a_port_that_the_policy_names_and_nobody_gives_is_refused(house_of):
    house = house_of()
    with pytest.raises(tactful.UsageError, match=r"trigger moved: .*the port 'push'; ports= has: sms"):
        Triggers(house.edge, {"sms": house.phone}, journal=house.journal, address=Phones())


# What the policy says of them.


SMS = """
channels: {sms: {privacy: private, outbound: true, escape: none}}
placements: {sms.note: sms}
offers: {by_sms: {intent: inform, topic: question, purpose: service, placements: [sms.note], treatments: Call us}}
triggers:
  by_sms: {event: Ticket Answered, kind: %s, placement: sms.note, port: sms, lasts: 1h, within: 1d%s}
"""


def opened_by(policy, folder, clock, phones):
    edge = tactful.open(policy, clock=clock)
    journal = Journal(folder / "journal")
    return edge, journal, Triggers(edge, phones, journal=journal, address=lambda who, by: f"{by}-1", clock=clock)


def answered(id_, clock, kind=tactful.EventKind.TRACK, **fields):
    return tactful.Event(id_, kind, clock(), user="ann", name="Ticket Answered", fields={"answered": True} | fields)


def test_an_event_starts_all_its_triggers_each_by_its_port(tmp_path, clock):
    phones = {"push": Phone(), "sms": Phone()}
    edge, journal, triggers = opened_by(shoes(SMS % ("track", "")), tmp_path, clock, phones)
    with edge, journal:
        assert triggers.start(answered("1", clock)) == (Started.WAITING, Started.WAITING)
        assert triggers.send_due() == Sent(sent=2)
        assert triggers.start(answered("2", clock)) == (Started.REPEATED, Started.WAITING)  # one a day, by SMS
    assert [(note.channel, note.to) for phone in phones.values() for note in phone.notes] == [
        ("push", "push-1"),
        ("sms", "sms-1"),
    ]


@pytest.mark.parametrize(
    ("when", "started"),
    [
        ("context.answered", Started.WAITING),
        ("!context.answered", Started.UNMET),
        ("context.shop == 'x'", Started.UNMET),
    ],
)
def test_a_condition_has_to_hold_surely(tmp_path, clock, when, started):
    more = SMS % ("page", f", properties: {{'it.was': answered, where: shop}}, when: \"{when}\"")
    phones = {"push": Phone(), "sms": Phone()}
    edge, journal, triggers = opened_by(shoes(more), tmp_path, clock, phones)
    with edge, journal:
        event = answered("1", clock, tactful.EventKind.PAGE, it={"was": True})
        assert triggers.start(event) == (started,)
        assert triggers.start(answered("2", clock, tactful.EventKind.PAGE)) == (Started.UNMET,)  # it tells nothing


def test_a_new_policy_counts_from_its_first_event_on(tmp_path, clock):
    phone = Phone()
    edge, journal, triggers = opened_by(SHOES, tmp_path, clock, {"push": phone})
    with edge, journal:
        assert triggers.start(answered("1", clock)) == (Started.WAITING,)
        assert triggers.start(answered("2", clock)) == (Started.WAITING,)
        edge.update(without_tickets("by_mail"))
        assert triggers.start(answered("3", clock)) == (Started.NO_PORT,)
        assert triggers.send_due() == Sent(nowhere=2)
        edge.update(without_tickets("push", event="Ticket Closed"))
        assert triggers.start(answered("4", clock)) == (Started.NOT_MAPPED,)


def without_tickets(port, event="Ticket Answered"):
    written = (POLICY / "policy.yaml").read_text(encoding="utf-8")
    return compile_files(
        {"policy.yaml": written.replace("{event: Ticket Answered,", f"{{port: {port}, event: {event},").encode()}
    )


def test_what_waits_for_a_trigger_that_is_gone_is_dropped(house_of):
    house = house_of()
    assert house.event("Ticket Moved", {"answered": True}) == {Started.WAITING: 1}
    house.edge.update(shoes())
    assert house.triggers.send_due() == Sent(held=1)


def test_what_waits_for_a_port_that_is_gone_is_dropped(house_of):
    house = house_of()
    assert house.event("Ticket Moved", {"answered": True}) == {Started.WAITING: 1}
    house.edge.update(shoes(MOVED.replace("port: push", "port: sms")))
    assert house.triggers.send_due() == Sent(nowhere=1)


def test_so_many_in_a_time_and_no_more_and_then_again(house_of):
    house = house_of()
    house.edge.update(shoes(MOVED.replace("Moved,", "Moved, count: 3, within: 1h,")))
    started = []
    for number in range(12):
        (fate,) = house.event("Ticket Moved", {"answered": True}, id_=f"t{number}")
        started.append(fate is Started.WAITING)
        house.clock.wait(minutes=10)
    assert [sum(started[n : n + 6]) for n in range(7)] == [3] * 7


def test_another_file_is_no_journal(tmp_path):
    (tmp_path / "text").write_text("not a journal" * 99)
    with pytest.raises(tactful.StoreError):
        Journal(tmp_path / "text")
    with sqlite3.connect(tmp_path / "other.db") as file:
        file.execute("CREATE TABLE other (x)")
    with pytest.raises(tactful.UsageError, match="no journal of triggers"):
        Journal(tmp_path / "other.db")


def test_every_outcome_has_its_count(house_of):
    house = house_of()
    outcomes = {outcome.value for outcome in Outcome} - {"taken"}
    assert outcomes <= set(Sent.__annotations__)
    assert house.triggers.send_due() == Sent()
    assert json.loads(json.dumps(Note("1", "push", "p1", {"title": "x"}, 2).as_dict()))["content"] == {"title": "x"}
