"""What a framework knows of a request, and how the customer is found by it. It decides nothing."""

from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from types import MappingProxyType
from typing import Final

import attrs

#: Who is meant, as `Edge.decide` takes it.
Who = str | Mapping[str, str] | None
#: A cookie header is read no further [characters].
COOKIES_MAX: Final = 16_384
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


@attrs.frozen(repr=False)
class Request:
    """
    What a framework knows of a request.

    Attributes:
        method: Such as "GET".
        headers: All headers as they came, one by one.
        session: What the site keeps between requests; empty without sessions.
    """

    method: str
    headers: tuple[tuple[str, str], ...]
    session: Mapping[str, object] = _NOTHING

    def header(self, name: str) -> str | None:
        """Return the value of a header that came exactly once; None of one that came more often: it says nothing."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if len(found) == 1 else None

    def cookie(self, name: str) -> str | None:
        """Return a cookie's value; None if it is not there, or what came cannot be read."""
        cookies = "; ".join(value for key, value in self.headers if key.lower() == "cookie")
        try:
            found = SimpleCookie(cookies[:COOKIES_MAX]).get(name)
        except CookieError:
            return None
        return None if found is None else found.value

    @property
    def is_seen(self) -> bool:
        """Whether somebody looks at the answer: nobody does where a browser fetches ahead."""
        purpose = f"{self.header('sec-purpose') or ''} {self.header('purpose') or ''}"
        return self.method == "GET" and "prefetch" not in purpose and "prerender" not in purpose

    def __repr__(self) -> str:  # headers are personal
        return f"<Request {self.method}>"


def from_session(key: str) -> Callable[[Request], Who]:
    """Return what finds the customer by the id that the site's own session keeps."""

    def found(request: Request) -> Who:
        value = request.session.get(key)
        return None if value is None or value == "" else str(value)

    return found


def from_cookie(name: str, identifier: str = "cookie") -> Callable[[Request], Who]:
    """
    Return what finds the customer by a cookie.

    Anybody can send any cookie. So its value is an identifier, of a device by its kind, and never the customer's id.
    """

    def found(request: Request) -> Who:
        value = request.cookie(name)
        return {identifier: value} if value else None

    return found


def from_header(name: str) -> Callable[[Request], Who]:
    """Return what finds the customer by a header that a trusted proxy sets, and removes where it comes from outside."""
    return lambda request: request.header(name) or None
