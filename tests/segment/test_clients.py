"""The unmodified clients of Segment and RudderStack, for Python and Node, change the same customer's next decision."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import NO, YES

HERE = Path(__file__).parent


def python(code, address, told, *, packed=True):
    """Run a client in a process of its own: the two for Python have settings of the whole process."""
    command = [sys.executable, "-c", code, address, str(packed), json.dumps(told)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr


SEGMENT = """
import json, sys
from segment.analytics.client import Client

host, packed, told = sys.argv[1], sys.argv[2] == "True", json.loads(sys.argv[3])
failed = []
client = Client("WK", host=host, gzip=packed, on_error=lambda error, items: failed.append(error), upload_interval=0.05)
for call, values in told:
    done, _ = getattr(client, call)(**values)
    assert done, call
client.shutdown()
assert not failed, failed
"""
RUDDER = """
import json, sys
from rudderstack.analytics.client import Client

host, packed, told = sys.argv[1], sys.argv[2] == "True", json.loads(sys.argv[3])
failed = []
client = Client("WK", host=host, gzip=packed, on_error=lambda error, items: failed.append(error), upload_interval=0.05)
for call, values in told:
    getattr(client, call)(**values)
client.shutdown()
assert not failed, failed
"""


def calls(user):
    """What a shop tells of a customer, in the words of both clients for Python."""
    return [
        ("identify", {"user_id": user, "traits": {"firstName": "Ann", "unmapped": 1}, "context": YES}),
        ("track", {"user_id": user, "event": "Size Chosen", "properties": {"size": 43}}),
        ("track", {"user_id": user, "event": "Order Completed", "properties": {"total": 9.5}}),
        ("page", {"user_id": user, "category": "Docs", "name": "Home", "properties": {"url": "/"}}),
        ("screen", {"user_id": user, "name": "Kiosk", "properties": {"town": "Bonn"}}),
        ("group", {"user_id": user, "group_id": "g1", "traits": {"plan": "gold"}}),
        ("alias", {"previous_id": "anon1", "user_id": user}),
    ]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("client", "code"), [("segment", SEGMENT), ("rudder", RUDDER)])
def test_a_client_for_python_tells_all_kinds_of_events(client, code, packed, address, edge, known, contacts):
    edge.warm("u1")
    assert edge.decide("home", "u1", preview=True).content == {"title": "New shoes"}

    python(code, address, calls("u1"), packed=packed)

    assert known("u1") == {"first_name": "Ann", "shoe_size": 43, "town": "Bonn", "plan": "gold"}, client
    assert sorted(contacts("u1")) == ["purchase", "visit", "visit"]
    assert edge._store.identify({"cookie": "anon1"}).customer == "u1"
    assert edge._store.identify({"customer": "u1"}).household == "g1"
    python(code, address, [("identify", {"user_id": "u1", "traits": {"firstName": None}})], packed=packed)
    assert "first_name" not in known("u1")


@pytest.mark.parametrize("code", [SEGMENT, RUDDER])
def test_a_client_for_python_changes_the_next_decision_and_its_no_ends_it(code, address, edge):
    python(code, address, [("identify", {"user_id": "u1", "traits": {"shoe": {"size": 43}}, "context": YES})])
    assert edge.decide("home", "u1", preview=True).content == {"title": "Shoes in your size"}

    python(code, address, [("track", {"user_id": "u1", "event": "Anything", "context": NO})])
    assert edge.decide("home", "u1", preview=True).content != {"title": "Shoes in your size"}


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """What runs a client for Node; it is installed once in each worker's own folder."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node and npm are not on this machine: the clients for Node cannot run")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "node_clients.cjs"):
        shutil.copy(HERE / name, folder)
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    ended = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if ended.returncode and any(
        word in ended.stderr for word in ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN")
    ):
        pytest.skip("npm's registry cannot be reached: the clients for Node cannot be installed")
    assert ended.returncode == 0, ended.stderr

    def run(client, address, told, *, packed=False):
        command = ["node", "node_clients.cjs", client, address, str(packed), json.dumps(told)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    return run


def node_calls(user):
    return [
        ["identify", {"userId": user, "traits": {"firstName": "Ann", "unmapped": 1}, "context": YES}],
        ["track", {"userId": user, "event": "Size Chosen", "properties": {"size": 43}}],
        ["track", {"userId": user, "event": "Order Completed", "properties": {"total": 9.5}}],
        ["page", {"userId": user, "category": "Docs", "name": "Home", "properties": {"url": "/"}}],
        ["screen", {"userId": user, "name": "Kiosk", "properties": {"town": "Bonn"}}],
        ["group", {"userId": user, "groupId": "g1", "traits": {"plan": "gold"}}],
        ["alias", {"previousId": "anon1", "userId": user}],
    ]


@pytest.mark.parametrize(("client", "packed"), [("segment", False), ("rudder", False), ("rudder", True)])
def test_a_client_for_node_tells_all_kinds_of_events(client, packed, node, address, edge, known, contacts):
    edge.warm("u1")
    node(client, address, node_calls("u1"), packed=packed)

    assert known("u1") == {"first_name": "Ann", "shoe_size": 43, "town": "Bonn", "plan": "gold"}
    assert sorted(contacts("u1")) == ["purchase", "visit", "visit"]
    assert edge._store.identify({"cookie": "anon1"}).customer == "u1"
    assert edge._store.identify({"customer": "u1"}).household == "g1"


@pytest.mark.parametrize("client", ["segment", "rudder"])
def test_a_client_for_node_changes_the_next_decision_and_its_no_ends_it(client, node, address, edge):
    node(client, address, [["identify", {"userId": "u1", "traits": {"shoe": {"size": 43}}, "context": YES}]])
    assert edge.decide("home", "u1", preview=True).content == {"title": "Shoes in your size"}

    node(client, address, [["track", {"userId": "u1", "event": "Anything", "context": NO}]])
    assert edge.decide("home", "u1", preview=True).content != {"title": "Shoes in your size"}


def test_an_anonymous_customer_who_logs_in_keeps_the_history(node, address, edge, known):
    sized = ["track", {"anonymousId": "a1", "event": "Size Chosen", "properties": {"size": 43}, "context": YES}]
    node("segment", address, [sized, ["identify", {"userId": "u9", "anonymousId": "a1", "context": YES}]])

    assert known("u9") == {"shoe_size": 43}
    assert edge._store.identify({"cookie": "a1"}).customer == "u9"
