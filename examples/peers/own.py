"""tactful with the same rules, and all that it does besides: consent, every guardrail, caps, ranking, three slots."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any, Final

import tactful
from tactful.authoring import compile_files
from tactful.clock import DAY_US
from tactful.consent import Consent, Consents, ConsentState, How
from tactful.contacts import Contact
from tactful.memory import MemoryStore
from tactful.profile import Observation, Snapshot
from tactful.schema import Source

from .rules import NUMBERS, TEXTS, Customer, Rule

SLOTS: Final = 3
_TOPICS: Final = 20
_NOW_US: Final = 20_500 * DAY_US + DAY_US // 2
_STEP_US: Final = 1000
_PLACE: Final = "home"
_ALL: Final = "everything"
_HEAD: Final = """
name: peers
values: {dial: balanced, zone: UTC}
identifiers: {card: person}
channels: {web: private}
purposes: {offers: {basis: consent, say: choose offers for you}}
ranking: {affinity: scores, absent: 0.5, ceiling: 4}
caps:
  offer: {of: offer, count: 30, within: 14d}
  topic: {of: topic, count: 200, within: 7d}
  all: {of: all, count: 1000, within: 7d}
"""
#: What is timed; a method of `Shop` by that name makes the calls.
WAYS: Final[Mapping[str, str]] = {
    "decide": "the customer is here and was seen before, on the same page",
    "first": "the customer has just been fetched: every rule is looked at for the first time",
    "brought": "profile and consents come with the call, as peers are given them; nothing is kept",
}
Call = Callable[[], object]


class Shop:
    """Offers with rules, and customers who agreed; a millisecond passes whenever the clock is read."""

    def __init__(self, given: Sequence[Rule], customers: Sequence[Customer]) -> None:
        self._keys = [rule.key for rule in given]
        random = Random(1)  # noqa: S311 - nothing secret
        self._snapshots = {one.id: _snapshot(one, random) for one in customers}
        agreed = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, _NOW_US - DAY_US)
        self._consents = Consents((agreed,), _NOW_US - 60_000_000)
        self._ticks = itertools.count(_NOW_US, _STEP_US)
        clock = partial(next, self._ticks)
        store = MemoryStore(kinds={"card": "person"}, clock=clock)
        bought = itertools.chain.from_iterable(map(_purchases, self._snapshots))
        store.put_many(self._snapshots.values(), dict.fromkeys(self._snapshots, self._consents), bought)
        policy = compile_files({"policy.yaml": "".join(_policy(given)).encode()})
        self.guardrails = tuple(sorted(use.name for use in policy.guardrails))
        self._edge = tactful.open(policy, store=store, clock=clock)

    def every(self, customer: Customer) -> Callable[[], Sequence[object]]:
        """
        Return a call that tells which rules hold, from a decision for as many slots as there are offers.

        An offer that is shown passed its rule; one that is not shown did if guardrails alone kept it away. One that
        is not shown for no reason did not.
        """
        return partial(self._eligible, customer.id)

    def _eligible(self, id_: str) -> Sequence[bool]:
        made = self._edge.decide(_ALL, id_, preview=True)
        passed = {pick.offer for pick in made.picks}
        for loss in made.explain().losses:
            by = {reason.id.partition(".")[0] for reason in loss.reasons}
            if by and by.issubset(self.guardrails):
                passed.add(loss.offer)
        return [key in passed for key in self._keys]

    def decide(self) -> Iterator[Call]:
        """Yield decisions for customers who were here before; each reserves room under the caps."""
        for id_ in self._snapshots:
            self._edge.decide(_PLACE, id_, preview=True)
        for id_ in self._snapshots:
            yield partial(self._edge.decide, _PLACE, id_)

    def first(self) -> Iterator[Call]:
        """Yield decisions for customers who have just been fetched."""
        for id_ in self._snapshots:
            self._edge.forget(id_)
            self._edge.warm(id_)
            yield partial(self._edge.decide, _PLACE, id_)

    def brought(self) -> Iterator[Call]:
        """Yield decisions for customers whom the caller brings."""
        for id_, snapshot in self._snapshots.items():
            yield partial(self._edge.decide, _PLACE, id_, profile=snapshot, consents=self._consents, contacts=())

    def close(self) -> None:
        """Close the edge."""
        self._edge.close()


def _policy(given: Sequence[Rule]) -> Iterator[str]:
    yield _HEAD
    yield "placements:\n"
    yield f"  {_PLACE}: {{channel: web, slots: {SLOTS}, per_topic: 1, fallback: {{title: Welcome}}}}\n"
    yield f"  {_ALL}: {{channel: web, slots: {len(given)}, fallback: {{title: Welcome}}}}\n"
    yield "topics: {food: {}, " + ", ".join(f"t{n}: {{under: food}}" for n in range(_TOPICS)) + "}\n"
    yield "profile:\n  known:\n    all: {owner: crm, purpose: offers, max_age: 90d, source: observed}\n"
    yield "    scores: scores\n"
    yield from (f"    {name}: {{type: int, say: what you did}}\n" for name in NUMBERS)
    yield from (f"    {name}: {{type: text, say: what you told us}}\n" for name in TEXTS)
    yield "offers:\n  all: {intent: sell, purpose: offers, owner: marketing}\n"
    random = Random(2)  # noqa: S311 - nothing secret
    for rule in given:
        topic = f"t{random.randrange(_TOPICS)}"
        worth = f"value: {round(random.uniform(0.5, 5), 3)}, affinity: {topic}"
        yield f"  {rule.key}: {{topic: {topic}, when: '{_when(rule)}', {worth}, treatments: [{rule.key}]}}\n"


def _when(rule: Rule) -> str:
    return " && ".join(
        f"profile.{one.attribute} >= {one.value}" if one.at_least else f'profile.{one.attribute} == "{one.value}"'
        for one in rule.conditions
    )


def _snapshot(customer: Customer, random: Random) -> Snapshot:
    def seen(value: Any) -> Observation:
        return Observation(value, Source.OBSERVED, _NOW_US - DAY_US)

    values = {name: seen(value) for name, value in customer.attributes.items()}
    scores = seen({f"t{n}": round(random.uniform(0.2, 3), 2) for n in range(_TOPICS)})
    return Snapshot(customer.id, _NOW_US - 60_000_000, {**values, "scores": scores})


def _purchases(id_: str) -> Iterator[Contact]:
    for number in range(10):
        yield Contact(f"{id_}/{number}", id_, "purchase", _NOW_US - (number + 1) * DAY_US, topic="t19")
