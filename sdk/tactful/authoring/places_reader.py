"""Reads where a policy speaks, and about what: channels, placements and topics."""

from collections.abc import Iterator

from ..offers import Channel, Placement
from ..topics import Topic
from .merged import Sections
from .sections import CHANNEL, PLACEMENT, TOPIC


def read_channels(sections: Sections) -> Iterator[Channel]:
    """Yield the channels."""
    for name, found in sections.records("channels", CHANNEL):
        yield Channel(name.text, **found)


def read_placements(sections: Sections) -> Iterator[Placement]:
    """Yield the placements."""
    for name, found in sections.records("placements", PLACEMENT):
        fallback = tuple(found.pop("fallback", {}).items())
        yield Placement(name.text, fallback=fallback, **found)


def read_topics(sections: Sections) -> Iterator[Topic]:
    """Yield the topics."""
    for name, found in sections.records("topics", TOPIC):
        yield Topic(name.text, **found)
