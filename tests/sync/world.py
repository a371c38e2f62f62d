"""Two edges, a centre, and a plain account of what each may know: what the edges decide is held against it.

The account is written from what is promised, not from how it is done. It says when a personal decision is forbidden,
and what must have arrived in the end.
"""

import attrs

import tactful
from tactful import Consent, Consents, ConsentState, How, MemoryCentre, MemoryStore, Observation, Snapshot, Source
from tactful.consent import EVERYTHING
from tactful.sync.marks import Marks
from tactful.testing.clocks import FakeClock
from tactful.testing.faulty_centres import WrappedCentre

FRESH_S = 3600
CUSTOMERS = ("ada", "al", "eve")
BY_HAND = tactful.SyncOptions(threads=False, batch=2)
SHOP = f"""
channels: {{web: private}}
placements: {{page: web}}
topics: {{food: {{}}}}
purposes: {{offers: consent}}
guardrails: {{breaking_bonds: {{fresh_for: {FRESH_S}s}}}}
profile:
  shop:
    all: {{owner: crm, purpose: offers, source: observed, max_age: 36500d}}
    first_name: text
offers:
  olives:
    intent: help
    topic: food
    treatments: [{{title: Olives}}, {{title: "{{profile.first_name}}, your olives", lift: 9}}]
"""


class Killed(BaseException):
    """The process ends here."""


class Troubled(WrappedCentre):
    """
    A way to the centre with one trouble at a time.

    Attributes:
        trouble: "down", "deaf" (nothing goes up), "lost" (answers to events), "twice" (events come again), or empty.
    """

    def __init__(self, inner):
        super().__init__(inner)
        self.trouble = ""
        self._before = ()

    def changes(self, line, after, count):
        if self.trouble == "down":
            raise tactful.CentreError("down", code="centre-down")
        return super().changes(line, after, count)

    def deliver(self, events):
        if self.trouble in ("down", "deaf"):
            raise tactful.CentreError("down", code="centre-down")
        if self.trouble == "twice":
            self._inner.deliver(self._before[::-1])
        self._before = tuple(events)
        answer = super().deliver(events)
        if self.trouble == "lost":
            raise tactful.CentreError("the answer was lost", code="centre-down")
        return answer


@attrs.define
class Words:
    """The noes and the explicit yeses of each id that someone may know, by their moments."""

    noes: dict = attrs.field(factory=lambda: {one: set() for one in CUSTOMERS})
    yeses: dict = attrs.field(factory=lambda: {one: set() for one in CUSTOMERS})

    def hear(self, other):
        for customer in CUSTOMERS:
            self.noes[customer] |= other.noes[customer]
            self.yeses[customer] |= other.yeses[customer]


class Site:
    """An edge and its store, and what is promised of them."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.store = MemoryStore(clock=world.clock)
        self.way = Troubled(world.centre)
        self.known, self.said_yes, self.heard_s = Words(), set(), None
        self.edge = None
        self.open()

    def open(self):
        world = self.world
        how = {"registry": world.registry, "clock": world.clock, "sync": BY_HAND}
        self.edge = tactful.open(world.policy, store=self.store, centre=self.way, **how)

    def sync(self):
        told = attrs.evolve(self.world.truth)  # what the centre tells is what was true when it was asked
        done = self.edge.sync()
        if "consents" not in done.errors:
            self.known.hear(told)
            self.heard_s = self.world.passed_s
        return done


class World:
    """All of it; each operation takes one number, which chooses."""

    OPERATIONS = (
        "out",
        "in_",
        "weak_yes",
        "purchase",
        "centre_no",
        "centre_yes",
        "centre_forgets",
        "centre_moves",
        "merge",
        "sync",
        "sync",
        "sync",
        "trouble",
        "die",
        "restart",
        "wait",
        "wait_long",
        "set_clock",
        "decide",
        "decide",
        "decide",
        "decide",
    )

    def __init__(self, policy):
        self.policy, self.registry = policy, tactful.Registry.installed()
        self.clock = FakeClock()
        self.passed_s = 0
        self.centre = MemoryCentre(clock=self.clock)
        self.truth = Words()
        self.recorded = set()
        self.personal = self.decisions = self.steps = 0
        self._merged = set()
        self._events_heard = 0
        for customer in CUSTOMERS:
            self._put(customer)
        self.sites = [Site(self, "one"), Site(self, "other")]

    def do(self, operation, number):
        """Do one operation."""
        self.steps += 1
        self._pass(1)
        getattr(self, f"_{operation.strip('_')}")(self.sites[number % 2], CUSTOMERS[number // 2 % 3], number // 6)

    # What customers do
    def _out(self, site, customer, _):
        at_us = max([self.clock(), *self._all_yeses(site, customer)])
        site.edge.opt_out(customer)
        self._recorded(site)
        for one in self._group_at(site, customer):
            site.known.noes[one].add(at_us)

    def _in(self, site, customer, _):
        at_us = max([self.clock(), *(no_us + 1 for no_us in self._all_noes(site, customer))])
        site.edge.opt_in(customer, "offers")
        self._recorded(site)
        site.known.yeses[customer].add(at_us)
        site.said_yes.add(customer)

    def _weak_yes(self, site, customer, _):
        site.edge.opt_in(customer, "offers", how="pre_ticked")
        self._recorded(site)

    def _purchase(self, site, customer, _):
        site.edge.observe(customer, "purchase")
        self._recorded(site)

    # What happens at the centre
    def _centre_no(self, _, customer, __):
        self.centre.add_consent(customer, _consent(ConsentState.WITHDRAWN, self.clock()))
        for one in self._group(customer):
            self.truth.noes[one].add(self.clock())

    def _centre_yes(self, _, customer, __):
        self.centre.add_consent(customer, _consent(ConsentState.GIVEN, self.clock()))
        self.truth.yeses[customer].add(self.clock())

    def _centre_forgets(self, _, customer, number):
        """The centre tells consents without the noes, or with a lesser yes: a mistake of its keeper's."""
        records = [_consent(ConsentState.GIVEN, at_us) for at_us in sorted(self.truth.yeses[customer])]
        records += [_consent(ConsentState.GIVEN, self.clock(), How.IMPLIED)] if number % 2 else []
        self.centre.put_consents(customer, Consents(tuple(records), self.clock()))
        self.truth.noes[customer] = set()  # who has not heard of them by now will not

    def _centre_moves(self, _, customer, __):
        self._put(customer)

    def _merge(self, _, __, number):
        one, other = (CUSTOMERS[number % 3], CUSTOMERS[(number + 1) % 3])
        if number % 7 == 0 and frozenset((one, other)) not in self._merged:
            self._merged.add(frozenset((one, other)))
            self.centre.merge(one, other)

    # What happens to edges
    def _sync(self, site, _, __):
        site.sync()
        self._centre_heard()

    def _trouble(self, site, _, number):
        site.way.trouble = ("", "", "down", "deaf", "lost", "twice")[number % 6]

    def _die(self, site, _, __):
        """The process ends between keeping changes and marking how far they go; a new one opens the store."""
        rise = Marks.rise
        Marks.rise = lambda *_: (_ for _ in ()).throw(Killed)
        try:
            site.edge.sync()
        except Killed:
            pass
        finally:
            Marks.rise = rise
        if site.way.trouble != "down":
            site.heard_s = self.passed_s  # perhaps: if nothing was new there was nothing to mark
        self._centre_heard()
        self._restart(site, _, __)

    def _restart(self, site, _, __):
        site.edge.close()
        site.open()

    def _wait(self, _, __, number):
        self._pass(number % 600)

    def _wait_long(self, _, __, number):
        self._pass(number % 3 * FRESH_S / 2)

    def _set_clock(self, _, __, number):
        if number % 4 == 0:
            self.clock.set_s(-(number % 5) * FRESH_S / 4)

    # What is held
    def _decide(self, site, customer, number):
        if number % 2:
            site.edge.warm(customer)
        decision = site.edge.decide("page", customer, preview=True)
        self.decisions += 1
        if (decision.content or {}).get("title", "").endswith(", your olives"):
            self.personal += 1
            self._may_be_personal(site, customer)

    def _may_be_personal(self, site, customer):
        group = self._group_at(site, customer)
        noes = [at_us for one in group for at_us in site.known.noes[one]]
        yeses = [at_us for one in self._group(customer) for at_us in self._ever_yes(one)]
        assert yeses, "nobody ever said yes"
        assert max(yeses) > max(noes, default=-1), "a no that was known here has no newer yes"
        if not site.said_yes & set(self._group(customer)):
            assert site.heard_s is not None, "the centre was never heard"
            assert self.passed_s - site.heard_s < FRESH_S + 1, "what the centre said is too old"

    def end(self):
        """Heal everything, let all arrive, and hold that it did, once."""
        for site in self.sites:
            site.way.trouble = ""
        for _ in range(3):
            for site in self.sites:
                self._pass(20)
                assert not site.sync().errors
                self._centre_heard()
        arrived = [one.id for one in self.centre.events]
        assert len(arrived) == len(set(arrived)), "an event is there twice"
        assert set(arrived) == self.recorded, "events were lost, or came from nowhere"
        for site in self.sites:
            assert not site.store.outbox_take(1)
            for customer in CUSTOMERS:
                self._decide(site, customer, 1)
            site.edge.close()

    # The account
    def _pass(self, seconds):
        self.clock.pass_s(seconds)
        self.passed_s += seconds

    def _put(self, customer):
        self.centre.put_profile(
            Snapshot(customer, self.clock(), {"first_name": Observation("X", Source.OBSERVED, self.clock())})
        )

    def _recorded(self, site):
        self.recorded |= {event.id for _, event in site.store.outbox_take(1_000)}

    def _centre_heard(self):
        """Take into the truth what events have told the centre."""
        events = self.centre.events
        for event in events[self._events_heard :]:
            purposes = {EVERYTHING, "offers"} & set(getattr(event, "tags", ()))
            if event.event == "withdrawal" and purposes:
                self.truth.noes[event.customer].add(self._arrived(event, self.truth.yeses[event.customer]))
            elif event.event == "opt_in" and event.tags[1] == "explicit":
                self.truth.yeses[event.customer].add(self._arrived(event, ()))
        self._events_heard = len(events)

    def _arrived(self, event, before):
        """Return when an event counts from: its own time; if that is ahead, its arrival, and no older yes."""
        now_us = self.clock()
        if event.at_us <= now_us + 2_000_000:
            return event.at_us
        return max([now_us, *(at_us for at_us in before if at_us <= event.at_us)])

    def _ever_yes(self, customer):
        words = [self.truth, *(site.known for site in self.sites)]
        return {at_us for one in words for at_us in one.yeses[customer]}

    def _all_yeses(self, site, customer):
        found = site.store.consents(customer)
        return [] if found is None else [one.at_us for one in found.records if one.state is ConsentState.GIVEN]

    def _all_noes(self, site, customer):
        found = site.store.consents(customer)
        about = () if found is None else (one for one in found.records if one.purpose in ("offers", EVERYTHING))
        return [one.at_us for one in about if one.refuses]

    def _group(self, customer):
        """All ids that are one customer at the centre."""
        return self.centre._graph.merges(customer).members(customer)

    @staticmethod
    def _group_at(site, customer):
        """All ids that are one customer at an edge."""
        return site.store._members(customer)


def _consent(state, at_us, how=How.EXPLICIT):
    return Consent("offers", state, how, at_us)
