"""The sections of the policy format as tables: every key with its type and meaning. docs/policy.md follows them."""

from typing import Final

from ..consent import LegalBasis, Regime
from ..familiarity import Familiarity
from ..identity import KINDS
from ..offers import Escape, Intent, OfferClass, Privacy
from ..policy import Dial
from ..schema import Precision, Sensitivity, Source, ValueType
from .approvals_reader import TACTIC
from .contact_policy import CAP, QUIET_HOURS
from .events_table import EVENTS
from .format_types import (
    BOOL,
    COUNT,
    DURATION,
    FACTOR,
    ID,
    LANGUAGE,
    NUMBER,
    RULE,
    SHARE,
    TEXT,
    Type,
    anything,
    choice,
    many,
    name_of,
    one_of,
)
from .governance_tables import HOLDOUT, HOLDOUT_KEY, MATRIX, SIGNATURES
from .measured_table import SOURCES
from .periods import ZONE
from .ranking_sections import MOMENT, MOMENTS, RANKING, TAGS, TOPICS
from .records import Key, Record, mapping
from .triggers_table import TRIGGER
from .typed_values import COLUMN_TYPES

FAMILIARITY: Final = choice(Familiarity, "familiarity")
SENSITIVITY: Final = choice(Sensitivity, "sensitivity")
#: Kinds of identifiers, by name of identifier.
IDENTIFIERS: Final = mapping(one_of({kind: kind for kind in KINDS}, "kind of identifier"), "identifiers")
COUNTS: Final = mapping(COUNT, "counts", of="segment")

VALUES: Final = Record(
    "values",
    {
        "dial": Key(
            choice(Dial, "position of the dial"),
            "the appetite for risk; sets every guardrail's defaults",
            default="`balanced`",
        ),
        "exposure_margin": Key(
            SHARE, "a less familiar treatment is taken if it loses at most this share of worth", default="`10%`"
        ),
        "min_segment": Key(COUNT, "a segment of fewer customers counts as PERSONAL", default="`50`"),
        "languages": Key(many(LANGUAGE), "the languages of the content; the first is the default", default="`en`"),
        "reserve": Key(
            DURATION, "how long room under a cap is kept for a decision that is not confirmed", default="`30m`"
        ),
        "token": Key(DURATION, "how long a decision's token is taken", default="`24h`"),
        "evidence": Key(
            DURATION, "how long the sealed evidence of a decision is kept, so that it can be made again", default="none"
        ),
        "zone": Key(ZONE, "the organization's time zone", default="`UTC`"),
        "customer_zone": Key(
            name_of("attribute"), "the attribute that holds a customer's own time zone", default="none"
        ),
        "signatures": Key(
            SIGNATURES, "a bundle is refused that fewer different pinned keys have signed", default="`1`"
        ),
        "holdout_key": Key(
            HOLDOUT_KEY, "the key that draws the customers of holdouts; keep it, or others are drawn", default="none"
        ),
        "holdouts_max": Key(SHARE, "the shares of all holdouts together are at most this", default="`20%`"),
    },
)
CHANNEL: Final = Record(
    "channel",
    {
        "privacy": Key(choice(Privacy, "privacy"), "who else sees it", required=True),
        "outbound": Key(BOOL, "whether we write to the customer", default="`false`"),
        "escape": Key(
            choice(Escape, "way to escape"), "how its texts are written: as HTML, or as they are", default="`html`"
        ),
        "tone": Key(FAMILIARITY, "the most familiar tone that it carries", default="`personal`"),
        "basis": Key(FAMILIARITY, "the most familiar basis that it carries", default="`personal`"),
    },
    short="privacy",
)
PLACEMENT: Final = Record(
    "placement",
    {
        "channel": Key(name_of("channel"), "the channel it is in", required=True),
        "slots": Key(COUNT, "how many offers it holds", default="`1`"),
        "topics": Key(TOPICS, "the topics, with those under them, that it takes", default="all"),
        "intents": Key(many(choice(Intent, "intent")), "the intents that it takes", default="all"),
        "moments": Key(MOMENTS, "the kinds of moment that it takes", default="all"),
        "per_topic": Key(COUNT, "at most so many offers of one topic", default="no bound"),
        "fallback": Key(mapping(TEXT, "fallback"), "what an empty slot shows: fields, as text", default="nothing"),
    },
    short="channel",
)
TOPIC: Final = Record(
    "topic",
    {
        "under": Key(name_of("topic"), "the wider topic"),
        "sensitivity": Key(SENSITIVITY, "how much harm it does when knowledge of it shows", default="`ordinary`"),
        "blend": Key(
            SHARE, "the largest share of filled slots where evidence of it selects", default="the guardrail's own"
        ),
        "related": Key(TOPICS, "topics it is linked to"),
        "forbidden": Key(TOPICS, "topics that must never be linked with it"),
    },
    short="sensitivity",
)
PURPOSE: Final = Record(
    "purpose",
    {
        "basis": Key(choice(LegalBasis, "legal basis"), "the ground on which it stands", default="`consent`"),
        "markets": Key(mapping(choice(Regime, "regime"), "markets"), "by market, opt-in or opt-out", default="opt-in"),
        "under": Key(name_of("purpose"), "the wider purpose, whose refusal refuses this one"),
        "partner": Key(ID, "the partner to whom data goes for it"),
        "dpv": Key(TEXT, "its name in the W3C Data Privacy Vocabulary"),
        "say": Key(TEXT, "what it is for, for a customer: the words after “we use it to”"),
    },
    short="basis",
)
ATTRIBUTE: Final = Record(
    "attribute",
    {
        "type": Key(choice(ValueType, "type"), "the type of its values", required=True),
        "topic": Key(name_of("topic"), "what it tells about"),
        "sensitivity": Key(SENSITIVITY, "its own; topic and inputs can raise it", default="`ordinary`"),
        "derived_from": Key(many(name_of("attribute")), "the attributes that it is computed from"),
        "owner": Key(ID, "the department that answers for it"),
        "readers": Key(many(ID), "the departments whose offers may read it, besides the owner's", default="all"),
        "purpose": Key(many(name_of("purpose")), "the purposes that may read it", default="all"),
        "source": Key(choice(Source, "source"), "where a value comes from that does not say", default="`observed`"),
        "collected": Key(ID, "where it was collected, if outside the direct relationship", default="in it"),
        "checked_by": Key(name_of("attribute"), "the stated attribute that tells whether it is right", default="none"),
        "location": Key(
            choice(Precision, "precision"), "how closely it tells where the customer is", default="not at all"
        ),
        "max_age": Key(DURATION, "older values do not exist", default="that of the guardrail accuracy"),
        "lease": Key(DURATION, "its use ends so long after the customer last got value for it", default="never"),
        "absent": Key(
            anything("a value of its type"), "the value of a customer of whom none is on record", default="unknown"
        ),
        "protect": Key(BOOL, "guardrails and `unless:` see it even where a purpose may not", default="`false`"),
        "say": Key(TEXT, "the words in which a customer is told of it", default="its name"),
    },
    short="type",
)
CONTEXT: Final = Record(
    "context",
    {
        "type": Key(
            one_of({t.value: t for t in ValueType if t is not ValueType.SCORES}, "type"),
            "the type of its values",
            required=True,
        ),
        "absent": Key(anything("a value of its type"), "the value if the caller gives none", default="unknown"),
        "location": Key(
            choice(Precision, "precision"), "how closely it tells where the customer is", default="not at all"
        ),
    },
    short="type",
)
SEGMENT: Final = Record(
    "segment",
    {
        "when": Key(RULE, "who belongs to it", required=True),
        "say": Key(TEXT, "the words in which a customer is told of it", default="its name"),
        "size": Key(COUNT, "how many customers it has, as counted", default="that in `counts`, else PERSONAL"),
    },
    short="when",
)
SIGNED: Final = Record(
    "sign-off",
    {
        "by": Key(TEXT, "the reviewer", required=True),
        "digest": Key(ID, "the digest of the text that was signed", required=True),
    },
)
TREATMENT: Final = Record(
    "treatment",
    {
        "id": Key(ID, "its name within the offer", default="t1, t2 …"),
        "tone": Key(FAMILIARITY, "the tone that the author demands at least", default="`generic`"),
        "lift": Key(FACTOR, "its expected worth relative to the offer's", default="`1`"),
        "channels": Key(many(name_of("channel")), "the channels it is for", default="all of the offer's"),
        "signed": Key(SIGNED.as_type(), "who signed that its plain text gives nothing away"),
    },
)
OFFER: Final = Record(
    "offer",
    {
        "intent": Key(choice(Intent, "intent"), "what it is for; help outranks the others", required=True),
        "topic": Key(name_of("topic"), "what it is about", required=True),
        "moment": Key(MOMENT, "the kind of moment that it is; with `asks`, it is an ask", default="not said"),
        "purpose": Key(name_of("purpose"), "what data is used for when it is chosen", default="the policy's only one"),
        "owner": Key(ID, "the department that answers for it"),
        "class": Key(choice(OfferClass, "class"), "default, or one that some limits exempt", default="`default`"),
        "tags": Key(TAGS, "free words that caps and boosts can name"),
        "run": Key(anything("two days, or keys of a period"), "its period", default="always"),
        "when": Key(RULE, "eligible only if this is surely true", default="everybody"),
        "unless": Key(many(RULE), "not eligible unless this is surely false", default="nobody"),
        "value": Key(NUMBER, "what it is worth when it is taken", default="`1`"),
        "chance": Key(SHARE, "the chance that it is taken", default="`1`"),
        "satisfaction": Key(SHARE, "the share of those whom it is for who will be glad of it", default="not expected"),
        "retention": Key(SHARE, "the share of them who will stay because of it", default="not expected"),
        "affinity": Key(ID, "the key of the customer's affinity", default="the topic"),
        "channels": Key(many(name_of("channel")), "the channels it may use", default="all"),
        "placements": Key(many(name_of("placement")), "the placements it may use", default="all"),
        "tactics": Key(many(TACTIC), "the ways in which it presses or tempts, such as countdown", default="none"),
        "approvals": Key(many(anything("an approval")), "who signed that it may, and until when", default="none"),
        "asks": Key(name_of("attribute"), "the attribute that it asks for, of who has none", default="nothing"),
        "gives": Key(TEXT, "with `asks`, the value that is given for the answer, in words for the customer"),
        "treatments": Key(anything("a treatment, or a list of such"), "the ways to tell it", required=True),
        "each": Key(TEXT, "a CSV file: an offer for each of its rows"),
        "id": Key(TEXT, "with `each`, the column that holds the ids", default="`id`"),
        "columns": Key(
            mapping(one_of({type_.value: type_ for type_ in COLUMN_TYPES}, "type of a column"), "columns"),
            "with `each`, the types of columns that are not text",
        ),
    },
)
#: The sections of a policy, in the order in which people read them. Those without a table have free keys.
SECTIONS: Final[dict[str, Record | Type[object]]] = {
    "name": TEXT,
    "values": VALUES,
    "identifiers": IDENTIFIERS,
    "channels": CHANNEL,
    "placements": PLACEMENT,
    "topics": TOPIC,
    "purposes": PURPOSE,
    "context": CONTEXT,
    "profile": ATTRIBUTE,
    "segments": SEGMENT,
    "counts": COUNTS,
    "ranking": RANKING,
    "holdouts": HOLDOUT,
    "matrix": MATRIX,
    "guardrails": Type("settings by guardrail; `off` leaves one out", lambda node, _log: node),
    "rankers": Type("settings by ranker", lambda node, _log: node),
    "enrichers": Type("settings by enricher", lambda node, _log: node),
    "sources": SOURCES,
    "events": EVENTS,
    "triggers": TRIGGER,
    "caps": CAP,
    "quiet_hours": QUIET_HOURS,
    "offers": OFFER,
}
