"""The section `events` as tables: what clients' events tell, what they count as, and what their consents are about."""

from typing import Final

from ..consent import How
from ..schema import Source
from .format_types import BOOL, ID, SHARE, TEXT, choice, many, name_of
from .records import Key, Record, mapping

FEED: Final = Record(
    "feed",
    {
        "attribute": Key(name_of("attribute"), "the attribute that it tells", required=True),
        "source": Key(choice(Source, "source"), "where such values come from", default="the attribute's own"),
        "confidence": Key(SHARE, "how sure they are", default="`1`"),
    },
    short="attribute",
)
FEEDS: Final = mapping(FEED.as_type(), "feeds")
EVENT: Final = Record(
    "event",
    {
        "counts_as": Key(ID, "the contact that it is in the ledger, such as purchase or complaint", default="none"),
        "topic": Key(name_of("topic"), "with `counts_as`, what it is about", default="nothing"),
        "purpose": Key(
            name_of("purpose"), "with `counts_as`, the purpose that must be allowed", default="any of the policy's"
        ),
        "decision": Key(
            TEXT, "with `counts_as`, the property that holds a decision's token, whose outcome it is", default="none"
        ),
        "properties": Key(FEEDS, "what its properties tell: attributes, by property", default="nothing"),
    },
)
NAMED: Final = mapping(EVENT.as_type(), "events by name")
CATEGORY: Final = Record(
    "category",
    {
        "purpose": Key(many(name_of("purpose")), "the purposes that a yes or no is about", required=True),
        "yes": Key(
            choice(How, "way of giving"), "how a yes is given there, if it is kept on record", default="it is not kept"
        ),
    },
    short="purpose",
)
EVENTS: Final = Record(
    "events",
    {
        "anonymous_id": Key(name_of("identifier"), "the identifier that an `anonymousId` is", default="it is not kept"),
        "group_id": Key(name_of("identifier"), "the identifier that a `groupId` is", default="it is not kept"),
        "merge_users": Key(BOOL, "whether an alias may join two customers who are both known", default="`false`"),
        "consent": Key(
            mapping(CATEGORY.as_type(), "categories"), "the consent tool's categories, by name", default="none"
        ),
        "identify": Key(FEEDS, "what traits of `identify` tell: attributes, by trait", default="nothing"),
        "group": Key(FEEDS, "what traits of `group` tell", default="nothing"),
        "track": Key(NAMED, "what is taken from `track`, by the event's name", default="nothing"),
        "page": Key(NAMED, "what is taken from `page`, by the page's name", default="nothing"),
        "screen": Key(NAMED, "what is taken from `screen`, by the screen's name", default="nothing"),
    },
)
