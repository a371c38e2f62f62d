"""One mail out of a decision, whole and ready to travel. It decides nothing and sends nothing."""

from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage

import attrs

import tactful

from .addresses import needs_utf8
from .message import composed
from .templates import Parts
from .transport import Envelope


@attrs.frozen(repr=False)
class Mail:
    """
    A mail that has been rendered; all of it is personal.

    Attributes:
        customer: Whose it is.
        sender: Who writes.
        recipient: The mailbox it goes to.
        decision: What it was rendered from.
        parts: What it says.
        message: The whole of it.
    """

    customer: str
    sender: Address
    recipient: Address
    decision: tactful.Decision
    parts: Parts
    message: EmailMessage

    @classmethod
    def of(
        cls,
        customer: str,
        sender: Address,
        recipient: Address,
        decision: tactful.Decision,
        parts: Parts,
        *,
        id: str,  # noqa: A002 - what a message calls it
        reply_to: Address | None = None,
        headers: Mapping[str, str],
    ) -> "Mail":
        """Return the mail with these parts, dated when it was decided."""
        at_us = decision.now_us
        message = composed(parts, sender, recipient, id, at_us, reply_to=reply_to, headers=headers)
        return cls(customer, sender, recipient, decision, parts, message)

    @property
    def id(self) -> str:
        """The id of its message, with brackets."""
        return str(self.message["Message-ID"])

    def envelope(self) -> Envelope:
        """Return it as it is handed over."""
        utf8 = needs_utf8(self.recipient) or needs_utf8(self.sender)
        return Envelope(self.sender.addr_spec, self.recipient.addr_spec, utf8, self.message.as_bytes())
