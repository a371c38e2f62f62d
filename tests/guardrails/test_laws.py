"""The laws of guardrails, whatever the guardrails: each only makes fewer slates feasible, in any order and number."""

import random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import Familiarity, Sensitivity, Source
from tactful.catalog import Catalog
from tactful.engine import middle
from tactful.engine.count import Counters
from tactful.engine.customer import Customer
from tactful.engine.moment import Moment
from tactful.engine.room import PageRoom
from tactful.limits import (
    Always,
    AtMost,
    Cap,
    Counted,
    Hide,
    Limit,
    LimitRule,
    RankBlind,
    Require,
    Rolling,
    Scope,
    Unless,
    UpTo,
    When,
    Withhold,
)
from tactful.plan import plan as plan_module
from tactful.plan.plan import Plan
from tactful.policy import Policy
from tactful.profile import Identity
from tactful.registry import GuardrailRules
from tactful.schema import ValueType
from tactful.testing.reference.answer import Situation

from .customers import Draw
from .feasible import objections
from .houses import NOON_US, House, compiled, dialled, shop

CONDITIONS = (
    "context.rain",
    "!context.gpc",
    "protective.drinks",
    "consent.offers.given",
    "consent.offers.given && consent.news.refused",
    'consent.offers.how in ["explicit"]',
    'now - snapshot.at < duration("10d")',
    'now - consents.at < duration("1d") || context.rain',
    'identity.kind == "person"',
    'channel.privacy in ["exposed", "public"]',
)
KINDS = (Withhold, UpTo, RankBlind, AtMost, Hide, Require, Cap)


def _policy() -> Policy:
    """Return the shop with all these conditions, and those of its guardrails at every position of the dial."""
    registry = House().registry
    dials = [compiled(dialled(shop(), dial), registry) for dial in ("conservative", "balanced", "bold")]
    conditions = {text: rule for policy in dials for text, rule in policy.conditions}
    asking = attrs.evolve(shop(), guardrails=())
    return attrs.evolve(asking, conditions=tuple((conditions | _compiled(CONDITIONS)).items()))


def _compiled(texts: tuple[str, ...]) -> dict[str, object]:
    from tactful.authoring.rulebook import Rulebook  # noqa: PLC0415 - for these few rules
    from tactful.authoring.source import Log  # noqa: PLC0415 - for these few rules

    policy = shop()
    purposes = tuple(purpose.name for purpose in policy.purposes)
    rules = Rulebook(policy.attributes, policy.context, (), purposes, (), Log())
    return {text: rules.condition(text) for text in texts}


POLICY = _policy()
CATALOG = Catalog(POLICY)
PAGES = ("web.page", "web.hero", "inbox.letter", "inbox.note", "kiosk.page")


@attrs.frozen
class World:
    """A moment, and guardrails to decide it under."""

    draw: random.Random
    situation: Situation
    page: str

    @classmethod
    def of(cls, seed: int) -> "World":
        known = Draw(POLICY, seed).customer()
        draw = random.Random(seed)  # noqa: S311 - no secret
        brought = known.brought()
        identity = draw.choice((Identity("ann"), Identity("ann"), Identity("ann", "device"), None))
        snapshot = brought["profile"] if draw.random() < 0.9 else None
        context = {**known.context, "rain": draw.random() < 0.5}
        contacts = brought["contacts"]
        if identity is None:
            contacts = None
        situation = Situation(identity, snapshot, brought["consents"], contacts, (), context, NOON_US)
        return cls(draw, situation, draw.choice(PAGES))

    def guardrail(self, number: int) -> GuardrailRules:
        """Return a guardrail of random limits, or one of ours at a random position of the dial."""
        if self.draw.random() < 0.3:
            use = self.draw.choice(shop().guardrails)
            policy = dialled(shop(), self.draw.choice(("conservative", "balanced", "bold")))
            found = House().registry.rules(use, Catalog(policy))
            assert found.broken is None
            return found
        rules = [(f"g{number}.{n}", self.rule()) for n in range(self.draw.randrange(1, 4))]
        return GuardrailRules(f"g{number}", CATALOG.all, tuple(rules))

    def guardrails(self, most: int) -> list[GuardrailRules]:
        return [self.guardrail(number) for number in range(self.draw.randrange(most + 1))]

    def rule(self, kind: type | None = None) -> LimitRule:
        limit = self.limit(kind or self.draw.choice(KINDS))
        if isinstance(limit, Require | Cap) or self.draw.random() < 0.3:
            return Always(limit, "")
        return self.draw.choice((When, Unless))(self.draw.choice(CONDITIONS), limit, "")

    def limit(self, kind: type) -> Limit:
        draw, scope = self.draw, Scope(self.draw.getrandbits(len(CATALOG.entries)) & self.draw.getrandbits(64))
        names = tuple(draw.sample([a.name for a in POLICY.attributes], 5))
        purposes = draw.choice(((), ("offers",), ("offers", "news")))
        match kind:
            case _ if kind is UpTo:
                return UpTo(scope, draw.choice(list(Familiarity)), draw.choice(list(Familiarity)))
            case _ if kind is AtMost:
                count = draw.choice((None, 0, 1, 3))
                return AtMost(scope, count, draw.choice((0.0, 0.2, 0.5, 1.0) if count is None else (None, 0.3)))
            case _ if kind is Hide:
                return Hide(names, purposes)
            case _ if kind is Require:
                sources = draw.choice((None, frozenset({Source.OBSERVED, Source.STATED}), frozenset()))
                age_s = draw.choice((None, 86_400, 10_000_000))
                own, waits_s = draw.random() < 0.2, draw.choice((None, None, 3_600, 10_000_000))
                channels = draw.choice(((), (), ("inbox",), ("web", "kiosk")))
                return Require(names, purposes, draw.choice((0.0, 0.9)), sources, age_s, own, waits_s, channels)
            case _ if kind is Cap:
                of = draw.choice(("offer", "topic", "tag", "owner", "channel", "all"))
                event, then = draw.choice(("shown", "purchase")), draw.choice(("suppress", "downgrade"))
                exact, count = draw.random() < 0.5, draw.randrange(1, 4)
                return Cap(scope, count, Rolling(864_000), Counted(event), of, then=then, exact=exact)
        return kind(scope)

    def decide(self, guardrails: list[GuardrailRules] | Plan) -> Moment:
        plan = guardrails if isinstance(guardrails, Plan) else Plan(POLICY, guardrails)
        page, _ = plan.page((self.page,))
        channel = plan.channels[page.placements[0].placement.channel]
        situation = self.situation
        customer = Customer(plan, situation.identity, situation.snapshot, situation.consents)
        context, _ = plan.slots.context_values(situation.context)
        if situation.contacts is None:
            return middle.decide(plan, channel, page, customer, context, middle.NOTHING, None, NOON_US)
        counters, name = Counters(plan, situation.contacts), channel.channel.name
        limited, caps = counters.limited(name, NOON_US), PageRoom(plan, name, [counters], NOON_US)
        return middle.decide(plan, channel, page, customer, context, limited, caps, NOON_US)

    def objections(self, guardrails: list[GuardrailRules], moment: Moment) -> list[str]:
        channel = moment.channel.channel
        return list(objections(POLICY, guardrails, channel, self.situation, slate(moment)))


def slate(moment: Moment) -> list[int]:
    return [one.index for one in moment.chosen]


seeds = st.integers(0, 2**32)


@given(seeds)
def test_a_guardrail_more_makes_no_slate_feasible(seed):
    world = World.of(seed)
    guardrails, another = world.guardrails(3), world.guardrail(9)
    moment = world.decide([*guardrails, another])

    assert world.objections([*guardrails, another], moment) == []
    assert world.objections(guardrails, moment) == []
    assert middle.allowed_in(moment) & ~middle.allowed_in(world.decide(guardrails)) == 0


@given(seeds)
def test_order_and_repetition_do_not_matter(seed):
    world = World.of(seed)
    guardrails = world.guardrails(4)
    once = world.decide(guardrails)
    for _ in range(2):
        again = [attrs.evolve(g, rules=_shuffled(world, g.rules)) for g in _shuffled(world, guardrails)]
        repeated = [*again, *world.draw.sample(again, world.draw.randrange(len(again) + 1))]
        moment = world.decide(repeated)
        assert (slate(moment), middle.allowed_in(moment)) == (slate(once), middle.allowed_in(once))


def _shuffled(world, items):
    return tuple(world.draw.sample(items, len(items)))


@given(seeds)
def test_masking_makes_nothing_eligible(seed):
    world = World.of(seed)
    guardrails = world.guardrails(2)
    plain = world.decide(guardrails)
    for kind in (Hide, Require):
        hiding = GuardrailRules("hiding", CATALOG.all, (("hiding.1", world.rule(kind)),))
        masked = world.decide([*guardrails, hiding])
        assert middle.allowed_in(masked) & ~middle.allowed_in(plain) == 0
        assert world.objections(guardrails, masked) == []


@given(seeds)
def test_a_broken_guardrail_withholds_its_scope_and_loosens_nothing(seed):
    world = World.of(seed)
    guardrails = world.guardrails(2)
    broken = attrs.evolve(world.guardrail(9), broken="it raised", scope=Scope(world.draw.getrandbits(40)))
    moment = world.decide([*guardrails, broken])

    assert middle.allowed_in(moment) & broken.scope.bits == 0
    assert middle.allowed_in(moment) & ~middle.allowed_in(world.decide(guardrails)) == 0
    assert world.objections([*guardrails, broken], moment) == []


# What the laws are able to see: engines that break them, and slates that are not feasible.


def _last_alone(monkeypatch):
    whole = plan_module.bounds_of
    monkeypatch.setattr(plan_module, "bounds_of", lambda c, guardrails, *more: whole(c, guardrails[-1:], *more))


def _broken_is_absent(monkeypatch):
    whole = plan_module.bounds_of

    def bounds_of(catalog, guardrails, *more):
        return whole(catalog, [attrs.evolve(one, broken=None) for one in guardrails], *more)

    monkeypatch.setattr(plan_module, "bounds_of", bounds_of)


def _first_of_a_kind(monkeypatch):
    whole = plan_module.bounds_of

    def bounds_of(catalog, guardrails, *more):
        shuffled = whole(catalog, guardrails, *more)
        return tuple({type(bound.limit): bound for bound in reversed(shuffled)}.values())

    monkeypatch.setattr(plan_module, "bounds_of", bounds_of)


def _hidden_is_true(monkeypatch):
    whole = middle.mask
    truths = [a.type is ValueType.BOOL for a in POLICY.attributes if a.type is not ValueType.SCORES]

    def mask(visibility, snapshot, hidden, now_us):
        views, *others = whole(visibility, snapshot, hidden, now_us)
        lies = [
            tuple(True if gone >> slot & 1 and truths[slot] else value for slot, value in enumerate(view))
            for view, gone in zip(views, hidden, strict=True)
        ]
        return (tuple(lies), *others)

    monkeypatch.setattr(middle, "mask", mask)


def _quotas_are_ignored(monkeypatch):
    whole = middle.compose
    monkeypatch.setattr(
        middle, "compose", lambda page, ranked, allowed, _, *more: whole(page, ranked, allowed, (), *more)
    )


def _a_page_knows_no_caps(monkeypatch):
    whole = middle.compose
    monkeypatch.setattr(middle, "compose", lambda *first: whole(*first[:-1], None))


BREACHES = {
    "the last guardrail alone counts": (_last_alone, test_a_guardrail_more_makes_no_slate_feasible),
    "the first limit of a kind counts": (_first_of_a_kind, test_a_guardrail_more_makes_no_slate_feasible),
    "the order counts": (_first_of_a_kind, test_order_and_repetition_do_not_matter),
    "what is hidden is true": (_hidden_is_true, test_masking_makes_nothing_eligible),
    "what is broken is absent": (_broken_is_absent, test_a_broken_guardrail_withholds_its_scope_and_loosens_nothing),
    "a page fills no cap": (_a_page_knows_no_caps, test_a_guardrail_more_makes_no_slate_feasible),
    "quotas are ignored": (_quotas_are_ignored, test_a_guardrail_more_makes_no_slate_feasible),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_an_engine_that_breaks_a_law_is_caught(breach, monkeypatch):
    change, law = BREACHES[breach]
    change(monkeypatch)

    def is_caught(seed):
        try:
            law.hypothesis.inner_test(seed)
        except AssertionError:
            return True
        return False

    assert any(is_caught(seed) for seed in range(300))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not RankBlind])
def test_the_judge_sees_what_each_limit_forbids(kind):
    """Each sort of limit makes some slates infeasible that were decided without it."""

    def is_seen(seed):
        world = World.of(seed)
        guardrail = GuardrailRules("one", CATALOG.all, (("one.1", world.rule(kind)),))
        return world.objections([guardrail], world.decide([]))

    assert any(is_seen(seed) for seed in range(200))


def test_the_judge_sees_a_guardrail_that_was_left_out():
    def is_seen(seed):
        world = World.of(seed)
        guardrails, another = world.guardrails(3), world.guardrail(9)
        return world.objections([*guardrails, another], world.decide(guardrails))

    assert sum(bool(is_seen(seed)) for seed in range(60)) > 10


def test_the_worlds_are_worth_deciding():
    worlds = [World.of(seed) for seed in range(100)]
    slates = [slate(world.decide(world.guardrails(3))) for world in worlds]
    assert sum(1 for one in slates if one) > 50
    assert len({tuple(one) for one in slates}) > 30
    assert any(CATALOG.sensitivity(a.name) > Sensitivity.ORDINARY for a in POLICY.attributes)
