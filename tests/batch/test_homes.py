"""Customers who share a household get at once what they get one after the other; mistakes are caught."""

import logging
from functools import cache

import attrs
import pytest
from tests.batch.test_budgeted import TIMES
from tests.batch.test_decide_many import NOW_US, ROWS, many, opened, table
from tests.batch.test_decide_many import alone as decide
from tests.batch.test_decide_many import told as picks_of
from tests.batch.test_same_as_alone import columns, roomy, told
from tests.differential.mutating import Mutant, mutated

from tactful import Contact, MemoryStore
from tactful.engine import record
from tactful.engine.batch import alone, nouns
from tactful.engine.batch import many as columnar
from tactful.engine.batch.asked import Asked, at_home, lacking
from tactful.engine.batch.fields import Fields
from tactful.engine.batch.homes import Homes
from tactful.engine.batch.subjects import subjects
from tactful.engine.convert import to_snapshot
from tactful.engine.count import Counters
from tactful.engine.own import shared
from tactful.engine.tally import Tally
from tactful.limits import Counted, Rolling
from tactful.plan.plan import Plan
from tactful.testing.generators import case, guardrails
from tactful.testing.generators.cases import Decide, Learn, registry

SEEDS = range(40)


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level(logging.CRITICAL, "tactful")  # wild policies say what is wrong with them


def for_homes(made, number):
    """Return a random cap as one for households, of another size."""
    changes = {"counted": Counted(), "window": Rolling(604_800)} if number % 4 else {}
    count = made.count * (1, 2, 4)[number // 4 % 3]
    return attrs.evolve(made, per="household", strict=False, wish="", suppress_s=None, count=count, **changes)


@cache
def world(seed):
    """Return a plan whose caps mostly count for households, its customers, their contacts and homes, and pages."""
    random, caps = guardrails.cap, []

    def cap(chance, words):
        caps.append(random(chance, words))
        own = attrs.evolve(caps[-1], per="customer", strict=False)
        return for_homes(caps[-1], seed + len(caps)) if len(caps) % 5 else own

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guardrails, "cap", cap)
        made = case(seed)
    plan = Plan.build(made.policy, registry(), until_us=made.until_us)
    learned = [step for _, step in made.steps if isinstance(step, Learn) and step.snapshot is not None] * TIMES
    rows = [
        (attrs.evolve(to_snapshot(plan.attribute_specs, "", one.snapshot, 0)[0], customer=f"c{n}"), one.consents)
        for n, one in enumerate(learned)
    ]
    # Households of several sizes; of some nobody was ever shown anything, and some customers are in none.
    homes = [
        ("customer", f"c{n}") if n % 7 == 6 else ("household", f"h{n * n % (3 + seed % 9)}") for n in range(len(rows))
    ]
    names = sorted({one.customer for one in made.contacts})
    contacts = {
        f"c{n}": [attrs.evolve(one, id=f"c{n} {one.id}") for one in made.contacts if one.customer == name]
        for n, name in enumerate(names)
        if n < len(rows)
    }
    steps = [(at, one) for at, one in made.steps if isinstance(one, Decide)][:4]
    return plan, rows, contacts, homes, steps


def contacts_of(seed, keys):
    """Return the contacts of households: those of all who live there."""
    _, rows, contacts, homes, _ = world(seed)
    found = {}
    for (snapshot, _), key in zip(rows, homes, strict=True):
        if key in keys and snapshot.customer in contacts:
            found[key] = [*found.get(key, ()), *contacts[snapshot.customer]]
    return found


def asked_of(seed):
    """Yield what is asked that columns can say and households concern."""
    plan, rows, _, _, steps = world(seed)
    for number, (at_us, step) in enumerate(steps if rows else ()):
        page, _ = plan.page(tuple(step.placements))
        if page is None or page.placements[0].placement.channel not in plan.channels:
            continue
        page = roomy(page) if number % 2 else page
        channel = plan.channels[page.placements[0].placement.channel]
        context, _ = plan.slots.context_values(step.context)
        asked = Asked(plan, channel, page, context, None, at_us)
        if not lacking(asked) and at_home(asked):
            yield asked


def one_by_one(seed, asked, *, alone_at_home=False):
    """Return what each customer gets, one after the other; or as if nobody who lives there had got anything."""
    plan, rows, contacts, homes, _ = world(seed)
    customers = nouns.customers_of(plan, rows)
    fields = Fields(plan, asked.channel, customers, asked.context, asked.now_us)
    slots, channel = asked.page.slots, asked.channel.channel.name
    counted = subjects(plan, customers, fields, contacts, None, channel, slots, asked.now_us)
    theirs = contacts_of(seed, set(homes))
    at = {key: Counters(plan, theirs.get(key, ()), "household", shared(plan)) for key in homes}
    found = []
    for row, known in enumerate(rows):
        moment = alone.moment(asked, *known, Tally(plan, (counted.own[counted.tally_of[row]], at[homes[row]])))
        if not alone_at_home:
            record.reserve(Tally(plan, (at[homes[row]],)), moment, f"d{row}")
        found.append(told(moment))
    return found


@cache
def expected(seed):
    return [(asked, one_by_one(seed, asked)) for asked in asked_of(seed)]


def differences(seed):
    """Yield whether columns and the engine agree, for each customer; also where a household comes in several parts."""
    plan, rows, contacts, homes, _ = world(seed)
    for number, (asked, theirs) in enumerate(expected(seed)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(columnar, "CHUNK", (8192, 9, 20)[(seed + number) % 3])
            run = Homes(asked, homes, lambda keys: contacts_of(seed, {*keys}), lambda row: f"d{row}")
            half = len(rows) // 2
            for part in (slice(0, half), slice(half, len(rows))):
                picks = run.decide(nouns.customers_of(plan, rows[part]), contacts, part.start)
                for row, one in enumerate(theirs[part]):
                    yield columns(picks, row, asked.page.slots) == one


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_give_what_one_after_the_other_gives(seed):
    assert all(differences(seed))


def test_who_lives_together_matters():
    """The random policies are worth the time: often one gets something else because of what another was shown."""
    said = [theirs != one_by_one(seed, asked, alone_at_home=True) for seed in SEEDS for asked, theirs in expected(seed)]
    assert len(said) > len(SEEDS) / 2
    assert sum(said) > len(said) / 4


MUTANTS = [
    ("homes", "self._count(rows, picks, first + start)", "pass"),
    ("homes", "for rows in _waves(keys):", "for rows in [list(range(len(keys)))]:"),
    ("homes", "key not in self._members or self._members[key][-1] < done", "True"),
    ("homes", "for key in dict.fromkeys(keys) if key not in self._homes", "for key in dict.fromkeys(keys)"),
    ("homes", "home.reserve(self._decision(place)", "home.reserve(self._decision(0)"),
    ("homes", "self._homes[key] = self._counters(contacts)", "pass"),
    ("homes", '"household", shared', '"customer", shared'),
    (
        "chunk",
        "words(everything & ~one, self._width) for one in masks",
        "words(everything, self._width) for one in masks",
    ),
    ("chunk", "alike.blind | blind", "alike.blind"),
    ("chunk", "alike.at_once and not filling", "alike.at_once"),
    ("chunk", "for one in (contacts, home) if", "for one in (contacts,) if"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant):
    module, right, wrong = mutant
    assert any(notices(seed, Mutant(f"engine.batch.{module}", right, wrong)) for seed in SEEDS), "nobody noticed"


def notices(seed, mutant):
    expected(seed)  # what is right is worked out before the mistake
    with mutated(mutant):
        return not all(differences(seed))


HOME = "caps: {home: {per: household, of: all, count: 4, within: 1d}, own: {of: offer, count: 1, within: 1d}}\n"


class OneByOne:
    """A store that tells of one customer, and of one household, at a time."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        if name in ("households_of", "household_contacts_of", "contacts_of", "consents_of"):
            raise AttributeError(name)
        return getattr(self._store, name)


def lived_in(store=None):
    """Return a store with households of three, of one customer in two, and of one who was shown something."""
    store = store or MemoryStore(clock=lambda: NOW_US)
    for number in range(30):
        if number % 5:
            store.link({"household": f"h{number % 10}"}, customer=f"c{number}")
    store.link({"household": "h2"}, customer="c1")
    store.record([Contact("before", "c12", "shown", NOW_US - 5, topic="food", offer="bread", channel="web")])
    return store


def crowd(count=30):
    return [{**ROWS[number % len(ROWS)], "customer": f"c{number}"} for number in range(count)]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(columnar, "CHUNK", 8)


def in_order(edge, place):
    """Return what `decide` says of each, one after the other."""
    found = []
    for row in crowd():
        edge.warm(row["customer"])
        found.append(decide(edge, row, place, {"page": "food"}, None))
    return found


@pytest.mark.parametrize("place", ["rows", "pair", ("rows", "pair")])
@pytest.mark.parametrize("store", [lambda store: store, OneByOne], ids=["at once", "one by one"])
@pytest.mark.usefixtures("small")
def test_a_table_counts_for_households_as_one_customer_after_the_other_does(place, store):
    more = HOME.replace("count: 4", "count: 2") if place == "pair" else HOME
    with opened(more, store(lived_in())) as edge, opened(more, lived_in()) as other:
        decisions = edge.decide_many(place, table(crowd()), {"page": "food"}, workers=2)
        assert [many(decisions, f"c{number}") for number in range(30)] == in_order(other, place)
        assert (decisions.depends, decisions.one_by_one) == ("caps count for households", "")
        assert {len(many(decisions, f"c{number}")) for number in range(30)} >= {0, 1}


def test_a_decision_of_its_own_is_the_one_in_the_table_also_once_some_are_recorded():
    with opened(HOME, lived_in()) as edge:
        decisions = edge.decide_many("rows", table(crowd()), {"page": "food"})
        for recorded in (2, 3, None):  # others of their households come after them
            for number in range(30):
                assert picks_of(decisions[number]) == many(decisions, f"c{number}")
            assert recorded is None or edge.record(decisions[recorded].token)


def test_brought_contacts_count_for_one_customer_as_in_decide():
    contacts = {"c2": [Contact(f"{n}", "c2", "shown", NOW_US - 1, topic="food") for n in range(3)]}
    with opened(HOME, lived_in()) as edge, opened(HOME, lived_in()) as other:
        decisions = edge.decide_many("rows", table(crowd()), {"page": "food"}, contacts=contacts)
        for row in crowd():
            theirs = contacts.get(row["customer"], ())
            assert many(decisions, row["customer"]) == decide(other, row, "rows", {"page": "food"}, theirs)
        assert len(many(decisions, "c2")) == 1


def test_with_a_budget_that_could_be_used_up_it_is_one_by_one_and_said():
    both = HOME.replace("caps: {", "caps: {budget: {per: everyone, of: all, count: 40, within: 1d}, ")
    with opened(both, lived_in()) as edge, opened(both, lived_in()) as other:
        decisions = edge.decide_many("rows", table(crowd()), {"page": "food"})
        assert [many(decisions, f"c{number}") for number in range(30)] == in_order(other, "rows")
        why = "caps count for households, and the customers could use up a budget for everyone together"
        assert decisions.one_by_one == decisions.depends == why


def test_before_leaves_out_what_came_later():
    """Controls: a decision of its own that counts what it led to itself, or nobody before it, is another one."""
    check = test_a_decision_of_its_own_is_the_one_in_the_table_also_once_some_are_recorded
    for module, right, wrong in (
        ("homes", "if decision_of(one) not in later", "if True"),
        ("homes", "if one < row:", "if False:"),
        ("run", "if decision_of(one) != its_own", "if True"),
    ):
        with mutated(Mutant(f"engine.batch.{module}", right, wrong)), pytest.raises(AssertionError):
            check()
