"""What each guardrail costs in a decision: all of them beside all but this one, in turn, on some policy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import Final

import attrs

from ..authoring import compile_files
from ..clock import DAY_US, wall_clock
from ..consent import Consent, Consents, ConsentState, How
from ..engine.edge import Edge
from ..errors import PolicyError
from ..memory import MemoryStore
from ..opening import open as open_edge
from ..policy import Policy
from ..profile import Snapshot
from ..registry import Registry
from .drawn import drawn
from .shop import NOW_US, PLACE, shop, written
from .timing import Progress, Timed, on_processor

OFFERS: Final = 200
CUSTOMERS: Final = 50
ROUNDS: Final = 20
_CONTEXT: Final = {"page": "p1", "hour": 12}
_OWN: Final = "tactful"
_MINUTE_US: Final = 60_000_000
#: The names of the work with all guardrails, and of the same once more: no guardrail is called so.
_ALL, _AGAIN = "", "again!"


@attrs.frozen
class Cost:
    """
    What a guardrail costs.

    Attributes:
        guardrail: Its name.
        extra_us: The median decision with all guardrails less that with all but this one [us of one processor]; below
            0 if what it withholds saves more than it costs, or if it costs less than the noise.
        ratio: The first of these by the second.
        why_not: Why it could not be measured, or empty.
    """

    guardrail: str
    extra_us: float | None
    ratio: float | None
    why_not: str = ""


@attrs.frozen
class _Subject:
    """
    What is decided: by which policy, for whom, where and when.

    Attributes:
        policy: The policy, with all guardrails that can be measured.
        customers: Who comes; all of them agreed to everything.
        places: The placements, each asked alone.
        context: What is known of the moment.
        at_us: The moment [us since 1970].
        why_not: Why the other guardrails cannot be measured, by name.
    """

    policy: Policy
    customers: tuple[Snapshot, ...]
    places: tuple[str, ...]
    context: Mapping[str, object]
    at_us: int
    why_not: Mapping[str, str]


def costs(
    registry: Registry,
    progress: Progress = lambda _done, _all: None,
    *,
    policy: Policy | None = None,
    offers: int = OFFERS,
    rounds: int = ROUNDS,
) -> tuple[tuple[Cost, ...], float]:
    """
    Return what each guardrail costs in a decision for a customer who was here before, with its usual settings.

    With it comes the ratio of all guardrails to all of them again: how far from 1 noise alone gets.

    Args:
        registry: The guardrails.
        progress: Is told how many turns of all are over.
        policy: The policy that is decided by, for customers of whom nothing but consents is known; None takes a
            made-up shop with made-up customers.
        offers: So many offers the made-up shop has.
        rounds: Each of them has so many turns.
    """
    subject = _made_up(registry, offers) if policy is None else _own(policy, registry)
    edges = {name: _opened(subject, subject.policy, registry) for name in (_ALL, _AGAIN)}
    for use in subject.policy.guardrails:
        rest = tuple(one for one in subject.policy.guardrails if one is not use)
        edges[use.name] = _opened(subject, attrs.evolve(subject.policy, guardrails=rest), registry)
    try:
        found = on_processor({name: partial(_calls, edge, subject) for name, edge in edges.items()}, rounds, progress)
    finally:
        for edge in edges.values():
            edge.close()
    each = tuple(_cost(name, found, subject.why_not) for name in sorted(registry.guardrails))
    return each, found[_ALL].median_us / found[_AGAIN].median_us


def _made_up(registry: Registry, offers: int) -> _Subject:
    made_up = shop(offers, CUSTOMERS)
    named, why_not = _usable(registry)
    policy = attrs.evolve(_compiled(named, registry), offers=made_up.policy.offers)
    return _Subject(policy, made_up.customers, (PLACE,), _CONTEXT, NOW_US, why_not)


def _own(policy: Policy, registry: Registry) -> _Subject:
    at_us = wall_clock()
    customers = tuple(Snapshot(f"c{number}", at_us, {}) for number in range(CUSTOMERS))
    named = {use.name for use in policy.guardrails}
    why_not = {name: "the policy does not name it" for name in registry.guardrails if name not in named}
    return _Subject(policy, customers, tuple(one.name for one in policy.placements), {}, at_us, why_not)


def _cost(name: str, found: Mapping[str, Timed], why_not: Mapping[str, str]) -> Cost:
    if name not in found:
        return Cost(name, None, None, why_not[name])
    every, without = found[_ALL].median_us, found[name].median_us
    return Cost(name, every - without, every / without)


def _usable(registry: Registry) -> tuple[Sequence[str], Mapping[str, str]]:
    """Return the guardrails of others that can work on the shop, and why each other one cannot."""
    named, why_not = [], {}
    for name, brought in sorted(registry.guardrails.items()):
        if brought.distribution != _OWN:
            try:
                _compiled([name], registry)
                named.append(name)
            except PolicyError as error:
                why_not[name] = f"the made-up shop has not what it needs: {error.mistakes[0].message}"
    return named, why_not


def _compiled(named: Sequence[str], registry: Registry) -> Policy:
    section = f"guardrails: {{{', '.join(f'{name}: {{}}' for name in named)}}}\n" if named else ""
    some = tuple(drawn(OFFERS, Random(1)))[:20]  # noqa: S311 - nothing secret
    return compile_files({"policy.yaml": written(some, section)}, registry=registry)


def _opened(subject: _Subject, policy: Policy, registry: Registry) -> Edge:
    store = MemoryStore(kinds=dict(policy.identifiers), clock=lambda: subject.at_us)
    given = (Consent(one.name, ConsentState.GIVEN, How.EXPLICIT, subject.at_us - DAY_US) for one in policy.purposes)
    consents = Consents(tuple(given), subject.at_us - _MINUTE_US)
    store.put_many(subject.customers, {one.customer: consents for one in subject.customers}, ())
    return open_edge(policy, store=store, registry=registry, clock=lambda: subject.at_us)


def _calls(edge: Edge, subject: _Subject) -> Iterator[Callable[[], object]]:
    for one in subject.customers:
        for place in subject.places:
            yield partial(edge.decide, place, one.customer, subject.context, preview=True)
