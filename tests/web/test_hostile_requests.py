"""Each endpoint, asked by a stranger's page, by who guesses customers, and by who sends markup and other addresses."""

import json

import pytest
from starlette.testclient import TestClient

import tactful
from tactful.authoring import compile_files
from tactful_adapters.ofrep import ofrep_app
from tactful_adapters.segment import SegmentApp

POLICY = b"""
channels: {web: private}
placements: {hero: {channel: web, fallback: {title: Welcome}}}
topics: {food: {}}
purposes: {offers: consent}
profile: {shop: {all: {owner: crm, purpose: offers}, visits: {type: int, say: how often you visit}}}
offers: {thanks: {intent: sell, topic: food, when: profile.visits >= 6, purpose: offers, treatments: Thanks}}
events:
  consent: {Advertising: offers}
  identify: {visits: visits}
"""
EVIL = "https://evil.example/<script>alert(1)</script>"
FLAG = "/ofrep/v1/evaluate/flags/hero"
SIMPLE = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None]


@pytest.fixture
def edge(tmp_path):
    with tactful.open(compile_files({"policy.yaml": POLICY}), store=f"sqlite:///{tmp_path / 'edge.db'}") as opened:
        opened.opt_in("ann", "offers")
        yield opened


@pytest.fixture
def apps(edge):
    return {
        "segment": TestClient(SegmentApp(edge, ["key"]), raise_server_exceptions=False),
        "ofrep": TestClient(ofrep_app(edge), base_url="http://localhost", raise_server_exceptions=False),
        "ofrep with a key": TestClient(ofrep_app(edge, keys=["key"]), raise_server_exceptions=False),
    }


def sent(app, path, body, kind="application/json", **headers):
    told = {} if kind is None else {"content-type": kind}
    return app.post(path, content=json.dumps(body).encode(), headers=told | headers, follow_redirects=False)


@pytest.mark.parametrize("kind", ["application/json", *SIMPLE])
def test_a_stranger_s_page_can_send_no_event_as_it_knows_no_key(apps, edge, kind):
    event = {
        "userId": "ann",
        "traits": {"visits": 9},
        "context": {"consent": {"categoryPreferences": {"Advertising": False}}},
    }
    for cookies in ({}, {"cookie": "session=ann; writeKey=key"}):
        assert (
            sent(apps["segment"], "/v1/identify", event, kind, origin="https://evil.example", **cookies).status_code
            == 403
        )
        assert sent(apps["segment"], "/v1/identify", event, kind, **cookies).status_code == 401
    assert edge.rights.consents("ann").records[0].state is tactful.ConsentState.GIVEN


@pytest.mark.parametrize("kind", SIMPLE)
def test_a_stranger_s_page_can_ask_no_evaluation_without_the_browser_asking_first(apps, kind):
    body = {"context": {"targetingKey": "ann"}}
    assert sent(apps["ofrep"], FLAG, body, kind, origin="https://evil.example").status_code == 415
    assert sent(apps["ofrep"], FLAG, body).status_code == 200
    assert sent(apps["ofrep with a key"], FLAG, body).status_code == 401


@pytest.mark.parametrize("name", ["segment", "ofrep", "ofrep with a key"])
def test_no_browser_is_told_that_another_site_may_read_an_answer(apps, name):
    asks = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for path in ("/v1/identify", FLAG):
        for answer in (
            apps[name].options(path, headers=asks),
            sent(apps[name], path, {}, origin="https://evil.example"),
        ):
            assert not [one for one in answer.headers if one.lower().startswith("access-control-")]


@pytest.mark.parametrize("name", ["segment", "ofrep", "ofrep with a key"])
@pytest.mark.parametrize(
    "path",
    [f"/v1/{EVIL}", f"{FLAG}/{EVIL}", "//evil.example/v1/identify", f"{FLAG}?next={EVIL}", "/v1/identify/", f"{FLAG}/"],
)
def test_nobody_is_led_away_and_no_markup_comes_back_as_markup(apps, name, path):
    for body in ({"context": {"targetingKey": EVIL}}, {"type": EVIL, "userId": EVIL}, EVIL):
        answer = sent(apps[name], path, body, authorization="Basic a2V5Og==")
        assert answer.status_code < 500
        assert "evil" not in answer.headers.get("location", "")
        assert "html" not in answer.headers.get("content-type", "")
        assert answer.headers.get("set-cookie") is None


def test_an_event_is_answered_alike_whether_or_not_its_customer_is_there(apps, edge):
    told = {
        (answer.status_code, answer.text)
        for customer in ("ann", "nobody", "a@shop.example")
        for answer in [
            sent(apps["segment"], "/v1/identify", {"userId": customer, "traits": {}}, authorization="Basic a2V5Og==")
        ]
    }
    assert len(told) == 1
