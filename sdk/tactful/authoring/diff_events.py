"""In which direction what a policy takes from events, and what they start, loosens; `diff_sections` has the others."""

from collections.abc import Mapping
from typing import Final

from ..events import EventKind
from ..expr import conjuncts, text
from ..policy import Policy
from ..triggers import Trigger
from .comparing import Direction, Part, Parts, parts_of

_NEITHER: Final = "neither"


def event_settings(policy: Policy) -> Mapping[str, Parts]:
    """Return what the ids of events stand for: who is recognized by more is known better."""
    it = policy.events
    parts = {"anonymous ids are": it.anonymous, "group ids are": it.group}
    known = {f"{what} {name}": Part(True, "more") for what, name in parts.items() if name}  # noqa: FBT003 - a value
    return {"": {**known, "merge_users": Part(it.merge_users, "more")}}


def feeds(policy: Policy) -> Mapping[str, Parts]:
    """Return which fields tell which attributes."""
    directions: dict[str, Direction] = {"confidence": "more"}
    same = ("kind", "event", "field", "attribute")
    feeds = {f"of {one.attribute} by {_sent(one.kind, one.event)}, {one.field}": one for one in policy.events.feeds}
    return {
        name: {key: part for key, part in parts_of(feed, directions).items() if key not in same}
        for name, feed in feeds.items()
    }


def event_contacts(policy: Policy) -> Mapping[str, Parts]:
    """Return which events count as contacts."""
    directions: dict[str, Direction] = dict.fromkeys(("kind", "event"), _NEITHER)
    return {_sent(one.kind, one.event): parts_of(one, directions) for one in policy.events.contacts}


def _sent(kind: EventKind, event: str) -> str:
    return f"{kind.value} {event!r}" if event else kind.value


def categories(policy: Policy) -> Mapping[str, Parts]:
    """Return what consents of events are about: a category more lets more be kept, and one less hears fewer noes."""
    ways: dict[str, Direction] = {"name": _NEITHER}
    return {one.name: parts_of(one, ways) for one in policy.events.consents}


def triggers(policy: Policy) -> Mapping[str, Parts]:
    """Return what events start: sooner, longer or more often lets more be said unasked."""
    return {one.name: _trigger(one) for one in policy.triggers}


def _trigger(one: Trigger) -> Parts:
    told = tuple(f"{attribute} from {field}" for field, attribute in one.properties)
    return {
        **parts_of(one, {"lasts_s": "more", "count": "more", "within_s": "less"}),
        "when": Part(tuple(map(text, conjuncts(one.when))), "less"),
        "properties": Part(told, "more"),
    }
