"""What reads from outside is given what is wrong in any way: it says so in its own words, and crashes never."""

import asyncio
import gzip
import json
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import attrs
from tests.bundle.small_policy import signed

import tactful
from tactful import Consent, Consents, ConsentState, Contact, How, Observation, Snapshot, Source, bundle
from tactful.authoring import compile_files
from tactful.errors import TactfulError
from tactful.evidence import pack_evidence, unpack_evidence
from tactful_adapters import rows
from tactful_adapters.ofrep import ofrep_app
from tactful_adapters.segment import SegmentApp

from . import fuzz_relay, fuzz_web

SHOP: Final = """
channels: {web: private}
placements: {home: {channel: web, slots: 3}}
context: {page: text, hour: int, since: duration, at: time, list: list of text}
topics: {food: {}}
purposes: {offers: consent}
identifiers: {card: person}
profile: {shop: {all: {owner: crm, purpose: offers}, visits: {type: int, say: visits}, name: {type: text, say: name}}}
offers:
  all: {intent: sell, topic: food, purpose: offers}
  thanks: {when: profile.visits >= 6 && context.hour < 12, treatments: ["Thanks", "{profile.name}, thanks"]}
  olives: {when: 'context.page == "deli" || "x" in context.list', treatments: Olives}
  bread: {treatments: Bread}
events:
  anonymous_id: cookie
  consent: {Advertising: {purpose: offers, yes: explicit}}
  identify: {name: name, a.b: visits}
  track: {Bought: {counts_as: purchase, topic: food, properties: {visits: visits}}}
"""
#: Bytes that mean something to msgpack or to a text.
_TELLING: Final = (0, 0x7F, 0x80, 0xC1, 0xDC, 0xFF)
_SIMPLE: Final = (None, True, 0, -1, 2**70, 0.5, float("nan"), float("inf"), "", "deli", "\ud800", b"\xff", "x" * 999)
Call = Callable[[Any], object]
#: What is called, and with what.
Target = tuple[Call, Iterator[object]]


@attrs.define
class Figures:
    """
    What inputs did.

    Attributes:
        inputs: So many there were.
        refused: Those that were refused with an error of tactful's own.
        crashed: Those that ended in anything else.
        kinds: The names of what they ended in.
        growth_mb: By how much the memory of the process has grown at most [MB].
    """

    inputs: int = 0
    refused: int = 0
    crashed: int = 0
    kinds: dict[str, int] = attrs.field(factory=dict)
    growth_mb: float = 0.0


def altered(good: bytes, other: bytes, chance: Random) -> bytes:
    """Return bytes that are like some good ones and are none: flipped, cut, spliced, doubled, or nothing like it."""
    at, end = sorted(chance.randrange(len(good) + 1) for _ in "ab")
    match chance.randrange(7):
        case 0:
            return good[:at]
        case 1:
            return good[:at] + good[end:]
        case 2:
            return good[:at] + other[min(at, len(other)) :]
        case 3:
            return good[:at] + good[at:end] * chance.randrange(2, 5) + good[end:]
        case 4:
            return chance.randbytes(chance.randrange(200))
        case _:
            changed = bytearray(good)
            for _ in range(chance.randrange(1, 5)):
                changed[chance.randrange(len(changed))] = chance.choice(
                    (0, 0x7F, 0x80, 0xC1, 0xDC, 0xFF, chance.randrange(256))
                )
            return bytes(changed)


def odd_value(chance: Random, depth: int = 0) -> object:
    """Return a value that a caller could hand over by mistake."""
    if depth > 2 or chance.random() < 0.6:
        return chance.choice((*_SIMPLE, object()))
    items = [odd_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return chance.choice((items, tuple(items), {str(number): one for number, one in enumerate(items)}, iter(items)))


def _bytes_of(good: list[bytes], chance: Random) -> Iterator[bytes]:
    while True:
        yield altered(chance.choice(good), chance.choice(good), chance)


@contextmanager
def _bundles(chance: Random) -> Iterator[Target]:
    yield bundle.read_unsigned, _bytes_of([signed(), signed(epoch=8)], chance)


@contextmanager
def _rows(chance: Random) -> Iterator[Target]:
    agreed = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 5, channel="web"),), 7)
    seen = Snapshot(
        "ann", 5, {"visits": Observation(8, Source.OBSERVED, 5), "n": Observation("x", Source.STATED, 5, 0.5)}
    )
    good = [
        rows.pack_contact(Contact("1", "ann", "shown", 5, topic="food", tags=("a", "b"))),
        rows.pack_consents(agreed),
        rows.pack_attributes(seen),
    ]
    readers: tuple[Call, ...] = (
        rows.unpack_contact,
        lambda body: rows.unpack_consents(1, 1, body),
        lambda body: rows.unpack_snapshot("ann", 1, 1, body),
        rows.unpack_disclosure,
    )
    yield lambda body: [chance.choice(readers)(body)], _bytes_of(good, chance)


@contextmanager
def _evidence(chance: Random) -> Iterator[Target]:
    with tactful.open(compile_files({"policy.yaml": SHOP.encode()})) as edge:
        decision = edge.decide("home", "ann", {"hour": 9}, profile={"visits": 8}, consents={"offers": "explicit"})
        logged = decision.logged(b"k" * 32)
        good = [pack_evidence(decision.evidence(None)), logged.pack()]
    readers: tuple[Call, ...] = (unpack_evidence, tactful.LoggedDecision.unpack)

    def read(body: bytes) -> object:
        return chance.choice(readers)(body)

    yield read, _bytes_of(good, chance)


@contextmanager
def _tokens(chance: Random) -> Iterator[Target]:
    with tactful.open(compile_files({"policy.yaml": SHOP.encode()})) as edge:
        good = [edge.decide("home", "ann").token.encode() for _ in range(3)]
        yield lambda body: edge.record(body.decode("latin-1")), _bytes_of(good, chance)


@contextmanager
def _signals(chance: Random) -> Iterator[Target]:
    told = json.loads((Path(__file__).parents[1] / "signals" / "tcf.json").read_text(encoding="utf-8"))
    good = [one["tcString"].encode() for one in told if "decoded" in one]
    good += [b"DBACNYA~" + one + b"~1YNN" for one in good]

    def read(body: bytes) -> object:
        text = body.decode("latin-1")
        tactful.Signals.of([("Sec-GPC", text)], tc_string=text, gpp_string=text)
        return tactful.GppString.read(text) if b"~" in body else tactful.TcString.read(text)

    yield read, _bytes_of(good, chance)


@contextmanager
def _requests(chance: Random) -> Iterator[Target]:
    edge, runner = tactful.open(compile_files({"policy.yaml": SHOP.encode()})), asyncio.Runner()
    app = ofrep_app(edge, deadline_s=0)
    good = [
        b'{"context": {"targetingKey": "ann", "page": "deli", "hour": 9, "identifiers": {"card": "4711"}}}',
        b'{"context": {}}',
    ]

    def ask(body: bytes) -> object:
        kind = b"application/json" if chance.random() < 0.95 else body[:20]
        headers = [(b"host", b"localhost"), (b"content-type", kind)]
        path = chance.choice(("home", "home:olives", "x", "", "%00", "home:", ":", "a" * 300))
        return fuzz_web.status_of(runner, app, f"/ofrep/v1/evaluate/flags/{path}", headers, body)

    with edge, runner:
        yield ask, _bytes_of(good, chance)


@contextmanager
def _events(chance: Random) -> Iterator[Target]:
    edge, runner = tactful.open(compile_files({"policy.yaml": SHOP.encode()})), asyncio.Runner()
    app = SegmentApp(edge, ["key"])
    yes = {"consent": {"categoryPreferences": {"Advertising": True}}}
    one = {"userId": "ann", "anonymousId": "a1", "event": "Bought", "properties": {"visits": 7}, "context": yes}
    named = {"type": "identify", "userId": "ann", "traits": {"name": "Ann", "a": {"b": 8}}, "messageId": "m1"}
    timed = {**one, "type": "track", "timestamp": "2026-03-01T09:30:00Z"}
    alias = {"type": "alias", "userId": "ann", "previousId": "a2"}
    several = {"batch": [timed, named, alias], "sentAt": "2026-03-01T09:30:01Z"}
    plain = [json.dumps(body).encode() for body in (one, several)]
    keys = [b"Basic a2V5Og=="] * 20 + [b"Basic eA==", b"Basic \xff", b""]

    def ask(body: bytes) -> object:
        path = chance.choice(("track", "batch", "batch", "identify", "import", "page", "group", "alias", "screen", "x"))
        headers = [(b"authorization", chance.choice(keys))]
        if body[:1] == b"\x1f" or chance.random() < 0.05:
            headers.append((b"content-encoding", chance.choice((b"gzip", b"gzip", b"br"))))
        return fuzz_web.status_of(runner, app, f"/v1/{path}", headers, body)

    with edge, runner:
        yield ask, _bytes_of([*plain, *map(gzip.compress, plain)], chance)


@contextmanager
def _moments(chance: Random) -> Iterator[Target]:
    def calls() -> Iterator[object]:
        while True:
            names = ("page", "hour", "since", "at", "list", "market", "gpc", "canary")
            context = {name: odd_value(chance) for name in names if chance.random() < 0.5}
            more: dict[str, Any] = {}
            for name in ("profile", "consents", "contacts", "refused", "view"):
                if chance.random() < 0.3:
                    more[name] = odd_value(chance)
            who = chance.choice(("ann", None, {"card": "4711"}, odd_value(chance)))
            place = chance.choice(("home", ["home"], odd_value(chance)))
            yield place, who, chance.choice((context, odd_value(chance))), more

    with tactful.open(compile_files({"policy.yaml": SHOP.encode()})) as edge:
        yield lambda call: edge.decide(call[0], call[1], call[2], **call[3]), calls()


#: What reads from outside, by name.
TARGETS: Final[Mapping[str, Callable[[Random], AbstractContextManager[Target]]]] = {
    "bundles": _bundles,
    "rows of stores": _rows,
    "evidence and log": _evidence,
    "tokens": _tokens,
    "TC and GPP strings": _signals,
    "OFREP requests": _requests,
    "events": _events,
    "calls of decide": _moments,
    "relay requests": partial(fuzz_relay.asked, altered=altered),
    "relay answers": partial(fuzz_relay.answered, altered=altered),
    "folders": partial(fuzz_relay.folders, altered=altered),
    "URLs": partial(fuzz_web.urls, altered=altered),
    "requests of a served edge": partial(fuzz_web.served, altered=altered),
    "unsubscribe links": partial(fuzz_web.unsubscribed, altered=altered),
}


def fuzz(target: str, count: int, seed: int = 1, progress: Callable[[int], None] = lambda _: None) -> Figures:
    """
    Give a target so many inputs that are wrong; each is refused in tactful's words, or taken.

    Args:
        target: One of `TARGETS`.
        count: So many inputs.
        seed: Of the inputs.
        progress: Is told how many are over.
    """
    figures, before = Figures(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with TARGETS[target](Random(seed)) as (call, inputs):
        for number, one in zip(range(count), inputs, strict=False):
            _give(call, one, figures)
            progress(number + 1)
    figures.growth_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return figures


def _give(call: Call, one: object, figures: Figures) -> None:
    figures.inputs += 1
    try:
        call(one)
    except TactfulError:
        figures.refused += 1
    except Exception as error:  # noqa: BLE001 - what it is, is what is asked
        figures.crashed += 1
        name = type(error).__name__
        figures.kinds[name] = figures.kinds.get(name, 0) + 1
