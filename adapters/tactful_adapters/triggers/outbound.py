"""Where notes go out: a port, and two ways built in, a file and a webhook. Neither knows whose a note is.

A note holds nothing personal but its own words, and a reference that only who keeps the addresses can look up.
"""

import enum
import json
import re
import socket
import urllib.error
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import attrs

import tactful

from ..line_file import LineFile
from ..signed_post import SignedPost

_REFERENCE: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_.:-]{1,200}")
#: Answers that say that it was not taken now: RFC 9110, 15.6.4, and RFC 6585, 4.
_LATER: Final = frozenset({429, 503})
_REFUSALS: Final = range(400, 500)


class Outcome(enum.Enum):
    """What became of a note."""

    #: It was taken.
    TAKEN = "taken"
    #: It will never be taken.
    REFUSED = "refused"
    #: It surely was not taken, and may be tried again.
    LATER = "later"
    #: Nobody knows whether it was taken; it is never tried again.
    DOUBTFUL = "doubtful"


@attrs.frozen(repr=False)
class Note:
    """
    What goes out.

    Attributes:
        id: Its id, the same at each try, and made of nothing that a customer could be known by.
        channel: The policy's channel.
        to: An opaque reference to where it goes: no address, no number, no customer's id.
        content: What to say: fields by name.
        until_us: After this nobody wants to hear it any more [us since 1970].
    """

    id: str
    channel: str
    to: str
    content: Mapping[str, str]
    until_us: int

    def __attrs_post_init__(self) -> None:
        if not _REFERENCE.fullmatch(self.to):
            told = "a reference has letters, digits and _ . : - alone, at least one letter: no address, and no number"
            raise tactful.UsageError(told)

    def as_dict(self) -> Mapping[str, object]:
        """Return it as the file and the webhook write it."""
        return attrs.asdict(self)

    def __repr__(self) -> str:  # its words can be personal
        return f"<Note {self.id} by {self.channel}>"


class Outbound(Protocol):
    """Hands notes over. It may be called again with a note whose outcome was `LATER`, and with no other."""

    def send(self, note: Note) -> Outcome:
        """Return what became of a note. What it raises leaves the note in doubt."""
        ...


class FileOutbound:
    """
    Adds notes to a file, a line of JSON each.

    Args:
        path: The file; its folder must be there.
    """

    def __init__(self, path: str | Path) -> None:
        self._file = LineFile(path)

    def send(self, note: Note) -> Outcome:
        """Return that it was taken, once it is on disk."""
        self._file.add(note.as_dict())
        return Outcome.TAKEN


class WebhookOutbound:
    """
    Posts notes to an address, signed as `SignedPost` says; `Idempotency-Key` is the note's id.

    A 2xx takes it, 429 and 503 ask for a later try, another 4xx refuses it; all else leaves it in doubt.

    Args:
        url: The address, by https; by http on this machine alone.
        secret: What signs the body, 16 bytes or more, agreed with the other side.
        timeout_s: So long is waited for an answer [s].
        clock: Gives the moment [us since 1970].

    Raises:
        UsageError: If the address or the secret will not do.
    """

    def __init__(
        self, url: str, secret: bytes, *, timeout_s: float = 10.0, clock: tactful.Clock = tactful.wall_clock
    ) -> None:
        self._post = SignedPost(url, secret, whose="the sender's", timeout_s=timeout_s, clock=clock)

    def send(self, note: Note) -> Outcome:
        """Return what became of it."""
        try:
            reply = self._post.post(note.id, json.dumps(note.as_dict(), sort_keys=True).encode())
        except urllib.error.URLError as error:
            unreached = isinstance(error.reason, ConnectionRefusedError | socket.gaierror)
            return Outcome.LATER if unreached else Outcome.DOUBTFUL
        except (OSError, ValueError):
            return Outcome.DOUBTFUL
        if reply.is_taken:
            return Outcome.TAKEN
        if reply.status in _LATER:
            return Outcome.LATER
        return Outcome.REFUSED if reply.status in _REFUSALS else Outcome.DOUBTFUL
