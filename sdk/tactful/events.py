"""Events that clients send of customers, and what a policy says they tell. It keeps and decides nothing."""

import enum
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from .consent import How
from .schema import Source

#: A contact of this event says that an event of a client was kept; its id is made of the event's.
HEARD: Final = "heard"
#: The persistent ids of those of whom an anonymous id alone is known begin with it.
ANONYMOUS: Final = "anonymous:"
#: Contacts of these events are the library's own words: none can be made from outside.
OWN_WORDS: Final = frozenset({HEARD, "answered", "gave", "opt_in", "opt_in_asked", "rendered", "shown", "withdrawal"})
#: Those of them that can be the outcome of a decision, as its token tells.
OUTCOMES: Final = frozenset({"rendered", "shown"})


class EventKind(enum.Enum):
    """What sort of event it is, by the names of Segment's specification."""

    IDENTIFY = "identify"
    TRACK = "track"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"


@attrs.frozen
class Feed:
    """
    One field of events that tells an attribute.

    Attributes:
        kind: Of which kind of event.
        field: The trait or property; a dot leads into one that holds others.
        attribute: The attribute of the profile that it tells.
        event: The event's name; empty for kinds whose events have none.
        source: Where such values come from; None is the attribute's own.
        confidence: How sure they are, 0 to 1.
    """

    kind: EventKind
    field: str
    attribute: str
    event: str = ""
    source: Source | None = None
    confidence: float = 1.0


@attrs.frozen
class EventContact:
    """
    An event that counts as a contact in the ledger.

    Attributes:
        kind: Of which kind of event.
        event: The event's name.
        counts_as: The contact's event, such as "purchase" or "complaint".
        topic: What it is about, or empty.
        purpose: The purpose for which it is kept; None is any of the policy's.
        decision: The property that holds a decision's token; then it is an outcome of that decision. Or empty.
    """

    kind: EventKind
    event: str
    counts_as: str
    topic: str = ""
    purpose: str | None = None
    decision: str = ""


@attrs.frozen
class ConsentCategory:
    """
    A category of a consent tool.

    Attributes:
        name: Its name, as events tell it.
        purposes: What a yes or no to it is about.
        yes: How a yes is given there, if it is to be kept on record; None lets it speak for its own event alone.
    """

    name: str
    purposes: tuple[str, ...]
    yes: How | None = None


@attrs.frozen
class Events:
    """
    What a policy takes from events; what is not here is not kept.

    Attributes:
        anonymous: The identifier that an anonymous id is, or empty: then nobody is known by it.
        group: The identifier of households that a group's id is, or empty.
        merge_users: Whether an alias may join two customers who are both known.
        consents: The consent tool's categories.
        feeds: Which fields tell which attributes.
        contacts: Which events count as contacts.
    """

    anonymous: str = ""
    group: str = ""
    merge_users: bool = False
    consents: tuple[ConsentCategory, ...] = ()
    feeds: tuple[Feed, ...] = ()
    contacts: tuple[EventContact, ...] = ()


@attrs.frozen(repr=False)
class Event:
    """
    One event, as a client sent it and an adapter checked it.

    Attributes:
        id: Its id at the client; a second one with the same id has no effect.
        kind: What sort it is.
        at_us: When it happened, by our clock [us since 1970].
        user: The persistent customer id, or empty.
        anonymous: The id of somebody who has not said who it is, or empty.
        name: The event's name, where it has one.
        fields: Traits or properties; None takes what was known away.
        preferences: The customer's yes or no to the consent tool's categories.
        previous: With an alias, the id that is the same customer.
        group: The group's id, or empty.
    """

    id: str
    kind: EventKind
    at_us: int
    user: str = ""
    anonymous: str = ""
    name: str = ""
    fields: Mapping[str, object] = attrs.field(factory=dict)
    preferences: Mapping[str, bool] = attrs.field(factory=dict)
    previous: str = ""
    group: str = ""

    def __repr__(self) -> str:  # nearly all of it is personal
        return f"<Event {self.kind.value}>"


def at_path(fields: Mapping[str, object], path: str, otherwise: object = None) -> object:
    """Return what stands under a name, or along a path of names with dots between; a name with dots itself wins."""
    if path in fields:
        return fields[path]
    found: object = fields
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return otherwise
        found = found[name]
    return found


class Fate(enum.Enum):
    """What became of an event, or of a part of it."""

    #: A value, a contact, a link, a consent or a removal was kept.
    KEPT = "kept"
    #: It was kept before.
    REPEATED = "repeated"
    #: Something newer is known already.
    OUTDATED = "outdated"
    #: The policy takes nothing from it.
    NOT_MAPPED = "not mapped"
    #: The customer allows no purpose for which it could be kept, or nobody knows whether.
    NOT_ALLOWED = "not allowed"
    #: A value does not fit the attribute's type, or a token is none of ours.
    NOT_FITTING = "not fitting"
    #: It is about nobody who could be told apart.
    NOBODY = "nobody"
    #: It says that two customers are one, and only the policy could allow that.
    TWO_CUSTOMERS = "two customers"


def misused(events: Events, kinds: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """
    Yield what a policy says of events that cannot be meant: under which keys, and why.

    Args:
        events: What the policy takes from events.
        kinds: Kind of identifier ("person", "household" or "device") by its name.
    """
    for key, name, kind in (
        ("anonymous_id", events.anonymous, "device"),
        ("group_id", events.group, "household"),
    ):
        if name in kinds and kinds[name] != kind:
            yield (key,), f"{key} must be an identifier of kind {kind}, and {name!r} is of kind {kinds[name]}"
    fed: set[tuple[EventKind, str, str]] = set()
    for feed in events.feeds:
        told = (feed.kind, feed.event, feed.attribute)
        if told in fed:
            path = (feed.kind.value, *((feed.event, "properties") if feed.event else ()), feed.field)
            yield path, f"{feed.attribute!r} is told twice by the same event"
        fed.add(told)
    for contact in events.contacts:
        path = (contact.kind.value, contact.event, "counts_as")
        own = contact.counts_as in OWN_WORDS
        if own and not (contact.decision and contact.counts_as in OUTCOMES):
            yield path, f"{contact.counts_as!r} is a word of the library's own, and no event counts as it"
