"""Writing a pack: customers from a store, one at a time, into a file that is there wholly or not at all.

Memory stays bounded whatever the number of customers: rows are sealed as they come, and put in order on disk.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Final, Protocol

import attrs

from ..errors import PackError
from ..identity import IdentityRules, Link
from ..ports import IdentityLinks, Store
from .allowed import Allowed
from .head import FORMAT, MIN_SDK, PackHead, seal_head
from .pack_file import BEGIN, END, ENTRY, ROW_MAX_BYTES, TAIL, sync_folder
from .rows import Kind, PackedCustomer, RowSeal, plain_customer

#: What is put in order holds so much in memory [KiB]; SQLite's `cache_size` counts below zero.
_SORT_KIB: Final = 16 * 1024


class Progress(Protocol):
    """Is told how many customers are done."""

    def __call__(self, done: int) -> None:
        """Hear of it."""
        ...


@attrs.frozen(kw_only=True)
class PackTerms:
    """
    For whom a pack is, and for how long.

    Attributes:
        tenant: Whose customers these are.
        store: The store, or other place, that it is for.
        device: The one device that it is for.
        epoch: Greater than that of every earlier pack of the device, >= 0.
        issued_us: The moment at which the centre is read [us since 1970].
        expires_us: Until when it may be used [us since 1970].
        policy_sha256: The digest of the policy, in hex, or empty.
        policy_epoch: The epoch of the policy; an older one does not go with it.
        share: The first of the device's parts of each strict cap, how many they are, and of how many.
    """

    tenant: str
    store: str
    device: str
    epoch: int
    issued_us: int
    expires_us: int
    policy_sha256: str = ""
    policy_epoch: int = 0
    share: tuple[int, int, int] = (0, 0, 1)


@attrs.frozen
class Packed:
    """
    What was written.

    Attributes:
        head: The pack's head.
        size_bytes: The size of the file.
        unknown: So many of those who were asked for are not known to the store.
    """

    head: PackHead
    size_bytes: int
    unknown: int


def write_pack(  # noqa: PLR0913 - what a pack is made of
    path: Path,
    *,
    source: Store,
    customers: Iterable[str],
    allowed: Allowed,
    terms: PackTerms,
    device_key: bytes,
    private_key: str,
    rules: IdentityRules | None = None,
    contacts_since_us: int | None = None,
    progress: Progress = lambda done: None,  # noqa: ARG005 - it says nothing
) -> Packed:
    """
    Write a store's pack, and return what is in it.

    Args:
        path: The file; it is replaced once the new one is whole.
        source: The store that knows the customers.
        customers: The ids of those who are chosen; a second time counts once.
        allowed: What of a profile may be in it.
        terms: For whom it is, and for how long.
        device_key: The device's 32 bytes.
        private_key: The Ed25519 private key in base64 that signs it.
        rules: Which identifiers surely stand for whom; None takes the usual kinds.
        contacts_since_us: From when on contacts are put in, for the caps [us since 1970]; None puts in none.
        progress: Told now and then how many customers are done.

    Raises:
        PackError: If the terms make no sense, a row is too large, or the file cannot be written.
        BundleError: If the key is no key.
        StoreError: If the source cannot answer.
    """
    head = _unsigned(terms, allowed)
    reading = _Reading(source, allowed, rules or IdentityRules(), contacts_since_us, terms.issued_us)
    rows = _Rows(RowSeal(device_key, head))
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with closing(rows):
            known, unknown = _gather(customers, reading, rows, progress)
            with beside.open("wb") as file:
                whole = _write(file, rows, attrs.evolve(head, customers=known), private_key)
        beside.replace(path)
        sync_folder(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise PackError(f"{path}: {getattr(error, 'strerror', None) or error}", code="pack-file") from None
    finally:
        beside.unlink(missing_ok=True)
    return Packed(whole, path.stat().st_size, unknown)


@attrs.frozen
class _Reading:
    """What is read of the source."""

    source: Store
    allowed: Allowed
    rules: IdentityRules
    since_us: int | None
    now_us: int

    def customer(self, id_: str) -> PackedCustomer | None:
        snapshot, consents = self.source.profile(id_), self.source.consents(id_)
        if snapshot is None and consents is None:
            return None
        identity = self.source.identify({IdentityRules.customer: id_})
        contacts = () if self.since_us is None else self.source.contacts(id_, self.since_us)
        root = id_ if identity is None else identity.customer
        return PackedCustomer(
            root,
            None if snapshot is None else self.allowed.snapshot(snapshot, consents, self.now_us),
            consents,
            tuple(attrs.evolve(one, customer=root) for one in contacts),
            None if identity is None else identity.household,
        )

    def links(self, id_: str) -> Sequence[Link]:
        """Return what links identifiers to a customer, and to all that is merged with it."""
        return self.source.links(id_) if isinstance(self.source, IdentityLinks) else ()

    def is_sure(self, link: Link) -> bool:
        """Return whether an identifier surely stands for a customer."""
        return link.confidence >= self.rules.confidence_min


def _gather(customers: Iterable[str], reading: _Reading, rows: "_Rows", progress: Progress) -> tuple[int, int]:
    """Put in all rows; return how many customers are known, and how many are not."""
    known = unknown = 0
    for id_ in customers:
        one = reading.customer(id_)
        if one is None:
            unknown += 1
            continue
        known += rows.add_customer(id_, one)
        links = reading.links(id_)
        for link in links:
            if reading.is_sure(link):
                rows.add_member("identifier", (link.name, link.value), one.customer)
        same = {one.customer, id_, *(link.customer for link in links)}
        for member in sorted(same) if len(same) > 1 else ():
            rows.add_member("merged", (one.customer,), member)
        if one.household is not None:
            rows.add_member("household", (one.household,), one.customer)
        progress(known + unknown)
    return known, unknown


class _Rows:
    """Sealed rows on their way into a pack, put in order by SQLite in a file of its own that has no name."""

    def __init__(self, seal: RowSeal) -> None:
        self._seal = seal
        self._sorted = sqlite3.connect("", isolation_level=None)
        self._sorted.executescript(f"pragma journal_mode=off; pragma cache_size=-{_SORT_KIB}; pragma temp_store=file")
        self._sorted.execute("create table row(name blob primary key, sealed blob not null) without rowid")
        self._sorted.execute("begin")
        self._put(seal.name("key"), True)  # noqa: FBT003 - what it says is nothing: that it can be opened tells

    def add_customer(self, id_: str, one: PackedCustomer) -> int:
        """Add a customer; return 1, or 0 for one who is there already."""
        return self._put(self._seal.name("customer", id_), plain_customer(one))

    def add_member(self, kind: Kind, parts: tuple[str, ...], customer: str) -> None:
        """Add a customer to those for whom an identifier stands, who belong to a household, or who are one."""
        name = self._seal.name(kind, *parts)
        found = self._sorted.execute("select sealed from row where name = ?", (name,)).fetchone()
        members = [] if found is None else list(self._seal.open(name, found[0]))
        if customer not in members:
            self._sorted.execute("delete from row where name = ?", (name,))
            self._put(name, [*members, customer])

    def _put(self, name: bytes, body: object) -> int:
        sealed = self._seal.seal(name, body)
        if len(sealed) > ROW_MAX_BYTES:
            raise PackError(f"a row has more than {ROW_MAX_BYTES:,} bytes; put in fewer contacts", code="pack-row")
        done = self._sorted.execute("insert or ignore into row values(?, ?)", (name, sealed))
        return done.rowcount

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the rows in the order of their names."""
        yield from self._sorted.execute("select name, sealed from row order by name")

    def lengths(self) -> Iterator[tuple[bytes, int]]:
        """Yield how long each row is, in the same order."""
        yield from self._sorted.execute("select name, length(sealed) from row order by name")

    def close(self) -> None:
        self._sorted.close()


def _write(file: IO[bytes], rows: _Rows, head: PackHead, private_key: str) -> PackHead:
    digest, place, count = hashlib.sha256(), 0, 0

    def put(raw: bytes) -> None:
        nonlocal place
        file.write(raw)
        digest.update(raw)
        place += len(raw)

    put(BEGIN)
    for _, sealed in rows:
        put(sealed)
        count += 1
    at = len(BEGIN)
    for name, length in rows.lengths():
        put(ENTRY.pack(name, at, length))
        at += length
    whole = attrs.evolve(head, rows=count, length=place, sha256=digest.hexdigest())
    sealed_head = seal_head(whole, private_key)
    file.write(sealed_head)
    file.write(TAIL.pack(len(sealed_head), END))
    file.flush()
    os.fsync(file.fileno())
    return whole


def _unsigned(terms: PackTerms, allowed: Allowed) -> PackHead:
    """Return the head as far as it is known before the rows are."""
    first, count, of = terms.share
    return PackHead(
        format=FORMAT,
        min_sdk=MIN_SDK,
        tenant=terms.tenant,
        store=terms.store,
        device=terms.device,
        epoch=terms.epoch,
        issued_us=terms.issued_us,
        expires_us=terms.expires_us,
        salt=os.urandom(16).hex(),
        customers=0,
        rows=0,
        length=0,
        sha256="",
        policy_sha256=terms.policy_sha256,
        policy_epoch=terms.policy_epoch,
        attributes=tuple(sorted(allowed.sights)),
        share_first=first,
        share_count=count,
        share_of=of,
    )
