"""Triggers: an event starts a decision, and what it chooses goes out by push or SMS, at most once for each event.

triggers = Triggers(edge, outbound, {"Fence Entered": Trigger("push.note", {"shop": "shop"})}, …)
"""

from .journal import Journal
from .outbound import FileOutbound, Note, Outbound, Outcome, WebhookOutbound
from .trigger import Trigger
from .triggers import Sent, Started, Triggers

__all__ = [
    "FileOutbound",
    "Journal",
    "Note",
    "Outbound",
    "Outcome",
    "Sent",
    "Started",
    "Trigger",
    "Triggers",
    "WebhookOutbound",
]
