"""A small shop's policy, made of nouns, and an edge on it whose clock stands where a test puts it."""

from collections.abc import Callable, Iterator

import attrs
import pytest

import tactful
from tactful.clock import DAY_US, NEVER_US
from tactful.expr import Call, Const, Expr, Var
from tactful.offers import Channel, Field, FieldKind, Intent, Offer, Placement, Privacy, Treatment
from tactful.policy import PluginUse, Policy, Ranking, Segment, Values
from tactful.schema import Attribute, ContextAttribute, ValueType
from tactful.topics import Topic

NOON_US = 20_000 * DAY_US


class FakeClock:
    """A clock that tells the moment that a test sets."""

    def __init__(self) -> None:
        self.now_us = NOON_US

    def __call__(self) -> int:
        return self.now_us

    def pass_s(self, seconds: float) -> None:
        self.now_us += int(seconds * 1_000_000)


def is_(name: str, value: str) -> Expr:
    text = ValueType.TEXT
    return Call("==", (Var(name, text), Const(text, value)), ValueType.BOOL)


def at_least(name: str, value: int) -> Expr:
    return Call(">=", (Var(name, ValueType.INT), Const(ValueType.INT, value)), ValueType.BOOL)


def treatment(id_: str, *parts: str | Expr, lift: float = 1.0) -> Treatment:
    return Treatment(id_, (("en", (Field("title", FieldKind.TEXT, parts),)),), lift=lift)


def offer(id_: str, *treatments: Treatment, **more: object) -> Offer:
    defaults = {"intent": Intent.SELL, "topic": "food", "purpose": "offers", "value": 1.0}
    fields = {**defaults, **more}
    return Offer(id=id_, treatments=treatments or (treatment("plain", id_),), affinity=fields["topic"], **fields)


FIRST_NAME = Var("profile.first_name", ValueType.TEXT)


@pytest.fixture
def policy() -> Policy:
    return Policy(
        name="shop",
        values=Values(),
        channels=(Channel("web", Privacy.SEMI_PRIVATE), Channel("email", Privacy.PRIVATE, outbound=True)),
        placements=(
            Placement("hero", "web", 1, fallback=(("title", "Welcome"),)),
            Placement("rows", "web", 3, per_topic=2),
            Placement("letter", "email", 2),
        ),
        topics=(Topic("food"), Topic("wine", under="food"), Topic("garden")),
        purposes=(tactful.Purpose("offers"),),
        attributes=(
            Attribute("first_name", ValueType.TEXT, say="your name"),
            Attribute("visits", ValueType.INT, say="how often you visit"),
            Attribute("tier", ValueType.TEXT, max_age_s=30 * 86_400),
            Attribute("scores", ValueType.SCORES),
        ),
        segments=(Segment("regulars", at_least("profile.visits", 6), "you shop here often", 800),),
        context=(ContextAttribute("page", ValueType.TEXT),),
        offers=(
            offer("olives", treatment("plain", "Olives"), treatment("named", FIRST_NAME, ", your olives", lift=1.3)),
            offer("wine", topic="wine", when=is_("profile.tier", "gold"), value=5.0),
            offer("spade", topic="garden", when=is_("context.page", "garden"), value=3.0),
            offer("thanks", when=Var("segment.regulars", ValueType.BOOL), value=2.0),
            offer("past", until_us=NOON_US, value=9.0),
            offer("soon", from_us=NOON_US + DAY_US, value=9.0),
            offer("ticket", intent=Intent.HELP, channels=("email",), value=0.1),
        ),
        ranking=Ranking("scores", absent=1.0, ceiling=10.0),
        identifiers=(("card", "person"), ("cookie", "device")),
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


OpenEdge = Callable[..., tactful.Edge]


@pytest.fixture
def open_edge(policy: Policy, clock: FakeClock) -> Iterator[OpenEdge]:
    """Give a function that opens an edge on the policy, with guardrails of these limit rules if any are given."""
    opened: list[tactful.Edge] = []

    def opening(*rules: object, changed: Policy | None = None, **options: object) -> tactful.Edge:
        @attrs.frozen
        class House:
            name = "house"

            def scope(self, catalog: tactful.Catalog) -> tactful.Scope:
                return catalog.all

            def limits(self, catalog: tactful.Catalog) -> Iterator[object]:
                for rule in rules:
                    yield rule(catalog) if callable(rule) else rule

            def sentence(self) -> str:
                return "The house has its rules."

        class Plugin:
            @staticmethod
            @tactful.hookimpl
            def tactful_guardrails() -> list[type]:
                return [House]

        decided_by = changed or policy
        if rules:
            decided_by = attrs.evolve(decided_by, guardrails=(PluginUse("house"),))
        edge = tactful.open(decided_by, registry=tactful.Registry.of(Plugin()), clock=clock, **options)
        opened.append(edge)
        return edge

    yield opening
    for edge in opened:
        edge.close()


@pytest.fixture
def edge(open_edge: OpenEdge) -> tactful.Edge:
    return open_edge()


ANN = {"first_name": "Ann", "visits": 8, "tier": "gold"}
ALWAYS = NEVER_US
