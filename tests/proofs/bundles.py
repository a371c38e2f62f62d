"""Bundles whose bytes are changed, cut, spliced and sent again: how many a reader takes for true, and a careless one.

Only validly signed bundles are material: of one tenant and others, of several epochs, by the pinned key and another.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from random import Random
from typing import Any, Final
from unittest.mock import patch

import attrs
import msgpack
from tests.bundle.conftest import read
from tests.bundle.small_policy import EPOCH, SMALL, signed

import tactful
from tactful import BundleError, bundle
from tactful.bundle import envelope, packing

#: The bytes that an edge should take.
RAW: Final = signed()
_OTHER_KEY: Final = bundle.make_keys()[0]


@attrs.frozen
class Tried:
    """
    What was tried in one way.

    Attributes:
        tried: So many bytes were read.
        accepted: So many of them were taken for true.
        careless: So many were taken by the control, which lacks the check that refuses them.
        codes: How often each refusal was given.
    """

    tried: int
    accepted: int
    careless: int
    codes: dict[str, int]


#: What a way is given: how many, and the chance by which it picks.
Way = Callable[[int, Random], Iterator[bytes]]


def flipped(_: int, chance: Random) -> Iterator[bytes]:
    """Give the bundle with each of its bits flipped alone, in any order."""
    for bit in chance.sample(range(8 * len(RAW)), 8 * len(RAW)):
        changed = bytearray(RAW)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def truncated(_: int, chance: Random) -> Iterator[bytes]:
    """Give the bundle cut after each of its bytes, in any order."""
    yield from (RAW[:length] for length in chance.sample(range(len(RAW)), len(RAW)))


def spliced(count: int, chance: Random) -> Iterator[bytes]:
    """Give so many splices of two signed bundles: cut anywhere, at one place, or part for part."""
    pool = _signed()
    genuine = {pair for raw in pool for pair in _pairs(raw)}
    while count:
        one, other = chance.sample(pool, 2)
        made = chance.choice((_pieces, _halves, _parts))(one, other, chance)
        if genuine.isdisjoint(_pairs(made)):
            count -= 1
            yield made


def replayed(count: int, _: Random) -> Iterator[bytes]:
    """Give each older epoch of a bundle that has the number `count`, each signed as it should be."""
    yield from (signed(epoch=epoch) for epoch in range(count))


def strange(count: int, _: Random) -> Iterator[bytes]:
    """Give bundles that are validly signed, of other tenants and by another key."""
    for epoch in range(EPOCH, EPOCH + max(count // 20, 1)):
        yield signed(tenant="another shop", epoch=epoch)
        yield signed(private_key=_OTHER_KEY, epoch=epoch)


def _signed() -> list[bytes]:
    """Return bundles of which each is valid somewhere: of several epochs, tenants, keys, names and lengths."""
    renamed = [attrs.evolve(SMALL, name=name) for name in ("corner stop", "another shop")]
    terms: tuple[dict[str, object], ...] = (
        {"epoch": 8},
        {"epoch": 3},
        {"tenant": "corner-shot"},
        {"tenant": "another shop"},
        {"private_key": _OTHER_KEY},
    )
    return [RAW, *(signed(one) for one in renamed), *(signed(**one) for one in terms), signed(renamed[0], epoch=8)]


def _pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Return what is said to be signed, with each signature: a pair that somebody made is no splice."""
    try:
        found = envelope.unpack(raw)
    except BundleError:
        return []
    return [(found.payload, one.signature) for one in found.signatures]


def _pieces(one: bytes, other: bytes, chance: Random) -> bytes:
    """Return two to four pieces, cut at random places."""
    pieces = [chance.choice((one, other)) for _ in range(chance.randint(2, 4))]
    cuts = sorted(chance.randint(0, len(one)) for _ in pieces[1:])
    return b"".join(piece[a:b] for piece, a, b in zip(pieces, [0, *cuts], [*cuts, len(other)], strict=True))


def _halves(one: bytes, other: bytes, chance: Random) -> bytes:
    """Return the beginning of one and the end of the other."""
    at = chance.randrange(1, min(len(one), len(other)))
    return one[:at] + other[at - len(other) :] if chance.random() < 0.5 else one[:at] + other[at:]


def _parts(one: bytes, other: bytes, chance: Random) -> bytes:
    """Return a well-formed bundle of the parts of both: header, policy and signatures, each from one of them."""
    outer = [msgpack.unpackb(raw) for raw in (one, other)]
    inner = [packing.unpack(sealed["payload"], "the payload") for sealed in outer]
    header, body = ({**chance.choice(inner)["header"]}, chance.choice(inner)["policy"])
    if chance.random() < 0.5:  # a thief who knows the format has the header fit the policy
        header |= {"sha256": hashlib.sha256(body).hexdigest(), "length": len(body)}
    payload = packing.pack({"header": header, "policy": body})
    signatures = chance.choice((outer[0]["signatures"], outer[1]["signatures"], _all_signatures(outer)))
    made: bytes = msgpack.packb({**outer[0], "payload": payload, "signatures": signatures})
    return made


def _all_signatures(outer: list[dict[str, Any]]) -> list[object]:
    both = {one["keyid"]: one for sealed in outer for one in sealed["signatures"]}
    return [both[name] for name in sorted(both)]


def _undigested(header: bundle.Header, body: bytes) -> bundle.Bundle:
    """Read a policy whatever its header says of it."""
    return bundle.Bundle(header, bundle.codec.decode(tactful.Policy, packing.unpack(body, "the policy")))


#: The ways, and which of the reader's checks the control lacks.
WAYS: Final[Mapping[str, tuple[Way, tuple[str, ...]]]] = {
    "bits flipped": (flipped, ("signature", "digest")),
    "truncations": (truncated, ("end",)),
    "splices": (spliced, ("signature", "digest")),
    "older epochs": (replayed, ("epoch",)),
    "other tenants and keys": (strange, ("signature", "tenant")),
}


def try_bundles(
    way: str, count: int, most: int | None = None, progress: Callable[[int], None] = lambda _: None
) -> Tried:
    """
    Read bundles that are none, in one way; return how many were taken, and how many by a reader that lacks a check.

    Args:
        way: One of `WAYS`.
        count: So many splices, older epochs and others; of bits and cuts there are as many as the bundle has.
        most: No more than so many are read; None reads all.
        progress: Is told how many were read.
    """
    makes, lacks = WAYS[way]
    highest = count if way == "older epochs" else EPOCH
    codes: dict[str, int] = {}
    careless = tried = 0
    for raw in islice(makes(count, Random(1)), most):
        found = _code(raw, highest=highest)
        codes[found] = codes.get(found, 0) + 1
        careless += _carelessly(raw, highest, lacks)
        tried += 1
        progress(tried)
    return Tried(tried, codes.pop("", 0), careless, codes)


def _code(raw: bytes, **terms: object) -> str:
    """Return the code with which a bundle is refused; an empty text if it is taken."""
    try:
        read(raw, **terms)
    except BundleError as error:
        return error.code
    return ""


def _carelessly(raw: bytes, highest: int, lacks: tuple[str, ...]) -> bool:
    """Say whether a reader that lacks some checks takes a bundle."""
    terms: dict[str, object] = {"highest": highest}
    if "epoch" in lacks:
        terms["highest"] = 0
    if "tenant" in lacks:
        terms["tenant"] = None
    if "end" in lacks:  # it makes up what is missing at the end, as if that said nothing
        raw += RAW[len(raw) :]
    with ExitStack() as stack:
        if "signature" in lacks:
            stack.enter_context(patch.object(envelope, "verify", lambda *_: 1))
        if "digest" in lacks:
            stack.enter_context(patch.object(bundle, "_body", _undigested))
        return _code(raw, **terms) == ""
