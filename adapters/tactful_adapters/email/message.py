"""A mail as it travels: an RFC 5322 message with a text and an HTML part, ready for a DKIM signature."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from .addresses import needs_utf8
from .pictures import SUBTYPES
from .templates import Parts

#: The headers that a DKIM signature must cover, in `h=`: for RFC 8058 both that begin with List-Unsubscribe.
SIGNED: Final = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)
_IN_ONE_LINE: Final = frozenset({"list-unsubscribe", "list-unsubscribe-post", "message-id"})


class Folding(EmailPolicy):
    """Folds headers but those whose readers know no folding: a link is cut by none. A subject loses no space by it."""

    def fold(self, name: str, value: Any) -> str:
        """Return a header as text."""
        if name.lower() in _IN_ONE_LINE:
            return f"{name}: {value}{self.linesep}"
        if self._in_words(name, value):
            words = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {words}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header as bytes."""
        own = name.lower() in _IN_ONE_LINE or self._in_words(name, value)
        return self.fold(name, value).encode() if own else super().fold_binary(name, value)

    def _in_words(self, name: str, value: Any) -> bool:
        """Return whether it is a subject in encoded words, between which the policy by itself may lose a space."""
        return name.lower() == "subject" and not self.utf8 and not str(value).isascii()


_ASCII: Final = Folding(linesep=SMTP.linesep, cte_type="7bit")
_UTF8: Final = Folding(linesep=SMTP.linesep, cte_type="8bit", utf8=True)


def composed(
    parts: Parts,
    sender: Address,
    recipient: Address,
    message_id: str,
    at_us: int,
    *,
    reply_to: Address | None = None,
    headers: Mapping[str, str] = {},
) -> EmailMessage:
    """
    Return the message.

    Args:
        parts: What it says.
        sender: Who writes.
        recipient: Whose mailbox it goes to.
        message_id: Its id, with brackets.
        at_us: Its date [us since 1970].
        reply_to: Where answers go, if not to the sender.
        headers: More headers, in one line each.

    Raises:
        ValueError: If a header would hold a line break.
    """
    message = EmailMessage(_UTF8 if needs_utf8(recipient) or needs_utf8(sender) else _ASCII)
    message["From"] = sender
    message["To"] = recipient
    if reply_to is not None:
        message["Reply-To"] = reply_to
    message["Subject"] = parts.subject
    message["Date"] = format_datetime(dt.datetime.fromtimestamp(at_us // 1_000_000, dt.UTC))
    message["Message-ID"] = message_id
    for name, value in headers.items():
        message[name] = value
    # Quoted-printable: no relay has a reason to write it anew, which would break a signature.
    message.set_content(parts.text, cte="quoted-printable")
    message.add_alternative(parts.html, subtype="html", cte="quoted-printable")
    page = [part for part in message.iter_parts() if isinstance(part, EmailMessage)][-1]
    for name, raw in parts.pictures.items():
        subtype = SUBTYPES[Path(name).suffix.lower()]
        page.add_related(raw, "image", subtype, cid=f"<{name}>", disposition="inline", filename=name)
    # The same mail has the same bytes each time.
    boundary = hashlib.blake2b(f"{message_id}{parts.html}".encode(), digest_size=12).hexdigest()
    message.set_boundary(f"={boundary}=")
    if page.is_multipart():
        page.set_boundary(f"={boundary}-page=")
    return message


def message_id(key: bytes, campaign: str, customer: str, domain: str) -> str:
    """Return the id of a campaign's mail to a customer: always the same, and telling neither."""
    name = f"{len(campaign)}.{campaign}{customer}".encode("utf-8", "surrogatepass")
    return f"<{hashlib.blake2b(name, key=key, digest_size=16, person=b'tactful mail').hexdigest()}@{domain}>"
