"""One click withdraws, and nothing else does: RFC 8058's vectors over ASGI, WSGI and Django, and what attackers try."""

import asyncio
import io
import json
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful_adapters.email import Unsubscribing, Words
from tactful_adapters.email.serving import asgi, wsgi
from tactful_adapters.email.tokens import Leaving, Tokens
from tactful_adapters.email.unsubscribe import BODY_MAX_BYTES, is_one_click

VECTORS = json.loads((Path(__file__).parent / "rfc8058.json").read_text(encoding="utf-8"))
FORM = "application/x-www-form-urlencoded"
CLICK = b"List-Unsubscribe=One-Click"


@pytest.fixture
def link(unsubscribing):
    return unsubscribing.link("ann", "letters", "email", "december")


@pytest.fixture
def token(link):
    return link.rpartition("/")[2]


def agreed(edge, customer="ann"):
    """Whether a letter for a customer would have anything for its purpose."""
    edge.warm(customer)
    decision = edge.decide("letter.new", customer, profile={"likes": ["film"]}, contacts=(), preview=True)
    return bool(decision.picks)


def by_asgi(unsubscribing, method, url, body, headers):
    async def asked():
        transport = httpx2.ASGITransport(asgi(unsubscribing))
        async with httpx2.AsyncClient(transport=transport) as client:
            return await client.request(method, url, content=body, headers=headers)

    answer = asyncio.run(asked())
    return answer.status_code, dict(answer.headers), answer.content


def by_wsgi(unsubscribing, method, url, body, headers):
    client = httpx2.Client(transport=httpx2.WSGITransport(wsgi(unsubscribing)))
    answer = client.request(method, url, content=body, headers=headers)
    return answer.status_code, dict(answer.headers), answer.content


@pytest.fixture(params=[by_asgi, by_wsgi], ids=["asgi", "wsgi"])
def ask(request, unsubscribing, link):
    def asked(method, body=b"", content_type=FORM, url=link, **headers):
        named = {"Content-Type": content_type, **headers} if content_type else headers
        return request.param(unsubscribing, method, url, body, named)

    return asked


# the vectors


def test_the_headers_are_as_the_vectors_say(campaign):
    (mail,) = (one.mail for one in campaign.mails([{"customer": "ann", "address": "ann@post.example", "tier": "gold"}]))
    unsubscribe = mail.message["List-Unsubscribe"]
    assert unsubscribe.startswith("<https://shop.example/unsubscribe/")
    assert unsubscribe.count("https://") == 1
    assert mail.message["List-Unsubscribe-Post"] == VECTORS["message"]["headers"]["List-Unsubscribe-Post"]
    lines = mail.message.as_bytes().split(b"\r\n")
    assert f"List-Unsubscribe: {unsubscribe}".encode() in lines  # in one line, whatever its length
    assert mail.message["List-Unsubscribe"][1:-1] in mail.parts.text


def test_a_mail_address_may_stand_beside_the_link(edge, store):
    made = Unsubscribing(edge, store, "https://shop.example/u", mailto="u@shop.example")
    link = made.link("ann", "letters", "email", "december")
    assert made.headers(link)["List-Unsubscribe"] == f"<mailto:u@shop.example?subject=unsubscribe>, <{link}>"


@pytest.mark.parametrize("vector", VECTORS["requests"], ids=lambda one: f"{one['method']} {one['body'][:40]!r}")
def test_each_request_does_what_its_vector_says(ask, edge, vector):
    assert agreed(edge)
    cookies = "; ".join(f"{name}={value}" for name, value in vector.get("cookies", {}).items())
    headers = {"Cookie": cookies} if cookies else {}
    status, told, _ = ask(vector["method"], vector["body"].encode(), vector.get("content_type", ""), **headers)
    assert agreed(edge) is not vector["unsubscribes"]
    assert not 300 <= status < 400
    assert "location" not in told
    assert "set-cookie" not in told


# what it takes back


def test_one_click_takes_the_purpose_back_on_the_channel_at_once_and_is_heard_as_an_offence(ask, edge, store):
    assert ask("POST", CLICK)[0] == 200
    said = [one for one in store.consents("ann").records if one.refuses]
    assert {(one.purpose, one.channel) for one in said} == {("letters", "email")}
    events = [one.event for one in store.contacts("ann", 0)]
    assert events.count("unsubscribe") == 1
    assert ask("POST", CLICK)[0] == 200  # twice is as once
    assert [one.event for one in store.contacts("ann", 0)].count("unsubscribe") == 1


def test_fetching_ahead_a_hundred_times_does_nothing(ask, edge):
    for headers in ({"Sec-Purpose": "prefetch"}, {"Purpose": "prefetch"}, {"User-Agent": "scanner"}):
        for method in ("GET", "HEAD"):
            assert ask(method, **headers)[0] == 200
    assert agreed(edge)


def test_a_page_with_a_button_does_the_same_as_one_click(ask, edge):
    _, headers, page = ask("GET")
    assert b'<form method="post"><button name="List-Unsubscribe" value="One-Click">' in page
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert ask("HEAD")[2] == b""


def test_a_store_that_fails_is_not_told_as_done(unsubscribing, token, edge, monkeypatch, caplog):
    def fails(*_, **__):
        raise tactful.StoreError("no room for ann")

    monkeypatch.setattr(edge._opting.ledger, "record", fails)
    answer = unsubscribing.answer("POST", token, FORM, CLICK)
    assert answer.status == 503
    assert dict(answer.headers)["Retry-After"] == "300"
    assert "ann" not in caplog.text


def test_a_link_of_another_policy_takes_back_more_rather_than_nothing(edge, unsubscribing, store):
    for purpose, channel in (("gone", "email"), ("letters", "gone"), ("service", "email")):
        edge.opt_in("ann", "letters")
        token = unsubscribing.link("ann", purpose, channel, "then").rpartition("/")[2]
        assert unsubscribing.answer("POST", token, FORM, CLICK).status == 200
        assert not agreed(edge)


# what attackers try


def test_a_token_tells_nothing_and_customers_of_any_usual_length_have_tokens_of_one(unsubscribing):
    links = [unsubscribing.link("a" * n, "letters", "email", "december") for n in range(1, 32)]
    assert len({len(link) for link in links}) == 1
    assert len(set(links)) == len(links)
    assert all("aaa" not in link for link in links)


def test_no_answer_tells_whether_a_customer_is_known(ask, unsubscribing):
    nobody = unsubscribing.link("nobody-at-all", "letters", "email", "december")
    for method, body in (("GET", b""), ("POST", CLICK), ("POST", b"")):
        known, unknown = ask(method, body), ask(method, body, url=nobody)
        assert known == unknown


@given(st.data())
def test_no_altered_token_is_taken(data):
    tokens = _tokens()
    token = tokens.make(Leaving("ann", "letters", "email", "december"))
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_=. é/"))
    changed = token[:place] + letter + token[place + 1 :]
    assert changed == token or tokens.read(changed) is None
    assert tokens.read(token[:place]) is None
    assert tokens.read(token + letter) is None


@given(st.text(max_size=300))
def test_whatever_stands_in_the_place_of_a_token_is_only_told_to_be_broken(text):
    assert _tokens().read(text) is None


@given(*[st.text(max_size=60).filter(lambda text: text.isascii() or text.isprintable())] * 4)
def test_a_token_says_what_was_put_into_it(customer, purpose, channel, campaign):
    leaving = Leaving(customer, purpose, channel, campaign)
    try:
        token = _tokens().make(leaving)
    except UnicodeEncodeError:
        return
    assert _tokens().read(token) == leaving
    assert Tokens(tactful.MemoryStore()).read(token) is None  # another shop's key


def _tokens(store=tactful.MemoryStore()):  # noqa: B008 - one key for all examples
    return Tokens(store)


@pytest.mark.parametrize("token", ["", "x", "<script>alert(1)</script>", "%0d%0aSet-Cookie:a=b", "../" * 9, "A" * 9999])
def test_a_broken_link_is_told_and_shows_nothing_of_itself(ask, token):
    url = f"https://shop.example/unsubscribe/{quote(token, safe='%./')}"
    for method in ("GET", "POST"):
        status, headers, page = ask(method, CLICK if method == "POST" else b"", url=url)
        assert status == 404
        assert b"alert" not in page
        assert "set-cookie" not in headers


def test_no_parameter_leads_anywhere_else(ask, link):
    url = f"{link}?next=https://evil.example/&redirect=//evil.example"
    for method, body in (("GET", b""), ("POST", CLICK)):
        status, headers, page = ask(method, body, url=url)
        assert status == 200
        assert "location" not in headers
        assert b"evil" not in page


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(ask, edge, method):
    status, headers, _ = ask(method, CLICK)
    assert (status, headers["allow"]) == (405, "GET, HEAD, POST")
    assert agreed(edge)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", CLICK),
        ("application/json", b'{"List-Unsubscribe": "One-Click"}'),
        (FORM, CLICK + b"&List-Unsubscribe=No"),
        (FORM, b"list-unsubscribe=One-Click"),
        (FORM, b"\xff\xfe"),
        (FORM, b"&".join([b"a=b"] * 99) + b"&" + CLICK),
        ("multipart/form-data", b"--X--"),
        ("multipart/form-data; boundary=X", b"--Y\r\n\r\nOne-Click\r\n--Y--"),
        (
            "multipart/form-data; boundary=X",
            b'--X\r\nContent-Disposition: form-data; name="other"\r\n\r\nOne-Click\r\n--X--',
        ),
        ("multipart/form-data; boundary=X\r\nX: y", CLICK),
    ],
)
def test_what_does_not_say_so_is_a_clear_400_and_takes_nothing_back(unsubscribing, token, edge, content_type, body):
    assert unsubscribing.answer("POST", token, content_type, body).status == 400
    assert agreed(edge)


def test_a_body_without_end_is_not_read_to_its_end(ask, edge):
    assert ask("POST", CLICK + b"&" + b"x" * 3 * BODY_MAX_BYTES)[0] == 413
    assert agreed(edge)


@given(
    st.binary(max_size=200),
    st.sampled_from([FORM, "multipart/form-data; boundary=X", "multipart/form-data; boundary", ""]),
)
def test_no_body_raises(body, content_type):
    assert is_one_click(content_type, body) in (True, False)


def test_a_head_that_the_standard_librarys_parser_fails_at_does_not_say_so():
    body = b"--b\r\ncontent-disposition: *;List-Unsubscribe*\r\n\r\nOne-Click\r\n--b--\r\n"
    assert not is_one_click("multipart/form-data; boundary=b", body)


def test_the_shops_own_words_are_escaped(edge, store, token):
    made = Unsubscribing(
        edge, store, "https://a.example/", words=Words(language='"><b>', title="<b>", question="<i>", button="<u>")
    )
    page = made.answer("GET", token).body
    assert not any(tag in page for tag in (b"<b>", b"<i>", b"<u>"))


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/u/",
        "https:///u/",
        "https://shop.example/u?t=",
        "https://shop.example/u#t",
        "https://me:pw@shop.example/u/",
        "https://shop.example/u,<https://evil.example>",
        "https://shop.example/\r\nBcc: all@shop.example",
        "/u/",
    ],
)
def test_a_url_that_rfc_8058_would_not_take_is_refused(edge, store, url):
    with pytest.raises(tactful.UsageError, match="url: where links point is https"):
        Unsubscribing(edge, store, url)


@pytest.mark.parametrize("mailto", ["u", "a@b.example,c@d.example", "a@b.example?bcc=c@d.example", "a@b.example>"])
def test_a_mailto_that_is_more_than_an_address_is_refused(edge, store, mailto):
    with pytest.raises(tactful.UsageError, match="mailto: write one address"):
        Unsubscribing(edge, store, "https://shop.example/u/", mailto=mailto)


def test_a_length_that_is_none_reads_no_body(unsubscribing, token):
    for length in ("-5", "x", "1e3", "٣"):
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"/{token}",
            "CONTENT_LENGTH": length,
            "CONTENT_TYPE": FORM,
            "wsgi.input": io.BytesIO(CLICK),
        }
        told = []
        b"".join(wsgi(unsubscribing)(environ, lambda status, headers, told=told: told.append(status)))
        assert told == ["400 Bad Request"]


# controls: each of these mistakes is noticed


def unsubscribes(edge, unsubscribing, *request):
    edge.opt_in("ann", "letters")
    unsubscribing.answer(*request)
    return not agreed(edge)


@pytest.mark.parametrize(
    ("right", "wrong", "noticed"),
    [
        ('if method != "POST":', "if False:", ("GET",)),
        ('if method != "POST":', "if False:", ("HEAD",)),
        ("if not is_one_click(content_type, body):", "if False:", ("POST",)),
        ("return said == [ONE_CLICK]", "return bool(said)", ("POST", FORM, b"List-Unsubscribe=Two-Click")),
    ],
)
def test_a_handler_that_takes_less_for_a_click_would_be_noticed(edge, unsubscribing, token, right, wrong, noticed):
    method, *rest = noticed
    request = (method, token, *rest)
    assert not unsubscribes(edge, unsubscribing, *request)
    with mutated(Mutant("tactful_adapters.email.unsubscribe", right, wrong)):
        body = request if len(request) > 2 else (*request, FORM, CLICK if method != "POST" else b"")
        assert unsubscribes(edge, unsubscribing, *body)
