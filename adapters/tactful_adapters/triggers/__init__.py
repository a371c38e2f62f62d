"""Triggers: an event starts a decision, and what it chooses goes out by push or SMS, at most once for each event.

Which event asks what, how often at most and by which port, the policy says in its section `triggers`.

triggers = Triggers(edge, {"push": WebhookOutbound(…)}, journal=Journal(…), address=…)
"""

from .journal import Journal
from .outbound import FileOutbound, Note, Outbound, Outcome, WebhookOutbound
from .results import Sent, Started
from .triggers import Triggers

__all__ = [
    "FileOutbound",
    "Journal",
    "Note",
    "Outbound",
    "Outcome",
    "Sent",
    "Started",
    "Triggers",
    "WebhookOutbound",
]
