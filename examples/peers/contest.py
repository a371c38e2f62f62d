"""The same targeting work for everybody, in turn in one process. It checks the answers first, and prints nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import attrs

from tactful.bench.timing import Timed, Work, on_processor

from .answers import check, check_one
from .own import WAYS, Shop
from .peer import PACKAGES, Peer, named, opened
from .rules import Customer, Rule, customers, rules

#: So many customers come in each turn, and so many others are asked about before.
CUSTOMERS: Final = 50
CHECKED: Final = 500
FLOOR: Final = "plain Python"
_BOTH: Final = 2  # the place of a rule with two conditions


@attrs.frozen
class Contest:
    """
    What was found.

    Attributes:
        one: How long one flag takes, by name.
        every: How long all flags take for one customer, by name.
        guardrails: Those that take part in tactful's decisions.
        absent: Peers that could not be opened, with the reason.
    """

    one: Mapping[str, Timed]
    every: Mapping[str, Timed]
    guardrails: tuple[str, ...]
    absent: Mapping[str, str]


def hold(flags: int, rounds: int, progress: Callable[[int, int], None] = lambda *_: None) -> Contest:
    """
    Check and time everybody who is there.

    Args:
        flags: So many rules, >= 3.
        rounds: Each work has so many turns of 50 calls.
        progress: Is told how many turns of all are over.

    Raises:
        AnswersDifferError: Somebody does other work than the rest.
    """
    given, absent = rules(flags), dict[str, str]()
    peers = _present(given, absent)
    coming, single = customers(CUSTOMERS), (given[_BOTH],)
    shops = {"every": Shop(given, coming), "one": Shop(single, coming)}
    try:
        _check(peers, given)
        works = {("every", way): getattr(shops["every"], way) for way in WAYS}
        works |= {("every", FLOOR): partial(_plain, given, coming)}
        works |= {("every", name): _ready(map(peer.every, coming)) for name, peer in peers.items()}
        works |= {("one", "decide"): shops["one"].decide, ("one", FLOOR): partial(_plain, single, coming)}
        works |= {("one", name): _ready(peer.one(who, single[0]) for who in coming) for name, peer in peers.items()}
        found = _timed(works, rounds, progress)
    finally:
        for peer in peers.values():
            peer.close()
        for shop in shops.values():
            shop.close()
    return Contest(found["one"], found["every"], shops["every"].guardrails, absent)


def _present(given: Sequence[Rule], absent: dict[str, str]) -> dict[str, Peer]:
    peers: dict[str, Peer] = {}
    for name, package in PACKAGES.items():
        try:
            peers[named(name)] = opened(name, given)
        except Exception as error:  # noqa: BLE001 - whatever keeps a peer away is told, and the others go on
            absent[package] = f"{type(error).__name__}: {error}"
    return peers


def _check(peers: Mapping[str, Peer], given: Sequence[Rule]) -> None:
    others = customers(CHECKED, seed=2)
    for name, peer in peers.items():
        check(name, peer, given, others)
        check_one(name, peer, given[_BOTH], others)
    shop = Shop(given, others)
    try:
        check("tactful", shop, given, others)
    finally:
        shop.close()


def _timed(
    works: Mapping[tuple[str, str], Work], rounds: int, progress: Callable[[int, int], None]
) -> dict[str, dict[str, Timed]]:
    """
    Return the processor time that each work takes the thread that asks, by part and name.

    It does not count how long other programs kept the processor from it, which would hit long calls hardest.
    """
    sorted_out: dict[str, dict[str, Timed]] = {"one": {}, "every": {}}
    for (part, name), one in on_processor(works, rounds, progress).items():
        sorted_out[part][name] = one
    return sorted_out


def _ready(calls: Iterable[Callable[[], object]]) -> Work:
    """Return a work whose calls are made once, before all turns."""
    return partial(iter, tuple(calls))


def _plain(given: Sequence[Rule], coming: Sequence[Customer]) -> Iterator[Callable[[], object]]:
    """Yield evaluations of the rules as bare Python functions: about the least that Python can do."""
    predicates = [eval(f"lambda a: {_python(rule)}") for rule in given]  # noqa: S307 - made in `rules`
    for customer in coming:
        yield partial(_ask, predicates, customer.attributes)


def _python(rule: Rule) -> str:
    parts = (f"a[{one.attribute!r}] {'>=' if one.at_least else '=='} {one.value!r}" for one in rule.conditions)
    return " and ".join(parts)


def _ask(predicates: Sequence[Callable[[object], bool]], attributes: object) -> list[bool]:
    return [predicate(attributes) for predicate in predicates]
