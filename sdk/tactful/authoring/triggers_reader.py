"""Reads the section `triggers`: which events ask which placements, and by which ports the answers go out."""

from collections.abc import Iterable, Iterator
from typing import Final

from ..names import hint_for
from ..offers import Channel, Placement
from ..triggers import Trigger, misused
from .events_reader import place_of
from .merged import Sections
from .rulebook import Rulebook
from .triggers_table import TRIGGER

_FIELDS: Final = {"lasts": "lasts_s", "within": "within_s"}


def read_triggers(
    sections: Sections, rules: Rulebook, channels: Iterable[Channel], placements: Iterable[Placement]
) -> tuple[Trigger, ...]:
    """
    Return the triggers, after noting what cannot be meant.

    Args:
        sections: The policy's sections.
        rules: Compiles their conditions.
        channels: The policy's channels.
        placements: Its placements.
    """
    found = tuple(_triggers(sections, rules))
    section, log = sections.keys("triggers"), sections.log
    goes_out = {one.name: one.outbound for one in channels}
    outbound = {one.name: goes_out[one.channel] for one in placements if one.channel in goes_out}
    for path, message in misused(found, outbound):
        log.add(place_of(section, path), "trigger", message)
    known = sections.names("context")
    for one in found if not log.unread else ():
        for field, attribute in one.properties:
            if attribute not in known:
                place = place_of(section, (one.name, "properties", field))
                message = f"there is no attribute {attribute!r} in the context"
                log.add(place, "unknown-context", message, hint_for(attribute, known))
    return found


def _triggers(sections: Sections, rules: Rulebook) -> Iterator[Trigger]:
    for name, keys in sections.records("triggers", TRIGGER):
        found = {_FIELDS.get(key, key): value for key, value in keys.items()}
        found["properties"] = tuple(found.get("properties", {}).items())
        if "when" in found:
            found["when"] = rules.rule(found["when"], rules.event)
            if found["when"] is None:
                continue
        yield Trigger(name.text, **found)
