"""Random policies: first their names, then each section with names of the others, and at last the offers."""

from typing import Final

import attrs

from ...clock import NEVER_US
from ...consent import LegalBasis, Purpose, Regime
from ...expr import TRUE, Call, Const, Expr, Var, conjunction
from ...familiarity import Familiarity
from ...holdouts import Holdout
from ...offers import (
    Approval,
    Channel,
    Field,
    FieldKind,
    Intent,
    MomentKind,
    Offer,
    OfferClass,
    Placement,
    Privacy,
    Treatment,
)
from ...policy import Boost, Dial, Policy, Ranking, Segment, Values
from ...schema import Attribute, ContextAttribute, Precision, Sensitivity, Source, Value, ValueType
from ...topics import Topic
from .chance import NOWHERE, Chance
from .models import score_model
from .rules import Rules
from .words import TAGS, ZONES, Words

#: So many offers are a crowd.
CROWD: Final = 40
OWNERS: Final = ("", "kitchen", "garden")
#: The key of all holdouts.
KEY: Final = "00112233445566778899aabbccddeeff"
#: A tactic that nobody may use, some that need a sign-off, and one that no guardrail knows.
TACTICS: Final = ("guilt", "countdown", "scarcity", NOWHERE)
ROLES: Final = ("ethics", "legal")
_KINDS: Final = tuple(kind for kind in MomentKind if kind is not MomentKind.ASK)
_HIGH: Final = (Familiarity.PERSONAL,) * 12 + tuple(Familiarity)
_LEVELS: Final = (Sensitivity.ORDINARY,) * 4 + tuple(Sensitivity)


def policy(chance: Chance, words: Words, offers_count: int | None = None) -> Policy:
    """
    Return a policy without guardrails.

    Args:
        chance: Where it comes from.
        words: The names that it is made of.
        offers_count: So many offers; None leaves that to chance, and is a crowd now and then.
    """
    times = tuple(name for name, type_ in words.offers(()).items() if type_ is ValueType.TIME)
    made = _Policy(chance, words, times if chance.happens(0.3) else (), chance.apart().happens(0.2))
    if offers_count is None and chance.happens(0.06):
        offers = tuple(made.in_crowd(number) for number in range(CROWD))
    else:
        count = offers_count or chance.of((2, 3, 4, 5, 6, 8, 12))
        offers = tuple(made.offer(f"o{number}") for number in range(count))
    apart = chance.apart()
    holdouts = tuple(made.holdout(apart, number) for number in range(apart.of((0, 0, 1, 2))))
    return Policy(
        name="random",
        values=attrs.evolve(made.values(), holdout_key=KEY if holdouts else "", holdouts_max=1.0),
        channels=tuple(made.channel(name) for name in words.channels),
        placements=tuple(made.placement(name) for name in words.placements),
        topics=tuple(made.topic(name) for name in words.topics),
        purposes=tuple(made.purpose(name) for name in words.purposes),
        attributes=tuple(made.attribute(name) for name in words.attributes),
        offers=offers,
        context=tuple(made.of_the_moment(name, type_) for name, type_ in words.context.items()),
        segments=tuple(made.segment(name) for name in words.segments),
        ranking=made.ranking(),
        identifiers=(("card", "person"), ("home", "household"), ("cookie", "device")),
        holdouts=holdouts,
    )


@attrs.frozen
class _Policy:
    """
    Makes the parts of one policy.

    Attributes:
        chance: Where they come from.
        words: The names that they are made of.
        often: Variables that the rules of offers read more often than others.
        looks_ahead: Whether the long term and kinds of moment count; few do, so that the others stay as they were.
    """

    chance: Chance
    words: Words
    often: tuple[str, ...]
    looks_ahead: bool

    def values(self) -> Values:
        return Values(
            dial=self.chance.of(tuple(Dial)),
            exposure_margin=self.chance.of((0.0, 0.1, 0.1, 0.3, 1.0)),
            languages=self.chance.of((("en",), ("en", "de"))),
            reserve_s=self.chance.of((60, 1800, 7200)),
            zone=self.chance.of(ZONES),
            customer_zone="zone" if self.chance.happens(0.9) else self.chance.of(("", NOWHERE)),
        )

    def channel(self, name: str) -> Channel:
        chance = self.chance
        bounds = chance.of(_HIGH), chance.of(_HIGH)
        return Channel(name, chance.of(tuple(Privacy)), outbound=chance.happens(0.3), tone=bounds[0], basis=bounds[1])

    def placement(self, name: str) -> Placement:
        chance, words = self.chance, self.words
        apart = chance.apart()
        return Placement(
            name,
            chance.name(words.channels),
            0 if chance.is_odd() else chance.of((1, 2, 3, 5)),
            tuple(chance.name(words.topics) for _ in "abc") if chance.happens(0.15) else (),
            chance.some(tuple(Intent)) if chance.happens(0.1) else (),
            chance.of((1, 1, 2)) if chance.happens(0.3) else None,
            (("title", "Welcome"),),
            apart.some(_KINDS, 4) if self.looks_ahead and apart.happens(0.3) else (),
        )

    def topic(self, name: str) -> Topic:
        chance, topics = self.chance, self.words.topics
        apart = chance.apart()
        wider = topics if chance.wild else topics[: topics.index(name)]
        return Topic(
            name,
            chance.name(wider) if wider and chance.happens(0.7) else None,
            chance.of(_LEVELS),
            chance.of((0.0, 0.1, 0.2, 0.5)) if chance.happens(0.3) else None,
            related=(apart.name(topics),) if apart.happens(0.3) else (),
            forbidden=(apart.name(topics),) if apart.happens(0.2) else (),
        )

    def purpose(self, name: str) -> Purpose:
        chance, purposes = self.chance, self.words.purposes
        wider = purposes if chance.wild else purposes[: purposes.index(name)]
        return Purpose(
            name,
            chance.of((LegalBasis.CONTRACT, *LegalBasis)),
            ((chance.of(("a", "m0")), chance.of(tuple(Regime))),) if chance.happens(0.3) else (),
            chance.name(wider) if wider and chance.happens(0.6) else None,
            "partner" if chance.happens(0.1) else None,
        )

    def attribute(self, name: str) -> Attribute:
        chance, words = self.chance, self.words
        type_ = words.attributes[name]
        names = tuple(words.attributes)
        before = names if chance.wild else names[: names.index(name)]
        apart = chance.apart()
        return Attribute(
            name,
            type_,
            topic=chance.name(words.topics) if chance.happens(0.4) else None,
            sensitivity=chance.of(_LEVELS),
            derived_from=chance.some(before, 2) if before and chance.happens(0.2) else (),
            purposes=tuple(chance.name(words.purposes) for _ in "ab") if chance.happens(0.2) else (),
            source=chance.of(tuple(Source)),
            max_age_s=chance.of((0, 1, 3600, 86_400)) if chance.happens(0.3) else None,
            absent=self.absent(type_),
            protect=chance.happens(0.6),
            collected=chance.of(("", "", "mail", "broker")),
            location=chance.of((None, None, *Precision)),
            owner=apart.of(OWNERS),
            readers=apart.some(OWNERS[1:], 1) if apart.happens(0.12) else (),
            lease_s=apart.of((1, 3600, 7200, 86_400)) if apart.happens(0.2) else None,
        )

    def of_the_moment(self, name: str, type_: ValueType) -> ContextAttribute:
        return ContextAttribute(name, type_, self.absent(type_), self.chance.of((None, None, *Precision)))

    def absent(self, type_: ValueType) -> Value | None:
        return self.chance.value(type_) if self.chance.happens(0.3) else None

    def segment(self, name: str) -> Segment:
        chance, words = self.chance, self.words
        before = words.segments if chance.wild else words.segments[: words.segments.index(name)]
        rules = Rules(chance, words.offers(before), words.values)
        return Segment(name, rules.condition(), size=chance.of((None, 0, 49, 50, 800, 800)))

    def holdout(self, chance: Chance, number: int) -> Holdout:
        """Return a holdout; it is drawn apart, so that nothing else is drawn otherwise."""
        return Holdout(
            f"x{number}",
            chance.of((0.0, 0.3, 0.5, 1.0)),
            tags=chance.some(TAGS) if chance.happens(0.4) else (),
            topics=(chance.name(self.words.topics),) if chance.happens(0.4) else (),
            offers=("o0", chance.name(("o1", "o2"))) if chance.happens(0.2) else (),
        )

    def ranking(self) -> Ranking:
        chance, words = self.chance, self.words
        rules = Rules(chance, words.moment, words.values)
        apart = chance.apart()
        boosts = tuple(
            Boost(
                rules.condition(),
                chance.of((0.0, 0.5, 2.0, 4.0, 8.0)),
                offers=("o0", chance.name(("o1", "o2"))) if chance.happens(0.4) else (),
                topics=(chance.name(words.topics),) if chance.happens(0.4) else (),
                tags=chance.some(TAGS) if chance.happens(0.2) else (),
                moments=apart.some(_KINDS, 2) if self.looks_ahead and apart.happens(0.5) else (),
            )
            for _ in range(chance.of((0, 1, 1, 2)))
        )
        scores = [name for name, type_ in words.attributes.items() if type_ is ValueType.SCORES]
        key = scores[0] if scores and not chance.is_odd() else None
        if chance.is_odd():
            key = chance.name(tuple(words.attributes))
        absent, ceiling = chance.of((1.0, 0.5, 0.0)), chance.of((10.0, 2.0, 1.0))
        weights = (apart.of((0.0, 0.5, 2.0)), apart.of((1.0, 4.0))) if self.looks_ahead else (0.0, 0.0)
        model = score_model(apart, words) if apart.happens(0.25) else None
        return Ranking(key, absent, ceiling, boosts, *weights, model=model)

    def in_crowd(self, number: int) -> Offer:
        """Return one of many offers of which each market has few, so that few of many are looked at."""
        made = self.offer(f"o{number}")
        market = Call(
            "==", (Var("context.market", ValueType.TEXT), Const(ValueType.TEXT, f"m{number % 20}")), ValueType.BOOL
        )
        plain = (("en", (Field("title", FieldKind.TEXT, ("hello",)),)),)
        treatments = (attrs.evolve(made.treatments[0], content=plain),)
        return attrs.evolve(made, when=market, unless=(), treatments=treatments)

    def offer(self, id_: str) -> Offer:
        chance, words = self.chance, self.words
        topic = chance.name(words.topics)
        rules = Rules(chance, words.offers(words.segments), words.values, self.often)
        when: Expr = TRUE
        if chance.happens(0.5):
            when = conjunction(tuple(rules.condition() for _ in range(chance.of((1, 1, 1, 2, 3)))))
        clauses = Rules(chance, {**words.offers(()), **words.protective}, words.values)
        apart = chance.apart()
        return Offer(
            id_,
            chance.of((*Intent, Intent.SELL, Intent.SELL)),
            topic,
            chance.of(words.purposes),
            tuple(self.treatment(f"t{number}") for number in range(chance.of((1, 2, 2, 3)))),
            offer_class=chance.of((OfferClass.DEFAULT, *OfferClass)),
            owner=chance.of(OWNERS),
            tags=chance.some(TAGS) if chance.happens(0.6) else (),
            from_us=chance.moment_us() if chance.happens(0.1) else 0,
            until_us=chance.moment_us() if chance.happens(0.1) else NEVER_US,
            when=when,
            unless=(clauses.condition(),) if chance.happens(0.15) else (),
            value=chance.of((0.0, 0.5, 1.0, 1.0, 2.0, 3.0)),
            chance=chance.of((1.0, 1.0, 0.5, 0.0 if chance.wild else 0.25)),
            affinity=chance.of((topic, "x", "")),
            channels=tuple(chance.name(words.channels) for _ in "ab") if chance.happens(0.15) else (),
            placements=tuple(chance.name(words.placements) for _ in "abc") if chance.happens(0.1) else (),
            satisfaction=apart.of((None, 0.0, 0.25, 1.0)),
            retention=apart.of((None, None, 0.125, 0.5)),
            moment=apart.of((None, *_KINDS)),
            tactics=(tactics := apart.some(TACTICS, 2) if apart.happens(0.2) else ()),
            approvals=tuple(self.approval(apart, tactic) for tactic in tactics if apart.happens(0.7)),
        )

    def approval(self, chance: Chance, tactic: str) -> Approval:
        """Return a sign-off of a tactic; it can have ended, and its role can be one that does not count."""
        role = chance.of((*ROLES, *ROLES, NOWHERE))
        return Approval(tactic, role, "" if chance.is_odd() else "Kim", chance.of((NEVER_US, chance.moment_us())))

    def treatment(self, id_: str) -> Treatment:
        chance, words = self.chance, self.words
        rules = Rules(chance, words.offers(words.segments), words.values)
        parts: tuple[str | Expr, ...] = ("hello",)
        if chance.happens(0.2 if id_ == "t0" else 0.6):
            parts = tuple(rules.printed() for _ in range(chance.of((1, 1, 2))))
        content = tuple((language, (Field("title", FieldKind.TEXT, parts),)) for language in ("en", "de"))
        return Treatment(
            id_,
            content if chance.happens(0.3) else content[:1],
            raise_to=chance.of((Familiarity.GENERIC,) * 5 + tuple(Familiarity)),
            lift=chance.of((1.0, 1.0, 1.05, 1.3, 2.0, 0.5)),
            signed_by="Kim" if chance.happens(0.3) else "",
            channels=(chance.name(words.channels),) if chance.happens(0.1) else (),
        )
