"""Reads the section `events`: which events feed which attributes, what counts as a contact, whom ids stand for."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..events import ConsentCategory, EventContact, EventKind, Events, Feed, misused
from .events_table import EVENTS
from .merged import Sections
from .source import Keys, Place

_NAMED: Final = (EventKind.TRACK, EventKind.PAGE, EventKind.SCREEN)
_TRAITS: Final = (EventKind.IDENTIFY, EventKind.GROUP)


def read_events(sections: Sections, kinds: Mapping[str, str]) -> Events:
    """
    Return what the policy takes from events, after noting what cannot be meant.

    Args:
        sections: The policy's sections.
        kinds: Kind of identifier ("person", "household" or "device") by its name.
    """
    section = sections.keys("events")
    found = EVENTS.read(section, sections.log)
    traits = (feed for kind in _TRAITS for feed in _feeds(kind, "", found.get(kind.value, {})))
    named = [(kind, event, keys) for kind in _NAMED for event, keys in found.get(kind.value, {}).items()]
    properties = (feed for kind, event, keys in named for feed in _feeds(kind, event, keys.get("properties", {})))
    events = Events(
        anonymous=found.get("anonymous_id", ""),
        group=found.get("group_id", ""),
        merge_users=found.get("merge_users", False),
        consents=tuple(
            ConsentCategory(name, keys["purpose"], keys.get("yes")) for name, keys in found.get("consent", {}).items()
        ),
        feeds=(*traits, *properties),
        contacts=tuple(_contact(kind, event, keys) for kind, event, keys in named if "counts_as" in keys),
    )
    for path, message in misused(events, kinds):
        sections.log.add(place_of(section, path), "events", message)
    for kind, event, keys in named:
        if "counts_as" not in keys and (alone := sorted(keys.keys() & {"topic", "purpose", "decision"})):
            place = place_of(section, (kind.value, event, alone[0]))
            sections.log.add(place, "events", f"{alone[0]!r} is for an event that counts", "add `counts_as:`")
    return events


def _feeds(kind: EventKind, event: str, keys: Mapping[str, Mapping[str, Any]]) -> Iterator[Feed]:
    for field, feed in keys.items():
        yield Feed(kind, field, feed["attribute"], event, feed.get("source"), feed.get("confidence", 1.0))


def _contact(kind: EventKind, event: str, keys: Mapping[str, Any]) -> EventContact:
    purpose, decision = keys.get("purpose"), keys.get("decision", "")
    return EventContact(kind, event, keys["counts_as"], keys.get("topic", ""), purpose, decision)


def place_of(keys: Keys, path: tuple[str, ...]) -> Place:
    """Return where a path of keys leads, as far as it is there."""
    place = keys.place
    for name in path:
        found = next(((key, node) for key, node in keys.pairs if key.text == name), None)
        if found is None:
            break
        key, node = found
        place = key.place
        if not isinstance(node, Keys):
            return node.place
        keys = node
    return place
