"""The port by which mails leave, and a Maildir behind it. What is known of a mail then is one of four outcomes."""

import enum
import mailbox
from pathlib import Path
from typing import Protocol, runtime_checkable

import attrs

import tactful


class Outcome(enum.Enum):
    """What became of a mail that was handed over."""

    TAKEN = "taken"  # whoever took it answers for it now
    REFUSED = "refused"  # it was not taken, and would not be another time
    LATER = "later"  # it was not taken, and may be another time
    DOUBTFUL = "doubtful"  # nobody knows: the connection broke before the answer


@attrs.frozen(repr=False)
class Envelope:
    """
    A mail on its way.

    Attributes:
        sender: The address that returned mail goes to.
        recipient: The address that it goes to.
        utf8: Whether only a server that speaks SMTPUTF8 can carry it.
        message: The message, lines ending in CR LF.
    """

    sender: str
    recipient: str
    utf8: bool
    message: bytes


@runtime_checkable
class Transport(Protocol):
    """Where mails go."""

    def send(self, envelope: Envelope) -> Outcome:
        """
        Hand over one mail; return what is known of it.

        Raises:
            TransportDown: If nothing was handed over, and nothing can be: a run stops here.
        """
        ...

    def close(self) -> None:
        """Give back what is held; a second call does nothing."""
        ...


class TransportDown(tactful.TactfulError, RuntimeError):
    """Mails cannot be handed over at all; the last one was not."""

    code = "transport"


class Maildir:
    """
    A folder in the Maildir format, a file for each mail: to look at, or for a server that takes them from there.

    Args:
        path: The folder; it is made.

    Raises:
        TransportDown: If it cannot be made.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        try:
            self._folder = mailbox.Maildir(self._path, create=True)
        except OSError as error:
            raise TransportDown(f"{self._path}: {error.strerror}") from None

    def send(self, envelope: Envelope) -> Outcome:
        """Put a mail there, wholly or not at all."""
        try:
            self._folder.add(envelope.message.replace(b"\r\n", b"\n"))
        except OSError as error:
            raise TransportDown(f"{self._path}: {error.strerror}") from None
        return Outcome.TAKEN

    def close(self) -> None:
        """Close the folder."""
        self._folder.close()
