"""A random customer's life under an edge that keeps log and evidence, and each of its decisions made again."""

import logging
from collections.abc import Iterator

import attrs

from tactful import Decision
from tactful.engine.again import decide_again
from tactful.engine.log import Log
from tactful.engine.token import Seal
from tactful.evidence import Evidence
from tactful.memory import MemoryStore
from tactful.policy import Policy
from tactful.pseudonyms import log_key
from tactful.sealing import EvidenceReader, EvidenceSeal
from tactful.testing.differential.run import quiet
from tactful.testing.differential.world import World
from tactful.testing.generators.cases import Case, Update, case

from ..engine.conftest import clock, open_edge, policy  # noqa: F401 - fixtures

KEY = b"k" * 32
EVER = (-(2**62), 2**62)


def with_evidence(found: Policy) -> Policy:
    return attrs.evolve(found, values=attrs.evolve(found.values, evidence_s=10**9))


def kept_case(seed: int) -> Case:
    """The case of a seed, whose policies want evidence."""
    found = case(seed)
    steps = tuple(
        (at_us, Update(with_evidence(step.policy)) if isinstance(step, Update) else step) for at_us, step in found.steps
    )
    return attrs.evolve(found, policy=with_evidence(found.policy), steps=steps)


def lived(seed: int) -> tuple[list[Decision], MemoryStore]:
    """Live through a case; return its decisions, and the store with log and evidence."""
    level = logging.getLogger("tactful").level
    quiet()  # wild cases have pages that cannot be decided, and say so
    world = World(kept_case(seed))
    edge = world.edge
    store = edge._store
    edge._log = Log(store, 1.0, EvidenceSeal(KEY), edge._clock)
    edge._log._start = lambda: None
    decisions = [decided.decision for _, decided in world.live(kept_case(seed).steps) if not decided.step.preview]
    logging.getLogger("tactful").setLevel(level)
    edge._log.flush()  # as late as can be: nothing that was logged may have changed since
    return decisions, store


def evidence_of(store: MemoryStore, key: bytes = KEY) -> Iterator[Evidence]:
    reader = EvidenceReader(store, EvidenceSeal(key), reader="a test", reason="to see", clock=lambda: 0)
    return (found for _, found in reader.between(*EVER))


def differing(decision: Decision, evidence: Evidence, key: bytes) -> list[str]:
    """In what a decision, made again of its evidence, is another one."""
    again = decide_again(decision.plan, evidence, Seal(MemoryStore(), KEY))
    asked = {
        "record": lambda one: one.logged(key),
        "picks": lambda one: one.picks,
        "reasons": lambda one: one.explain(),
        "why": lambda one: one.why(),
        "waits": lambda one: one.deferred(),
        "careful": lambda one: one.careful,
        "content": lambda one: [one.at(placement) for placement in one._placements],
    }
    return [name for name, ask in asked.items() if ask(decision) != ask(again)]


def first_differing(seed: int) -> tuple[int, list[str]]:
    """How many decisions of a case were made again, and in what the first that is another one differs."""
    decisions, store = lived(seed)
    key = log_key(store)
    there = {(one.id, one.now_us): one for one in decisions if one.id}
    found = {(one.id, one.at_us): one for one in evidence_of(store)}
    assert found.keys() == there.keys()
    assert {(one.id, one.at_us) for one in store.logged(*EVER)} == there.keys()
    for place, evidence in found.items():
        if differs := differing(there[place], evidence, key):
            return len(found), differs
        assert store.logged_decision(place[0]) == there[place].logged(key)
    return len(found), []
