"""Who vouches for an answer: a statement of what was asked and what is answered, signed, in a header of its own.

The one who asked checks it against the question: an older answer, one to another question, and one that was altered on
the way are told from the true one without a clock. It speaks no HTTP.
"""

import base64
import binascii
import hashlib
from typing import Final

import attrs

from ..bundle import codec, envelope, packing
from ..errors import BundleError, CentreError

#: The header that holds the statement; the one that holds the question's nonce.
HEADER: Final = "Tactful-Answer"
NONCE: Final = "Tactful-Nonce"
#: A nonce is so many letters of hex.
NONCE_CHARS: Final = 32
_PAYLOAD_TYPE: Final = "application/vnd.tactful.answer+msgpack"
_HEADER_MAX: Final = 8192


@attrs.frozen
class Question:
    """
    What was asked.

    Attributes:
        tenant: Of whom.
        what: "changes", "events" or "bundle"; of a fleet "enrol", "report" or "pack".
        nonce: 32 letters of hex that were never used before.
        line: The line of changes; else empty.
        after: The epoch that is known; else 0.
        count: At most so many changes; else 0.
        sent: The digest of the request's body as it went over the wire, in hex; empty if it had none.
    """

    tenant: str
    what: str
    nonce: str
    line: str = ""
    after: int = 0
    count: int = 0
    sent: str = ""


@attrs.frozen
class Statement:
    """
    What a relay says of an answer, beside its body.

    Attributes:
        question: What it answers.
        epoch: The newest epoch of the line, or 0.
        at_us: The centre's moment [us since 1970].
        sha256: The digest of the body in hex; with nothing new, of the body that the one who asks has.
        is_known: Whether the body is left out, as the one who asks has it.
    """

    question: Question
    epoch: int
    at_us: int
    sha256: str
    is_known: bool = False


def digest(raw: bytes) -> str:
    """Return the digest of a body in hex."""
    return hashlib.sha256(raw).hexdigest()


def sign(statement: Statement, private_key: str) -> str:
    """
    Return the value of the header.

    Raises:
        BundleError: If the key is no key.
    """
    payload = packing.pack(codec.encode(Statement, statement))
    return base64.b64encode(envelope.seal(payload, [private_key], _PAYLOAD_TYPE)).decode()


def verified(header: str | None, question: Question, public_keys: tuple[str, ...]) -> Statement:
    """
    Return what a relay says of its answer, if it is its answer to this question.

    Args:
        header: The value of the header, or None.
        question: What was asked.
        public_keys: The relay's keys, as they are pinned.

    Raises:
        CentreError: If it is not signed by a pinned key ("centre-unsigned"), or answers another question
            ("centre-replayed"), or for another tenant ("centre-other-tenant").
    """
    if not header:
        raise CentreError("the answer is not signed; is there a proxy that answers itself?", code="centre-unsigned")
    try:
        raw = base64.b64decode(header[:_HEADER_MAX], validate=True)
        found = envelope.unpack(raw, _PAYLOAD_TYPE)
        envelope.verify(found, public_keys, _PAYLOAD_TYPE)
        statement: Statement = codec.decode(Statement, packing.unpack(found.payload, "the statement"))
    except (BundleError, binascii.Error, ValueError):
        message = "the answer is not signed by the relay's key; see to what is between, or pin the key it has now"
        raise CentreError(message, code="centre-unsigned") from None
    if statement.question.tenant != question.tenant:
        raise CentreError("the relay is another tenant's; see to its URL, and to tenant=", code="centre-other-tenant")
    if statement.question != question:
        message = "the answer is to another question: an older one, put in again; nothing of it counts"
        raise CentreError(message, code="centre-replayed")
    return statement
