"""What is done to packs, and how much of it is taken for true."""

import hashlib
import random
from contextlib import contextmanager
from unittest.mock import patch

import attrs
from tests.kiosk.conftest import DEVICE_KEY, NOON_US

from tactful import TactfulError
from tactful.kiosk import rows
from tactful.kiosk.head import PackHead, seal_head
from tactful.kiosk.pack_file import BEGIN, END, ENTRY, TAIL, PackFile

WHO = ("ada", "bob", "cyd")


@attrs.frozen
class Taken:
    """So many were tried, and so many were taken for true."""

    tried: int
    accepted: int


def whole(raw, folder, public):
    """Whether a pack opens, and everything in it can be read."""
    path = folder / "tried.pack"
    path.write_bytes(raw)
    try:
        pack = PackFile(path, (public,))
    except TactfulError:
        return False
    try:
        pack.unlock(DEVICE_KEY)
        for who in WHO:
            pack.customer(who)
    except TactfulError:
        return False
    finally:
        pack.close()
    return True


def flipped(raw, folder, public, bits):
    """Flip each of some bits alone."""
    tried = accepted = 0
    for bit in bits:
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        accepted += whole(bytes(changed), folder, public)
        tried += 1
    return Taken(tried, accepted)


def truncated(raw, folder, public, lengths):
    """Cut a pack after so many bytes."""
    found = [whole(raw[:length], folder, public) for length in lengths]
    return Taken(len(found), sum(found))


def parts(raw):
    """The rows by name, and the signed head, of a pack's bytes."""
    length, _ = TAIL.unpack(raw[-TAIL.size :])
    at = len(raw) - TAIL.size - length
    sealed = raw[at : at + length]
    return at, sealed


def rows_of(raw, head):
    """Each row's name and sealed bytes."""
    table = head.length - head.rows * ENTRY.size
    for number in range(head.rows):
        name, place, length = ENTRY.unpack_from(raw, table + number * ENTRY.size)
        yield name, raw[place : place + length]


def put_together(pairs, head, private=None, sealed=b""):
    """The bytes of a pack with these rows: under the head as it was, or under one that is signed anew."""
    body, table = BEGIN, b""
    for name, row in sorted(pairs):
        table += ENTRY.pack(name, len(body), len(row))
        body += row
    raw = body + table
    if private is not None:
        digest = hashlib.sha256(raw).hexdigest()
        sealed = seal_head(attrs.evolve(head, rows=len(pairs), length=len(raw), sha256=digest), private)
    return raw + sealed + TAIL.pack(len(sealed), END)


def spliced(make, folder, *, count, seed, signer=None):
    """
    Move rows between customers, epochs, stores, devices, tenants and packs of the same place; count what is read.

    With a signer, whoever moves them can sign heads, and so gets past everything but the rows' own seals.
    """
    others = ({}, {"epoch": 2}, {"store": "basel"}, {"device": "k2"}, {"tenant": "other"}, {"issued_us": NOON_US + 1})
    packs = []
    for number, terms in enumerate(others):
        path = make(f"{number}.pack", **terms)
        pack = PackFile(path, (make.public,)).unlock(DEVICE_KEY)
        raw = path.read_bytes()
        names = {pack._seal.name("customer", who): who for who in WHO}
        packs.append((pack.head, dict(rows_of(raw, pack.head)), parts(raw)[1], names))
        pack.close()
    rng, accepted = random.Random(seed), 0  # noqa: S311 - no secret
    for _ in range(count):
        (head, mine, sealed, names), (_, theirs, _, their_names) = rng.choice(packs), rng.choice(packs)
        name, other = rng.choice(list(names)), rng.choice(list(their_names))
        if theirs[other] == mine[name]:
            other = next(one for one in their_names if theirs[one] != mine[name])
        changed = mine | {name: theirs[other]}
        private = None if signer is None else signer[0]
        raw = put_together(list(changed.items()), head, private, sealed)
        accepted += _reads(raw, folder, make.public, names[name])
    return Taken(count, accepted)


def _reads(raw, folder, public, who):
    path = folder / "spliced.pack"
    path.write_bytes(raw)
    try:
        pack = PackFile(path, (public,))
    except TactfulError:
        return False
    try:
        pack.unlock(DEVICE_KEY).customer(who)
    except TactfulError:
        return False
    finally:
        pack.close()
    return True


@contextmanager
def unchecked():
    """Rows that are bound to nothing, under one key for all packs: the control."""
    derived = rows.derived

    def the_same(device_key, what, length, salt=b""):
        return derived(device_key, what, length, b"" if what == "rows" else salt)

    with patch.object(rows, "derived", the_same), patch.object(PackHead, "bound", lambda _, __: b""):
        yield
