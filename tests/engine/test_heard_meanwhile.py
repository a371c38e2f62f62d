"""What is heard of a customer while the customer is being fetched counts all the same; nothing old replaces new."""

import gc
import inspect
import weakref

import attrs
import pytest
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful import Consent, ConsentState, How, Identity, MemoryStore, Observation, Snapshot, Source
from tactful.consent import RESTRICTION, standing
from tactful.engine import loading, noes
from tactful.limits import Always, Cap, Rolling
from tactful.policy import PluginUse

from .conftest import ANN, NOON_US, FakeClock, offer

WHO = "ann"


class Pausing(MemoryStore):
    """A store that has been read, and then lets something happen before the reader gets what it read."""

    def __init__(self, clock):
        super().__init__(clock=clock)
        self.then = []

    def pause(self):
        if self.then:
            self.then.pop(0)()

    def contacts(self, customer, since_us):
        found = super().contacts(customer, since_us)
        self.pause()
        return found

    def household_contacts(self, household, since_us):
        found = super().household_contacts(household, since_us)
        self.pause()
        return found

    def profile(self, customer):
        found = super().profile(customer)
        self.pause()
        return found


def capped(per):
    """A guardrail that lets a customer, or a household, see everything once a day."""

    @attrs.frozen
    class Once:
        name = "once"

        def scope(self, catalog):
            return catalog.all

        def limits(self, catalog):
            yield Always(Cap(catalog.all, 1, Rolling(86_400), of="offer", per=per), "", id="daily")

        def sentence(self):
            return "Once a day."

    class Plugin:
        @staticmethod
        @tactful.hookimpl
        def tactful_guardrails():
            return [Once]

    return tactful.Registry.of(Plugin())


def opened(policy, store, clock, per="customer"):
    asks = offer("ask", asks="tier", purpose="offers")
    use = PluginUse("once")
    changed = attrs.evolve(policy, offers=(offer("olives"), asks), guardrails=(use,), segments=())
    attributes = {name: Observation(value, Source.STATED, NOON_US) for name, value in ANN.items()}
    for who in (WHO, "bob"):
        store.put_profile(Snapshot(who, NOON_US, attributes))
        store.add_consent(who, Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOON_US))
    return tactful.open(changed, registry=capped(per), store=store, clock=clock)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def store(clock):
    return Pausing(clock)


@pytest.fixture
def edge(policy, store, clock):
    with opened(policy, store, clock) as edge:
        yield edge


def shown(edge, who=WHO):
    return {pick.offer for pick in edge.decide("rows", who, preview=True).picks}


def test_nothing_happens_and_all_is_shown(edge):
    edge.warm(WHO)
    assert shown(edge) == {"olives", "ask"}


@pytest.mark.parametrize("known", [False, True])
def test_an_opt_out_counts(edge, store, known):
    def opts_out():
        store.then = []
        edge.opt_out(WHO)

    if known:
        edge.warm(WHO)
    store.then = [lambda: None, opts_out]  # the profile is read, then consents, then contacts
    edge.warm(WHO)
    assert shown(edge) == set()


def test_an_opt_out_whose_own_fetch_fails_counts(edge, store):
    def opts_out():
        store.then = [lambda: 1 / 0]  # its fetch fails at the profile
        edge.opt_out(WHO)
        store.then = []

    store.then = [lambda: None, opts_out]
    edge.warm(WHO)
    assert shown(edge) == set()


def test_an_opt_out_whose_own_fetch_fails_counts_against_a_yes_of_a_clock_that_is_ahead(edge, store):
    store.add_consent(WHO, Consent("offers", ConsentState.GIVEN, How.EXPLICIT, NOON_US + 1_000_000))
    edge.warm(WHO)
    store.then = [lambda: 1 / 0]
    edge.opt_out(WHO)
    assert shown(edge) == set()


@pytest.mark.parametrize("known", [False, True])
def test_what_was_shown_counts(edge, store, policy, clock, known):
    with opened(policy, store, clock) as other:  # which took the room, so that here none is taken
        decision = other.decide("rows", WHO)
    if known:
        edge.warm(WHO)
    store.then = [lambda: None, lambda: edge.record(decision.token)]
    edge.warm(WHO)
    assert shown(edge) == set()
    edge.warm(WHO)
    assert shown(edge) == set()  # and the ledger has it too


@pytest.mark.parametrize("known", [False, True])
def test_what_another_of_the_household_saw_counts(policy, store, clock, known):
    store.link({"household": "home"}, customer=WHO)
    store.link({"household": "home"}, customer="bob")
    with opened(policy, store, clock, per="household") as edge, opened(policy, store, clock, per="household") as other:
        if known:
            edge.warm(WHO)
            assert shown(edge) == {"olives", "ask"}
        token = other.decide("rows", "bob").token  # bob is not here, and may not have been
        store.then = [lambda: None, lambda: None, lambda: edge.record(token)]
        edge.warm(WHO)
        assert shown(edge) == set()


def test_what_another_of_the_household_saw_counts_at_once(policy, store, clock):
    store.link({"household": "home"}, customer=WHO)
    store.link({"household": "home"}, customer="bob")
    with opened(policy, store, clock, per="household") as edge:
        edge.warm(WHO)
        decision = edge.decide("rows", "bob", profile=ANN, contacts=())
        edge.forget("bob")
        edge.record(decision)
        assert shown(edge) == set()


def test_a_household_that_cannot_be_told_is_fetched_anew(policy, store, clock, monkeypatch):
    store.link({"household": "home"}, customer="bob")
    store.link({"household": "home"}, customer=WHO)
    with opened(policy, store, clock, per="household") as edge:
        edge.warm(WHO)
        decision = edge.decide("rows", "bob", profile=ANN, contacts=())
        edge.forget("bob")
        monkeypatch.setattr(edge._snapshots._fetch.identities, "household", lambda customer: 1 / 0)
        edge.record(decision)
        monkeypatch.undo()
        decision = edge.decide("rows", WHO, preview=True)
        assert {pick.offer for pick in decision.picks} == set()


def test_room_that_was_taken_counts(edge, store):
    edge.warm(WHO)
    store.then = [lambda: None, lambda: edge.decide("rows", WHO)]
    edge.warm(WHO)
    assert shown(edge) == set()


def test_room_that_was_taken_stays_taken_when_a_customer_is_let_go(edge, store):
    edge.warm(WHO)
    edge.decide("rows", WHO)
    edge.forget(WHO)
    edge.warm(WHO)
    assert shown(edge) == set()
    edge._snapshots.forget_all()
    edge.warm(WHO)
    assert shown(edge) == set()


def test_room_that_lapses_does_so_for_a_customer_who_was_let_go_too(edge, store, clock):
    edge.warm(WHO)
    edge.decide("rows", WHO)
    edge.forget(WHO)
    clock.now_us += 3600 * 1_000_000
    edge.warm(WHO)
    assert shown(edge) == {"olives", "ask"}


def test_room_that_was_taken_stays_taken_when_a_customer_makes_way_for_another(edge, store):
    edge._snapshots._maxsize = 1
    edge._snapshots.reset()
    edge.warm(WHO)
    edge.decide("rows", WHO)
    edge.warm("bob")
    assert edge.status()["customers_here"] == 1
    edge.warm(WHO)
    assert shown(edge) == set()


def test_of_who_made_way_and_took_no_room_nothing_is_kept(edge, store):
    edge._snapshots._maxsize = 1
    edge._snapshots.reset()
    edge.warm(WHO)
    edge.warm("bob")
    assert not edge._snapshots._left


@pytest.mark.parametrize("known", [False, True])
def test_of_who_is_let_go_nothing_stays_but_the_room_that_was_taken(edge, store, known):
    edge.warm(WHO)
    if known:
        edge.forget(WHO)
    else:
        edge._snapshots.forget_all()
    held = {name for name, one in vars(edge._snapshots).items() if hasattr(one, "popitem") and WHO in one}
    assert held == {"_left"}


def test_who_was_let_go_does_not_hold_a_plan_of_before(edge, store, policy):
    edge.warm(WHO)
    edge.decide("rows", WHO)
    edge.forget(WHO)
    plan = weakref.ref(edge.plan)
    edge.update(edge.plan.policy)
    gc.collect()
    assert plan() is None
    edge.warm(WHO)
    assert shown(edge) == set()  # the room that was taken counts all the same


def test_nothing_is_kept_of_who_is_erased(edge, store):
    edge.warm(WHO)
    edge.decide("rows", WHO)
    edge.opt_out(WHO)
    snapshots = edge._snapshots
    assert len(snapshots._noes) == 1
    for held in (snapshots._here, snapshots._left, snapshots._unread):
        held.setdefault(WHO, next(iter(edge._snapshots._here.values())))  # wherever it may be
    snapshots.erase({WHO})
    assert len(snapshots._noes) == 0
    assert not any(WHO in held for held in vars(snapshots).values() if hasattr(held, "popitem"))


class Away(Exception):
    """A store that cannot be reached."""


def cannot_be_reached(*_):
    raise Away


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("what", ["add_consent", "record", "consents"])
def test_a_no_counts_though_the_store_cannot_be_reached(edge, store, clock, monkeypatch, what, known):
    if known:
        edge.warm(WHO)
    with monkeypatch.context() as broken:
        broken.setattr(store, what, cannot_be_reached)
        with pytest.raises(Away):
            edge.opt_out(WHO)
        assert shown(edge) == set()
    edge.warm(WHO)  # the store, which may not have it, is read again
    assert shown(edge) == set()
    clock.now_us += 1
    edge.opt_in(WHO, "offers")
    assert shown(edge) == {"olives", "ask"}


def is_refused(edge, customer, purpose):
    """Whether a decision of now takes a purpose for refused."""
    known = edge._snapshots.here(customer).customer(Identity(customer), edge.plan).consents
    return standing(known, (purpose,), "web", NOON_US).refused


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("what", ["add_consent", "record", "consents"])
def test_an_objection_and_a_restriction_count_though_the_store_cannot_be_reached(edge, store, monkeypatch, what, known):
    rights = edge.rights
    asks = {"offers": lambda: rights.object_to(WHO, "offers"), RESTRICTION: lambda: rights.restrict(WHO)}
    for purpose, ask in asks.items():
        edge.warm(WHO)
        assert not is_refused(edge, WHO, purpose)
        if not known:
            edge.forget(WHO)
        with monkeypatch.context() as broken:
            broken.setattr(store, what, cannot_be_reached)
            with pytest.raises(Away):
                ask()
        edge.warm(WHO)
        assert is_refused(edge, WHO, purpose)


def test_noes_are_bounded_and_one_that_makes_way_has_fetches_begin_anew(edge, store, monkeypatch):
    monkeypatch.setattr(noes, "_IDS_MAX", 3)
    edge._snapshots.reset()
    read = []

    def many_say_no():
        for number in range(5):
            edge._snapshots.withdraw({f"customer {number}"}, ("offers",), NOON_US)

    store.then = [lambda: None, many_say_no, lambda: read.append(1)]
    edge.warm(WHO)
    assert read == [1]
    assert len(edge._snapshots._noes) == 3


def test_an_answer_is_there(edge, store):
    edge.warm(WHO)
    decision = edge.decide("rows", WHO)
    slot = [pick.offer for pick in decision.picks].index("ask")

    def answers():
        store.then = []
        edge.answer(decision, "gold", slot=slot)

    store.then = [answers]
    edge.warm(WHO)
    assert tier(edge) == "gold"
    assert store.profile(WHO).attributes["tier"].value == "gold"


def tier(edge):
    here = edge._snapshots.here(WHO)
    return here.customer(tactful.Identity(WHO), edge.plan).snapshot.attributes["tier"].value


def test_an_older_fetch_replaces_no_newer_one(edge, store):
    def changes():
        store.then = []
        store.put_profile(Snapshot(WHO, NOON_US, {"tier": Observation("gold", Source.STATED, NOON_US)}))
        edge.warm(WHO)

    store.put_profile(Snapshot(WHO, NOON_US, {"tier": Observation("iron", Source.STATED, NOON_US)}))
    store.then = [changes]
    edge.warm(WHO)
    assert tier(edge) == "gold"


def test_a_customer_who_was_let_go_meanwhile_is_fetched_once_more(edge, store):
    def changes():
        store.then = []
        store.put_profile(Snapshot(WHO, NOON_US, {"tier": Observation("gold", Source.STATED, NOON_US)}))
        edge.forget(WHO)

    store.then = [changes]
    assert edge.warm(WHO)
    assert tier(edge) == "gold"


def test_a_customer_who_changes_all_the_time_is_not_kept(edge, store):
    fetched = []

    def changes():
        fetched.append(1)
        edge.forget(WHO)

    store.then = [changes] * 99
    edge.warm(WHO)
    assert len(fetched) == 6  # three times, each with a profile and contacts
    assert edge.status()["customers_here"] == 0


def test_more_than_can_be_kept_is_fetched_once_more(edge, store, monkeypatch):
    def much():
        for number in range(5):
            edge.observe(WHO, "click", id=str(number))

    monkeypatch.setattr(loading, "_HEARD_MAX", 3)
    read = []
    store.then = [lambda: None, much, lambda: read.append(1)]
    edge.warm(WHO)
    assert read == [1]
    assert edge.status()["customers_here"] == 1
    assert edge._snapshots._loads._under_way == set()


def test_a_source_that_fails_leaves_nothing_under_way(edge, store):
    store.then = [lambda: 1 / 0]
    with pytest.raises(ZeroDivisionError):
        edge.warm(WHO)
    assert edge._snapshots._loads._under_way == set()


MUTANTS = [
    ("engine.snapshot", "self._loads.heard(contact, key)", "pass"),
    ("engine.noes", "noes.update((one, max(at_us, noes.get(one, at_us))) for one in scopes)", "pass"),
    ("engine.snapshot", "self._noes.apply({customer, found.stands_for}, found)", "pass"),
    ("engine.snapshot", "self._left[customer] = here.counters", "pass"),
    (
        "engine.snapshot",
        "(self._here, self._left, self._unread):",
        "(self._here, self._unread):",
    ),
    ("engine.snapshot", "(self._here, self._left, self._unread):", "(self._here, self._left):"),
    ("engine.snapshot", "self._loads.lose()  # what is forgotten", "pass  # what is forgotten"),
    ("engine.left", "if reservations(gone.counters, gone.loaded_us):", "if False:"),
    ("engine.snapshot", "self._left.let_go(plan, self._lock)", "pass"),
    ("engine.snapshot", "self._unread.pop(customer, None)", "pass"),
    ("engine.opting", "self.snapshots.withdraw(same, purposes, now_us, channel)", "pass"),
    ("engine.opting", "self.snapshots.withdraw(same, purposes, at_us, channel)", "pass"),
    ("engine.snapshot", "self._loads.changed(customer)", "pass"),
    ("engine.snapshot", "if before is not None and before.number > load.number:", "if False:"),
    ("engine.snapshot", "found.counters = joined(counters, found.counters, now_us)", "pass"),
    ("engine.snapshot", "return self._fetch.household(customer)", "return None"),
    ("engine.snapshot", "self._households.clear()", "pass"),
    ("engine.snapshot", "is_done = not load.is_stale(customer)", "is_done = True"),
    ("engine.loading", "if key == here.household", "if False"),
    ("engine.loading", "if one.customer == customer", "if False"),
    ("engine.loading", "return self.lost or", "return"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]}")
def test_a_mutant_is_caught(mutant, policy):
    with mutated(Mutant(*mutant)):
        assert any(fails(check, policy, known) for check in CHECKS for known in (False, True)), "nobody noticed"


def fails(check, policy, known):
    clock = FakeClock()
    store = Pausing(clock)
    with opened(policy, store, clock) as edge, pytest.MonkeyPatch.context() as patch:
        there = {"edge": edge, "store": store, "clock": clock, "policy": policy, "known": known, "monkeypatch": patch}
        there["what"] = "add_consent"
        try:
            check(**{name: there[name] for name in inspect.signature(check).parameters})
        except (AssertionError, tactful.TactfulError):
            return True
    return False


CHECKS = [
    test
    for name, test in list(globals().items())
    if name.startswith("test_") and "store" in inspect.signature(test).parameters
]


def test_the_checks_pass_without_a_mutant(policy):
    assert [check.__name__ for check in CHECKS for known in (False, True) if fails(check, policy, known)] == []
    assert len(CHECKS) >= 10
