"""A real Starlette application with sessions: who is known, what is marked, recorded and refused."""

import secrets

import pytest

pytest.importorskip("starlette", reason="needs starlette")
import anyio
import httpx2
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from tactful_adapters.asgi import TactfulMiddleware
from tactful_adapters.web import Site, page

TC_NO = (
    "CQdWToAQdWToAEIAHDENCOFwAAAAAAAAAIYgAAAAAAAhAAIAAwAA.IJYQEoAAgAGAAUABAACgAGAAZAA4ADIAMYAgABkAFNAQAAvMBjID6AImASwA"
)


async def login(request):
    request.session["user"] = request.query_params["user"]
    return PlainTextResponse("hello")


def hero(request):  # in a thread of its own: the page is there too
    return PlainTextResponse(page().content("hero").get("title", "nothing"), headers={"ETag": '"1"'})


async def row(request):
    return JSONResponse([slot["title"] for slot in page().slots("row")], headers={"Cache-Control": "public"})


async def both(request):
    decision = page().decide("hero", "row")
    return JSONResponse([[pick.placement, pick.offer] for pick in decision.picks])


async def plain(request):
    return PlainTextResponse("nothing personal", headers={"ETag": '"1"', "Cache-Control": "public"})


async def missing(request):
    page().content("hero")
    return PlainTextResponse("no", 404)


async def broken(request):
    page().content("hero")
    raise RuntimeError


async def stream(request):
    async def pieces():
        for _ in range(2):
            yield page().content("hero")["title"].encode()

    return StreamingResponse(pieces())


async def late(request):
    async def pieces():
        yield b"a head, "
        yield page().content("hero")["title"].encode()

    return StreamingResponse(pieces())


def application(site):
    handlers = (login, hero, row, both, plain, missing, broken, stream, late)
    return Starlette(
        routes=[Route(f"/{handler.__name__}", handler, methods=["GET", "HEAD", "POST"]) for handler in handlers],
        middleware=[
            Middleware(SessionMiddleware, secret_key=secrets.token_hex()),
            Middleware(TactfulMiddleware, site=site),
        ],
    )


@pytest.fixture
def ask(site):
    """Asks the application as one browser does, logged in or not."""

    def asked(path, user="ann", method="GET", app_site=site, headers=(), cookies=""):
        async def asking():
            transport = httpx2.ASGITransport(application(app_site), raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://shop.example") as browser:
                if user:
                    await browser.get("/login", params={"user": user})
                more = [*headers, *([("Cookie", cookies)] if cookies else [])]
                return await browser.request(method, path, headers=more)

        return anyio.run(asking)

    return asked


def test_who_is_known_sees_what_is_theirs_and_nobody_may_keep_it(ask, shown):
    answer = ask("/hero")

    assert answer.text == "Thanks &amp; more"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Cookie" in answer.headers["Vary"]
    assert "ETag" not in answer.headers
    assert shown() == [("shown", "thanks")]


@pytest.mark.parametrize("user", ["", "bob"])
def test_who_is_not_known_sees_the_fallback(ask, shown, user):
    assert ask("/hero", user).text == "Welcome"
    assert shown() == []


def test_what_the_site_tells_of_the_moment_counts(ask):
    assert ask("/hero", headers=[("X-Page", "bakery")]).text == "Bread"


def test_every_filled_slot_that_is_rendered_is_shown(ask, shown):
    assert ask("/row").json() == ["Thanks &amp; more", "A partner&#x27;s"]
    assert sorted(shown()) == [("shown", "partner"), ("shown", "thanks")]


def test_placements_that_are_decided_together_agree(ask, shown):
    assert ask("/both").json() == [["hero", "thanks"], ["row", "partner"]]
    assert shown() == []  # decided is not rendered


def test_an_answer_without_anything_personal_stays_as_it_was(ask):
    headers = ask("/plain").headers

    assert (headers["ETag"], headers["Cache-Control"], "Vary" in headers) == ('"1"', "public", False)


@pytest.mark.parametrize(("path", "status"), [("/missing", 404), ("/broken", 500)])
def test_what_failed_showed_nothing(ask, shown, path, status):
    assert ask(path).status_code == status
    assert shown() == []


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", []),
        ("POST", []),
        ("GET", [("Sec-Purpose", "prefetch;prerender")]),
        ("GET", [("Sec-Purpose", "prefetch")]),
        ("GET", [("Purpose", "prefetch")]),
    ],
)
def test_what_nobody_looks_at_is_not_shown(ask, shown, method, headers):
    assert ask("/hero", method=method, headers=headers).status_code == 200
    assert shown() == []


def test_a_body_that_is_made_piece_by_piece_has_its_page_and_counts_once(ask, shown):
    assert ask("/stream").text == "Thanks &amp; more" * 2
    assert shown() == [("shown", "thanks")]


def test_what_is_decided_after_the_headers_is_for_nobody(ask, shown, caplog):
    answer = ask("/late")

    assert (answer.text, "Cache-Control" in answer.headers) == ("a head, Welcome", False)
    assert "call decide() before the answer begins" in caplog.text
    assert shown() == []


@pytest.mark.parametrize(
    ("headers", "cookies"),
    [
        ([("Sec-GPC", "1")], ""),
        ([("Sec-GPC", "0"), ("Sec-GPC", "1")], ""),
        ([], f"session=; euconsent-v2={TC_NO}"),
        ([], "euconsent-v2=CQnonsense"),
        ([], "gpp=DBnonsense"),
    ],
)
def test_what_the_browser_refuses_is_refused(edge, site, headers, cookies):
    from tactful_adapters.web import Request  # noqa: PLC0415 - of this test alone

    asked = Request("GET", (*headers, *([("Cookie", cookies)] if cookies else [])), {"user": "ann"})
    here = site.page(asked)
    here.warm()

    assert [pick.offer for pick in here.decide("row").picks] == ["thanks"]
    edge.forget("ann")
    other = site.page(Request("GET", (), {"user": "ann"}))
    other.warm()
    assert [pick.offer for pick in other.decide("row").picks] == ["thanks", "partner"]


def test_a_customer_who_cannot_be_told_is_nobody_and_the_page_is_shown(ask, edge, caplog):
    def odd(request):
        raise KeyError("canary")

    site = Site(edge=edge, who=odd, moment=odd)

    assert ask("/hero", app_site=site).text == "Welcome"
    assert "KeyError" in caplog.text
    assert "canary" not in caplog.text
