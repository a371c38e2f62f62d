"""Customers who use up budgets for everyone get at once what they get one after the other; mistakes are caught."""

import logging
import re
from functools import cache

import attrs
import pytest
from tests.batch.test_decide_many import NOW_US, ROWS, many, opened, table
from tests.batch.test_decide_many import alone as decide
from tests.batch.test_decide_many import told as picks_of
from tests.batch.test_same_as_alone import columns, roomy, told
from tests.differential.mutating import Mutant, mutated

from tactful.engine import record
from tactful.engine.batch import alone, budgeted, nouns
from tactful.engine.batch import many as columnar
from tactful.engine.batch.asked import Asked, lacking
from tactful.engine.batch.budgeted import Budgeted
from tactful.engine.batch.fields import Fields
from tactful.engine.batch.subjects import subjects
from tactful.engine.budgets import Budgets
from tactful.engine.convert import to_snapshot
from tactful.limits import Counted, Rolling
from tactful.plan.plan import Plan
from tactful.testing.generators import case, guardrails
from tactful.testing.generators.cases import Decide, Learn, registry

SEEDS = range(40)
#: Each case's customers come so many times, under ids of their own.
TIMES = 12


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level(logging.CRITICAL, "tactful")  # wild policies say what is wrong with them


def for_everyone(made, number):
    """Return a random cap as a budget for everyone, of another size."""
    changes = {"counted": Counted(), "window": Rolling(604_800)} if number % 4 else {}
    count = made.count * (1, 3, 8, 20)[number // 4 % 4]
    return attrs.evolve(made, per="everyone", strict=False, wish="", suppress_s=None, count=count, **changes)


@cache
def world(seed):
    """Return a plan whose caps are mostly budgets, its customers as rows, contacts, and a page with its moment."""
    random, caps = guardrails.cap, []

    def budget(chance, words):
        caps.append(random(chance, words))
        return for_everyone(caps[-1], seed + len(caps)) if len(caps) % 5 else caps[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guardrails, "cap", budget)
        made = case(seed)
    plan = Plan.build(made.policy, registry(), until_us=made.until_us)
    learned = [step for _, step in made.steps if isinstance(step, Learn) and step.snapshot is not None] * TIMES
    rows = [
        (attrs.evolve(to_snapshot(plan.attribute_specs, "", one.snapshot, 0)[0], customer=f"c{n}"), one.consents)
        for n, one in enumerate(learned)
    ]
    names = sorted({one.customer for one in made.contacts})
    contacts = {
        f"c{n}": [one for one in made.contacts if one.customer == names[n % (len(names) + 1)]]
        for n in range(len(rows))
        if n % (len(names) + 1) < len(names)  # some have none
    }
    return plan, rows, contacts, made.contacts, [(at, one) for at, one in made.steps if isinstance(one, Decide)][:4]


def asked_of(seed):
    """Yield what is asked under budgets of which some is used up already, twice: for columns, and for each alone."""
    plan, rows, _, before, steps = world(seed)
    for number, (at_us, step) in enumerate(steps if rows else ()):
        page, _ = plan.page(tuple(step.placements))
        if page is None or "everyone" not in plan.counted_per:
            continue
        page = roomy(page) if number % 2 else page
        channel = plan.channels[page.placements[0].placement.channel]
        context, _ = plan.slots.context_values(step.context)
        both = []
        for _ in range(2):
            budgets = Budgets(plan)
            for one in before[:number]:
                budgets.add(one)
            budgets.find()
            both.append(Asked(plan, channel, page, context, budgets, at_us))
        if not lacking(both[0]):
            yield both


def one_by_one(seed, asked):
    """Return what each customer gets, one after the other, and the budgets afterwards."""
    plan, rows, contacts, _, _ = world(seed)
    customers = nouns.customers_of(plan, rows)
    fields = Fields(plan, asked.channel, customers, asked.context, asked.now_us)
    slots, channel = asked.page.slots, asked.channel.channel.name
    counted = subjects(plan, customers, fields, contacts, asked.budgets, channel, slots, asked.now_us)
    found = []
    for row, known in enumerate(rows):
        tally = counted.tallies[counted.tally_of[row]]
        moment = alone.moment(asked, *known, tally)
        record.reserve(shared_of(tally), moment, f"d{row}")
        found.append(told(moment))
    return found


def shared_of(tally):
    """Return what of a tally is shared: a customer's own caps are not filled by a table, in which each is once."""
    return type(tally)(tally.plan, tally.parts[1:])


@cache
def expected(seed):
    return [(second, one_by_one(seed, second), used(second)) for _, second in asked_of(seed)]


def used(asked):
    return sorted((cap.number, value, inside) for cap, value, inside, _ in asked.budgets.used(asked.now_us) if inside)


def differences(seed):
    """Yield whether columns and the engine agree, for each customer, and on what is used up."""
    plan, rows, contacts, _, _ = world(seed)
    for (fresh, _), (_, alone_, used_) in zip(asked_of(seed), expected(seed), strict=True):
        run = Budgeted(fresh, fresh.budgets, lambda row: f"d{row}")
        picks = run.decide(nouns.customers_of(plan, rows), contacts, 0)
        for row, theirs in enumerate(alone_):
            yield columns(picks, row, fresh.page.slots) == theirs
        yield used(fresh) == used_


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_give_what_one_after_the_other_gives(seed):
    assert all(differences(seed))


def test_budgets_are_used_up_on_the_way():
    """The random policies are worth the time: often a budget is used up when some pages are filled."""
    ran = [decided(seed, fresh) for seed in SEEDS for fresh, _ in asked_of(seed)]
    assert sum(run.alone > 0 for run in ran) > len(ran) / 3
    assert sum(run.alone > 1 for run in ran) > len(ran) / 10


def decided(seed, asked):
    plan, rows, contacts, _, _ = world(seed)
    run = Budgeted(asked, asked.budgets, lambda row: f"d{row}")
    run.decide(nouns.customers_of(plan, rows), contacts, 0)
    return run


MUTANTS = [
    ("budgeted", "(nth >= lefts)", "(nth > lefts)"),
    ("chunk", "limited, picks, (budgets,))", "limited, picks)"),
    ("budgeted", "self._reserve(picks, slice(row, standing), first)", "pass"),
    ("budgeted", "self._reserve(picks, slice(standing, standing + 1), first)", "pass"),
    ("budgeted", "return standing + 1", "return rows.stop"),
    ("chunk", "if shared.withheld:", "if False:"),
    ("chunk", "alike.blind | shared.blind", "alike.blind"),
    ("chunk", "attrs.evolve(alike, at_once=False)", "alike"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant):
    module, right, wrong = mutant
    assert any(notices(seed, Mutant(f"engine.batch.{module}", right, wrong)) for seed in SEEDS), "nobody noticed"


def notices(seed, mutant):
    expected(seed)  # what is right is worked out before the mistake
    with mutated(mutant):
        return not all(differences(seed))


BUDGET = """
caps:
  all: {per: everyone, within: 1d}
  budget: {of: offer, count: 7}
  total: {of: all, count: 45}
"""


def crowd(count=40):
    return [{**ROWS[number % len(ROWS)], "customer": f"c{number}"} for number in range(count)]


def inside(edge):
    return sorted((cap.id, value, count) for cap, value, count, _ in room(edge).used(NOW_US))


def room(edge):
    return edge._tail.budgets_of(edge.plan)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(columnar, "CHUNK", 16)


@pytest.mark.parametrize("place", ["rows", ("rows", "pair")])
@pytest.mark.usefixtures("small")
def test_a_table_uses_up_a_budget_as_one_customer_after_the_other_does(place):
    with opened(BUDGET) as edge, opened(BUDGET) as other:
        decisions = edge.decide_many(place, table(crowd()), {"page": "food"})
        for row in crowd():
            assert many(decisions, row["customer"]) == decide(other, row, place, {"page": "food"}), row["customer"]
        assert decisions.depends == "the customers could use up a budget for everyone together"
        said = re.fullmatch(r"(\d+) customers used up a budget for everyone together", decisions.one_by_one)
        assert said
        assert 1 < int(said[1]) < 8  # of each offer, and of all
        assert decisions.table.num_rows <= 45
        assert inside(edge) == inside(other)


@pytest.mark.usefixtures("small")
def test_a_decision_of_its_own_is_the_one_in_the_table_and_has_its_room():
    with opened(BUDGET) as edge:
        decisions = edge.decide_many("rows", table(crowd()), {"page": "food"})
        for number in range(40):
            own = decisions[number]
            assert picks_of(own) == many(decisions, f"c{number}")
        held = sum(1 for _ in room(edge).reservations())
        assert held == decisions.table.num_rows
        for slot in range(len(decisions[0].picks)):
            assert edge.record(decisions[0].token, slot=slot)
        edge._tail.catch_up()
        assert sum(1 for _ in room(edge).reservations()) == held - len(decisions[0].picks)


def test_who_takes_room_meanwhile_is_heard():
    more = "caps: {total: {per: everyone, of: all, count: 30, within: 1d}}\n"
    with opened(more) as edge, pytest.MonkeyPatch.context() as patch:
        fill, calls = budgeted.Chunk.fill, []

        def meanwhile(self, rows, limited, picks):
            fill(self, rows, limited, picks)
            calls.append(rows)
            if len(calls) == 1:  # while the first pages are filled, somebody takes what is left
                for number in range(30):
                    edge.observe("zoe", "shown", topic="food", offer="bread", id=f"z{number}")
                edge._tail.catch_up()

        patch.setattr(budgeted.Chunk, "fill", meanwhile)
        decisions = edge.decide_many("rows", table(crowd()))
        assert decisions.table.num_rows == 0
        assert len(calls) > 1


def test_room_is_counted_under_a_policy_that_comes_meanwhile():
    more = "caps: {total: {per: everyone, of: all, count: 60, within: 1d}}\n"
    with opened(more) as edge, pytest.MonkeyPatch.context() as patch:
        fill, calls = budgeted.Chunk.fill, []

        def meanwhile(self, rows, limited, picks):
            fill(self, rows, limited, picks)
            if not calls:
                calls.append(rows)
                edge.update(attrs.evolve(edge.plan.policy, name="another"))
                room(edge)

        patch.setattr(budgeted.Chunk, "fill", meanwhile)
        decisions = edge.decide_many("rows", table(crowd()))
        assert edge.plan.policy.name == "another"
        assert sum(1 for _ in room(edge).reservations()) == decisions.table.num_rows == 60
