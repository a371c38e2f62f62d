"""Global Privacy Control of a customer who is known is kept, once, in the background, and a page can say so."""

import threading

import pytest

import tactful
from tactful import ConsentState, How
from tactful_adapters.web import Request, Site, from_cookie, from_header

CONTROL = ("Sec-GPC", "1")
ENDS = {"sale": ["ads"], "sharing": ["ads"]}


@pytest.fixture
def kept(edge):
    return Site(edge=edge, who=from_header("x-who"), gpp=ENDS, keeps_gpc=True, deadline_s=10)


def visit(site, *headers, who="ann"):
    page = site.page(Request("GET", ((("x-who", who),) if who else ()) + headers))
    assert site.control is None or site.control.settle()
    return page


def said(edge, who="ann"):
    found = edge.rights.consents(who)
    return [] if found is None else [(one.purpose, one.state) for one in found.records if one.refuses]


def test_it_is_kept_for_later_visits_once_and_for_the_purposes_that_are_named(kept, edge):
    for _ in range(3):
        visit(kept, CONTROL)

    assert said(edge) == [("ads", ConsentState.WITHDRAWN)]
    assert len([one for one in edge._store.contacts("ann", 0) if one.tags == ("ads",)]) == 1
    assert visit(kept).decide("aside").picks == ()  # without the signal


def test_another_process_does_not_take_back_a_yes_that_came_after_it(kept, edge):
    visit(kept, CONTROL)
    edge.opt_in("ann", "ads")
    another = Site(edge=edge, who=from_header("x-who"), gpp=ENDS, keeps_gpc=True)
    visit(another, CONTROL)

    newest = max(edge.rights.consents("ann").records, key=lambda one: (one.purpose == "ads", one.at_us))
    assert (newest.purpose, newest.state, newest.how) == ("ads", ConsentState.GIVEN, How.EXPLICIT)


@pytest.mark.parametrize("headers", [(), (("Sec-GPC", "0"),), (("Sec-GPC", "1, 1"),), (("DNT", "1"),)])
def test_what_is_no_signal_keeps_nothing(kept, edge, headers):
    visit(kept, *headers)
    assert said(edge) == []


def test_without_the_setting_and_for_visitors_nothing_is_kept(kept, edge):
    visit(Site(edge=edge, who=from_header("x-who"), gpp=ENDS), CONTROL)
    visit(kept, CONTROL, who=None)
    by_cookie = Site(edge=edge, who=from_cookie("visitor", "cookie"), gpp=ENDS, keeps_gpc=True)
    visit(by_cookie, CONTROL, ("Cookie", "visitor=nobody"), who=None)
    assert said(edge) == []


def test_a_no_for_letters_alone_leaves_the_rest_to_be_taken_back(kept, edge):
    edge.opt_out("ann", "ads", channel="web")
    visit(kept, CONTROL)
    assert {(one.purpose, one.channel) for one in edge.rights.consents("ann").records if one.refuses} == {
        ("ads", "web"),
        ("ads", None),
    }


def test_a_browser_that_becomes_known_later_is_heard_then(edge):
    site = Site(edge=edge, who=from_cookie("visitor", "cookie"), gpp=ENDS, keeps_gpc=True)
    headers = (CONTROL, ("Cookie", "visitor=v1"))
    visit(site, *headers, who=None)
    edge._store.link({"cookie": "v1"}, customer="ann")
    visit(site, *headers, who=None)
    assert said(edge) == [("ads", ConsentState.WITHDRAWN)]


@pytest.mark.parametrize("who", [7, ["ann"], {"cookie": 7}, {7: "ann"}])
def test_what_is_no_customer_breaks_no_page(edge, who):
    site = Site(edge=edge, who=lambda _: who, gpp=ENDS, keeps_gpc=True)
    assert visit(site, CONTROL, who=None).content("hero")["title"] == "Welcome"
    assert said(edge) == []


def test_a_request_does_not_wait_while_the_store_does(kept, edge, monkeypatch):
    go_on = threading.Event()
    out = edge.opt_out

    def slow(*args, **more):
        assert go_on.wait(10)
        return out(*args, **more)

    monkeypatch.setattr(type(edge), "opt_out", lambda _, *args, **more: slow(*args, **more))
    page = kept.page(Request("GET", (("x-who", "ann"), CONTROL)))  # it would wait here for ever
    assert page.is_gpc_honoured
    assert said(edge) == []
    go_on.set()
    assert kept.control.settle()
    assert said(edge) == [("ads", ConsentState.WITHDRAWN)]


def test_what_could_not_be_kept_is_kept_with_the_next_request(kept, edge, monkeypatch, caplog):
    def failing(*_, **__):
        raise tactful.StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(type(edge), "opt_out", failing)
        visit(kept, CONTROL)
    assert said(edge) == []
    assert "StoreError" in caplog.text
    assert "ann" not in caplog.text
    visit(kept, CONTROL)
    assert said(edge) == [("ads", ConsentState.WITHDRAWN)]


def test_what_waits_is_bounded(kept, edge, monkeypatch):
    monkeypatch.setattr("tactful_adapters.web_control.Thread.start", lambda _: None)
    for number in range(1200):
        kept.page(Request("GET", (("x-who", f"c{number}"), CONTROL)))
    assert kept.control._waiting.qsize() == 1000


def test_a_page_can_say_that_it_is_honoured(kept, edge):
    assert visit(kept, CONTROL).is_gpc_honoured
    assert not visit(kept).is_gpc_honoured
    assert not visit(Site(edge=edge, who=from_header("x-who")), CONTROL).is_gpc_honoured


def test_a_site_that_keeps_it_says_what_it_takes_back(edge):
    with pytest.raises(tactful.UsageError, match="needs gpp="):
        Site(edge=edge, keeps_gpc=True)
