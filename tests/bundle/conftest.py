"""What bundles are read and opened with: a guardrail that the small policy names, a clock, and a judge of refusals."""

from collections.abc import Callable, Iterator

import attrs
import pytest

import tactful
from tactful import BundleError, bundle
from tactful.bundle import codec, envelope, packing

from .small_policy import EPOCH, ISSUED_US, PRIVATE, PUBLIC, SMALL, TENANT, signed


class FakeClock:
    """A clock that tells the moment that a test sets."""

    def __init__(self) -> None:
        self.now_us = ISSUED_US

    def __call__(self) -> int:
        return self.now_us


@attrs.frozen
class Habits:
    """An enricher that tells from visits whether somebody comes often."""

    name = "habits"

    least: int = 3

    def reads(self) -> tuple[str, ...]:
        return ("visits",)

    def gives(self) -> tuple[str, ...]:
        return ("often",)

    def enrich(self, known: dict[str, int]) -> dict[str, bool]:
        return {"often": known["visits"] >= self.least}

    def sentence(self) -> str:
        return "Who comes often is told by visits."


@attrs.frozen
class House:
    """A guardrail that withholds a topic from those who paused; its fields take the small policy's settings."""

    name = "house"

    topic: str = "wine"
    share: float = 0.0
    most: int = 0
    strict: bool = False
    after: int | None = None
    hours: tuple[int, ...] = attrs.field(default=(), converter=tuple)
    by: object = None

    def scope(self, catalog: tactful.Catalog) -> tactful.Scope:
        return catalog.topic(self.topic)

    def limits(self, catalog: tactful.Catalog) -> Iterator[tactful.LimitRule]:
        yield tactful.When(
            "protective.paused", tactful.Withhold(self.scope(catalog)), "a pause was asked for", id="pause"
        )

    def sentence(self) -> str:
        return f"{self.topic}: never during a pause."


class Plugin:
    @staticmethod
    @tactful.hookimpl
    def tactful_guardrails() -> list[type]:
        return [House]

    @staticmethod
    @tactful.hookimpl
    def tactful_enrichers() -> list[type]:
        return [Habits]


def registry(version: str = "1.4") -> tactful.Registry:
    return tactful.Registry.of(Plugin(), distribution="house-rules", version=version)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


OpenEdge = Callable[..., tactful.Edge]


@pytest.fixture
def open_edge(clock: FakeClock) -> Iterator[OpenEdge]:
    """Give a function that opens an edge as production does: a pinned key, a tenant."""
    opened: list[tactful.Edge] = []

    def opening(source: object, **changed: object) -> tactful.Edge:
        terms = {"key": PUBLIC, "tenant": TENANT, "clock": clock, "registry": registry(), **changed}
        edge = tactful.open(source, **terms)
        opened.append(edge)
        return edge

    yield opening
    for edge in opened:
        edge.close()


def read(raw: bytes, **changed: object) -> bundle.Bundle:
    """Read a bundle as the golden one is read, at the moment at which it was issued."""
    highest = changed.pop("highest", EPOCH)
    terms = {"keys": [PUBLIC], "tenant": TENANT, "now_us": ISSUED_US, "highest_epoch": lambda _: highest}
    return bundle.read(raw, **{**terms, **changed})


def code(raw: bytes, **changed: object) -> str:
    """Return the code with which a bundle is refused, or an empty text if it is accepted."""
    try:
        read(raw, **changed)
    except BundleError as error:
        return error.code
    return ""


def seal(payload: object, key: str = PRIVATE) -> bytes:
    """Return a bundle of whatever payload, validly signed: what an authorised but mistaken author would send."""
    return envelope.seal(payload if isinstance(payload, bytes) else packing.pack(payload), [key])


def payload(policy: object = None, body: bytes | None = None, **header: object) -> dict[str, object]:
    """Return the payload of the golden bundle in plain values, with other header fields or another policy."""
    golden = packing.unpack(envelope.unpack(signed()).payload, "the payload")
    if policy is not None or body is not None:
        body = packing.pack(policy) if body is None else body
        header = {"sha256": bundle.hashlib.sha256(body).hexdigest(), "length": len(body), **header}
        golden["policy"] = body
    fields = {**golden["header"], **header}
    golden["header"] = {name: value for name, value in fields.items() if value is not ...}
    return golden


def plain_policy() -> dict[str, object]:
    return codec.encode(tactful.Policy, SMALL)
