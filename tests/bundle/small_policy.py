"""A small policy that uses every noun of the format at least once, and the keys and times of its golden bundle.

Run it to write the golden files anew, after the format was changed on purpose: the tests then hold the new one.
"""

import base64
import enum
import json
from collections.abc import Mapping
from pathlib import Path

import attrs

from tactful import (
    Dial,
    Familiarity,
    Intent,
    LegalBasis,
    OfferClass,
    Policy,
    Privacy,
    Purpose,
    Regime,
    Sensitivity,
    Source,
    ValueType,
    bundle,
)
from tactful.clock import DAY_US
from tactful.consent import How
from tactful.events import ConsentCategory, EventContact, EventKind, Events, Feed
from tactful.expr import Call, Const, Expr, Local, Quantifier, Var
from tactful.holdouts import Holdout
from tactful.offers import Approval, Channel, Escape, Field, FieldKind, MomentKind, Offer, Placement, Treatment
from tactful.policy import Boost, EnricherUse, Expectation, PluginUse, Ranking, Segment, Values
from tactful.schema import Attribute, ContextAttribute
from tactful.score_model import Feature, ScoreModel, Term
from tactful.topics import Topic
from tactful.triggers import Trigger

GOLDEN = Path(__file__).parent / "golden"
PRIVATE = base64.b64encode(bytes(range(32))).decode()
PUBLIC = bundle.keys.public_of(PRIVATE)
TENANT, EPOCH = "corner-shop", 7
ISSUED_US = 20_000 * DAY_US
EXPIRES_US = ISSUED_US + 90 * DAY_US

BOOL, INT, NUMBER, TEXT, TIME = ValueType.BOOL, ValueType.INT, ValueType.NUMBER, ValueType.TEXT, ValueType.TIME
FIRST_NAME = Var("profile.first_name", TEXT)
REGULAR = Call(">=", (Var("profile.visits", INT), Const(INT, 6)), BOOL)
LIKES_JAZZ = Quantifier(
    "exists", "tag", Var("profile.tags", ValueType.TEXTS), Call("==", (Local("tag", TEXT), Const(TEXT, "jazz")), BOOL)
)
RECENT = Call(
    "<",
    (
        Call("-", (Var("now", TIME), Var("profile.seen", TIME)), ValueType.DURATION),
        Const(ValueType.DURATION, 30 * DAY_US),
    ),
    BOOL,
)
AT_THE_WEEKEND = Call(
    "in",
    (Call("getDayOfWeek", (Var("now", TIME), Const(TEXT, "Europe/Berlin")), INT), Const(ValueType.INTS, (0, 6))),
    BOOL,
)
PAUSED = Var("protective.paused", BOOL)


Parts = tuple[str | Expr, ...]
Content = tuple[tuple[str, tuple[Field, ...]], ...]


def text(english: Parts, german: Parts) -> Content:
    return tuple((lang, (Field("title", FieldKind.TEXT, said),)) for lang, said in (("en", english), ("de", german)))


NAMED = text((FIRST_NAME, ", your olives"), ("Ihre Oliven, ", FIRST_NAME))
CONCERT = text(("A concert",), ("Ein Konzert",))

SMALL = Policy(
    name="corner shop",
    values=Values(Dial.BOLD, 0.05, 40, ("en", "de"), 900, 3600, holdout_key="0123456789abcdef" * 2),
    channels=(
        Channel("web", Privacy.SEMI_PRIVATE),
        Channel("kiosk", Privacy.EXPOSED, escape=Escape.NONE, tone=Familiarity.SEGMENT, basis=Familiarity.SEGMENT),
        Channel("letter", Privacy.PRIVATE, outbound=True),
    ),
    placements=(
        Placement("hero", "web", fallback=(("title", "Welcome"),)),
        Placement("rows", "web", 4, topics=("food", "music"), intents=(Intent.SELL, Intent.INFORM), per_topic=3),
        Placement("note", "letter"),
        Placement("bell", "web", moments=(MomentKind.STATUS_UPDATE, MomentKind.ALERT)),
    ),
    topics=(
        Topic("food", related=("music",)),
        Topic("wine", under="food", sensitivity=Sensitivity.SENSITIVE, blend=0.2, forbidden=("music",)),
        Topic("music"),
    ),
    purposes=(
        Purpose("offers", say="choose offers for you"),
        Purpose(
            "partner_offers",
            LegalBasis.LEGITIMATE_INTEREST,
            regimes=(("us-ca", Regime.OPT_OUT),),
            under="offers",
            partner="Vineyard",
            dpv="dpv:PersonalisedAdvertising",
        ),
    ),
    attributes=(
        Attribute("first_name", TEXT, owner="crm", source=Source.STATED, say="your name", readers=("deli",)),
        Attribute("visits", INT, absent=0, purposes=("offers",), say="how often you visit"),
        Attribute("seen", TIME, max_age_s=30 * 86_400),
        Attribute("tags", ValueType.TEXTS, topic="music", derived_from=("visits",), sensitivity=Sensitivity.SENSITIVE),
        Attribute("paused", BOOL, absent=False, protect=True),
        Attribute("goes_by", TEXT, source=Source.MODELLED, checked_by="first_name"),
        Attribute("scores", ValueType.SCORES, absent={"music": 1.5, "food": 0.5}),
        Attribute("often", BOOL, source=Source.DERIVED, derived_from=("visits",), purposes=("offers",)),
    ),
    offers=(
        Offer(
            "olives",
            Intent.SELL,
            "food",
            "offers",
            (
                Treatment("plain", text(("Olives",), ("Oliven",))),
                Treatment(
                    "named",
                    NAMED,
                    lift=1.3,
                    channels=("web",),
                ),
            ),
            owner="deli",
            tags=("salty",),
            value=1.2,
            chance=0.25,
            affinity="food",
            satisfaction=0.6,
            retention=0.125,
        ),
        Offer(
            "concert",
            Intent.INFORM,
            "music",
            "offers",
            (Treatment("plain", CONCERT, raise_to=Familiarity.SEGMENT, signed_by="Ada"),),
            from_us=ISSUED_US,
            until_us=EXPIRES_US,
            when=Call("&&", (LIKES_JAZZ, RECENT), BOOL),
            affinity="music",
            tactics=("countdown",),
            approvals=(Approval("countdown", "legal", "Ada", EXPIRES_US),),
        ),
        Offer(
            "loaf",
            Intent.SELL,
            "food",
            "offers",
            (Treatment("plain", text(("A loaf",), ("Ein Brot",))),),
            when=Var("segment.regulars", BOOL),
            value=2.0,
        ),
        Offer(
            "wine",
            Intent.SELL,
            "wine",
            "partner_offers",
            (Treatment("plain", text(("A red",), ("Ein Roter",))),),
            unless=(PAUSED,),
            value=1.5,
        ),
        Offer(
            "hours",
            Intent.HELP,
            "food",
            "offers",
            (
                Treatment(
                    "plain",
                    (
                        (
                            "en",
                            (
                                Field("title", FieldKind.TEXT, ("Open until 8",)),
                                Field("link", FieldKind.LINK, ("/hours",)),
                                Field("count", FieldKind.NUMBER, (Const(INT, 3),)),
                            ),
                        ),
                    ),
                ),
            ),
            OfferClass.TRANSACTIONAL,
            channels=("web",),
            placements=("hero",),
            value=0.1,
            moment=MomentKind.STATUS_UPDATE,
        ),
    ),
    context=(ContextAttribute("page", TEXT), ContextAttribute("rain", BOOL, absent=False)),
    expectations=(Expectation("regulars", "loaf", 0.6, 0.125),),
    events=Events(
        "cookie",
        consents=(ConsentCategory("Advertising", ("offers", "partner_offers"), How.EXPLICIT),),
        feeds=(
            Feed(EventKind.IDENTIFY, "firstName", "first_name"),
            Feed(EventKind.TRACK, "visits", "visits", "Visited", Source.DERIVED, 0.75),
        ),
        contacts=(EventContact(EventKind.TRACK, "Visited", "click", "food", "offers", "token"),),
    ),
    holdouts=(Holdout("letters", 0.1, tags=("salty",), topics=("music",)),),
    segments=(Segment("regulars", REGULAR, "you shop here often", 640),),
    ranking=Ranking(
        "scores",
        0.8,
        5.0,
        (
            Boost(AT_THE_WEEKEND, 1.5, offers=("olives",), by="weekends of house-rules 1.4: Olives at weekends."),
            Boost(Var("context.rain", BOOL), 2.0, topics=("music",), tags=("salty",), moments=(MomentKind.NEWS,)),
        ),
        satisfaction=0.25,
        retention=0.5,
        model=ScoreModel(
            (
                Term(0.75, Feature.AFFINITY, topics=("music",)),
                Term(-1.5, when=Var("context.rain", BOOL), offers=("olives",), tags=("salty",)),
                Term(2.0, Feature.CHANCE, moments=(MomentKind.NEWS,)),
            ),
            -0.25,
            40,
        ),
    ),
    guardrails=(
        PluginUse(
            "house",
            ">=1.0,<2",
            {
                "topic": "wine",
                "share": 0.5,
                "most": 3,
                "strict": True,
                "after": None,
                "hours": [8, 20],
                "by": {"web": {"count": 2}},
            },
        ),
    ),
    identifiers=(("card", "person"), ("cookie", "device")),
    conditions=(("protective.paused", PAUSED),),
    triggers=(
        Trigger(
            "rained",
            "Rain",
            "note",
            "press",
            EventKind.SCREEN,
            Var("context.rain", BOOL),
            (("it", "rain"),),
            900,
            2,
            60,
        ),
    ),
    enrichers=(EnricherUse("habits", ">=1.0,<2", {"least": 5}, ("visits",), ("often",)),),
)


def signed(policy: Policy = SMALL, **changed: object) -> bytes:
    """Return a bundle that is signed by the golden key, with other terms where they are given."""
    terms = {"private_key": PRIVATE, "tenant": TENANT, "epoch": EPOCH, "issued_us": ISSUED_US, "expires_us": EXPIRES_US}
    return bundle.write(policy, **{**terms, **changed})


def told(noun: object) -> object:
    """Return every field of a noun, defaults too, as JSON knows it."""
    if isinstance(noun, enum.Enum):
        return f"{type(noun).__name__}.{noun.name}"
    if attrs.has(type(noun)):
        return {"noun": type(noun).__name__} | {f.name: told(getattr(noun, f.name)) for f in attrs.fields(type(noun))}
    if isinstance(noun, Mapping):
        return {key: told(value) for key, value in noun.items()}
    if isinstance(noun, tuple | list):
        return [told(item) for item in noun]
    return noun


if __name__ == "__main__":
    (GOLDEN / "small.bundle").write_bytes(signed())
    (GOLDEN / "small.json").write_text(json.dumps(told(SMALL), indent=1) + "\n", encoding="utf-8")
