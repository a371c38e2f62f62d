"""A compiled policy: all that a bundle carries, as one frozen value. It is what both engines decide by."""

import enum
from collections.abc import Mapping

import attrs

from .consent import Purpose
from .events import Events
from .expr import Expr
from .holdouts import Holdout
from .offers import Channel, MomentKind, Offer, Placement
from .schema import Attribute, ContextAttribute
from .score_model import ScoreModel
from .topics import Topic
from .triggers import Trigger


class Dial(enum.Enum):
    """The appetite for risk; it sets the default of every guardrail's settings."""

    CONSERVATIVE = "conservative"
    BALANCED = "balanced"
    BOLD = "bold"


@attrs.frozen
class Values:
    """
    What the organization wants to be for its customers.

    Attributes:
        dial: The appetite for risk.
        exposure_margin: A less familiar treatment is taken if it loses at most this share of the best's worth, 0 to 1.
        min_segment: A segment of fewer customers counts as PERSONAL.
        languages: The languages of the content; the first one is the default.
        reserve_s: How long room under a cap is kept for a decision that is not confirmed [s].
        token_s: How long a decision's token is taken [s].
        zone: The organization's time zone.
        customer_zone: The attribute that holds a customer's own time zone, or empty.
        evidence_s: How long the evidence of a decision is kept [s]; 0 keeps none.
        signatures: A bundle of the policy needs as many signatures, of different pinned keys.
        holdout_key: The key of the holdouts, 32 hex digits; empty without holdouts.
        holdouts_max: The shares of all holdouts together are at most this, 0 to 1.
    """

    dial: Dial = Dial.BALANCED
    exposure_margin: float = 0.1
    min_segment: int = 50
    languages: tuple[str, ...] = ("en",)
    reserve_s: int = 1800
    token_s: int = 86_400
    zone: str = "UTC"
    customer_zone: str = ""
    evidence_s: int = 0
    signatures: int = 1
    holdout_key: str = ""
    holdouts_max: float = 0.2


@attrs.frozen
class Segment:
    """A named group of customers: a rule, the words in which a customer is told of it, its counted size or None."""

    name: str
    when: Expr
    say: str = ""
    size: int | None = None


@attrs.frozen
class Expectation:
    """
    What is expected of an offer for a segment; nothing is decided by it.

    Attributes:
        segment: The segment.
        offer: The offer's id.
        satisfaction: The share of the segment that will be glad of it, 0 to 1; None if nothing is expected.
        retention: The share that will stay because of it, likewise.
    """

    segment: str
    offer: str
    satisfaction: float | None = None
    retention: float | None = None


@attrs.frozen
class Boost:
    """A factor on the worth of some offers while a condition on the moment is surely true."""

    when: Expr
    times: float
    offers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    moments: tuple[MomentKind, ...] = ()
    #: Which ranker asks for it, of which distribution and version, and its sentence; empty if the policy itself does.
    by: str = ""


@attrs.frozen
class Ranking:
    """
    How offers are ordered: worth = base worth x affinity x boosts.

    What is expected of an offer in the long term is a share of all whom it is for, and not of those who take it: its
    chance does not lessen it. So base worth = value x chance + weights x expectations, all in the unit of value.

    Attributes:
        affinity: The attribute of type `scores` that holds the customer's affinities, or None.
        absent: The affinity of a key that the customer's scores lack, >= 0.
        ceiling: Affinities count at most this much, >= `absent`.
        boosts: Factors for the moment; their conditions read context and time only.
        satisfaction: What a customer who is glad is worth, in the unit of an offer's value, >= 0.
        retention: What a customer who stays is worth, likewise.
        model: A score model that puts the best few in order, or None.
    """

    affinity: str | None = None
    absent: float = 1.0
    ceiling: float = 10.0
    boosts: tuple[Boost, ...] = ()
    satisfaction: float = 0.0
    retention: float = 0.0
    model: ScoreModel | None = None

    def base_worth(self, offer: Offer) -> float:
        """Return what an offer is worth before anyone is known, >= 0: by the next sale and in the long term."""
        return offer.value * offer.chance + self.long_term(offer)

    def long_term(self, offer: Offer) -> float:
        """Return the part of an offer's base worth that is not the next sale, >= 0."""
        return self.satisfaction * (offer.satisfaction or 0.0) + self.retention * (offer.retention or 0.0)


@attrs.frozen
class PluginUse:
    """A guardrail that the policy names: the plugin's name, the versions that will do, and its settings."""

    name: str
    versions: str = ""
    settings: Mapping[str, object] = attrs.field(factory=dict)


@attrs.frozen
class EnricherUse:
    """
    An enricher that the policy names, with what it reads and gives: more it may not, wherever it is asked.

    Attributes:
        name: The plugin's name.
        versions: The versions that will do.
        settings: Its settings.
        reads: The attributes that it reads.
        gives: The attributes that it gives.
    """

    name: str
    versions: str = ""
    settings: Mapping[str, object] = attrs.field(factory=dict)
    reads: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()

    @property
    def plugin(self) -> PluginUse:
        """The same without what it reads and gives."""
        return PluginUse(self.name, self.versions, self.settings)


@attrs.frozen
class Policy:
    """
    A compiled policy.

    Attributes:
        name: What it is called.
        identifiers: Kind ("person", "household" or "device") by name of identifier.
        conditions: The conditions of guardrails, compiled, by their text; a plugin's condition that is not here
            cannot run.
    The others are the sections of the policy format, in its order.
    """

    name: str
    values: Values
    channels: tuple[Channel, ...]
    placements: tuple[Placement, ...]
    topics: tuple[Topic, ...]
    purposes: tuple[Purpose, ...]
    attributes: tuple[Attribute, ...]
    offers: tuple[Offer, ...]
    context: tuple[ContextAttribute, ...] = ()
    segments: tuple[Segment, ...] = ()
    ranking: Ranking = Ranking()
    guardrails: tuple[PluginUse, ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    conditions: tuple[tuple[str, Expr], ...] = ()
    holdouts: tuple[Holdout, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    events: Events = Events()  # noqa: RUF009 - frozen
    enrichers: tuple[EnricherUse, ...] = ()
    triggers: tuple[Trigger, ...] = ()
