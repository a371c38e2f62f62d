"""What outbounds make of answers, and what they write; and what docs/triggers.md says of them."""

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.docs.conftest import PAGES, ROOT, samples

import tactful
from shoes.story import POLICY
from tactful_adapters.partner_webhook import WebhookPartner
from tactful_adapters.signed_post import Reply, SignedPost
from tactful_adapters.triggers import FileOutbound, Note, Outcome, WebhookOutbound

PAGE = "docs/triggers.md"
NOTE = Note("5f", "push", "phone-1", {"title": "Here"}, 7)
SECRET = b"agreed with who sends"


class Answering(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.count += 1
        if self.server.status:
            self.send_response(self.server.status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
        else:
            self.close_connection = True

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def answering():
    server = HTTPServer(("127.0.0.1", 0), Answering)
    server.count, server.status = 0, 200
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.TAKEN),
        (204, Outcome.TAKEN),
        (302, Outcome.DOUBTFUL),
        (400, Outcome.REFUSED),
        (410, Outcome.REFUSED),
        (429, Outcome.LATER),
        (503, Outcome.LATER),
        (500, Outcome.DOUBTFUL),
        (504, Outcome.DOUBTFUL),
        (0, Outcome.DOUBTFUL),  # the connection breaks after it was read
    ],
)
def test_an_answer_is_an_outcome(answering, status, outcome):
    answering.status = status
    assert WebhookOutbound(f"http://127.0.0.1:{answering.server_port}/", SECRET).send(NOTE) is outcome
    assert answering.count == 1


def test_who_is_not_reached_surely_did_not_take_it():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert WebhookOutbound(f"http://127.0.0.1:{port}/", SECRET).send(NOTE) is Outcome.LATER


@pytest.fixture
def raw():
    """Return a function that gives the port of who answers with these bytes, whatever is asked."""
    with ExitStack() as opened:

        def answered(told):
            listening = opened.enter_context(socket.create_server(("127.0.0.1", 0)))

            def answer():
                with listening.accept()[0] as one:
                    one.recv(65_536)
                    one.sendall(told)

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            opened.callback(thread.join, 10)
            return listening.getsockname()[1]

        yield answered


def test_what_is_no_http_is_an_answer_that_is_none_and_is_repeated_nowhere(raw):
    port = raw(b"ann@example.com\r\n\r\n")
    post = WebhookPartner(f"http://127.0.0.1:{port}/", SECRET)
    with pytest.raises(tactful.CentreError) as refused:
        post.tell(tactful.PartnerNotice("1", "bank", "p-1", ("offers",), 0))
    assert refused.value.code == "partner-away"
    assert "example" not in str(refused.value)
    assert WebhookOutbound(f"http://127.0.0.1:{raw(b'SSH-2.0')}/", SECRET).send(NOTE) is Outcome.DOUBTFUL


@pytest.mark.parametrize(("after", "wait_s"), [("90", 90.0), ("9" * 400, None), ("\u00b2", None), ("soon", None)])
def test_how_long_nothing_is_wanted_is_a_number_or_nothing(raw, after, wait_s):
    port = raw(f"HTTP/1.1 503 Busy\r\nRetry-After: {after}\r\nContent-Length: 0\r\n\r\n".encode("latin-1"))
    assert SignedPost(f"http://127.0.0.1:{port}/", SECRET, whose="our").post("1", b"{}") == Reply(503, wait_s)


@pytest.mark.parametrize(("url", "secret"), [("http://push.example/", SECRET), ("https://push.example/", b"short")])
def test_an_address_or_a_secret_that_will_not_do_is_refused(url, secret):
    with pytest.raises(tactful.UsageError, match="the sender's"):
        WebhookOutbound(url, secret)


def test_a_file_has_a_line_for_each(tmp_path):
    path = tmp_path / "notes.jsonl"
    path.write_bytes(b'{"torn')
    for _ in range(2):
        assert FileOutbound(path).send(NOTE) is Outcome.TAKEN
    assert [json.loads(line) for line in path.read_text().splitlines()[1:]] == [dict(NOTE.as_dict())] * 2


# docs/triggers.md


def test_the_samples_of_the_page_are_a_backend(tmp_path, monkeypatch):
    monkeypatch.setenv("PUSH_SECRET", SECRET.decode())
    monkeypatch.setenv("EVENTS_KEY", "key")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy").symlink_to(POLICY)
    first, thread = samples(PAGE, "python")
    names = {}
    exec(first.text, names)  # noqa: S102 - the page's own sample
    exec(thread.text, names)  # noqa: S102 - the page's own sample
    names["stop"].set()
    names["edge"].close()
    names["triggers"]._journal.close()
    assert callable(names["app"])


def test_the_story_of_the_page_is_what_the_example_prints(tmp_path):
    (command,), (told,) = samples(PAGE, "sh"), samples(PAGE, "text")
    assert command.text.strip() == "cd examples && python -m shoes.story"
    trees = os.pathsep.join(str(ROOT / one) for one in ("sdk", "plugins", "adapters"))
    ended = subprocess.run(
        [sys.executable, "-m", "shoes.story"],
        cwd=ROOT / "examples",
        env=os.environ | {"PYTHONPATH": trees},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == told.text


def test_every_setting_of_a_trigger_and_every_field_of_a_note_is_on_the_page():
    text = PAGES[PAGE].read_text(encoding="utf-8")
    for name in Note.__annotations__:
        assert f"`{name}`" in text
