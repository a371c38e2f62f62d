"""Sealing: evidence under a key that is not kept beside it, and read for a reason alone. AES-256-GCM."""

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgpack

from .clock import Clock
from .errors import StoreError, UsageError
from .evidence import Access, Evidence, SealedEvidence, pack_evidence, unpack_evidence
from .log_ports import EvidenceRows

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_NAME_BYTES: Final = 4
_WORDS_MAX_CHARS: Final = 500


def evidence_key(key: bytes | str | Path) -> bytes:
    """
    Return a key of evidence.

    Args:
        key: 32 bytes, or the file that holds them in base64.

    Raises:
        StoreError: If it is no key, or the file cannot be read.
    """
    if isinstance(key, bytes):
        found = key
    else:
        try:
            found = base64.b64decode(Path(key).read_bytes().strip(), validate=True)
        except OSError as error:
            raise StoreError(
                f"{key}: {error.strerror}; give the file of the evidence key", code="evidence-key"
            ) from None
        except ValueError:
            raise StoreError(f"{key}: it holds no key in base64", code="evidence-key") from None
    if len(found) != _KEY_BYTES:
        raise StoreError(f"a key of evidence has {_KEY_BYTES} bytes, not {len(found)}", code="evidence-key")
    return found


class EvidenceSeal:
    """Seals evidence, and opens what was sealed with the same key."""

    def __init__(self, key: bytes) -> None:
        """
        Take a key.

        Args:
            key: 32 bytes, as `evidence_key` gives them.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - who keeps evidence needs it

        self._cipher = AESGCM(evidence_key(key))
        self._name = hashlib.blake2b(key, person=b"evidence key", digest_size=_NAME_BYTES).digest()

    def seal(self, evidence: Evidence, who: bytes, until_us: int) -> SealedEvidence:
        """Return evidence sealed, to be kept for a pseudonym until a moment [us since 1970]."""
        nonce = os.urandom(_NONCE_BYTES)
        bound_to = _bound_to(evidence.id, evidence.at_us, who, until_us)
        sealed = self._cipher.encrypt(nonce, pack_evidence(evidence), bound_to)
        return SealedEvidence(evidence.id, evidence.at_us, who, until_us, self._name + nonce + sealed)

    def open(self, row: SealedEvidence) -> Evidence:
        """
        Return what was sealed.

        Raises:
            StoreError: If it was sealed with another key, or is not as it was.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - who keeps evidence needs it

        name, nonce = row.sealed[:_NAME_BYTES], row.sealed[_NAME_BYTES : _NAME_BYTES + _NONCE_BYTES]
        if name != self._name:
            raise StoreError("the evidence was sealed with another key; give that one", code="evidence-key")
        bound_to = _bound_to(row.id, row.at_us, row.who, row.until_us)
        try:
            return unpack_evidence(self._cipher.decrypt(nonce, row.sealed[_NAME_BYTES + _NONCE_BYTES :], bound_to))
        except (InvalidTag, ValueError):
            raise StoreError(
                "the evidence was altered or is damaged; it cannot be repaired", code="evidence-damaged"
            ) from None


class EvidenceReader:
    """Reads evidence in somebody's name and for a reason, both of which are kept."""

    def __init__(self, rows: EvidenceRows, seal: EvidenceSeal, *, reader: str, reason: str, clock: Clock) -> None:
        """
        Say who reads, and why.

        Args:
            rows: Where evidence is kept.
            seal: What opens it.
            reader: Who reads.
            reason: Why; it stands in the access log for good.
            clock: Gives the moment [us since 1970].

        Raises:
            UsageError: If either is empty or longer than 500 characters.
        """
        for word, given in (("reader", reader), ("reason", reason)):
            if not given.strip() or len(given) > _WORDS_MAX_CHARS:
                raise UsageError(
                    f"evidence is personal: the {word} must be said, in up to {_WORDS_MAX_CHARS} characters"
                )
        self._rows = rows
        self._seal = seal
        self._reader = reader
        self._reason = reason
        self._clock = clock

    def read(self, id_: str) -> Evidence | None:
        """
        Return the newest evidence of a decision; None if there is none, or not any more.

        Raises:
            StoreError: If it is damaged, or the key is another one.
        """
        access = Access(self._clock(), self._reader, self._reason, id_)
        row = next(iter(self._rows.read_evidence(access)), None)
        return None if row is None else self._seal.open(row)

    def between(self, since_us: int, until_us: int) -> Iterator[tuple[SealedEvidence, Evidence | StoreError]]:
        """Yield the evidence of what was decided from a moment to another, oldest first; of a damaged one the error."""
        access = Access(self._clock(), self._reader, self._reason, "", since_us, until_us)
        for row in self._rows.read_evidence(access):
            found: Evidence | StoreError
            try:
                found = self._seal.open(row)
            except StoreError as error:
                if error.code == "evidence-key":
                    raise
                found = error
            yield row, found


def _bound_to(*what: Any) -> bytes:
    """Return what a row is bound to, so that none can stand in another's place or outlive its time."""
    packed: bytes = msgpack.packb(what, unicode_errors="surrogatepass")
    return packed
