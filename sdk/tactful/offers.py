"""Offers, their treatments, and where they are shown: channels and placements. They carry no behaviour."""

import enum

import attrs

from .expr import TRUE, Expr
from .familiarity import Familiarity


class Privacy(enum.IntEnum):
    """Who else sees a channel: an inbox, a text message, a lock screen, a kiosk's screen."""

    PUBLIC = 0
    EXPOSED = 1
    SEMI_PRIVATE = 2
    PRIVATE = 3


class Escape(enum.Enum):
    """How a channel writes text: as HTML, or as it is."""

    HTML = "html"
    NONE = "none"


class Intent(enum.Enum):
    """What an offer is for; help outranks the others."""

    HELP = "help"
    INFORM = "inform"
    SELL = "sell"


class MomentKind(enum.Enum):
    """What an offer is to the customer whom it meets, apart from what it is for."""

    RECOMMENDATION = "recommendation"
    ALERT = "alert"
    STATUS_UPDATE = "status-update"
    REMINDER = "reminder"
    NEWS = "news"
    ASK = "ask"


class OfferClass(enum.Enum):
    """Default, or one that some limits exempt."""

    DEFAULT = "default"
    MANDATORY = "mandatory"
    TRANSACTIONAL = "transactional"


class FieldKind(enum.Enum):
    """What a field of a treatment holds."""

    TEXT = "text"
    LINK = "link"
    NUMBER = "number"


@attrs.frozen
class Channel:
    """
    A way to reach a customer.

    Attributes:
        name: Its name in the policy.
        privacy: Who else sees it.
        outbound: Whether we write to the customer, rather than the customer coming to us.
        escape: How it writes text and values.
        tone: The most familiar tone that it may carry.
        basis: The most familiar basis that it may carry.
    """

    name: str
    privacy: Privacy
    outbound: bool = False
    escape: Escape = Escape.HTML
    tone: Familiarity = Familiarity.PERSONAL
    basis: Familiarity = Familiarity.PERSONAL


@attrs.frozen
class Field:
    """
    One field of a treatment in one language.

    Attributes:
        name: Such as `title`.
        kind: Text, link or number.
        parts: Literal text and expressions whose values go in between.
    """

    name: str
    kind: FieldKind
    parts: tuple[str | Expr, ...]


@attrs.frozen
class Treatment:
    """
    One way to tell an offer.

    Attributes:
        id: Its name within the offer.
        content: Fields by language; the policy's first language is there.
        raise_to: The tone that the author demands at least.
        lift: Its expected worth relative to the offer's, > 0.
        signed_by: The reviewer who signed that plain text gives nothing away; empty without a valid signature.
        channels: The channels it is for; empty means all of the offer's.
    """

    id: str
    content: tuple[tuple[str, tuple[Field, ...]], ...]
    raise_to: Familiarity = Familiarity.GENERIC
    lift: float = 1.0
    signed_by: str = ""
    channels: tuple[str, ...] = ()


@attrs.frozen
class Approval:
    """
    A reviewer's sign-off that an offer may use a tactic.

    Attributes:
        tactic: The tactic.
        role: In which role the reviewer signed.
        by: The reviewer's name.
        until_us: The moment from which it no longer holds [us since 1970].
    """

    tactic: str
    role: str
    by: str
    until_us: int


@attrs.frozen
class Offer:
    """
    Something to show, for a purpose, to those who are eligible.

    Attributes:
        id: Its name in the policy.
        intent: Help, inform or sell.
        topic: What it is about.
        purpose: What data is used for when it is chosen.
        treatments: Ways to tell it.
        offer_class: Whether some limits exempt it.
        owner: The department that answers for it.
        tags: Free words that caps can count.
        from_us: Its first moment [us since 1970].
        until_us: The moment after its last [us since 1970].
        when: Eligible only if surely true.
        unless: Not eligible unless surely false.
        value: What it is worth when it is taken, >= 0.
        chance: The chance that it is taken, 0 to 1.
        satisfaction: The share of those whom it is for who will be glad of it, 0 to 1; None if nothing is expected.
        retention: The share of them who will stay because of it, likewise.
        moment: The kind of moment that it is; None means that nobody said, and only places that take all take it.
        affinity: The key under which the customer's affinity is looked up.
        channels: The channels it may use; empty means all.
        placements: The placements it may use; empty means all.
        tactics: The ways in which it presses or tempts, as its author declares them.
        approvals: Who signed that it may, and until when.
        asks: The attribute that it asks for; only who has none is asked. Empty means that it asks nothing.
        gives: The value that is given for the answer, in words for the customer.
    """

    id: str
    intent: Intent
    topic: str
    purpose: str
    treatments: tuple[Treatment, ...]
    offer_class: OfferClass = OfferClass.DEFAULT
    owner: str = ""
    tags: tuple[str, ...] = ()
    from_us: int = 0
    until_us: int = 2**63 - 1
    when: Expr = TRUE
    unless: tuple[Expr, ...] = ()
    value: float = 1.0
    chance: float = 1.0
    affinity: str = ""
    channels: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()
    asks: str = ""
    gives: str = ""
    satisfaction: float | None = None
    retention: float | None = None
    moment: MomentKind | None = None


@attrs.frozen
class Placement:
    """
    A named place in a channel.

    Attributes:
        name: Such as `home.hero`.
        channel: The channel it is in.
        slots: How many offers it holds.
        topics: The topics (with what lies under them) that it takes; empty means all.
        intents: The intents that it takes; empty means all.
        per_topic: At most so many of one topic; None means no bound.
        fallback: What is shown in a slot that stays empty: fields by name.
        moments: The kinds of moment that it takes; empty means all.
    """

    name: str
    channel: str
    slots: int = 1
    topics: tuple[str, ...] = ()
    intents: tuple[Intent, ...] = ()
    per_topic: int | None = None
    fallback: tuple[tuple[str, str], ...] = ()
    moments: tuple[MomentKind, ...] = ()
