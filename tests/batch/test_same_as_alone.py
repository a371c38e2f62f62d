"""On random policies, what columns give is what the engine gives for each customer alone; its mistakes are caught."""

import logging
from functools import cache

import attrs
import pytest
from tests.differential.mutating import Mutant, mutated

from tactful.engine.batch import alone, many, nouns
from tactful.engine.batch.asked import Asked, lacking
from tactful.engine.batch.fields import Fields
from tactful.engine.batch.subjects import subjects
from tactful.engine.convert import to_snapshot
from tactful.plan.pages import Page
from tactful.plan.plan import Plan
from tactful.testing.generators import case
from tactful.testing.generators.cases import Decide, Learn, registry

SEEDS = range(24)


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level(logging.CRITICAL, "tactful")  # wild policies say what is wrong with them


@cache
def world(seed, change=lambda policy, _: policy):
    """Return a case's plan, its customers as rows under ids of their own, and their contacts by id."""
    made = case(seed)
    plan = Plan.build(change(made.policy, seed), registry(), until_us=made.until_us)
    learned = [step for _, step in made.steps if isinstance(step, Learn) and step.snapshot is not None]
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
    steps = [(at_us, step) for at_us, step in made.steps if isinstance(step, Decide)]
    steps = [(at_us + number % 2, step) for number, (at_us, step) in enumerate(steps)]
    return plan, rows, contacts, steps


def asked_of(plan, step, at_us):
    page, _ = plan.page(tuple(step.placements))
    if page is None or page.placements[0].placement.channel not in plan.channels:
        return None
    if at_us % 2:  # room for everything that is allowed, so that it shows
        page = roomy(page)
    channel = plan.channels[page.placements[0].placement.channel]
    context, _ = plan.slots.context_values(step.context)
    return Asked(plan, channel, page, context, None, at_us)


def roomy(page):
    placements = tuple(attrs.evolve(one, placement=attrs.evolve(one.placement, slots=30)) for one in page.placements)
    takes = tuple(one.mask for one in placements)
    return Page(placements, page.mask, 30 * len(placements), takes, page.mask)


@cache
def expected(seed, *change):
    """Return what is asked at each decision of a case that columns can say, and what each customer gets alone."""
    plan, rows, contacts, steps = world(seed, *change)
    found = []
    for at_us, step in steps if rows else ():
        asked = asked_of(plan, step, at_us)
        if asked is None or lacking(asked):
            continue
        customers = nouns.customers_of(plan, rows)
        slots, channel = asked.page.slots, asked.channel.channel.name
        fields = Fields(plan, asked.channel, customers, asked.context, at_us)
        counted = subjects(plan, customers, fields, contacts, None, channel, slots, at_us)
        moments = [
            alone.moment(asked, *known, counted.tallies[counted.tally_of[row]]) for row, known in enumerate(rows)
        ]
        found.append((asked, [told(one) for one in moments]))
    return found


def told(moment):
    return [
        (one.ranked.index, one.index, one.placement, one.worth, moment.affinities.personal(one.ranked))
        for one in moment.chosen
    ]


def differences(seed, *change):
    """Yield whether columns and the engine agree, for each customer at each decision of a case."""
    plan, rows, contacts, _ = world(seed, *change)
    for asked, alone_ in expected(seed, *change):
        picks = many.decide(asked, nouns.customers_of(plan, rows), contacts)
        for row, theirs in enumerate(alone_):
            yield columns(picks, row, asked.page.slots) == theirs


def columns(picks, row, slots):
    return [
        (
            int(picks.offers[row, slot]),
            int(picks.treatments[row, slot]),
            int(picks.placements[row, slot]),
            float(picks.worths[row, slot]),
            bool(picks.personal[row, slot]),
        )
        for slot in range(slots)
        if picks.offers[row, slot] >= 0
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_give_what_the_engine_gives(seed, record_property):
    same = list(differences(seed))
    record_property("batch", len(same))
    assert all(same)


def test_many_policies_can_be_said_in_columns():
    """Of the others, some have strict caps, and some nobody to decide for."""
    said = [any(True for _ in differences(seed)) for seed in SEEDS]
    assert sum(said) > len(SEEDS) / 3


def test_customers_come_back_as_they_were():
    for seed in SEEDS:
        plan, rows, _, _ = world(seed)
        customers = nouns.customers_of(plan, rows)
        ranked = plan.policy.ranking.affinity
        for row, (snapshot, consents) in enumerate(rows):
            specs = plan.attribute_specs
            read = {
                name: one
                for name, one in snapshot.attributes.items()
                if specs[name].type.name != "SCORES" or name == ranked
            }
            back = customers.profile(row)
            assert (back.at_us, dict(back.attributes)) == (snapshot.at_us, read)
            assert customers.consents_of(row) == consents


MUTANTS = [
    ("fields", 'if space == "p" and hidden[purpose] >> index & 1:', "if False:"),
    ("truths", "self.flags |= np.array(flags, dtype=np.int64)[0 if codes is None else codes]", "pass"),
    ("truths", "codes, axis=0)", "np.zeros_like(codes), axis=0)"),
    ("chunk", "not any(limit.scope.bits & self._possible for _, limit in effects.quotas)", "True"),
    ("chunk", "plan.everything & ~one.withheld for one", "plan.everything for one"),
    ("standings", "self._worths[rows, offers] = -np.inf", "pass"),
    ("standings", "helps = worths[everyone, first] > -np.inf", "helps = worths[:, 0] > np.inf"),
    ("picks", 'np.argsort(-values, kind="stable")', "np.argsort(-values)[::-1]"),
    ("picks", "part[order].tolist()", "part.tolist()"),
    ("worths", "worths[np.ix_(holds, self._boosted[number])] *= one.boost.times", "pass"),
    ("worths", "ranking.ceiling)", "np.inf)"),
    ("worths", "if demand is None or hidden >> slot & 1:", "if demand is None:"),
    ("subjects", "codes[row] = len(counters)", "pass"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant):
    module, right, wrong = mutant
    assert any(notices(seed, Mutant(f"engine.batch.{module}", right, wrong)) for seed in range(80)), "nobody noticed"


def notices(seed, mutant, *change):
    expected(seed, *change)  # what is right is worked out before the mistake
    with mutated(mutant):
        return not all(differences(seed, *change))
