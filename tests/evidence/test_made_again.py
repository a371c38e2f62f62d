"""A decision that is made again of its evidence is the same one: slate, reasons, words, and what is logged of it.

Each mutant forgets one thing that decisions are made of, and is caught by some life.
"""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful import Always, Cap, MemoryStore, Rolling, log_key
from tactful.engine import again, counted, decision, log

from ..engine.conftest import ANN
from . import conftest
from .conftest import KEY, differing, evidence_of, first_differing, with_evidence


def test_decisions_of_random_lives_are_made_again_exactly():
    made = 0
    for seed in range(24):
        count, differs = first_differing(seed)
        assert (seed, differs) == (seed, [])
        made += count
    assert made > 200


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_decisions_of_any_life_are_made_again_exactly(seed):
    assert first_differing(seed)[1] == []


@pytest.mark.parametrize("per", ["customer", "everyone"])
def test_room_in_hand_under_strict_caps_is_what_it_was(open_edge, policy, per):
    """Random lives have no strict caps: the centre's answers are not the decision's."""
    store = MemoryStore()
    edge = open_edge(
        lambda c: Always(Cap(c.all, 4, Rolling(3600), of="all", per=per, strict=True), "", id="cap"),
        changed=with_evidence(policy),
        store=store,
        log=True,
        evidence_key=KEY,
    )
    decisions = [edge.decide(["rows", "hero"], who, profile=ANN) for who in ("ann", "ann", "ann", None)]
    assert [len(one.picks) for one in decisions][:3] == [3, 1, 0]
    edge._log.flush()
    for one, found in zip(decisions, evidence_of(store), strict=True):
        assert differing(one, found, log_key(store)) == []
    lacking = attrs.evolve(next(evidence_of(store)), strict=())
    assert "record" in differing(decisions[0], lacking, log_key(store))


def without(**changes):
    """A mutant that keeps other evidence than there was."""

    def mutate(monkeypatch):
        made = decision.Evidence

        def forgetful(*fields):
            found = made(*fields)
            return attrs.evolve(
                found,
                **{
                    name: change(getattr(found, name)) if callable(change) else change
                    for name, change in changes.items()
                },
            )

        monkeypatch.setattr(decision, "Evidence", forgetful)

    return mutate


def _nobody(identity):
    return None if identity is None else attrs.evolve(identity, kind="person")


def _all_read(snapshot):
    return None if snapshot is None else attrs.evolve(snapshot, unreadable=frozenset())


def _as_stated(snapshot):
    if snapshot is None:
        return None
    seen = {name: attrs.evolve(one, confidence=1.0, first_party=True) for name, one in snapshot.attributes.items()}
    return attrs.evolve(snapshot, attributes=seen)


def _empty(counts):
    return None if counts is None else attrs.evolve(counts, contacts=())


def _for_good(counts):
    if counts is None:
        return None
    return attrs.evolve(counts, contacts=tuple(attrs.evolve(one, until_us=None) for one in counts.contacts))


def _after_reserving(monkeypatch):
    """What counts is looked at when the log has time, and not when it was decided."""
    taken = log.counted_of
    monkeypatch.setattr(log, "counted_of", lambda tally, now_us: (tally, now_us))
    monkeypatch.setattr(decision, "contacts_of", counted.contacts_of)
    make = log.Log._make

    def late(self, one, tally, key):
        make(self, one, None if tally is None else taken(*tally), key)

    monkeypatch.setattr(log.Log, "_make", late)


def _now(monkeypatch):
    monkeypatch.setattr(
        conftest,
        "decide_again",
        lambda plan, evidence, seal: again.decide_again(plan, attrs.evolve(evidence, at_us=evidence.at_us + 1), seal),
    )


MUTANTS = {
    "the kind of identifier": without(identity=_nobody),
    "the profile": without(snapshot=None),
    "that a value could not be read": without(snapshot=_all_read),
    "how sure values are": without(snapshot=_as_stated),
    "the consents": without(consents=None),
    "the context": without(context={}),
    "that contacts were not known": without(counts_known=True),
    "the customer's contacts": without(own=_empty),
    "that room lapses": without(own=_for_good),
    "the household's contacts": without(household=_empty),
    "the budgets": without(budgets=()),
    "what held it back": without(careful=()),
    "when contacts were counted": _after_reserving,
    "the moment": _now,
}


@pytest.mark.parametrize("forgotten", MUTANTS)
def test_a_mutant_is_caught(forgotten, monkeypatch):
    MUTANTS[forgotten](monkeypatch)
    assert any(first_differing(seed)[1] for seed in range(200))
