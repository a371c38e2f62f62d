"""The past decided again: the same by the same policy, nothing else by an equal one, and by another one in sequence."""

import attrs
import pytest

from tactful import Always, Cap, Contact, MemoryStore, Rolling, Snapshot, log_key, replaying
from tactful.engine.logged import policy_digest
from tactful.plan.plan import Plan
from tactful.replay_figures import Figures
from tactful.replaying import Replay, Replayed
from tactful.sealing import EvidenceReader, EvidenceSeal
from tactful.testing.generators.cases import Update, registry

from ..engine.conftest import ANN, offer
from .conftest import EVER, KEY, kept_case, lived, with_evidence


def replayed(plan: Plan, store: MemoryStore, key: bytes = KEY) -> list[Replayed]:
    reader = EvidenceReader(store, EvidenceSeal(key), reader="a test", reason="to see", clock=lambda: 0)
    return list(Replay(plan, log_key(store), store).of(store.logged(*EVER), reader.between(*EVER)))


def figures_of(found: list[Replayed]) -> Figures:
    figures = Figures()
    for one in found:
        figures.count(one)
    return figures


def first_policy(seed: int) -> tuple[Plan, int]:
    """The plan of a life's first policy, and until when it holds."""
    case = kept_case(seed)
    ends_us = next((at_us for at_us, step in case.steps if isinstance(step, Update)), 2**62)
    return Plan.build(case.policy, registry(), until_us=case.until_us), ends_us


def test_lives_come_out_the_same_by_the_policy_of_then_and_by_an_equal_one():
    made = 0
    for seed in range(16):
        _, store = lived(seed)
        plan, ends_us = first_policy(seed)
        nameable = policy_digest(plan) != b""  # some wild policies fit into no bundle: of them nothing is sure
        for found in replayed(plan, store):
            if found.before.at_us < ends_us and nameable:
                assert (seed, found.before.id, found.repeats, found.differs) == (seed, found.before.id, True, ())
                made += 1
        equal = Plan.build(attrs.evolve(plan.policy, name="equal"), registry(), until_us=plan.until_us)
        for found in replayed(equal, store):
            if found.before.at_us < ends_us:
                assert (found.repeats, found.changed) == (False, False)
                assert found.after.limits == found.before.limits
    assert made > 100


def capped(catalog):
    return Always(Cap(catalog.all, 1, Rolling(3600)), "", id="cap")


@pytest.fixture
def thrice(open_edge, policy, clock):
    """A store in which three decisions were made, each shown; and what opens an edge on a policy like it."""
    store = MemoryStore()
    edge = open_edge(capped, changed=with_evidence(policy), store=store, log=True, evidence_key=KEY)
    for _ in range(3):
        clock.pass_s(1)
        edge.record(edge.decide("hero", "ann", profile=ANN, consents={"offers": "explicit"}))
    edge._log.flush()

    def plan(changed):
        return open_edge(capped, changed=changed).plan

    return store, edge, plan


def picked(found: list[Replayed]) -> list[str]:
    return [one.after.picks[0].offer if one.after.picks else "" for one in found]


def test_by_another_policy_each_decision_follows_from_those_before_it(thrice, policy):
    store, _, plan = thrice
    assert [record.picks[0].offer for record in store.logged(*EVER)] == ["wine", "thanks", "olives"]
    richer = with_evidence(attrs.evolve(policy, offers=(*policy.offers, offer("bread", value=50.0))))
    found = replayed(plan(richer), store)
    # Alone, each would show bread: nobody had seen it. In sequence the cap holds for what would have been seen.
    assert picked(found) == ["bread", "wine", "thanks"]
    assert [one.changed for one in found] == [True, True, True]
    assert figures_of(found).again.changed == 3


def test_alone_each_decision_would_be_another_one(thrice, policy, monkeypatch):
    """The control of the test above."""
    store, _, plan = thrice
    richer = with_evidence(attrs.evolve(policy, offers=(*policy.offers, offer("bread", value=50.0))))
    monkeypatch.setattr(replaying._Instead, "of", lambda self, evidence: evidence)
    assert picked(replayed(plan(richer), store)) == ["bread", "bread", "bread"]


def test_a_cap_that_looks_further_back_counts_what_the_ledger_has(open_edge, policy, clock):
    """The window of then was an hour; that of the other policy is a week, and two days ago something was shown."""
    store = MemoryStore()

    def opened(hours, changed):
        cap = lambda c: Always(Cap(c.all, 1, Rolling(hours * 3600)), "", id="cap")  # noqa: E731 - a rule
        return open_edge(cap, changed=changed, store=store, log=True, evidence_key=KEY)

    edge = opened(1, with_evidence(policy))
    store.record([Contact("1", "ann", "shown", clock.now_us - 47 * 3600 * 10**6, offer="olives", topic="food")])
    store.put_profile(Snapshot("ann", clock.now_us, {}))
    edge.decide("hero", "ann")
    edge._log.flush()
    (record,) = store.logged(*EVER)
    (found,) = replayed(opened(168, with_evidence(attrs.evolve(policy, name="further"))).plan, store)
    assert [pick.offer for pick in record.picks] == ["olives"]
    assert found.after.picks == ()
    assert dict(found.after.limits)["house.cap"] > 0
    (shorter,) = replayed(opened(24, with_evidence(attrs.evolve(policy, name="shorter"))).plan, store)
    assert [pick.offer for pick in shorter.after.picks] == ["olives"]


def test_who_was_shown_nothing_is_reached_once_the_policy_reaches_them(open_edge, policy, clock):
    empty = attrs.evolve(policy, offers=tuple(one for one in policy.offers if one.id == "past"))
    store = MemoryStore()
    edge = open_edge(capped, changed=with_evidence(empty), store=store, log=True, evidence_key=KEY)
    for _ in range(3):
        clock.pass_s(1)
        assert edge.decide("hero", "ann", profile={}, contacts=()).picks == ()
    edge._log.flush()
    more = with_evidence(attrs.evolve(policy, offers=(offer("bread"), offer("tea", value=0.5))))
    found = replayed(open_edge(capped, changed=more).plan, store)
    assert picked(found) == ["bread", "tea", ""]
    before, after = figures_of(found).frequencies("all")
    assert (before, after) == ([1, 0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0])


def test_a_difference_is_told(thrice):
    store, edge, _ = thrice
    record = next(store.logged(*EVER))
    other = attrs.evolve(record, picks=record.picks[:0], careful=("changed",))
    store._decisions._records[0] = other
    first, *rest = replayed(edge.plan, store)
    assert first.differs == ("picks", "careful")
    assert [one.differs for one in rest] == [(), ()]
    figures = figures_of([first, *rest])
    assert (figures.repeated, figures.different, figures.differing) == (3, 1, [(record.id, ("picks", "careful"))])


def test_what_is_gone_is_counted_by_why(thrice, open_edge, policy, clock):
    store, edge, _ = thrice
    edge.decide("hero", "bob")
    edge.decide("hero", "eve")
    edge._log.flush()
    store.erase("bob")
    last = max(store._evidence)
    store._evidence[last] = attrs.evolve(store._evidence[last], sealed=store._evidence[last].sealed[:-1])
    del store._evidence[min(store._evidence)]
    figures = figures_of(replayed(edge.plan, store))
    assert (figures.repeated, figures.unlinked, figures.without, figures.damaged) == (2, 1, 1, 1)


def test_small_segments_are_not_told_of(thrice, policy):
    store, _, plan = thrice
    figures = figures_of(replayed(plan(with_evidence(attrs.evolve(policy, name="other"))), store))
    assert set(figures.segments) == {"regulars"}
    assert figures.large_segments(2) == {}
    assert set(figures.large_segments(1)) == {"regulars"}


def test_replaying_leaves_no_trace_but_the_look(thrice):
    store, edge, _ = thrice
    before = (list(store.logged(*EVER)), dict(store._evidence), store.contacts("ann", 0), store.outbox_take(99))
    replayed(edge.plan, store)
    after = (list(store.logged(*EVER)), dict(store._evidence), store.contacts("ann", 0), store.outbox_take(99))
    assert before == after
    assert len(store.accesses(*EVER)) == 1
