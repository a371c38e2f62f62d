"""Under a score model, columns give what the engine gives for each customer alone; mistakes are caught."""

import logging
import math
from functools import cache
from random import Random

import attrs
import numpy as np
import pytest
from tests.batch.test_same_as_alone import columns, differences, told
from tests.differential.mutating import Mutant, mutated

from tactful.authoring import compile_files
from tactful.clock import DAY_US
from tactful.consent import Consent, Consents, ConsentState, How
from tactful.engine.batch import alone, many, nouns
from tactful.engine.batch.asked import Asked
from tactful.engine.batch.shortlists import _highest as highest
from tactful.engine.tally import Tally
from tactful.expr import TRUE, Call, Const, Var
from tactful.plan.plan import Plan
from tactful.profile import Observation, Snapshot
from tactful.registry import Registry
from tactful.schema import Source, ValueType
from tactful.score_model import Feature, ScoreModel, Term

NOW_US = 20_000 * DAY_US
SEEDS = range(12)
MARKETS = range(24)
AGREED = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOW_US - DAY_US),), NOW_US)
ON_FOOD = Call("==", (Var("context.page", ValueType.TEXT), Const(ValueType.TEXT, "food")), ValueType.BOOL)


@pytest.fixture(autouse=True)
def quiet(caplog):
    caplog.set_level(logging.CRITICAL, "tactful")  # wild policies say what is wrong with them


def scored(policy, seed):
    """Return a policy with a random score model over its own words, whose shortlist may be short."""
    random = Random(seed)  # noqa: S311 - nothing secret
    topics, moments = [one.topic for one in policy.offers], [TRUE, *(one.when for one in policy.ranking.boosts)]
    if any(one.name == "page" and one.type is ValueType.TEXT for one in policy.context):
        moments.append(ON_FOOD)
    terms = tuple(
        Term(
            random.choice((-3.0, -0.5, 0.75, 2.0)),
            random.choice(tuple(Feature)),
            random.choice(moments),
            offers=(random.choice(policy.offers).id,) if random.random() < 0.3 else (),
            topics=(random.choice(topics),) if random.random() < 0.4 else (),
        )
        for _ in range(random.choice((1, 2, 5)))
    )
    model = ScoreModel(terms, random.choice((0.0, -1.5, 40.0)), random.choice((1, 2, 3, 5, 50)))
    return attrs.evolve(policy, ranking=attrs.evolve(policy.ranking, model=model))


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_give_what_the_engine_gives_under_random_policies(seed):
    assert all(differences(seed, scored))


HEAD = """
channels: {web: private}
topics: {t0: {}, t1: {}, t2: {}, t3: {}}
purposes: {offers: {basis: consent}}
context: {page: text}
ranking: {affinity: likes, absent: 0.5, ceiling: 3}
profile: {shop: {all: {owner: crm, purpose: offers, source: observed}, visits: {type: int, say: visits}, likes: scores}}
offers:
  all: {purpose: offers}
"""


def lines(random):
    """Yield a market's offers: many are worth the same, some help, and some are not for everyone."""
    for number in range(30):
        intent, topic = random.choice(("sell", "sell", "sell", "help")), f"t{random.randrange(4)}"
        when = random.choice(("", "", f", when: profile.visits >= {random.randrange(9)}"))
        worth = f"value: {random.choice((1, 2, 3))}, chance: {random.choice((0.2, 0.5, 1))}"
        more = f"affinity: a{random.randrange(5)}, treatments: {random.choice(('[A]', '[A, B]'))}"
        yield f"  o{number}: {{intent: {intent}, topic: {topic}, {worth}{when}, {more}}}\n"


@cache
def market(seed):
    """Return what is asked of a market with a score model, its customers, and what each of them gets alone."""
    random = Random(seed)  # noqa: S311 - nothing secret
    names = ("home", "more") if seed % 4 == 3 else ("home",)
    topics = random.choice(("", ", per_topic: 1", ", per_topic: 2"))
    places = ", ".join(f"{name}: {{channel: web, slots: 4{topics}}}" for name in names)
    text = "".join([f"placements: {{{places}}}", HEAD, *lines(random)])
    plan = Plan.build(scored(compile_files({"policy.yaml": text.encode()}), seed), Registry.installed())
    rows = [(customer(random, f"c{n}"), AGREED) for n in range(16)]
    context, _ = plan.slots.context_values({"page": "food"})
    asked = Asked(plan, plan.channels["web"], plan.page(names)[0], context, None, NOW_US)
    return asked, rows, [told(alone.moment(asked, *known, Tally(plan, ()))) for known in rows]


def customer(random, id_):
    """Return a customer who likes some things as much as others."""
    likes = {f"a{n}": random.choice((0.0, 0.5, 1.0, 2.0, 9.0)) for n in range(5) if random.random() < 0.7}
    values = {"visits": random.randrange(9)} | ({"likes": likes} if likes else {})
    return Snapshot(id_, NOW_US, {name: Observation(one, Source.OBSERVED, NOW_US) for name, one in values.items()})


def agreements(seed):
    """Yield whether columns and the engine agree, for each customer of a market."""
    asked, rows, theirs = market(seed)
    picks = many.decide(asked, nouns.customers_of(asked.plan, rows), {})
    yield from (columns(picks, row, asked.page.slots) == one for row, one in enumerate(theirs))


@pytest.mark.parametrize("seed", MARKETS)
def test_columns_give_what_the_engine_gives_in_a_market(seed):
    assert all(agreements(seed))


def test_a_model_matters_in_many_markets():
    """Control: without the model, customers get something else."""
    differ = 0
    for seed in MARKETS:
        asked, rows, theirs = market(seed)
        policy = asked.plan.policy
        plan = Plan.build(attrs.evolve(policy, ranking=attrs.evolve(policy.ranking, model=None)), Registry.installed())
        page, channel = plan.page(tuple(one.placement.name for one in asked.page.placements))[0], plan.channels["web"]
        plain = attrs.evolve(asked, plan=plan, channel=channel, page=page)
        without = [told(alone.moment(plain, *known, Tally(plan, ()))) for known in rows]
        differ += [[one[:3] for one in mine] for mine in theirs] != [[one[:3] for one in mine] for mine in without]
    assert differ > len(MARKETS) / 4


MUTANTS = [
    ("shortlists", "sums[:, 2] * chances", "sums[:, 2]"),
    ("shortlists", "self._by_affinity[offers] * affinities", "self._by_affinity[offers]"),
    ("shortlists", "{}, {}, (), known, asked.context", "{}, {}, (), known, (None,) * len(asked.context)"),
    ("shortlists", "np.clip(log_odds, -_LOG_ODDS_MAX, _LOG_ODDS_MAX)", "np.clip(log_odds, -50.0, 50.0)"),
    ("shortlists", "worths[rows, offers] * self.scores", "self.scores"),
    ("shortlists", "if self._helping else self._weighed", "if False else self._weighed"),
    ("shortlists", "== offers[:, None], -np.inf,", "== offers[:, None], self._weighed[rows],"),
    ("shortlists", "np.where(over, rest_offers, offers)", "offers"),
    ("shortlists", "self._weighed[rows] += np.take_along_axis(closing, self._listed[rows], axis=1)", "pass"),
    ("shortlists", "self._rest.close(rows, closing)", "pass"),
    ("shortlists", "left = most - np.count_nonzero(helps, axis=1)", "left = np.full(len(worths), most)"),
    ("shortlists", "above | (level & among)", "above | level"),
    ("shortlists", "np.maximum(wanted, 1)", "wanted"),
    ("standings", "np.where(rows[:, None] & ~helps, -np.inf, worths)", "worths"),
    ("chunk", "scored.scoring, own, scored.holding", "scored.scoring, own, 0"),
    ("chunk", "if self._scored is None else affinities.copy()", ""),
    ("chunk", "self.affinities[ranked.index]", "self.affinities[0]"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant):
    module, right, wrong = mutant
    assert any(notices(seed, Mutant(f"engine.batch.{module}", right, wrong)) for seed in MARKETS), "nobody noticed"


def notices(seed, mutant):
    market(seed)  # what is right is worked out before the mistake
    with mutated(mutant):
        return not all(agreements(seed))


def test_the_highest_are_as_many_as_asked_and_of_equals_the_first():
    worths = np.array([[1.0, 3.0, 3.0, -math.inf, 3.0], [2.0, 2.0, 2.0, 2.0, -1.0], [-math.inf] * 5])
    assert highest(worths, np.array([2, 3, 4])).tolist() == [
        [False, True, True, False, False],
        [True, True, True, False, False],
        [False] * 5,
    ]
