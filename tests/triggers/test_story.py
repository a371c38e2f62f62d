"""The shoe story, end to end: events by Segment's interface, a webhook for messages, apps that ask by HTTP.

Its controls: without consent, at night, too soon, once more, and whoever changed their mind, nothing is sent.
"""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from starlette.testclient import TestClient

import tactful
from shoes.story import NEAR, POLICY, Clock, Phones, main
from tactful.authoring import load_suite
from tactful.serve.app import serve_app
from tactful_adapters.segment import SegmentApp
from tactful_adapters.signed_post import signature
from tactful_adapters.triggers import Journal, Triggers, WebhookOutbound

from .conftest import LOOKED

SECRET = b"agreed with who sends"
SHOES = load_suite(POLICY).policy


class Gateway(BaseHTTPRequestHandler):
    """Takes messages as a sender of push messages would, and checks who sends."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        moment, _, told = self.headers["Tactful-Signature"].partition(",v1=")
        assert told == signature(SECRET, int(moment.removeprefix("t=")), body)
        self.server.told.append((self.headers["Idempotency-Key"], json.loads(body), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def gateway():
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    server.told = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(10)
    server.server_close()


class Backend:
    """The shop by HTTP alone: what its site, its app and its screens see of it."""

    def __init__(self, folder, clock, gateway):
        self.clock, self.told, self.phones = clock, gateway.told, Phones()
        self.edge = tactful.open(SHOES, store=f"sqlite:///{folder / 'edge.db'}", clock=clock)
        self.journal = Journal(folder / "triggers.db")
        ports = {"push": WebhookOutbound(f"http://127.0.0.1:{gateway.server_port}/", SECRET, clock=clock)}
        self.triggers = Triggers(
            self.edge, ports, journal=self.journal, address=self.phones, clock=clock, jitter=lambda: 1
        )
        self._events = TestClient(SegmentApp(self.edge, ["WK"], clock=clock, then=self.triggers.heard))
        self._asked = TestClient(serve_app(self.edge, deadline_s=5), base_url="http://localhost")

    def track(self, who, name, fields, preferences=None, id_=None):
        event = {"userId": who, "event": name, "properties": fields, "messageId": id_ or f"{who}/{self.clock()}"}
        event |= {"context": {"consent": {"categoryPreferences": preferences}}} if preferences else {}
        key = base64.b64encode(b"WK:").decode()
        answer = self._events.post("/v1/track", json=event, headers={"Authorization": f"Basic {key}"})
        assert answer.status_code == 200, answer.text
        self.triggers.send_due()

    def sees(self, placement, who, **context):
        asked = {"placements": placement, "who": who, "context": context}
        return self._asked.post("/v1/decide", json=asked).json()["placements"].get(placement, [{}])[0].get("title")

    def opts_out(self, who):
        assert self._asked.post("/v1/opt-out", json={"who": who}).json() == {"accepted": True}

    def messages(self):
        return [note["content"]["title"] for _, note, _ in self.told]


@pytest.fixture
def backend(tmp_path, clock, gateway):
    opened = Backend(tmp_path, clock, gateway)
    yield opened
    opened.edge.close()
    opened.journal.close()


YES = {"Offers": True, "Location": True}


def test_shoes_looked_at_on_the_web_one_message_near_the_shop_and_the_way_in_it(backend, clock):
    assert backend.sees("web.home", "ann") == "New running shoes"
    backend.track("ann", "Size Missing", LOOKED, YES)
    clock.wait(days=7)
    for _ in range(3):  # in and out of the fence
        backend.track("ann", "Fence Entered", NEAR)
        clock.wait(minutes=5)
    assert backend.messages() == ["Your Fleet in 43 is here, around the corner"]
    assert backend.sees("app.way", "ann") == "Your Fleet is at shelf 12"
    assert backend.sees("shop.screen", "ann", **NEAR) == "Welcome"  # where others see, nobody is greeted as known
    assert backend.sees("phone.call", "ann") == "Tell them that the Fleet is in again"


def test_a_message_holds_nothing_personal_but_its_words_and_a_reference(backend, clock):
    backend.track("ann", "Size Missing", LOOKED, YES)
    clock.wait(days=7)
    backend.track("ann", "Fence Entered", NEAR, id_="fence-of-ann")
    ((key, note, body),) = backend.told
    assert note.keys() == {"id", "channel", "to", "content", "until_us"}
    assert (note["id"], note["to"], note["channel"]) == (key, backend.phones("ann"), "push")
    assert b"ann" not in body.replace(b'"channel"', b"")
    assert b"elm_street" not in body
    assert b"token" not in body


@pytest.mark.parametrize(
    "preferences", [None, {"Offers": True}, {"Location": True}, {"Offers": True, "Location": False}, {"Offers": False}]
)
def test_it_does_not_happen_without_consent_to_both(backend, clock, preferences):
    backend.track("bob", "Size Missing", LOOKED, preferences)
    clock.wait(days=7)
    backend.track("bob", "Fence Entered", NEAR)
    assert backend.messages() == []
    assert backend.journal.counts() == {}  # and nothing is kept of where he was
    knows = bool(preferences) and preferences.get("Offers")
    assert backend.sees("app.way", "bob") == ("Your Fleet is at shelf 12" if knows else "What are you looking for?")


@pytest.mark.parametrize("purpose", [None, "location", "offers"])
def test_it_does_not_happen_to_who_took_the_yes_back(backend, clock, purpose):
    backend.track("cem", "Size Missing", LOOKED, YES)
    clock.wait(days=7)
    backend.edge.opt_out("cem", purpose)
    backend.track("cem", "Fence Entered", NEAR)
    assert backend.messages() == []


def test_an_opt_out_by_the_app_ends_it(backend, clock):
    backend.track("ann", "Size Missing", LOOKED, YES)
    clock.wait(days=7)
    backend.opts_out("ann")
    backend.track("ann", "Fence Entered", NEAR)
    assert backend.messages() == []
    assert backend.sees("app.way", "ann") == "What are you looking for?"


@pytest.mark.parametrize(
    "near",
    [
        NEAR | {"dwell": 30},
        NEAR | {"dwell": None},
        NEAR | {"in_stock": []},
        NEAR | {"shop": "x"},
    ],
)
def test_who_passes_by_or_would_come_in_vain_hears_nothing(backend, clock, near):
    backend.track("ann", "Size Missing", LOOKED, YES)
    clock.wait(days=7)
    backend.track("ann", "Fence Entered", near)
    assert backend.messages() == []


def test_nobody_is_told_at_once_of_what_they_looked_at(backend, clock):
    backend.track("ann", "Size Missing", LOOKED, YES)
    clock.wait(hours=5)
    backend.track("ann", "Fence Entered", NEAR)
    assert backend.messages() == []


def test_at_night_nobody_is_told_that_they_pass_the_shop_and_the_morning_is_too_late(backend, clock):
    backend.track("ann", "Size Missing", LOOKED, YES)
    clock.wait(days=6, hours=10)
    backend.track("ann", "Fence Entered", NEAR)
    for _ in range(20):
        clock.wait(hours=1)
        backend.triggers.send_due()
    assert backend.messages() == []
    assert backend.journal.counts().get("waiting", 0) == 0


def test_what_keeps_waits_for_the_morning(backend, clock):
    backend.track("ann", "Size Missing", LOOKED, YES)
    clock.wait(days=6, hours=10)  # ten in the evening
    backend.track("ann", "Size Restocked", {"shoes": ["Fleet"]})
    said_at = []
    for _ in range(24):
        before = len(backend.told)
        backend.triggers.send_due()
        said_at += [clock.now.hour] * (len(backend.told) - before)
        clock.wait(hours=1)
    assert backend.messages() == ["Your Fleet is in again"]
    assert said_at == [7]  # in UTC; eight in Berlin


def test_the_cap_of_a_week_holds_over_triggers_and_help_is_not_sold(backend, clock):
    backend.track("ann", "Size Missing", LOOKED, YES)
    clock.wait(days=7)
    backend.track("ann", "Fence Entered", NEAR)
    clock.wait(days=2)
    backend.track("ann", "Size Restocked", {"shoes": ["Fleet"]})
    backend.track("ann", "Ticket Answered", {"answered": True})
    assert backend.messages() == ["Your Fleet in 43 is here, around the corner", "Your question is answered"]
    clock.wait(days=6)
    backend.track("ann", "Size Restocked", {"shoes": ["Fleet"]})
    assert backend.messages()[2:] == ["Your Fleet is in again"]


def test_what_was_asked_for_needs_no_consent(backend):
    backend.track("bob", "Ticket Answered", {"answered": True})
    assert backend.messages() == ["Your question is answered"]


def test_the_example_tells_the_story(capsys):
    main()
    ann, bob, cem = capsys.readouterr().out.splitlines()
    assert ann == (
        "ann: on the way: ['Your Fleet in 43 is here, around the corner']; in the app: Your Fleet is at shelf 12"
    )
    assert bob == "bob: on the way: nothing; in the app: Your Fleet is at shelf 12"
    assert cem == "cem: on the way: nothing; in the app: What are you looking for?"


def test_the_policy_of_the_example_is_one():
    assert SHOES.name == "shoes"
    assert Clock()() == 1_772_708_400_000_000
