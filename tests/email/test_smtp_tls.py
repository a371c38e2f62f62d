"""Encrypted mails, over a real server: what goes over the wire, and certificates and servers that are not in order."""

import gc
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from aiosmtpd.controller import Controller

from tactful_adapters.email import SMTP, Journal, Run, TransportDown

from .conftest import ROWS, free_port

#: The server lets the transport under STARTTLS go without closing it.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

WAYS = ("starttls", "tls")
#: What may not be read on a wire that is encrypted, nor on one over which nothing is sent, in small letters.
CLEAR = {b"ann@post.example", b"mail from:", b"list-unsubscribe"}
EVERYBODY = [row["address"] for row in ROWS]


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(autouse=True)
def trusted(authority, tmp_path, monkeypatch):
    """The authority that clients trust."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


@pytest.fixture
def serve(inbox, authority):
    """Start a server that encrypts in a way, with a certificate."""
    started = []

    def serving(way, name="localhost", of=authority, **dates):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        of.issue_cert(name, **dates).configure_cert(context)
        how = {
            "starttls": {"tls_context": context, "require_starttls": True},
            "tls": {"ssl_context": context},
            "none": {},
        }
        controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True, **how[way])
        controller.start()
        started.append(controller)
        return controller.port

    yield serving
    for one in started:
        one.stop(no_assert=True)
    gc.collect()


class Wire:
    """A wire to a port, on which all that goes either way is heard."""

    def __init__(self, to):
        self._to = to
        self._ear = socket.create_server(("127.0.0.1", 0))
        self.port = self._ear.getsockname()[1]
        self.heard = bytearray()
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        with suppress(OSError):
            while True:
                near = self._ear.accept()[0]
                far = socket.create_connection(("127.0.0.1", self._to))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one, other):
        with one, suppress(OSError):
            while told := one.recv(65_536):
                self.heard += told
                other.sendall(told)
            other.shutdown(socket.SHUT_WR)

    def words(self):
        """What was heard of what may not be read."""
        heard = bytes(self.heard).lower()
        return {one for one in (*CLEAR, b"auth ") if one in heard}

    def close(self):
        self._ear.close()


@contextmanager
def wired(port, way):
    """A client, and the wire that it sends over."""
    wire = Wire(port)
    client = SMTP("localhost", wire.port, tls=way, timeout_s=5)
    try:
        yield client, wire
    finally:
        client.close()
        wire.close()


@pytest.mark.parametrize(("way", "is_heard"), [("starttls", False), ("tls", False), ("none", True)])
def test_who_listens_on_the_wire_reads_neither_addresses_nor_mails(serve, inbox, campaign, journal, way, is_heard):
    with wired(serve(way), way) as (client, wire):
        report = Run(campaign, client, journal).send(ROWS)
    assert report.sent == len(inbox.recipients) == 3
    assert wire.words() == (CLEAR if is_heard else set())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("lapsed", "its certificate has expired"),
        ("early", "its certificate is not valid yet"),
        ("name", "its certificate is for another name"),
        ("stranger", "its certificate is of an authority that is not trusted here"),
    ],
)
def test_a_certificate_that_is_not_in_order_gets_no_mail(serve, inbox, campaign, journal, way, fault, told):
    now = datetime.now(UTC)
    given = {
        "lapsed": {"not_before": now - timedelta(days=9), "not_after": now - timedelta(days=1)},
        "early": {"not_before": now + timedelta(days=1), "not_after": now + timedelta(days=9)},
        "name": {"name": "other.example"},
        "stranger": {"of": trustme.CA()},
    }
    refused = pytest.raises(TransportDown, match=f"localhost:.* is not trusted, and nothing was sent: {told}")
    with wired(serve(way, **given[fault]), way) as (client, wire), refused:
        Run(campaign, client, journal).send(ROWS)
    assert inbox.mails == []
    assert wire.words() == set()


def test_a_server_that_offers_no_starttls_gets_neither_mail_nor_password(serve, inbox, campaign, journal):
    wire = Wire(serve("none"))
    client = SMTP("localhost", wire.port, username="letters", password="hush", timeout_s=5)  # noqa: S106 - of a test
    with pytest.raises(TransportDown, match="offers no STARTTLS, and nothing was sent in the clear"):
        Run(campaign, client, journal).send(ROWS)
    wire.close()
    assert inbox.mails == []
    assert wire.words() == set()
    assert wire.heard.lower().count(b"ehlo") == 1  # it was heard, and that was all


def test_a_port_that_does_not_encrypt_at_once_is_told_of(serve, inbox, campaign, journal):
    refused = pytest.raises(TransportDown, match="does not encrypt from the first byte")
    with wired(serve("none"), "tls") as (client, _), refused:
        Run(campaign, client, journal).send(ROWS)
    assert inbox.mails == []


@pytest.mark.parametrize("way", WAYS)
def test_once_the_certificate_is_renewed_everybody_is_mailed_once(serve, inbox, campaign, tmp_path, way):
    now = datetime.now(UTC)
    lapsed = serve(way, not_before=now - timedelta(days=9), not_after=now - timedelta(days=1))
    kept = tmp_path / "renewed.journal"
    with Journal(kept, "december") as journal, pytest.raises(TransportDown):
        Run(campaign, SMTP("localhost", lapsed, tls=way, timeout_s=5), journal).send(ROWS)
    client, sent = SMTP("localhost", serve(way), tls=way, timeout_s=5), []
    for _ in range(2):
        with Journal(kept, "december") as journal:
            report = Run(campaign, client, journal).send(ROWS)
            sent.append((report.sent, report.already, report.doubtful))
    client.close()
    assert sent == [(3, 0, 0), (0, 3, 0)]
    assert sorted(inbox.recipients) == EVERYBODY


@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_is_cut_off_goes_on_over_a_new_connection(serve, inbox, campaign, journal, way):
    def cut(server, count):
        if count == 1:
            server.transport.abort()

    inbox.before_answer = cut
    client = SMTP("localhost", serve(way), tls=way, timeout_s=5)
    report = Run(campaign, client, journal).send(ROWS)
    again = Run(campaign, client, journal).send(ROWS)
    client.close()
    assert (report.sent, report.doubtful) == (2, 1)
    assert (again.sent, again.already) == (0, 3)
    assert sorted(inbox.recipients) == EVERYBODY
