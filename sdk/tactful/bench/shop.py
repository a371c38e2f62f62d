"""A made-up shop of any size, with every guardrail that is installed, and customers whom it knows. It times nothing."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

import attrs

from ..authoring import compile_files
from ..clock import DAY_US
from ..consent import Consent, Consents, ConsentState, How
from ..contacts import Contact
from ..policy import Policy
from ..profile import Observation, Snapshot
from ..schema import Source

NOW_US: Final = 20_500 * DAY_US + DAY_US // 2
TOPICS: Final = 20
ATTRIBUTES: Final = 40
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
  all: {of: all, count: 1000, within: 7d}
"""
#: What offers ask for, in turn.
_WHEN: Final = (
    "profile.a{a} >= {n}",
    "profile.a{a} >= {n} && profile.a{b} < {m}",
    "segment.s{s}",
    'context.page == "p{p}" || profile.a{a} > {n}',
    "",
)


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


def shop(offers: int, customers: int, seed: int = 1) -> Shop:
    """Return a shop with so many offers and customers; the same seed gives the same shop."""
    random = Random(seed)  # noqa: S311 - nothing secret
    policy = compile_files({"policy.yaml": "".join(_policy(offers, random)).encode()})
    known = tuple(_customer(f"c{number}", random) for number in range(customers))
    agreed = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOW_US - DAY_US)
    return Shop(policy, known, Consents((agreed,), NOW_US - 60_000_000))


def predicates(offers: int, seed: int = 1) -> Sequence[str]:
    """Return Python expressions over `v`, a list of values, as simple as what the shop's offers ask for."""
    random = Random(seed)  # noqa: S311 - nothing secret
    return [
        f"v[{random.randrange(ATTRIBUTES)}] >= {random.randrange(9)} and v[{random.randrange(ATTRIBUTES)}] < 9"
        for _ in range(offers)
    ]


def _policy(offers: int, random: Random) -> Iterator[str]:
    yield _HEAD
    yield "topics: {food: {}, " + ", ".join(f"t{n}: {{under: food}}" for n in range(TOPICS)) + "}\n"
    yield "profile:\n  known:\n    all: {owner: crm, purpose: offers, max_age: 90d, source: observed}\n"
    yield "    scores: scores\n"
    yield from (f"    a{n}: {{type: int, say: what you did}}\n" for n in range(ATTRIBUTES))
    yield "segments:\n"
    yield from (f"  s{n}: {{when: profile.a{n} >= 5, say: you come often, size: 900}}\n" for n in range(10))
    yield "offers:\n  all: {intent: sell, purpose: offers, owner: marketing}\n"
    for number in range(offers):
        when = _WHEN[number % len(_WHEN)].format(
            a=random.randrange(ATTRIBUTES),
            b=random.randrange(ATTRIBUTES),
            n=random.randrange(9),
            m=random.randrange(1, 9),
            s=random.randrange(10),
            p=random.randrange(5),
        )
        rule = f"when: '{when}', " if when else ""
        topic = f"t{random.randrange(TOPICS)}"
        value = round(random.uniform(0.5, 5), 3)
        worth = f"value: {value}, affinity: {topic}"
        yield f"  o{number}: {{topic: {topic}, {rule}{worth}, treatments: [Offer {number}]}}\n"


def _customer(id_: str, random: Random) -> Snapshot:
    at_us = NOW_US - DAY_US

    def seen(value: object) -> Observation:
        return Observation(value, Source.OBSERVED, at_us)  # type: ignore[arg-type] # ints and scores

    values = {f"a{n}": seen(random.randrange(10)) for n in range(ATTRIBUTES)}
    scores = seen({f"t{n}": round(random.uniform(0.2, 3), 2) for n in range(TOPICS)})
    return Snapshot(id_, NOW_US - 60_000_000, {**values, "scores": scores})
