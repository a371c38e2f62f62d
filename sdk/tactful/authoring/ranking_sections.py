"""The section `ranking` of the policy format as tables, and what stands in other sections too: rules, topics, tags."""

from typing import Final

from ..offers import MomentKind
from ..score_model import Feature
from .format_types import COUNT, ID, NUMBER, RULE, SIGNED_NUMBER, choice, many, name_of
from .records import Key, Record

MOMENT: Final = choice(MomentKind, "kind of moment")
MOMENTS: Final = many(MOMENT)
TOPICS: Final = many(name_of("topic"))
TAGS: Final = many(ID)

BOOST: Final = Record(
    "boost",
    {
        "when": Key(RULE, "when it acts: a rule that reads context, channel and time only", required=True),
        "times": Key(NUMBER, "the factor on the worth", required=True),
        "offers": Key(many(name_of("offer")), "the offers it concerns"),
        "topics": Key(TOPICS, "the topics it concerns, with those under them"),
        "tags": Key(TAGS, "the tags it concerns"),
        "moments": Key(MOMENTS, "the kinds of moment it concerns"),
    },
)
TERM: Final = Record(
    "term",
    {
        "weight": Key(SIGNED_NUMBER, "what it adds to the log-odds, -100 to 100", required=True),
        "of": Key(choice(Feature, "feature"), "what the weight is multiplied with", default="`one`, which is 1"),
        "when": Key(RULE, "when it acts: a rule that reads context, channel and time only", default="always"),
        "offers": Key(many(name_of("offer")), "the offers it concerns"),
        "topics": Key(TOPICS, "the topics it concerns, with those under them"),
        "tags": Key(TAGS, "the tags it concerns"),
        "moments": Key(MOMENTS, "the kinds of moment it concerns"),
    },
)
MODEL: Final = Record(
    "model",
    {
        "terms": Key(many(TERM.as_type()), "what the model adds up", required=True),
        "intercept": Key(SIGNED_NUMBER, "the log-odds of an offer that no term concerns, -100 to 100", default="`0`"),
        "shortlist": Key(COUNT, "so many offers are scored on a page, at most 200", default="`50`"),
    },
)
RANKING: Final = Record(
    "ranking",
    {
        "affinity": Key(
            name_of("attribute"),
            "the attribute of type scores that holds the customer's affinities",
            default="no affinities",
        ),
        "absent": Key(NUMBER, "the affinity of a key that a customer's scores lack", default="`1`"),
        "ceiling": Key(NUMBER, "affinities count at most this much", default="`10`"),
        "boosts": Key(many(BOOST.as_type()), "factors for the moment"),
        "satisfaction": Key(
            NUMBER, "what a customer who is glad of an offer is worth, in the unit of `value`", default="`0`"
        ),
        "retention": Key(NUMBER, "what a customer who stays because of it is worth, likewise", default="`0`"),
        "model": Key(MODEL.as_type(), "a model that puts the best offers in order", default="none"),
    },
)
