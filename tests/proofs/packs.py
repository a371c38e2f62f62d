"""A kiosk's packs whose bytes are changed, cut, spliced and sent again: how many are taken, and by a careless kiosk."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

import attrs
from tests.kiosk.conftest import DEVICE_KEY, NOON_US, SHOP, Maker, known_shop
from tests.kiosk.tampering import flipped, spliced, truncated, unchecked

import tactful
from tactful import Pack, PackError
from tactful.authoring import compile_files
from tactful.bundle import envelope, make_keys
from tactful.kiosk import packs
from tactful.testing.clocks import FakeClock

#: So many splices stand for one older epoch, of which each is a whole pack to make.
_PER_EPOCH: Final = 50


@attrs.frozen
class Tried:
    """
    What was tried in one way.

    Attributes:
        tried: So many packs were opened and read.
        accepted: So many of them were taken for true.
        careless: So many were taken by the control, which lacks the check that refuses them.
    """

    tried: int
    accepted: int
    careless: int


@attrs.frozen
class _Bench:
    """What packs are made with, and where."""

    folder: Path
    make: Maker
    private: str
    count: int
    bits: int | None


Way = Callable[[_Bench], tuple[int, int]]


def _bits(bench: _Bench) -> tuple[int, int]:
    raw = bench.make(customers=["ada"]).read_bytes()
    bits = 8 * len(raw)
    chosen = Random(1).sample(range(bits), bits if bench.bits is None else bench.bits)
    found = flipped(raw, bench.folder, bench.make.public, chosen)
    return found.tried, found.accepted


def _cuts(bench: _Bench) -> tuple[int, int]:
    raw = bench.make(customers=["ada"]).read_bytes()
    found = truncated(raw, bench.folder, bench.make.public, range(len(raw)))
    return found.tried, found.accepted


def _moved(bench: _Bench) -> tuple[int, int]:
    found = spliced(bench.make, bench.folder, count=bench.count, seed=1)
    return found.tried, found.accepted


def _moved_and_signed(bench: _Bench) -> tuple[int, int]:
    found = spliced(bench.make, bench.folder, count=bench.count, seed=2, signer=(bench.private, bench.make.public))
    return found.tried, found.accepted


def _older(bench: _Bench) -> tuple[int, int]:
    newest = max(bench.count // _PER_EPOCH, 2)
    return _taken(bench, newest, [{"epoch": epoch} for epoch in range(newest)])


def _strange(bench: _Bench) -> tuple[int, int]:
    others = ({"tenant": "other"}, {"store": "basel"}, {"device": "k2"}, {"device_key": bytes(32)})
    return _taken(bench, 1, [{"epoch": 2, **other} for other in others])


def _taken(bench: _Bench, epoch: int, others: list[dict[str, object]]) -> tuple[int, int]:
    """Return how many packs were brought to a kiosk that has one, and how many it took."""
    newest = Pack(bench.make("newest.pack", epoch=epoch), DEVICE_KEY, key=bench.make.public)
    accepted = 0
    with tactful.open(bench.make.policy, pack=newest, clock=FakeClock(NOON_US)) as edge:
        for terms in others:
            try:
                edge.take_pack(bench.make("other.pack", **terms))
            except PackError:
                continue
            accepted += 1
    return len(others), accepted


def _unsigned() -> AbstractContextManager[object]:
    return patch.object(envelope, "verify", lambda *_: 1)


def _ageless() -> AbstractContextManager[object]:
    return patch.object(packs, "_check_epoch", lambda *_: None)


#: The ways, each with a control: what is tried again, and without which check. Who cuts a pack gets past none.
WAYS: Final[Mapping[str, tuple[Way, Way | None, Callable[[], AbstractContextManager[object]]]]] = {
    "bits flipped": (_bits, _bits, _unsigned),
    "truncations": (_cuts, None, nullcontext),
    "rows moved": (_moved, _moved_and_signed, unchecked),
    "rows moved under a head that is signed anew": (_moved_and_signed, _moved_and_signed, unchecked),
    "older epochs": (_older, _older, _ageless),
    "other tenants, stores, devices and keys": (_strange, None, nullcontext),
}


def try_packs(folder: Path, way: str, count: int, bits: int | None = None) -> Tried:
    """
    Bring packs to a kiosk that are none for it, in one way; return how many were taken.

    Args:
        folder: Takes the packs; each control has one of its own in it.
        way: One of `WAYS`.
        count: So many splices, and a fiftieth as many older epochs.
        bits: So many bits are flipped; None flips each.
    """
    tries, control, lacking = WAYS[way]
    tried, accepted = tries(_bench(folder / "ours", count, bits))
    if control is None:
        return Tried(tried, accepted, 0)
    with lacking():
        _, careless = control(_bench(folder / "control", count, bits))
    return Tried(tried, accepted, careless)


def _bench(folder: Path, count: int, bits: int | None) -> _Bench:
    (folder / "packs").mkdir(parents=True)
    private, public = make_keys()
    policy = compile_files({"policy.yaml": SHOP.encode()})
    return _Bench(folder, Maker(folder / "packs", known_shop(), policy, private, public), private, count, bits)
