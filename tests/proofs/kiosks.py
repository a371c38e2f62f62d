"""Kiosks without a network, with clocks of their own: what they show together under strict caps, and what arrives."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import attrs

import tactful
from tactful import Consent, Consents, ConsentState, How, MemoryCentre, MemoryStore, Pack, Snapshot, SyncOptions
from tactful.authoring import compile_files
from tactful.bundle import make_keys
from tactful.clock import DAY_US, SECOND_US
from tactful.errors import CentreError
from tactful.kiosk.allowed import Allowed
from tactful.kiosk.writing import PackTerms, write_pack
from tactful.plan.plan import Plan
from tactful.testing.clocks import FakeClock
from tactful_adapters.sqlite import SQLiteStore

NOON_US = 20_000 * DAY_US
CAMPAIGN, ONCE = 25, 1
SHOP = f"""
channels: {{kiosk: private}}
placements: {{screen: kiosk}}
topics: {{food: {{}}}}
purposes: {{offers: consent}}
offers:
  olives: {{intent: sell, topic: food, purpose: offers, value: 9, treatments: Olives}}
  bread: {{intent: sell, topic: food, purpose: offers, treatments: Bread}}
caps:
  campaign: {{per: everyone, of: offer, count: {CAMPAIGN}, within: 30d, strict: true}}
  once: {{per: customer, of: offer, count: {ONCE}, within: 30d, strict: true}}
"""
BY_HAND = SyncOptions(threads=False, batch=7)


@attrs.frozen
class KioskFigures:
    """
    What kiosks did together.

    Attributes:
        kiosks: So many, each with a clock that is wrong by up to three days.
        visits: So many visits, each to a random one; every tenth time a kiosk is opened anew before.
        shown: So many exposures were recorded.
        most: The most exposures of one offer; the cap allows 25.
        most_for_one: The most exposures of one offer to one customer; the cap allows 1.
        lost: Events, withdrawals among them, that did not reach the centre.
        doubled: Events that are there more than once.
        foreign: Events at the centre whose customer is none of the shop's: ids that were not opened again.
    """

    kiosks: int
    visits: int
    shown: int
    most: int
    most_for_one: int
    lost: int
    doubled: int
    foreign: int

    @property
    def over(self) -> bool:
        """Whether a cap was not held."""
        return self.most > CAMPAIGN or self.most_for_one > ONCE


class Lossy:
    """A centre of which every other answer to events is lost, after they were taken."""

    def __init__(self, centre: MemoryCentre, rng: random.Random) -> None:
        self._centre, self._rng = centre, rng

    def deliver(self, events):  # type: ignore[no-untyped-def]
        told = self._centre.deliver(events)
        if self._rng.random() < 0.5:
            raise CentreError("the answer is lost")
        return told

    def changes(self, line, after, count):  # type: ignore[no-untyped-def]
        return self._centre.changes(line, after, count)

    def wait(self, *_):  # type: ignore[no-untyped-def]
        return False

    def close(self) -> None:
        self._centre.close()


def run_kiosks(
    folder: Path,
    visits: int,
    *,
    kiosks: int = 10,
    shared: bool = True,
    seed: int = 5,
    progress: Callable[[int], None] = lambda done: None,
) -> KioskFigures:
    """
    Let customers visit kiosks that are offline, then bring what happened to a centre that loses answers.

    Args:
        folder: Where packs and stores are put.
        visits: So many visits.
        kiosks: So many kiosks.
        shared: Whether each has a share of strict caps; the control, in which each has all of them, must go over.
        seed: Of what is by chance.
        progress: Told how many visits are done.
    """
    rng = random.Random(seed)
    names = [f"customer-{number}" for number in range(max(visits // 4, 1))]
    branches = _branches(folder, names, kiosks, shared=shared, rng=rng)
    with ExitStack() as closing:
        for one in branches:
            closing.callback(one.close)
        for number in range(visits):
            branches[rng.randrange(kiosks)].visit(rng.choice(names), anew=rng.random() < 0.1)
            progress(number + 1)
        centre = MemoryCentre()
        for one in branches:
            one.deliver(Lossy(centre, rng))
        told = [event for one in branches for event in one.told]
    return _figures(told, centre, names, kiosks, visits)


def _figures(
    told: list[tuple[str, str, str]], centre: MemoryCentre, names: list[str], kiosks: int, visits: int
) -> KioskFigures:
    there = Counter((one.customer, one.event, one.offer) for one in centre.events)  # type: ignore[union-attr]
    ours = Counter(told)
    shown = [one for one in centre.events if getattr(one, "event", "") == "shown"]
    most = Counter(one.offer for one in shown)
    for_one = Counter((one.offer, one.customer) for one in shown)
    return KioskFigures(
        kiosks,
        visits,
        sum(count for (_, event, _), count in ours.items() if event == "shown"),
        max(most.values(), default=0),
        max(for_one.values(), default=0),
        sum((ours - there).values()),
        sum((there - ours).values()),
        sum(one.customer not in names for one in centre.events),
    )


class _Branch:
    """One kiosk, its clock, and what it recorded."""

    def __init__(self, path: Path, own: Path, pack: Pack, policy: tactful.Policy, clock: FakeClock) -> None:
        self._path, self._own, self._pack, self._policy, self._clock = path, own, pack, policy, clock
        self.told: list[tuple[str, str, str]] = []
        self._open()

    def visit(self, who: str, *, anew: bool) -> None:
        if anew:
            self.close()
            self._open()
        self._clock.pass_s(60)
        self.edge.warm(who)
        decision = self.edge.decide("screen", who)
        for pick in decision.receipt().shown:
            self.told.append((who, "shown", pick.offer))
        self.edge.record(decision)
        if len(self.told) % 10 == 9:
            self.edge.opt_out(who)
            self.told.append((who, "withdrawal", ""))
        self.edge.let_go(who)

    def deliver(self, centre: Lossy) -> None:
        self.close()
        self._open(centre)
        for _ in range(1000):
            if not self.edge.sync().errors and not any(one.count for one in self._store.outbox_waiting().values()):
                return

    def close(self) -> None:
        self.edge.close()
        self._store.close()

    def _open(self, centre: Lossy | None = None) -> None:
        self._store = SQLiteStore(self._own, clock=self._clock)
        options = {} if centre is None else {"centre": centre, "sync": BY_HAND}
        self.edge = tactful.open(self._policy, pack=self._pack, store=self._store, clock=self._clock, **options)


def _branches(folder: Path, names: list[str], kiosks: int, *, shared: bool, rng: random.Random) -> list[_Branch]:
    policy, (private, public) = compile_files({"policy.yaml": SHOP.encode()}), make_keys()
    plan, source = Plan.build(policy, tactful.Registry.installed()), MemoryStore()
    yes = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOON_US - DAY_US)
    for name in names:
        source.put_profile(Snapshot(name, NOON_US, {}, 1))
        source.put_consents(name, Consents((yes,), NOON_US))
    found = []
    for number in range(kiosks):
        path, key = folder / f"{number}.pack", rng.randbytes(32)
        terms = PackTerms(
            tenant="shop",
            store="berne",
            device=f"k{number}",
            epoch=1,
            issued_us=NOON_US,
            expires_us=NOON_US + 60 * DAY_US,
            share=(number, 1, kiosks) if shared else (0, 1, 1),
        )
        allowed = Allowed.of(plan, ["screen"])
        write_pack(
            path, source=source, customers=names, allowed=allowed, terms=terms, device_key=key, private_key=private
        )
        clock = FakeClock(NOON_US + int(rng.uniform(0, 3 * 86_400)) * SECOND_US)
        own = folder / f"{number}.db"
        found.append(_Branch(path, own, Pack(path, key, key=public, keeps_time=True), policy, clock))
    return found
