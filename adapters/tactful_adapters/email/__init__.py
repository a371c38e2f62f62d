"""E-mail: campaigns that keep inside the boundaries, their transport, and one-click unsubscribing (docs/email.md).

The extra `email` brings what it needs.
"""

from .campaign import Campaign
from .journal import Journal
from .preview import Preview, preview
from .run import Report, Run
from .smtp import SMTP
from .templates import Templates
from .transport import Envelope, Maildir, Outcome, Transport, TransportDown
from .unsubscribe import Unsubscribing, Words

__all__ = [
    "SMTP",
    "Campaign",
    "Envelope",
    "Journal",
    "Maildir",
    "Outcome",
    "Preview",
    "Report",
    "Run",
    "Templates",
    "Transport",
    "TransportDown",
    "Unsubscribing",
    "Words",
    "preview",
]
