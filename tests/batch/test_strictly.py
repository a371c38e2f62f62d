"""Under strict caps for customers, columns give what the engine gives with room in hand; mistakes are caught."""

import logging
from functools import cache

import attrs
import pytest
from tests.batch.test_decide_many import HEAD, NOW_US, ROWS, many, table
from tests.batch.test_decide_many import alone as decide
from tests.batch.test_decide_many import told as picks_of
from tests.batch.test_same_as_alone import columns, roomy, told
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful import MemoryStore
from tactful.authoring import compile_files
from tactful.engine.batch import alone, nouns
from tactful.engine.batch import many as columnar
from tactful.engine.batch.asked import Asked, at_home, lacking, strict
from tactful.engine.batch.fields import Fields
from tactful.engine.batch.strictly import Strictly
from tactful.engine.batch.subjects import subjects
from tactful.engine.convert import to_snapshot
from tactful.engine.strict import Rooms, Strict
from tactful.engine.tally import Tally
from tactful.limits import Counted, Rolling
from tactful.plan.plan import Plan
from tactful.strict import Ask, MemoryStrictCaps
from tactful.testing.generators import case, guardrails
from tactful.testing.generators.cases import Decide, Learn, registry

SEEDS = range(24)


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level(logging.CRITICAL, "tactful")  # wild policies say what is wrong with them


def for_customers(made, number):
    """Return a random cap as a strict one for customers, of another size."""
    changes = {"counted": Counted(), "window": Rolling(604_800)} if number % 4 else {}
    count = 40 if number % 3 == 0 else 1 + number % 4  # with 40, it is the room in hand that a page uses up
    return attrs.evolve(made, per="customer", strict=number % 5 != 4, count=count, **changes)


@cache
def world(seed):
    """Return a plan whose caps mostly are strict ones for customers, its customers, their contacts, and pages."""
    random, caps = guardrails.cap, []

    def cap(chance, words):
        caps.append(random(chance, words))
        return for_customers(caps[-1], seed + len(caps))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guardrails, "cap", cap)
        made = case(seed)
    plan = Plan.build(made.policy, registry(), until_us=made.until_us)
    learned = [step for _, step in made.steps if isinstance(step, Learn) and step.snapshot is not None] * 2
    rows = [
        (attrs.evolve(to_snapshot(plan.attribute_specs, "", one.snapshot, 0)[0], customer=f"c{n}"), one.consents)
        for n, one in enumerate(learned)
    ]
    names = sorted({one.customer for one in made.contacts})
    contacts = {f"c{n}": [one for one in made.contacts if one.customer == name] for n, name in enumerate(names)}
    return plan, rows, contacts, [(at, one) for at, one in made.steps if isinstance(one, Decide)][:4]


def asked_of(seed):
    """Yield what is asked that columns can say and strict caps concern."""
    plan, rows, _, steps = world(seed)
    for number, (at_us, step) in enumerate(steps if rows else ()):
        page, _ = plan.page(tuple(step.placements))
        if page is None or page.placements[0].placement.channel not in plan.channels:
            continue
        page = roomy(page) if number % 2 else page
        channel = plan.channels[page.placements[0].placement.channel]
        context, _ = plan.slots.context_values(step.context)
        asked = Asked(plan, channel, page, context, None, at_us)
        if not lacking(asked) and strict(asked) and not at_home(asked):
            yield asked


def used(asked, seed):
    """Return a centre at which some customers have used some room, by a deterministic choice."""
    _, rows, _, _ = world(seed)
    centre = MemoryStrictCaps(lambda: asked.now_us)
    for row in range(len(rows)):
        hand = Strict(asked.plan, "customer", f"c{row}", None, lambda *_: None)
        asks = hand.lacking(asked.now_us)[row % 3 :: 3]
        centre.reserve([attrs.evolve(ask, wanted=max(1, ask.count - 1 - row % 3)) for ask in asks])
    return centre


def one_by_one(seed, asked, *, empty=False):
    """Return what each customer gets with room in hand from the centre, and how much of it is used then."""
    plan, rows, contacts, _ = world(seed)
    centre = used(asked, seed)
    customers = nouns.customers_of(plan, rows)
    fields = Fields(plan, asked.channel, customers, asked.context, asked.now_us)
    slots, name = asked.page.slots, asked.channel.channel.name
    counted = subjects(plan, customers, fields, contacts, None, name, slots, asked.now_us)
    found = []
    for row, known in enumerate(rows):
        own = counted.own[counted.tally_of[row]]
        hand = Strict(plan, "customer", f"c{row}", own.own.zone, lambda *_: None)
        asks = hand.lacking(asked.now_us)
        given = [() for _ in asks] if empty else centre.reserve(asks)
        hand.take_in(asks, given, asked.now_us)
        tally = Tally(plan, (own,), (hand,))
        moment = alone.moment(asked, *known, tally)
        for one in moment.chosen:
            tally.take(room_of(plan, one, name), asked.now_us)
        centre.release(hand.give_back())
        found.append(told(moment))
    return found, [centre.of([f"c{row}"]) for row in range(len(rows))]


def room_of(plan, chosen, channel):
    from tactful.engine.room import room_for  # noqa: PLC0415 - beside its only use

    return room_for(plan, chosen.ranked.offer, channel)


@cache
def expected(seed):
    return [(asked, *one_by_one(seed, asked)) for asked in asked_of(seed)]


def differences(seed):
    """Yield whether columns and the engine agree, for each customer, and on what is used at the centre."""
    plan, rows, contacts, _ = world(seed)
    for number, (asked, theirs, left) in enumerate(expected(seed)):
        centre = used(asked, seed)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(columnar, "CHUNK", (8192, 5)[(seed + number) % 2])
            run = Strictly(asked, Rooms(centre, lambda: asked.now_us, 10, inline=True))  # noqa: B023 - called at once
            picks = run.decide(nouns.customers_of(plan, rows), contacts, 0)
        for row, one in enumerate(theirs):
            yield columns(picks, row, asked.page.slots) == one
        yield [centre.of([f"c{row}"]) for row in range(len(rows))] == left


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_give_what_the_engine_gives_with_room_in_hand(seed):
    assert all(differences(seed))


def test_room_matters():
    """The random policies are worth the time: often somebody gets something else than without any room."""
    said = [theirs != one_by_one(seed, asked, empty=True)[0] for seed in SEEDS for asked, theirs, _ in expected(seed)]
    assert len(said) > len(SEEDS) / 3
    assert sum(said) > len(said) / 4


CAPS = "caps: {own: {of: topic, count: 2, within: 1d, strict: true, exempt: []}}\n"


class Counting:
    """A centre that counts how often it is asked."""

    def __init__(self):
        self.centre, self.calls = MemoryStrictCaps(lambda: NOW_US), []

    def __getattr__(self, name):
        found = getattr(self.centre, name)

        def called(*given):
            self.calls.append(name)
            return found(*given)

        return called


def shop(centre, more=CAPS):
    policy = compile_files({"policy.yaml": (HEAD + more).encode()})
    store = MemoryStore(clock=lambda: NOW_US)
    return tactful.open(policy, store=store, clock=lambda: NOW_US, strict=centre)


def crowd(count=40):
    return [{**ROWS[number % len(ROWS)], "customer": f"c{number}"} for number in range(count)]


def test_a_table_gets_what_decide_says_with_room_in_hand_in_two_steps_at_the_centre():
    centre = Counting()
    with shop(centre) as edge, shop(MemoryStrictCaps(lambda: NOW_US)) as other:
        decisions = edge.decide_many("rows", table(crowd()), {"page": "food"})
        assert (decisions.one_by_one, decisions.depends) == ("", "strict caps take room at the centre")
        assert centre.calls == ["reserve", "release"]
        for number, row in enumerate(crowd()):
            other.warm(row["customer"])
            theirs = decide(other, row, "rows", {"page": "food"}, None)
            assert many(decisions, row["customer"]) == picks_of(decisions[number]) == theirs
            assert centre.centre.of([row["customer"]]) == len(theirs)  # what is not needed was given back


def test_what_is_recorded_is_confirmed_and_what_is_not_lapses():
    centre = MemoryStrictCaps(lambda: now[0])
    now = [NOW_US]
    with shop(centre) as edge:
        decisions = edge.decide_many("rows", table(crowd(6)), {"page": "food"})
        assert edge.record(decisions[0].token)
        edge.release(decisions[1].token)
        assert (centre.of(["c0"]), centre.of(["c1"])) == (len(decisions[0].picks), 0)
        now[0] += 12 * 3_600_000_000  # of c2, which was not recorded, nothing counts any more
        again = edge.decide_many("rows", table(crowd(6)), {"page": "food"})
        assert len(many(again, "c0")) < len(many(decisions, "c0"))
        assert len(many(again, "c2")) == len(many(decisions, "c2"))


def test_room_that_the_edge_has_in_hand_is_room_for_the_table():
    centre = MemoryStrictCaps(lambda: NOW_US)
    with shop(centre) as edge:
        edge.warm("c0")
        assert centre.of(["c0"]) > 0
        decisions = edge.decide_many("rows", table(crowd(1)), {"page": "food"})
        assert len(many(decisions, "c0")) > 1
        assert centre.of(["c0"]) == len(many(decisions, "c0"))


def test_a_page_uses_up_what_is_in_hand():
    centre = MemoryStrictCaps(lambda: NOW_US)
    with shop(centre, "caps: {own: {of: all, count: 40, within: 1d, strict: true, exempt: []}}\n") as edge:
        (cap,) = (one for one in edge.plan.caps if one.cap.strict)
        centre.reserve([Ask(cap.id, "", "customer", "c0", count=40, wanted=38, counts_us=10**9, hold_us=10**9)])
        decisions = edge.decide_many("rows", table(crowd(12)), {"page": "food"})
        assert (len(many(decisions, "c0")), len(many(decisions, "c6"))) == (2, 3)  # they are alike


def test_a_centre_that_is_away_is_told_and_nothing_is_decided():
    class Away:
        def reserve(self, asks):
            raise tactful.StoreError("the centre is away")

        def release(self, units):
            return len(units)

    with shop(Away()) as edge, pytest.raises(tactful.StoreError):
        edge.decide_many("rows", table(crowd(3)))


@pytest.mark.parametrize("per", ["household", "everyone"])
def test_where_customers_share_a_strict_cap_it_is_one_by_one_and_said(per):
    with shop(MemoryStrictCaps(lambda: NOW_US), CAPS.replace("of: topic", f"per: {per}, of: topic")) as edge:
        assert "strict caps for households or everyone" in edge.decide_many("rows", table()).one_by_one


MUTANTS = [
    (
        "strictly",
        "chunk.fill_apart(np.arange(len(chunk)), hands, limited, picks)",
        "chunk.fill(slice(0, len(chunk)), limited, picks)",
    ),
    ("strictly", "self._rooms.release([unit for hand in hands for unit in hand.give_back()])", "pass"),
    ("strictly", "hand.take_in(some, theirs, self._asked.now_us)", "pass"),
    ("strictly", "hand.take(room_for(plan, plan.offers[offer].offer, channel), self._asked.now_us)", "()"),
    ("strictly", "if offer != EMPTY:", "if offer > 0:"),
    ("strictly", "range(0, len(asks), _ASKS_MAX)", "range(0, len(asks), 2 * _ASKS_MAX)"),
    ("chunk", "for one in (contacts, home) if", "for one in (contacts,) if"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant, monkeypatch):
    from tactful.engine.batch import strictly  # noqa: PLC0415 - to make its steps small

    monkeypatch.setattr(strictly, "_ASKS_MAX", 7)
    module, right, wrong = mutant
    assert any(notices(seed, Mutant(f"engine.batch.{module}", right, wrong)) for seed in SEEDS), "nobody noticed"


def notices(seed, mutant):
    expected(seed)  # what is right is worked out before the mistake
    with mutated(mutant):
        return not all(differences(seed))


def test_the_mistakes_of_an_edge_are_caught():
    """Controls: what the edge has in hand stays there, what was taken is not told, or a page forgets the hand."""
    for check, module, right, wrong in (
        (test_room_that_the_edge_has_in_hand_is_room_for_the_table, "strictly", "forget(frozenset(ids))", "forget(())"),
        (
            test_what_is_recorded_is_confirmed_and_what_is_not_lapses,
            "run",
            "moment.units = self._strictly.units(row)",
            "pass",
        ),
        (test_a_page_uses_up_what_is_in_hand, "chunk", "alike.at_once and not filling", "alike.at_once"),
    ):
        with mutated(Mutant(f"engine.batch.{module}", right, wrong)), pytest.raises(AssertionError):
            check()
