"""Events that no journal can keep as they are: ids with half a character, times of no clock, values of no type."""

import sqlite3

import pytest

import tactful
from tactful.authoring import compile_files
from tactful.clock import SKEW_US
from tactful_adapters.triggers import Journal, Sent, Started, Triggers
from tactful_adapters.triggers.journal import Waiting

from .test_triggers import Phone

POLICY = b"""
channels: {mail: {privacy: private, outbound: true}}
placements: {letter: mail}
topics: {food: {}}
context: {n: int, x: number, page: text}
purposes: {offers: {basis: consent, say: choose offers for you}}
triggers: {left: {event: Left, placement: letter, port: post, count: 100, properties: {n: n, x: x, page: page}}}
offers: {note: {intent: sell, topic: food, value: 3, treatments: Note}}
"""


@pytest.fixture
def post():
    return Phone()


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.db") as opened:
        yield opened


@pytest.fixture
def triggers(journal, post, clock):
    given = {"profiles": lambda _: {}, "consents": lambda _: {"offers": "explicit"}}
    with tactful.open(compile_files({"policy.yaml": POLICY}), clock=clock, **given) as edge:
        yield Triggers(edge, {"post": post}, journal=journal, address=lambda *_: "x", clock=clock)


def left(clock, **given):
    told = {"id": "e", "at_us": clock(), "user": "ann", "name": "Left", **given}
    return tactful.Event(kind=tactful.EventKind.TRACK, **told)


@pytest.mark.parametrize("who", [{"user": "\ud800"}, {"user": "", "anonymous": "a\udfff"}])
def test_an_id_with_half_a_character_is_nobody_s(triggers, clock, journal, who):
    assert triggers.start(left(clock, **who)) == (Started.NOT_MAPPED,)
    assert journal.counts() == {}


def no_token(_):
    return "\ud800".encode()


def test_a_note_whose_token_cannot_be_made_holds_up_no_other(triggers, clock, journal, post, monkeypatch):
    for number, who in enumerate(("\ud800", "ann")):
        note = Waiting(bytes([number]), "left", who, {}, clock() + number, clock() + 10**9)
        journal.add(note, who, 9, 9)
    token = tactful.Decision.token.fget
    of_whom = property(lambda one: no_token(one) if one.receipt().customer == "\ud800" else token(one))
    monkeypatch.setattr(tactful.Decision, "token", of_whom)
    clock.wait(seconds=1)
    assert triggers.send_due() == Sent(nowhere=1, sent=1)
    assert len(post.notes) == 1
    assert journal.counts() == {"dropped": 1, "sent": 1}


def test_a_customer_whom_no_ledger_keeps_holds_up_no_other(triggers, clock, monkeypatch):
    record = triggers._edge.record
    monkeypatch.setattr(triggers._edge, "record", no_token)
    triggers.start(left(clock))
    assert triggers.send_due() == Sent(sent=1)
    monkeypatch.setattr(triggers._edge, "record", record)
    triggers.start(left(clock, id="bob's", user="bob"))
    assert triggers.send_due() == Sent(sent=1)


@pytest.mark.parametrize("at_us", [2**63 - 1, 2**63, 2**70, 2**1_000], ids=range(4))
def test_a_time_that_no_clock_tells_starts_nothing(triggers, clock, journal, at_us):
    assert triggers.start(left(clock, at_us=at_us)) == (Started.AHEAD,)
    assert triggers.start(left(clock, at_us=-at_us)) == (Started.LATE,)
    assert journal.counts() == {}


def test_a_time_is_ahead_when_it_is_further_than_clocks_differ(triggers, clock):
    assert triggers.start(left(clock, at_us=clock() + SKEW_US + 1)) == (Started.AHEAD,)
    assert triggers.start(left(clock, at_us=clock() + SKEW_US)) == (Started.WAITING,)


def nested():
    found = {}
    for _ in range(3_000):
        found = {"ann": found}
    return found


@pytest.mark.parametrize(
    "value",
    [b"ann", object(), {"secret": "ann"}, nested(), ["ann"], 10**5_000, float("nan"), 1.5j, "ann" * 10_000],
    ids=["bytes", "object", "dict", "nested", "list", "int", "nan", "complex", "long"],
)
def test_a_value_that_does_not_fit_its_attribute_is_not_kept(triggers, clock, journal, value):
    number = "ann" if isinstance(value, str) else value
    assert triggers.start(left(clock, fields={"page": value, "n": number, "x": number})) == (Started.WAITING,)
    (note,) = journal.due(clock())
    assert note.moment == {"page": None, "n": None, "x": None}
    assert b"ann" not in journal.path.read_bytes().replace(b'"ann"', b"", 1)  # once: whose it is
    assert triggers.send_due() == Sent(sent=1)


def test_a_value_that_fits_is_kept_as_the_context_takes_it(triggers, clock, journal):
    fields = {"n": 8, "x": 8, "page": "\ud800", "more": "ann's"}
    assert triggers.start(left(clock, fields=fields)) == (Started.WAITING,)
    (note,) = journal.due(clock())
    assert note.moment == {"n": 8, "x": 8.0, "page": "\ud800"}
    with sqlite3.connect(journal.path) as file:
        assert "ann's" not in str(file.execute("SELECT * FROM notes").fetchall())
    file.close()
