"""One-click unsubscribing as RFC 8058 has it: the headers of a mail, and what answers its link. No framework here.

A POST with `List-Unsubscribe=One-Click` takes the consent back, before it is answered. Nothing else does: link scanners
and mail programs fetch links ahead, so a GET shows a page with a button. The token in the link is all the authority
there is. No cookie is read, so no other site can make a browser do what its owner's token does not say already; that
is why the POST needs no CSRF token, and must not have one. No answer tells whether a customer is known, and none
redirects.
"""

import hashlib
import html
import logging
from email.parser import BytesParser
from email.policy import HTTP
from typing import Final
from urllib.parse import parse_qs, urlsplit

import attrs

import tactful

from .addresses import mailbox
from .tokens import Leaving, Registers, Tokens

_log = logging.getLogger("tactful")
FIELD: Final = "List-Unsubscribe"
ONE_CLICK: Final = "One-Click"
#: A request's body is read no further [B].
BODY_MAX_BYTES: Final = 4_096
METHODS: Final = ("GET", "HEAD", "POST")
_HEADERS: Final = (
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("Content-Type", "text/html; charset=utf-8"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Robots-Tag", "noindex"),
)
_PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;color:#222}}
button{{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.4rem;background:#1d4ed8;color:#fff}}</style>
</head><body><h1>{title}</h1><p>{text}</p>{form}</body></html>
"""
_FORM: Final = '<form method="post"><button name="{field}" value="{value}">{button}</button></form>'


@attrs.frozen
class Words:
    """What the page says, as plain text, in the shop's language and voice."""

    language: str = "en"
    title: str = "Letters"
    question: str = "Do you want no more letters of this kind from us?"
    button: str = "No more letters"
    done: str = "You will get no more letters of this kind. It holds from now on."
    broken: str = "This link is not whole. Open it from the letter once more, or copy all of it."
    later: str = "We could not note it just now. Please try again in a few minutes."


@attrs.frozen
class Answer:
    """
    What answers a request.

    Attributes:
        status: The HTTP status.
        headers: Its headers.
        body: Its body; empty for HEAD.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Unsubscribing:
    """
    Makes the links of a shop's mails, and takes consents back where they are followed.

    Args:
        edge: What takes consents back; its consents are kept in its store.
        store: The edge's store, which keeps the key of the links.
        url: Where links point: the token is its last part, as in `https://shop.example/unsubscribe/`.
        mailto: An address that takes mails instead, for programs that know no other way; whoever reads it unsubscribes
            the sender by `edge.opt_out`.
        words: What the page says.

    Raises:
        UsageError: If the URL is not one that RFC 8058 takes, or `mailto` is no address.
    """

    def __init__(
        self,
        edge: tactful.Edge,
        store: Registers,
        url: str,
        *,
        mailto: str | None = None,
        words: Words = Words(),
    ) -> None:
        self._edge = edge
        self._tokens = Tokens(store)
        self._url = _url(url)
        self._mailto = _mailto(mailto)
        self._words = words

    def link(self, customer: str, purpose: str, channel: str, campaign: str) -> str:
        """Return the URL that takes back one purpose of one customer on one channel."""
        return self._url + self._tokens.make(Leaving(customer, purpose, channel, campaign))

    def headers(self, link: str) -> dict[str, str]:
        """Return the two headers of a mail, both of which its DKIM signature must cover."""
        return {FIELD: f"{self._mailto}<{link}>", f"{FIELD}-Post": f"{FIELD}={ONE_CLICK}"}

    def answer(self, method: str, token: str, content_type: str = "", body: bytes = b"") -> Answer:
        """
        Answer a request; a POST that says so takes the consent back first. It never raises.

        Args:
            method: Such as "POST".
            token: The last part of the URL's path.
            content_type: The header of that name.
            body: The body, no longer than `BODY_MAX_BYTES` and one byte more.
        """
        words = self._words
        if method not in METHODS:
            return self._page(405, words.broken, ("Allow", ", ".join(METHODS)))
        leaving = self._tokens.read(token)
        if leaving is None:
            return self._page(404, words.broken, head=method == "HEAD")
        if method != "POST":
            return self._page(200, words.question, head=method == "HEAD", asks=True)
        if len(body) > BODY_MAX_BYTES:
            return self._page(413, words.broken)
        if not is_one_click(content_type, body):
            return self._page(400, words.question, asks=True)
        try:
            self._leave(leaving, token)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not noted, and must not be said to be
            _log.error("a customer could not be unsubscribed: %s", type(error).__name__)
            return self._page(503, words.later, ("Retry-After", "300"), asks=True)
        return self._page(200, words.done)

    def _leave(self, leaving: Leaving, token: str) -> None:
        """Take the consent back; where the policy knows the purpose or the channel no more, more than that."""
        policy = self._edge.plan.policy
        asked = {one.name for one in policy.purposes if one.asks}
        channel = leaving.channel if leaving.channel in {one.name for one in policy.channels} else None
        purpose = leaving.purpose if leaving.purpose in asked and channel is not None else None
        self._edge.opt_out(leaving.customer, purpose, channel=channel)
        id_ = f"unsubscribe/{hashlib.sha256(token.encode()).hexdigest()[:24]}"
        self._edge.observe(leaving.customer, "unsubscribe", channel=leaving.channel, id=id_)

    def _page(
        self, status: int, text: str, *headers: tuple[str, str], head: bool = False, asks: bool = False
    ) -> Answer:
        words = attrs.asdict(self._words, value_serializer=lambda _, __, value: html.escape(str(value)))
        form = _FORM.format(field=FIELD, value=ONE_CLICK, button=words["button"]) if asks else ""
        page = _PAGE.format(language=words["language"], title=words["title"], text=html.escape(text), form=form)
        return Answer(status, (*_HEADERS, *headers), b"" if head else page.encode())


def is_one_click(content_type: str, body: bytes) -> bool:
    """
    Return whether a body says `List-Unsubscribe=One-Click`, once and nothing else under that name, in either form.

    >>> is_one_click("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click")
    True
    >>> is_one_click("text/plain", b"List-Unsubscribe=One-Click")
    False
    """
    try:
        kind = content_type.partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            said = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=16).get(FIELD, [])
        elif kind == "multipart/form-data":
            said = _parts(content_type, body)
        else:
            return False
    except Exception:  # noqa: BLE001 - the standard library's parser of headers raises more than it says
        return False
    return said == [ONE_CLICK]


def _parts(content_type: str, body: bytes) -> list[str]:
    """Return the values of the one field in a form of several parts."""
    if not content_type.isprintable():
        return []
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode("ascii", "replace")
    found = BytesParser(policy=HTTP).parsebytes(head + body)
    named = (part for part in found.iter_parts()) if found.is_multipart() else ()
    wanted = (part for part in named if part.get_param("name", header="content-disposition") == FIELD)
    payloads = (part.get_payload(decode=True) for part in wanted)
    return [one.decode("ascii").strip("\r\n") if isinstance(one, bytes) else "" for one in payloads]


def _url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    plain = url.isascii() and url.isprintable() and not set(url) & set(" <>,;\"'\\")
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or parts.username or not plain:
        raise tactful.UsageError("url: where links point is https, as https://shop.example/unsubscribe/ (RFC 8058)")
    return url if url.endswith("/") else f"{url}/"


def _mailto(mailto: str | None) -> str:
    if mailto is None:
        return ""
    found = mailbox(mailto)
    if found is None or not found.addr_spec.isascii() or set(found.addr_spec) & set("?&%"):
        raise tactful.UsageError("mailto: write one address, as unsubscribe@shop.example")
    return f"<mailto:{found.addr_spec}?subject=unsubscribe>, "
