"""What each guardrail costs in a decision: all of them beside all but this one, in turn, on a made-up shop."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import Final

import attrs

from ..authoring import compile_files
from ..engine.edge import Edge
from ..errors import PolicyError
from ..memory import MemoryStore
from ..opening import open as open_edge
from ..policy import Policy
from ..registry import Registry
from .drawn import drawn
from .shop import NOW_US, PLACE, Shop, shop, written
from .timing import Progress, Timed, on_processor

OFFERS: Final = 200
CUSTOMERS: Final = 50
ROUNDS: Final = 20
_CONTEXT: Final = {"page": "p1", "hour": 12}
_OWN: Final = "tactful"
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


def costs(
    registry: Registry,
    progress: Progress = lambda _done, _all: None,
    *,
    offers: int = OFFERS,
    rounds: int = ROUNDS,
) -> tuple[tuple[Cost, ...], float]:
    """
    Return what each guardrail costs in a decision for a customer who was here before, with its usual settings.

    With it comes the ratio of all guardrails to all of them again: how far from 1 noise alone gets.

    Args:
        registry: The guardrails.
        progress: Is told how many turns of all are over.
        offers: So many offers the shop has.
        rounds: Each of them has so many turns.
    """
    made_up = shop(offers, CUSTOMERS)
    named, why_not = _usable(registry)
    policy = attrs.evolve(_compiled(named, registry), offers=made_up.policy.offers)
    edges = {name: _opened(made_up, policy, registry) for name in (_ALL, _AGAIN)}
    for use in policy.guardrails:
        rest = tuple(one for one in policy.guardrails if one is not use)
        edges[use.name] = _opened(made_up, attrs.evolve(policy, guardrails=rest), registry)
    try:
        found = on_processor({name: partial(_calls, edge, made_up) for name, edge in edges.items()}, rounds, progress)
    finally:
        for edge in edges.values():
            edge.close()
    each = tuple(_cost(name, found, why_not) for name in sorted(registry.guardrails))
    return each, found[_ALL].median_us / found[_AGAIN].median_us


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


def _opened(made_up: Shop, policy: Policy, registry: Registry) -> Edge:
    store = MemoryStore(kinds={"card": "person"}, clock=lambda: NOW_US)
    store.put_many(made_up.customers, {one.customer: made_up.consents for one in made_up.customers}, ())
    return open_edge(policy, store=store, registry=registry, clock=lambda: NOW_US)


def _calls(edge: Edge, made_up: Shop) -> Iterator[Callable[[], object]]:
    for one in made_up.customers:
        yield partial(edge.decide, PLACE, one.customer, _CONTEXT, preview=True)
