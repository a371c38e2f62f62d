"""Profiles and consents that edges share in Valkey, in front of where they come from. It is a cache, and no truth.

What is not there, not whole or not fresh is asked for where it comes from. What the server loses never loosens: a no is
kept in the edge's own store as well, and what another run of the server wrote counts for its noes alone.
"""

import hashlib
import logging
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol

import attrs
import msgpack

from tactful import Consent, Consents, Snapshot, StoreError

from .rows import pack_attributes, pack_consents, unpack_consents, unpack_snapshot
from .valkey_address import Address
from .valkey_client import AwayError, Command, answers, connected

_log = logging.getLogger("tactful")
#: A no is kept here for so long [ms], so that edges hear of it though the truth may not have yet.
_KEEP_MS: Final = 7 * 86_400_000
#: So long a server that was away is not asked [s].
_AWAY_S: Final = 2.0
#: So often is tried again what somebody came in between of.
_TRIES: Final = 8
_DIGEST: Final = 16


class Profiles(Protocol):
    """Where profiles come from."""

    def profile(self, customer: str) -> Snapshot | None:
        """Return the newest snapshot, or None for a customer who is not known."""
        ...


class ConsentsKnown(Protocol):
    """Where consents come from."""

    def consents(self, customer: str) -> Consents | None:
        """Return all records, or None for a customer who is not known."""
        ...


class OwnConsents(ConsentsKnown, Protocol):
    """The edge's own store, as far as it keeps what is said at the edge."""

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Add what a customer has just said."""
        ...


@attrs.frozen
class _Shared:
    """What is shared of a customer's consents: the version, what it says, and whether that is all, and fresh."""

    version: bytes
    consents: Consents | None
    is_whole: bool


_NOTHING: Final = _Shared(b"", None, is_whole=False)


class ValkeySnapshots:
    """
    A `ProfileSource` and a `ConsentSource` for edges that share a server of Valkey; safe under threads and fork.

    What customers say at an edge goes into its own store first, and then here, for the others.
    """

    def __init__(
        self,
        url: str,
        *,
        own: OwnConsents,
        profiles: Profiles,
        consents: ConsentsKnown,
        fresh_s: float = 60.0,
    ) -> None:
        """
        Take in the address; nothing is asked yet.

        Args:
            url: As in valkey://user:password@cache:6379/0?prefix=tactful&timeout_s=0.2.
            own: The edge's own store.
            profiles: Where profiles come from.
            consents: Where consents come from.
            fresh_s: What was asked for there is shared for so long, > 0 [s].

        Raises:
            StoreError: If the URL is none.
            ExtraMissing: If the client is not installed.
        """
        if not fresh_s > 0:
            raise StoreError(f"fresh_s= is above 0 [s], not {fresh_s}")
        self._address = Address.of(url)
        self._server = connected(self._address)
        self._own, self._profiles, self._consents = own, profiles, consents
        self._fresh_us = int(fresh_s * 1_000_000)
        self._away_until_s = 0.0
        self._complaint = ""

    def profile(self, customer: str) -> Snapshot | None:
        """Return the snapshot that is shared, or else what is known where profiles come from."""
        key = self._key("profile", customer)
        found = self._tried(("GET", key))
        if found is not None and (fields := _unpacked(key, found)) is not None:
            return _snapshot(customer, fields)
        snapshot = self._profiles.profile(customer)
        if snapshot is not None:
            body = _packed(key, (snapshot.epoch, snapshot.at_us, pack_attributes(snapshot)))
            self._tried(("SET", key, body, "PX", max(1, self._fresh_us // 1000)))
        return snapshot

    def consents(self, customer: str) -> Consents | None:
        """Return what is shared, or else what is known where consents come from; and with it what was said here."""
        own = self._own.consents(customer)
        noes = None if own is None else _noes(own)
        shared = self._read(customer)
        if not shared.is_whole:
            shared = self._told(customer, shared, self._consents.consents(customer), noes)
        elif noes is not None and shared.consents is not None:
            healed = _after(noes, shared.consents)  # what was lost there, and was said here
            if healed != shared.consents:
                self._keep(customer, shared, healed, for_us=None)
        found = shared.consents
        return found if own is None else own if found is None else own.renewed(found)

    def add_consent(self, customer: str, consent: Consent) -> None:
        """Add what a customer has just said: here durably, and for the other edges if the server is there."""
        self._own.add_consent(customer, consent)
        for _ in range(_TRIES):
            shared = self._read(customer)
            if shared.consents is None and not consent.refuses:
                return  # a yes alone is not all: others ask where it comes from
            known = shared.consents or Consents((), consent.at_us)
            if self._keep(customer, shared, known.plus(consent), for_us=None):
                return
        self._tried(self._taking_away(customer))

    def put_consents(self, customer: str, consents: Consents) -> bool:
        """Share what is known where consents come from, with noes that it has not heard of; return whether it was."""
        for _ in range(_TRIES):
            shared = self._read(customer)
            if self._keep(customer, shared, _after(shared.consents, consents), for_us=self._fresh_us):
                return True
        return False

    def forget_shared(self, customer: str) -> int:
        """
        Share nothing of a customer any more; return how much went. What was said at edges stays in their stores.

        Raises:
            StoreError: If the server is away, and may still have it.
        """
        return int(answers(self._server, self._address, [self._taking_away(customer)])[0])

    def _taking_away(self, customer: str) -> Command:
        return "DEL", self._key("profile", customer), self._key("consents", customer)

    def close(self) -> None:
        """Give back the connections; the edge's own store is not closed. A second call does nothing."""
        self._server.connection_pool.disconnect()

    def __repr__(self) -> str:
        return f"<ValkeySnapshots {self._address.name}>"

    def _told(self, customer: str, shared: _Shared, told: Consents | None, noes: Consents | None) -> _Shared:
        """Share what is known where consents come from, with the noes that are shared and those of this edge."""
        for _ in range(_TRIES):
            if told is None:
                return shared
            known = _after(noes, _after(shared.consents, told))
            if self._keep(customer, shared, known, for_us=self._fresh_us):
                return _Shared(shared.version, known, is_whole=True)
            shared = self._read(customer)  # somebody came in between: it may have been a no
        return _NOTHING

    def _read(self, customer: str) -> _Shared:
        key = self._key("consents", customer)
        found = self._tried(("EVAL", _script(), 1, key, "read"))
        if found is None:
            return _NOTHING
        version, body, is_whole = found
        fields = _unpacked(key, body) if body else None
        consents = None if fields is None else _consents(fields)
        if consents is None:
            return _Shared(version, None, is_whole=False)
        if not is_whole:
            consents = _noes(consents)
        return _Shared(version, consents, is_whole=bool(is_whole))

    def _keep(self, customer: str, before: _Shared, consents: Consents, *, for_us: int | None) -> bool:
        """Return False if somebody came in between; a server that is away keeps nothing, and is not waited for."""
        key = self._key("consents", customer)
        body = _packed(key, (consents.at_us, consents.epoch, pack_consents(consents)))
        given: Sequence[Any] = (before.version, os.urandom(8).hex(), body, "" if for_us is None else for_us, _KEEP_MS)
        answer = self._tried(("EVAL", _script(), 1, key, "keep", *given))
        return answer is None or answer == 1

    def _tried(self, command: Command) -> Any:
        """Return the answer, or None if the server is away or does not do it."""
        if monotonic() < self._away_until_s:
            return None
        try:
            return answers(self._server, self._address, [command])[0]
        except StoreError as error:
            if isinstance(error, AwayError):
                self._away_until_s = monotonic() + _AWAY_S
            elif str(error) != self._complaint:  # it will not go away by itself
                self._complaint = str(error)
                _log.warning("shared snapshots: %s", error)
            _log.debug("shared snapshots: %s", error)
            return None

    def _key(self, sort: str, customer: str) -> str:
        """Return the name of a key: a digest, in which no id stands."""
        name = hashlib.blake2b(customer.encode("utf-8", "surrogatepass"), digest_size=15).hexdigest()
        return self._address.key(sort, name)


@cache
def _script() -> str:
    return Path(__file__).with_name("valkey_scripts").joinpath("snapshots.lua").read_text(encoding="utf-8")


def _noes(consents: Consents) -> Consents | None:
    """Return what says no, if anything does."""
    noes = tuple(one for one in consents.records if one.refuses)
    return attrs.evolve(consents, records=noes) if noes else None


def _after(before: Consents | None, newer: Consents) -> Consents:
    """Return newer consents, with the noes before them that they do not lift."""
    return newer if before is None else before.renewed(newer)


def _packed(key: str, fields: tuple[object, ...]) -> bytes:
    """Return bytes that tell whether they are whole, and whose."""
    body: bytes = msgpack.packb(fields)
    return _digest(key, body) + body


def _unpacked(key: str, kept: bytes) -> tuple[Any, ...] | None:
    """Return what was packed; None if it is damaged, or another key's."""
    digest, body = kept[:_DIGEST], kept[_DIGEST:]
    if digest != _digest(key, body):
        return None
    found = msgpack.unpackb(body, use_list=False)
    return found if isinstance(found, tuple) else None


def _digest(key: str, body: bytes) -> bytes:
    return hashlib.blake2b(key.encode() + b"\0" + body, digest_size=_DIGEST).digest()


def _snapshot(customer: str, fields: tuple[Any, ...]) -> Snapshot:
    epoch, at_us, body = fields
    return unpack_snapshot(customer, epoch, at_us, body)


def _consents(fields: tuple[Any, ...]) -> Consents:
    at_us, epoch, body = fields
    return unpack_consents(at_us, epoch, body)
