"""Random cases: a policy, and the steps of some customers' lives under it, all fixed before anything is decided."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from random import Random
from typing import Final

import attrs

from ...clock import NEVER_US, SECOND_US
from ...consent import Consents
from ...contacts import Contact
from ...errors import ExtraMissing
from ...expr import Expr
from ...policy import PluginUse, Policy
from ...profile import Snapshot
from ...registry import Registry
from ...schema import ValueType
from .chance import LENGTHS_US, NOON_US, NOWHERE, Chance
from .customers import EVENTS, Customers, turning_points
from .guardrails import HOUSES, Compile, Houses, asks, use, with_guardrails
from .policies import policy
from .words import Words, some_types

#: What a caller says for whom a decision is; each id stands for one customer, as more than one kind of identity.
WHO: Final = (
    None,
    "ann",
    "ann",
    "bob",
    {"cookie": "7"},
    {"cookie": "7", "card": "8"},
    {"home": "9"},
    "cookie:7",
    {"card": "8"},
)
CUSTOMERS: Final = ("ann", "bob", "cookie:7", "card:8", "home:9")
STEPS: Final = 200


@attrs.frozen
class Given:
    """What a caller brings along with a call; None is not brought."""

    snapshot: Snapshot | None = None
    consents: Consents | None = None
    contacts: tuple[Contact, ...] | None = None


@attrs.frozen
class Decide:
    """A decision; a preview takes no room."""

    placements: tuple[str, ...]
    who: str | Mapping[str, str] | None
    context: Mapping[str, object]
    given: Given | None
    preview: bool


@attrs.frozen
class Record:
    """What became of the decision so many decisions ago, in one of its slots or (None) in all."""

    back: int
    event: str
    slot: int | None


@attrs.frozen
class Observe:
    """What a customer did by itself."""

    contact: Contact


@attrs.frozen
class Learn:
    """What the sources know of a customer from now on, and that the edge fetches it."""

    customer: str
    snapshot: Snapshot | None
    consents: Consents | None


@attrs.frozen
class Update:
    """Another policy from now on."""

    policy: Policy


Step = Decide | Record | Observe | Learn | Update


@attrs.frozen
class Case:
    """
    A policy and what happens under it.

    Attributes:
        seed: What it was made of; a case that was made smaller has none.
        policy: The policy at the beginning.
        until_us: From when on that policy has expired [us since 1970].
        contacts: What the ledger has at the beginning.
        steps: What happens, and when [us since 1970].
    """

    seed: int | None
    policy: Policy
    until_us: int
    contacts: tuple[Contact, ...]
    steps: tuple[tuple[int, Step], ...]


def case(seed: int) -> Case:
    """Return the case of a seed; odd seeds give wild ones."""
    chance = Chance(Random(seed), wild=bool(seed % 2))  # noqa: S311 - the same case each time
    return Cases(chance, Words.some(chance)).case(seed)


@lru_cache(maxsize=1)
def registry() -> Registry:
    """Return the houses together with the guardrails that are installed."""
    houses = Registry.of(Houses())
    return Registry({**Registry.installed().guardrails, **houses.guardrails})


@attrs.frozen
class Cases:
    """Makes cases of one set of words."""

    chance: Chance
    words: Words

    def case(self, seed: int | None) -> Case:
        """Return a case."""
        start = self.policy()
        customers = Customers(self.chance, self.words)
        contacts = tuple(one for name in CUSTOMERS for one in customers.contacts(name, start, NOON_US))
        until_us = self.chance.moment_us() if self.chance.happens(0.1) else NEVER_US
        return Case(seed, start, until_us, contacts, tuple(_Life(self, customers, start, seed).steps()))

    def policy(self) -> Policy:
        """Return a policy with its guardrails."""
        chance = self.chance
        made = policy(chance, self.words)
        conditions: dict[str, Expr] = {}
        uses: list[PluginUse] = []
        for name in chance.some(HOUSES) if chance.happens(0.9) else ():
            asked, compiled = asks(chance, self.words, made, name)
            uses.append(PluginUse(name, settings={"asks": asked}))
            conditions |= compiled
        compile_: Compile | None = None
        apart = Chance(Random(chance.random.random()), chance.wild)  # noqa: S311 - what is installed changes nothing else
        if apart.happens(0.25):
            there = tuple(name for name in registry().guardrails if name not in HOUSES)
            uses += [use(apart, registry(), name, made.values.dial) for name in apart.some(there, 4) if there]
            compile_ = _compiler(self.words)
        if chance.is_odd(0.02):
            uses.append(PluginUse(NOWHERE))
        return with_guardrails(attrs.evolve(made, guardrails=tuple(uses)), registry(), compile_, conditions)


def _compiler(words: Words) -> Compile | None:
    """Return what compiles the conditions of installed guardrails; None without the extra that reads rules."""
    try:
        from ...authoring.rules import RuleCompiler, RuleError  # noqa: PLC0415 - only for conditions that come as text

        rules = RuleCompiler({**words.guardrails, f"consent.{NOWHERE}.given": ValueType.BOOL})
    except ExtraMissing:
        return None

    def compiled(text: str) -> Expr | None:
        try:
            return rules.compile(text, ValueType.BOOL)
        except RuleError:
            return None  # a market that is a number is in no list of texts

    return compiled


class _Life:
    """Makes the steps of one case, in the order of time."""

    def __init__(self, cases: Cases, customers: Customers, start: Policy, seed: int | None) -> None:
        self._cases = cases
        self._chance = cases.chance
        self._apart = Random(seed)  # noqa: S311 - what is asked in the same context changes nothing else
        self._words = cases.words
        self._customers = customers
        self._policy = start
        self._now_us = NOON_US
        self._turning: list[int] = []
        self._turned = False
        self._before: Decide | None = None

    def steps(self) -> Iterator[tuple[int, Step]]:
        """Yield the steps."""
        for customer in CUSTOMERS[:4]:  # of the last one the edge knows nothing yet
            yield self._now_us, self._learn(customer)
        for _ in range(STEPS):
            self._pass_time()
            step = self._step()
            yield self._now_us, step
            if isinstance(step, Record) and self._chance.happens(0.4):  # once in effect, however often it is told
                self._pass_time()
                yield self._now_us, step
            elif isinstance(step, Decide) and self._turned and step.given is None:
                self._now_us += 1  # what turns at a moment can turn right after it
                yield self._now_us, step

    def _step(self) -> Step:
        chance = self._chance
        drawn = chance.random.random()
        if chance.happens(0.15):  # the windows of caps, and how long room is kept
            self._turning += [self._now_us + length_us for length_us in (*LENGTHS_US[2:], 1800 * SECOND_US)]
        if drawn < 0.78:  # noqa: PLR2004 - shares of the steps
            if self._before is None or chance.happens(0.7):
                self._before = self._again(self._decide())
            return self._before
        if drawn < 0.9:  # noqa: PLR2004
            event = chance.of(("shown", "shown", "shown", "click", "purchase"))
            return Record(chance.of((1, 1, 2, 2, 3, 4)), event, chance.of((None, None, 0, 0, 1, 2)))
        if drawn < 0.93:  # noqa: PLR2004
            return Observe(self._contact(chance.of(CUSTOMERS)))
        if drawn < 0.99:  # noqa: PLR2004
            return self._learn(chance.of(CUSTOMERS))
        if chance.is_odd(0.3):  # another policy can know an attribute by another type
            self._reword(attrs.evolve(self._words, attributes={**self._words.attributes, **some_types(chance, 1)}))
        self._policy = self._cases.policy()
        return Update(self._policy)

    def _reword(self, words: Words) -> None:
        self._words, self._cases, self._customers = words, Cases(self._chance, words), Customers(self._chance, words)

    def _again(self, asked: Decide) -> Decide:
        """Return what is asked, now and then in the context of the last one, and mostly by the same customer."""
        before, drawn = self._before, self._apart.random()
        if before is None or drawn < 0.6:  # noqa: PLR2004 - shares of the decisions
            return asked
        who = before.who if drawn < 0.9 else asked.who  # noqa: PLR2004
        return attrs.evolve(asked, who=who, context=before.context)

    def _decide(self) -> Decide:
        chance = self._chance
        names = chance.some(self._words.placements, 3)
        if chance.is_odd(0.05):
            names = (*names, chance.of((NOWHERE, names[0])))
        given = None
        if chance.happens(0.2):
            snapshot = self._customers.snapshot(self._policy, "somebody", self._now_us)
            consents = self._customers.consents(self._now_us) if chance.happens(0.7) else None
            contacts = None
            if chance.happens(0.5):
                contacts = self._customers.contacts("somebody", self._policy, self._now_us)
                contacts += contacts[:1] if chance.is_odd() else ()
            given = Given(snapshot or Snapshot("somebody", self._now_us, {}), consents, contacts)
        return Decide(names, chance.of(WHO), self._customers.context(self._now_us), given, chance.happens(0.1))

    def _contact(self, customer: str) -> Contact:
        chance = self._chance
        offer = chance.of(self._policy.offers)
        event = chance.of(EVENTS)
        channel = chance.of((*self._words.channels, ""))
        id_ = f"observed {chance.random.randrange(10**9)}"
        return Contact(id_, customer, event, self._now_us, offer.topic, chance.of((offer.id, "")), channel=channel)

    def _learn(self, customer: str) -> Learn:
        snapshot = self._customers.snapshot(self._policy, customer, self._now_us)
        consents = self._customers.consents(self._now_us)
        self._turning += turning_points(self._policy, snapshot, consents)
        return Learn(customer, snapshot, consents)

    def _pass_time(self) -> None:
        """Let some time pass, often until just before, at or after a moment at which something changes."""
        chance = self._chance
        self._turning = sorted({at_us for at_us in self._turning if at_us > self._now_us})[:300]
        self._turned = bool(self._turning) and chance.happens(0.35)
        if self._turned:
            following = self._turning[: chance.of((4, 40, 300))]
            self._now_us = max(self._now_us, chance.of(following) + chance.of((-1, 0, 0, 0, 1)))
        elif chance.happens(0.4):
            self._now_us += chance.of((1, 1, 1, SECOND_US, 59 * SECOND_US, *LENGTHS_US[:-1]))
        if self._now_us > NOON_US + 60 * LENGTHS_US[-1] or self._now_us >= NEVER_US:
            self._now_us = NOON_US + 60 * LENGTHS_US[-1]
