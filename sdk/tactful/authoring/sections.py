"""The sections of the policy format as tables: every key with its type and meaning. The reference page follows them."""

from typing import Final

from ..consent import LegalBasis, Regime
from ..familiarity import Familiarity
from ..offers import Escape, Intent, OfferClass, Privacy
from ..policy import Dial
from ..schema import Sensitivity, Source, ValueType
from .format_types import (
    BOOL,
    COUNT,
    DURATION,
    ID,
    NAME_TYPE,
    NUMBER,
    SHARE,
    TEXT,
    Key,
    Record,
    Type,
    as_keys,
    choice,
    many,
)
from .source import Log, Node

#: A part that is read where its meaning is known; here anything may stand.
ANY: Final[Type[Node]] = Type("see below", lambda node, _log: node)
NAMES: Final = many(ID)
FAMILIARITY: Final = choice(Familiarity, "familiarity")
SENSITIVITY: Final = choice(Sensitivity, "sensitivity")


def _markets(node: Node, log: Log) -> tuple[tuple[str, Regime], ...]:
    regime = choice(Regime, "regime")
    pairs = ((name.text, regime.read(value, log)) for name, value in as_keys(node, "markets", log).pairs)
    return tuple((name, found) for name, found in pairs if found is not None)


VALUES: Final = Record(
    "values",
    {
        "dial": Key(choice(Dial, "position of the dial"), "the appetite for risk; sets every guardrail's defaults"),
        "exposure_margin": Key(SHARE, "a less familiar treatment is taken if it loses at most this share of worth"),
        "min_segment": Key(COUNT, "a segment of fewer customers counts as PERSONAL"),
        "languages": Key(many(NAME_TYPE), "the languages of the content; the first is the default"),
        "reserve": Key(DURATION, "how long room under a cap is kept for a decision that is not confirmed"),
        "token": Key(DURATION, "how long a decision's token is taken"),
        "zone": Key(TEXT, "the time zone of offers' periods; UTC if left out"),
    },
)
CHANNEL: Final = Record(
    "channel",
    {
        "privacy": Key(choice(Privacy, "privacy"), "who else sees it", required=True),
        "outbound": Key(BOOL, "whether we write to the customer"),
        "escape": Key(choice(Escape, "way to escape"), "how values are written into its text"),
        "tone": Key(FAMILIARITY, "the most familiar tone that it carries"),
        "basis": Key(FAMILIARITY, "the most familiar basis that it carries"),
    },
    short="privacy",
)
PLACEMENT: Final = Record(
    "placement",
    {
        "channel": Key(ID, "the channel it is in", required=True),
        "slots": Key(COUNT, "how many offers it holds; 1 if left out"),
        "topics": Key(NAMES, "the topics, with those under them, that it takes; all if left out"),
        "intents": Key(many(choice(Intent, "intent")), "the intents that it takes; all if left out"),
        "per_topic": Key(COUNT, "at most so many offers of one topic"),
        "fallback": Key(ANY, "fields, as text, that an empty slot shows"),
    },
    short="channel",
)
TOPIC: Final = Record(
    "topic",
    {
        "under": Key(ID, "the wider topic"),
        "sensitivity": Key(SENSITIVITY, "how much harm knowledge of it does"),
        "blend": Key(SHARE, "the largest share of filled slots where evidence of it selects"),
        "related": Key(NAMES, "topics it is linked to"),
        "forbidden": Key(NAMES, "topics that must never be linked with it"),
    },
    short="sensitivity",
)
PURPOSE: Final = Record(
    "purpose",
    {
        "basis": Key(choice(LegalBasis, "legal basis"), "the ground on which it stands; consent if left out"),
        "markets": Key(Type("regime by market", _markets), "opt-in or opt-out by market; opt-in if left out"),
        "under": Key(NAME_TYPE, "the wider purpose, whose refusal refuses this one"),
        "partner": Key(ID, "the partner to whom data goes for it"),
        "dpv": Key(TEXT, "its name in the W3C Data Privacy Vocabulary"),
        "say": Key(TEXT, "what a customer is told of it"),
    },
    short="basis",
)
ATTRIBUTE: Final = Record(
    "attribute",
    {
        "type": Key(choice(ValueType, "type"), "the type of its values", required=True),
        "topic": Key(ID, "what it tells about"),
        "sensitivity": Key(SENSITIVITY, "its own; topic and inputs can raise it"),
        "derived_from": Key(NAMES, "the attributes that it is computed from"),
        "owner": Key(ID, "the department that answers for it"),
        "purposes": Key(NAMES, "the purposes that may read it; all if left out"),
        "source": Key(choice(Source, "source"), "where a value comes from that does not say"),
        "max_age": Key(DURATION, "older values do not exist"),
        "absent": Key(ANY, "the value of a customer of whom none is on record"),
        "protect": Key(BOOL, "guardrails and `unless:` see it even where a purpose may not"),
        "say": Key(TEXT, "the words in which a customer is told of it"),
    },
    short="type",
)
CONTEXT: Final = Record(
    "context attribute",
    {
        "type": Key(choice(ValueType, "type"), "the type of its values", required=True),
        "absent": Key(ANY, "the value if the caller gives none"),
    },
    short="type",
)
SEGMENT: Final = Record(
    "segment",
    {
        "when": Key(ANY, "the rule", required=True),
        "say": Key(TEXT, "the words in which a customer is told of it"),
        "size": Key(COUNT, "how many customers it has, as counted"),
    },
    short="when",
)
RANKING: Final = Record(
    "ranking",
    {
        "affinity": Key(NAME_TYPE, "the attribute of type scores that holds the customer's affinities"),
        "absent": Key(NUMBER, "the affinity of a key that a customer's scores lack; 1 if left out"),
        "ceiling": Key(NUMBER, "affinities count at most this much; 10 if left out"),
        "boosts": Key(ANY, "factors for the moment: `when`, `times`, and `offers`, `topics` or `tags`"),
    },
)
BOOST: Final = Record(
    "boost",
    {
        "when": Key(ANY, "a rule that reads context and time only", required=True),
        "times": Key(NUMBER, "the factor on the worth", required=True),
        "offers": Key(NAMES, "the offers it concerns"),
        "topics": Key(NAMES, "the topics it concerns, with those under them"),
        "tags": Key(NAMES, "the tags it concerns"),
    },
)
CAP: Final = Record(
    "cap",
    {
        "count": Key(COUNT, "so many events are allowed", required=True),
        "within": Key(DURATION, "in a window of this length", required=True),
        "of": Key(ID, "counted per offer, topic, tag, owner, channel or all together; offer if left out"),
        "event": Key(ID, "the event that is counted; shown if left out"),
        "then": Key(ID, "suppress, defer or downgrade"),
        "suppress": Key(DURATION, "once reached, it stays so for this long after the last event"),
        "topic": Key(ID, "only offers of this topic"),
        "intent": Key(ID, "only offers of this intent"),
        "tag": Key(ID, "only offers with this tag"),
        "exempt": Key(NAMES, "classes that are not limited; mandatory and transactional if left out"),
    },
)
OFFER: Final = Record(
    "offer",
    {
        "intent": Key(choice(Intent, "intent"), "help, inform or sell", required=True),
        "topic": Key(ID, "what it is about", required=True),
        "purpose": Key(NAME_TYPE, "what data is used for when it is chosen", required=True),
        "owner": Key(ID, "the department that answers for it"),
        "class": Key(choice(OfferClass, "class"), "default, or one that some limits exempt"),
        "tags": Key(NAMES, "free words that caps can count"),
        "run": Key(ANY, "its period: two days, or `from`, `to` and `zone`"),
        "when": Key(ANY, "eligible only if this rule is surely true"),
        "unless": Key(ANY, "not eligible unless this rule is surely false; a list of rules is possible"),
        "value": Key(NUMBER, "what it is worth when it is taken; 1 if left out"),
        "chance": Key(SHARE, "the chance that it is taken; 1 if left out"),
        "affinity": Key(ID, "the key of the customer's affinity; the topic if left out"),
        "channels": Key(NAMES, "the channels it may use; all if left out"),
        "placements": Key(NAMES, "the placements it may use; all if left out"),
        "treatments": Key(ANY, "ways to tell it", required=True),
        "each": Key(TEXT, "a CSV file: an offer for each of its rows"),
        "id": Key(ID, "with `each:`, the column that holds the ids; id if left out"),
        "columns": Key(ANY, "with `each:`, the types of columns that are not text"),
    },
)
TREATMENT: Final = Record(
    "treatment",
    {
        "id": Key(ID, "its name within the offer; t1, t2 … if left out"),
        "tone": Key(FAMILIARITY, "the tone that the author demands at least"),
        "lift": Key(NUMBER, "its expected worth relative to the offer's; 1 if left out"),
        "channels": Key(NAMES, "the channels it is for; all of the offer's if left out"),
        "signed": Key(ANY, "`by` and `digest`: who signed that its plain text gives nothing away"),
    },
)
SIGNED: Final = Record(
    "signed",
    {
        "by": Key(TEXT, "the reviewer", required=True),
        "digest": Key(TEXT, "the digest of the text that was signed", required=True),
    },
)
#: The sections of a policy. Those without a table are mappings whose meaning stands beside them.
SECTIONS: Final[dict[str, Record | str]] = {
    "name": "what the policy is called",
    "values": VALUES,
    "identifiers": "kind (person, household, device) by name of identifier",
    "channels": CHANNEL,
    "placements": PLACEMENT,
    "topics": TOPIC,
    "purposes": PURPOSE,
    "context": CONTEXT,
    "profile": ATTRIBUTE,
    "segments": SEGMENT,
    "counts": "sizes of segments, by name",
    "ranking": RANKING,
    "guardrails": "settings by guardrail; `off` leaves one out",
    "caps": CAP,
    "offers": OFFER,
}
