"""A made-up shop of any size, with every guardrail that is installed, and customers whom it knows. It times nothing."""

import enum
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

import attrs

from ..authoring import compile_files
from ..clock import DAY_US
from ..consent import Consent, Consents, ConsentState, How
from ..contacts import Contact
from ..expr import Call, Const, Var
from ..policy import Policy
from ..profile import Observation, Snapshot
from ..schema import Source, ValueType
from ..score_model import Feature, ScoreModel, Term
from .drawn import ATTRIBUTES, SEGMENTS, TOPICS, Drawn, drawn

NOW_US: Final = 20_500 * DAY_US + DAY_US // 2
SLOTS: Final = 3
PLACE: Final = "home"
_HEAD: Final = """
name: benchmark
values: {dial: balanced, zone: UTC}
identifiers: {card: person}
channels: {web: private}
placements: {home: {channel: web, slots: 3, per_topic: 1, fallback: {title: Welcome}}}
purposes: {offers: {basis: consent, say: choose offers for you}}
context: {page: text, hour: int}
ranking: {affinity: scores, absent: 0.5, ceiling: 4}
caps:
  offer: {of: offer, count: 30, within: 14d}
  topic: {of: topic, count: 200, within: 7d}
  total: {of: all, count: 1000, within: 7d}
"""
#: One more cap: what fills a page also fills it, and is forgotten soon.
NEAR: Final = f"  page: {{of: all, count: {SLOTS}, within: 1m}}\n"
#: Where a model puts the best in order, by affinity, topic and moment.
MODEL: Final = ScoreModel(
    (
        Term(0.8, Feature.AFFINITY),
        *(Term(n % 20 / 10 - 1, topics=(f"t{n}",)) for n in range(TOPICS)),
        Term(0.5, when=Call(">=", (Var("context.hour", ValueType.INT), Const(ValueType.INT, 12)), ValueType.BOOL)),
    ),
    -1.0,
)
#: So many offers are compiled from their lines; the others are made as the compiler would make them.
_FROM_LINES: Final = 20
#: What a customer of skewed affinities thinks of its favourite topic; flat ones think so of all.
_FAVOURITE: Final = 3.0
#: Its next topics count less by this power of their rank.
_POWER: Final = 1.5


class Affinity(enum.Enum):
    """How a customer's affinities lie: at random, all alike, or with one topic far above the others."""

    RANDOM = "random"
    FLAT = "flat"
    SKEWED = "skewed"


@attrs.frozen
class Shop:
    """
    What decisions are made of.

    Attributes:
        policy: The policy.
        customers: Snapshots of customers.
        consents: What each of them agreed to.
    """

    policy: Policy
    customers: tuple[Snapshot, ...]
    consents: Consents

    def contacts(self) -> Iterator[Contact]:
        """Yield what customers bought lately."""
        for customer in self.customers:
            for number in range(10):
                id_ = f"{customer.customer}/{number}"
                yield Contact(id_, customer.customer, "purchase", NOW_US - (number + 1) * DAY_US, topic="t19")


def shop(offers: int, customers: int, seed: int = 1, affinity: Affinity = Affinity.RANDOM, caps: str = "") -> Shop:
    """Return a shop with so many offers and customers, and more caps; the same seed gives the same shop."""
    random = Random(seed)  # noqa: S311 - nothing secret
    offered = tuple(drawn(offers, random))
    policy = compile_files({"policy.yaml": written(offered[:_FROM_LINES], caps)})
    policy = attrs.evolve(policy, offers=tuple(one.offer() for one in offered))
    known = customers_of(customers, random, affinity)
    agreed = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOW_US - DAY_US)
    return Shop(policy, known, Consents((agreed,), NOW_US - 60_000_000))


def customers_of(count: int, random: Random, affinity: Affinity, prefix: str = "c") -> tuple[Snapshot, ...]:
    """Return so many customers whose ids begin alike."""
    return tuple(_customer(f"{prefix}{number}", random, affinity) for number in range(count))


def predicates(offers: int, seed: int = 1) -> Sequence[str]:
    """Return Python expressions over `v`, a list of values, as simple as what the shop's offers ask for."""
    random = Random(seed)  # noqa: S311 - nothing secret
    return [
        f"v[{random.randrange(ATTRIBUTES)}] >= {random.randrange(9)} and v[{random.randrange(ATTRIBUTES)}] < 9"
        for _ in range(offers)
    ]


def written(offers: Sequence[Drawn], caps: str = "") -> bytes:
    """Return the shop's policy file with some offers, and more caps."""
    return "".join([*_head(caps), *(one.line() for one in offers)]).encode()


def _head(caps: str) -> Iterator[str]:
    yield _HEAD + caps
    yield "topics: {food: {}, " + ", ".join(f"t{n}: {{under: food}}" for n in range(TOPICS)) + "}\n"
    yield "profile:\n  known:\n    all: {owner: crm, purpose: offers, max_age: 90d, source: observed}\n"
    yield "    scores: scores\n"
    yield from (f"    a{n}: {{type: int, say: what you did}}\n" for n in range(ATTRIBUTES))
    yield "segments:\n"
    yield from (f"  s{n}: {{when: profile.a{n} >= 5, say: you come often, size: 900}}\n" for n in range(SEGMENTS))
    yield "offers:\n  all: {intent: sell, purpose: offers, owner: marketing}\n"


def _customer(id_: str, random: Random, affinity: Affinity) -> Snapshot:
    at_us = NOW_US - DAY_US

    def seen(value: object) -> Observation:
        return Observation(value, Source.OBSERVED, at_us)  # type: ignore[arg-type] # ints and scores

    values = {f"a{n}": seen(random.randrange(10)) for n in range(ATTRIBUTES)}
    return Snapshot(id_, NOW_US - 60_000_000, {**values, "scores": seen(_scores(random, affinity))})


def _scores(random: Random, affinity: Affinity) -> dict[str, float]:
    topics = [f"t{n}" for n in range(TOPICS)]
    if affinity is Affinity.RANDOM:
        return {topic: round(random.uniform(0.2, 3), 2) for topic in topics}
    random.shuffle(topics)
    power = _POWER if affinity is Affinity.SKEWED else 0
    return {topic: round(_FAVOURITE / rank**power, 3) for rank, topic in enumerate(topics, 1)}
