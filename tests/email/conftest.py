"""The camera shop of the examples, and a server that takes its mails."""

import socket
from pathlib import Path

import pytest

pytest.importorskip("mrml", reason="needs the extra email")
from aiosmtpd.controller import Controller

import tactful
from tactful.authoring import compile_folder
from tactful_adapters.email import SMTP, Campaign, Journal, Run, Unsubscribing

EXAMPLE = Path(__file__).parents[2] / "examples" / "letters"
PLACEMENTS = tuple(f"letter.{one}" for one in ("ticket", "status", "accessories", "events", "new", "opened"))
ROWS = (
    {
        "customer": "ann",
        "address": "ann@post.example",
        "first_name": "Ann",
        "town": "Köln",
        "likes": ["film"],
        "tier": "gold",
        "free_rolls": 12,
        "last_bought": "M6",
        "ticket": "R-2210",
        "answer_day": "Friday",
    },
    {"customer": "bob", "address": "bob@post.example", "likes": ["digital", "film"]},
    {"customer": "eve", "address": "eve@post.example", "first_name": "Eve", "likes": ["film"], "tier": "gold"},
)


def many(count):
    return [{"customer": f"c{n}", "address": f"c{n}@post.example", "likes": ["film"]} for n in range(count)]


class Inbox:
    """What a server took: envelope recipients and messages; it can be told what to say."""

    def __init__(self):
        self.mails = []
        self.says = {}
        self.before_answer = None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - as the server calls it
        answer = self.says.get(address)
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - as the server calls it
        self.mails.append((envelope.rcpt_tos[0], envelope.content))
        if self.before_answer is not None:
            answer = self.before_answer(server, len(self.mails))
            if answer is not None:
                return answer
        return "250 taken"

    @property
    def recipients(self):
        return [to for to, _ in self.mails]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def server(inbox):
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True)
    controller.start()
    yield controller
    controller.stop(no_assert=True)


@pytest.fixture
def smtp(server):
    client = SMTP(server.hostname, server.port, tls="none", timeout_s=5)
    yield client
    client.close()


@pytest.fixture
def store():
    return tactful.MemoryStore()


@pytest.fixture(scope="session")
def policy():
    return compile_folder(EXAMPLE / "policy")


@pytest.fixture
def edge(store, policy):
    with tactful.open(policy, store=store) as opened:
        for row in ROWS:
            opened.opt_in(row["customer"], "letters")
        yield opened


@pytest.fixture
def unsubscribing(edge, store):
    return Unsubscribing(edge, store, "https://shop.example/unsubscribe/")


@pytest.fixture
def make(edge, store, unsubscribing):
    def made(**changes):
        given = {
            "name": "december",
            "edge": edge,
            "store": store,
            "placements": PLACEMENTS,
            "purpose": "letters",
            "sender": "Corner Cameras <letters@shop.example>",
            "templates": EXAMPLE / "templates",
            "unsubscribing": unsubscribing,
            "words": {"shop": "Corner Cameras"},
        }
        return Campaign(**{**given, **changes})

    return made


@pytest.fixture
def campaign(make):
    return make()


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "december.journal", "december") as opened:
        yield opened


@pytest.fixture
def run(campaign, smtp, journal):
    return Run(campaign, smtp, journal)
