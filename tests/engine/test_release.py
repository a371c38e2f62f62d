"""The room of one decision is given back, and nothing else; and who is let go reopens no cap of a household."""

import pytest
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful.authoring import compile_files
from tactful.clock import SECOND_US
from tactful.strict import MemoryStrictCaps

NOW_US = 1_700_000_000 * SECOND_US
POLICY = """
channels: {web: semi-private}
identifiers: {household: household}
placements: {hero: {channel: web, fallback: {title: Welcome}}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
guardrails: {overcrowding: {after_purchase: 0, after_complaint: 0}}
caps: {a: {count: 2, within: 24h, of: offer, per: PER}}
offers:
  bread: {intent: sell, topic: food, value: 3, treatments: Bread}
"""
PER = ["customer", "household", "everyone", "customer, strict: true"]


class Shop:
    """An edge over a store, at a moment that stands, where two of a household are customers."""

    def __init__(self, per):
        self.now_us = NOW_US
        clock = lambda: self.now_us  # noqa: E731 - shorter so
        self.store = tactful.MemoryStore(clock=clock)
        self.centre = MemoryStrictCaps(clock)
        for who in ("ann", "bob"):
            self.store.link({"household": "home"}, customer=who)
        policy = compile_files({"policy.yaml": POLICY.replace("PER", per).encode()})
        self.edge = tactful.open(
            policy,
            store=self.store,
            strict=self.centre,
            clock=clock,
        )
        self.edge.warm("ann")
        self.edge.warm("bob")

    def page(self, who="ann", view=None):
        """Decide a page."""
        return self.edge.decide("hero", who, view=view)

    def left(self, who="ann"):
        """Return how many more pages show something, and show them."""
        self.edge.warm(who)
        return sum(bool(self.page(who).picks) for _ in range(3))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.edge.close()


def the_room_of_one_decision_is_given_back(per):
    with Shop(per) as shop:
        kept, gone = shop.page(), shop.page()
        shop.edge.release(gone)
        return bool(kept.picks and gone.picks) and shop.left() == 1


def a_token_will_do(per):
    with Shop(per) as shop:
        shop.page()
        shop.edge.release(shop.page().token)
        return shop.left() == 1


def twice_is_as_once(per):
    with Shop(per) as shop:
        shop.page()
        gone = shop.page()
        shop.edge.release(gone)
        shop.edge.release(gone)
        return shop.left() == 1


def what_was_recorded_stays(per):
    with Shop(per) as shop:
        shown = [shop.page(), shop.page()]
        for decision in shown:
            shop.edge.record(decision)
            shop.edge.release(decision)
        return shop.left() == 0


def what_was_shown_and_could_not_be_kept_stays(per):
    with Shop(per) as shop, pytest.MonkeyPatch.context() as full:
        shown = [shop.page(), shop.page()]
        full.setattr(shop.store, "record", fails)
        for decision in shown:
            with pytest.raises(tactful.StoreError):
                shop.edge.record(decision)
            shop.edge.release(decision)
        return "strict" in per or shop.left() == 0  # the centre is told of what was kept alone


def fails(*_):
    raise tactful.StoreError("the disk is full")


def a_view_is_decided_anew(per):
    with Shop(per) as shop:
        first = shop.page(view="page")
        shop.edge.release(first)
        second = shop.page(view="page")
        return second is not first and bool(second.picks) and shop.left() == 1


def also_of_who_is_here_no_more(per):
    with Shop(per) as shop:
        shop.page()
        gone = shop.page()
        shop.edge.forget("ann")
        shop.edge.release(gone)
        return shop.left() == 1


def also_under_a_new_policy(per):
    with Shop(per) as shop:
        shop.page()
        gone = shop.page()
        shop.edge.update(shop.edge.plan.policy)
        shop.edge.release(gone)
        return shop.left() == 1


def who_is_let_go_reopens_no_cap_of_the_household(per):
    with Shop(per) as shop:
        both = [shop.page(), shop.page("bob")]
        shop.edge.let_go("ann")
        return all(one.picks for one in both) and (per != "household" or (shop.left("bob"), shop.left()) == (0, 0))


def let_go_twice_and_under_a_new_policy(per):
    with Shop(per) as shop:
        shop.page()
        shop.page("bob")
        shop.edge.let_go("ann")
        shop.edge.update(shop.edge.plan.policy)
        shop.edge.let_go("ann")
        return per != "household" or shop.left() == 0


def the_room_lapses_all_the_same(per):
    with Shop(per.partition(",")[0]) as shop:
        shop.page()
        shop.page()
        shop.edge.let_go("ann")
        shop.now_us += 1801 * SECOND_US
        return shop.left() == 2


def what_is_kept_names_nobody(per):
    with Shop(per) as shop:
        shop.edge.record(shop.page())
        shop.page()
        shop.edge.let_go("ann")
        kept = shop.edge._snapshots._households.left
        taken = [one.contact() for counters in kept.values() for one in counters.kept()[0]]
        names = {name for one in taken for name in (one.customer,)} | {text for text in kept if isinstance(text, str)}
        return len(kept) == (per == "household") and names <= {""}


CHECKS = [
    the_room_of_one_decision_is_given_back,
    a_token_will_do,
    twice_is_as_once,
    what_was_recorded_stays,
    what_was_shown_and_could_not_be_kept_stays,
    a_view_is_decided_anew,
    also_of_who_is_here_no_more,
    also_under_a_new_policy,
    who_is_let_go_reopens_no_cap_of_the_household,
    let_go_twice_and_under_a_new_policy,
    the_room_lapses_all_the_same,
    what_is_kept_names_nobody,
]


@pytest.mark.parametrize("per", PER)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_room_is_given_back_for_one_decision_alone(check, per):
    assert check(per)


def test_of_who_is_erased_no_room_of_the_household_stays():
    with Shop("household") as shop:
        shop.page()
        shop.edge.let_go("ann")
        shop.edge.rights.erase("ann")
        assert not shop.edge._snapshots._households.left


def test_a_centre_that_is_away_keeps_the_room_until_it_lapses(monkeypatch, caplog):
    with Shop(PER[3]) as shop:
        gone = shop.page()
        monkeypatch.setattr(shop.centre, "release", fails)
        shop.edge.release(gone)
        assert "ann" not in caplog.text
        assert "could not be given back" in caplog.text


MUTANTS = [
    ("engine.count", "and self._kept[one].until_us < NEVER_US]", "]"),
    ("engine.count", "for id_ in [one for one in ids if", "for id_ in [one for one in () if"),
    ("engine.households", "taken = counters.reservations(now_us)", "taken = []"),
    (
        "engine.households",
        "taken = counters.reservations(now_us)",
        "taken = [one.contact() for one in counters.kept()[0]]",
    ),
    ("engine.households", "add(household, reservations(room, now_us), now_us)", "pass"),
    ("engine.households", "self.left[self._mark(key)] = room", "self.left[repr(key)] = room"),
    ("engine.budgets", "not (isinstance(held.what, Contact) and held.what.treatment)", "True"),
    ("engine.snapshot", "self._left.get(customer) if here is None else here.counters", "here and here.counters"),
    ("engine.snapshot", "(own, None if key is None else self._households.get(key))", "(own,)"),
    ("engine.snapshot", "self._households.leave(home, now_us)", "self._households.pop(home, None)"),
    ("engine.edge", "self._views.forget_decision(receipt.decision)", "pass"),
    ("engine.edge", "self._tail.release(ids)", "pass"),
    ("engine.edge", "self._rooms.release([", "list(["),
    ("engine.confirming", "centre.release([unit for unit in units if unit not in waiting])", "pass"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[1]} -> {mutant[2]}")
def test_a_mutant_is_caught(mutant):
    with mutated(Mutant(*mutant)):
        assert not all(check(per) for check in CHECKS for per in PER), "nobody noticed"
