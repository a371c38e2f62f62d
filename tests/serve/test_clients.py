"""Clients that are not ours, over a socket: node's fetch and Python's urllib; and the document that tells them how."""

import http.client
import json
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tactful.serve.app import serve_app

NODE = shutil.which("node")


def post(address, path, body, **headers):
    raw = json.dumps(body).encode()
    request = urllib.request.Request(address + path, raw, {"Content-Type": "application/json", **headers})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.skipif(NODE is None, reason="there is no node here")
def test_nodes_fetch_decides_records_and_opts_out(address):
    script = Path(__file__).with_name("node_client.mjs")
    ended = subprocess.run([NODE, script, address], capture_output=True, text=True, timeout=60, check=True)
    told = json.loads(ended.stdout)
    assert told["decided"]["told"]["placements"]["home"][0] == {"title": "Shoes for Ann"}
    assert told["shown"] == {"status": 200, "told": {"new": True}}
    assert told["capped"]["told"]["picks"] == []
    assert (told["wrong"]["status"], told["wrong"]["told"]["field"]) == (400, "placements")
    assert told["out"] == {"status": 200, "told": {"accepted": True}}
    assert told["ready"] == 200


def test_pythons_urllib_decides_and_is_refused(address):
    status, told = post(address, "/v1/decide", {"placements": "home", "who": "ann"})
    assert (status, [one["offer"] for one in told["picks"]]) == (200, ["fitting"])
    assert post(address, "/v1/record", {"token": told["token"], "event": "click"}) == (200, {"new": True})
    assert post(address, "/v1/decide", {"placements": "home", "who": 1})[1]["field"] == "who"
    assert post(address, "/v1/decide", {"placements": "home"}, Host="evil.example")[0] == 421
    assert post(address, "/v1/decide", {"placements": "home"}, Origin="http://evil.example")[0] == 403


def test_two_hosts_or_two_kinds_of_content_are_refused(address):
    place = urlsplit(address)
    for name, values in (("Host", ["localhost", "evil.example"]), ("Content-Type", ["application/json", "text/plain"])):
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
        connection.putrequest("POST", "/v1/decide", skip_host=name == "Host")
        for value in values:
            connection.putheader(name, value)
        connection.putheader("Content-Length", "2")
        connection.endheaders(b"{}")
        assert connection.getresponse().status in (400, 415)
        connection.close()


def test_the_document_tells_every_path_and_the_policys_names(client, edge):
    told = client.get("/openapi.json").json()
    paths = {route.path for route in serve_app(edge).routes} - {"/openapi.json", "/{rest:path}"}
    assert told["paths"].keys() == paths
    fields = told["paths"]["/v1/decide"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert fields["placements"]["oneOf"][0]["enum"] == ["call", "home"]
    assert fields["context"]["properties"].keys() == {"page", "visits"}
    assert fields["who"]["oneOf"][1]["properties"].keys() >= {"card"}
    answer = client.post("/v1/decide", json={"placements": "call", "who": "ann", "for_agent": True}).json()
    decision = told["components"]["schemas"]["Decision"]
    assert answer.keys() == decision["properties"].keys()
    assert answer["picks"][0].keys() == decision["properties"]["picks"]["items"]["properties"].keys()
    assert answer["agent"].keys() == decision["properties"]["agent"]["properties"].keys()


def test_what_the_document_says_is_taken_is_what_is_taken(client):
    paths = client.get("/openapi.json").json()["paths"]
    for path, one in paths.items():
        if "post" not in one:
            continue
        schema = one["post"]["requestBody"]["content"]["application/json"]["schema"]
        missing = client.post(path, json={})
        assert [missing.json()["field"]] == schema["required"]
        unknown = client.post(path, json={"other": 1})
        assert unknown.json()["detail"] == f"expected no other fields than {', '.join(schema['properties'])}"
