"""WSGI: a bare application, Flask with its sessions, and templates with the tag."""

import itertools
import secrets

import pytest

from tactful_adapters.web import Site, page
from tactful_adapters.wsgi import TactfulMiddleware


def environment(**more):
    return {"REQUEST_METHOD": "GET", "PATH_INFO": "/", **more}


def answered(site, app, environ, *, close=True):
    started = []
    body = TactfulMiddleware(app, site, lambda _: {"user": "ann"})(
        environ, lambda status, headers, *more: started.append((status, headers))
    )
    text = b"".join(body)
    if close:
        body.close()
    return text.decode(), *started[0]


def bare(environ, start_response):
    start_response("200 OK", [("ETag", '"1"')])
    return [page().content("hero")["title"].encode()]


def lazy(environ, start_response):
    start_response("200 OK", [])
    for _ in range(2):
        yield page().content("hero")["title"].encode()


def test_a_bare_application_has_a_page_and_is_marked_if_it_asked_before_it_answered(site, shown):
    def early(environ, start_response):
        title = page().content("hero")["title"]
        start_response("200 OK", [("ETag", '"1"'), ("Content-Type", "text/plain")])
        return [title.encode()]

    text, _, headers = answered(site, early, environment())

    assert text == "Thanks &amp; more"
    assert headers == [
        ("Content-Type", "text/plain"),
        ("Cache-Control", "private, no-store"),
        ("Vary", "Cookie, Sec-GPC"),
    ]
    assert shown() == [("shown", "thanks")]


@pytest.mark.parametrize("app", [bare, lazy])
def test_headers_wait_for_the_body_so_that_what_it_decides_is_private(site, app):
    text, _, headers = answered(site, app, environment())

    assert "Thanks" in text
    assert dict(headers)["Cache-Control"] == "private, no-store"


def test_what_is_decided_after_the_headers_is_for_nobody(site, shown, caplog):
    def late(environ, start_response):
        start_response("200 OK", [])
        yield b"a head, "
        yield page().content("hero")["title"].encode()

    text, _, headers = answered(site, late, environment())

    assert (text, headers) == ("a head, Welcome", [])
    assert "call decide() before the answer begins" in caplog.text
    assert shown() == []


def test_the_old_way_of_writing_still_works(site):
    written = []

    def old(environ, start_response):
        write = start_response("200 OK", [])
        write(page().content("hero")["title"].encode())
        return []

    started = []

    def starting(status, headers, *more):
        started.append(headers)
        return written.append

    body = TactfulMiddleware(old, site, lambda _: {"user": "ann"})(environment(), starting)
    assert list(body) == []
    assert (written, dict(started[0])["Cache-Control"]) == ([b"Thanks &amp; more"], "private, no-store")


def test_a_lazy_body_has_its_page_and_counts_once_when_it_is_closed(site, shown):
    assert answered(site, lazy, environment(), close=False)[0] == "Thanks &amp; more" * 2
    assert shown() == []
    answered(site, lazy, environment())
    assert shown() == [("shown", "thanks")]


def test_two_bodies_at_once_keep_their_pages_apart(site, edge):
    def who(request):
        return request.session.get("user") or None

    def app(environ, start_response):
        start_response("200 OK", [])
        for _ in range(2):
            yield page().content("hero")["title"].encode()

    users = iter(["ann", ""])
    both = TactfulMiddleware(app, Site(edge=edge, who=who, deadline_s=10), lambda _: {"user": next(users)})
    bodies = [both(environment(), lambda *_: None) for _ in range(2)]
    for _ in range(2):
        assert [next(iter_) for iter_ in map(iter, bodies)][:1]
    texts = [b"".join(itertools.islice(body, 2)) for body in bodies]

    assert not any(b"Welcome" in text and b"Thanks" in text for text in texts)


@pytest.mark.parametrize(("header", "count"), [("1", 1), ("1, 1", 1), ("1,1", 1), ("0", 2), ("0, 0", 2), ("", 2)])
def test_global_privacy_control_that_was_sent_twice_is_heard(site, header, count):
    counted = []

    def app(environ, start_response):
        counted.append(len(page().decide("row").picks))
        start_response("200 OK", [])
        return []

    answered(site, app, environment(HTTP_SEC_GPC=header))

    assert counted == [count]


@pytest.fixture
def browser(site):
    flask = pytest.importorskip("flask", reason="needs the extra flask")
    from tactful_adapters.flask import Tactful  # noqa: PLC0415 - of Flask's tests alone

    app = flask.Flask("shop")
    app.secret_key = secrets.token_hex()
    Tactful(site).init_app(app)
    templates = {
        "short": '{% offer "hero" %}Hello{% endoffer %}',
        "none": '{% offer "aside" %}<i>Hello</i>{% endoffer %}',
        "own": '{% offer "hero" as it %}<b>{{ it.title }}</b>{% else %}Hello{% endoffer %}',
        "own-none": '{% offer "aside" as it %}<b>{{ it.title }}</b>{% else %}Hello{% endoffer %}',
    }

    @app.get("/login")
    def login():
        flask.session["user"] = "ann"
        return "hello"

    @app.get("/show/<name>")
    def show(name):
        return flask.render_template_string(templates[name])

    @app.get("/plain")
    def plain():
        return "nothing personal", {"ETag": '"1"'}

    @app.get("/missing")
    def missing():
        page().content("hero")
        flask.abort(404)

    return app.test_client()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("short", "Thanks &amp; more"),
        ("none", "<i>Hello</i>"),
        ("own", "<b>Thanks &amp; more</b>"),
        ("own-none", "Hello"),
    ],
)
def test_flask_s_templates_show_offers_escaped_once(browser, shown, path, text):
    browser.get("/login")
    answer = browser.get(f"/show/{path}")

    assert answer.text == text
    assert answer.headers["Cache-Control"] == "private, no-store"
    answer.close()
    assert shown() == ([("shown", "thanks")] if "Thanks" in text else [])


def test_flask_s_visitors_see_the_fallback_and_plain_pages_stay_as_they_are(browser, shown):
    assert browser.get("/show/short").text == "Welcome"
    assert browser.get("/plain").headers["ETag"] == '"1"'
    assert "Cache-Control" not in browser.get("/plain").headers
    browser.get("/login")
    browser.get("/missing").close()
    assert shown() == []


def test_outside_a_request_there_is_no_page():
    import tactful  # noqa: PLC0415 - of this test alone

    with pytest.raises(tactful.UsageError, match="add the middleware"):
        page()
