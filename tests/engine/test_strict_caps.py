"""Strict caps: all edges together keep within them; what is not confirmed lapses; without room they are reached."""

import json
import os
import subprocess
import sys
import time

import attrs
import pytest

import tactful
from tactful import Always, Cap, Counted, Rolling
from tactful.strict import MemoryStrictCaps

from .conftest import offer
from .test_decide import shown
from .test_limits_act import reasons

WEEK = Rolling(7 * 86_400)


def budget(count=3, window=WEEK, **more):
    more = {"of": "offer", "per": "everyone", "strict": True, **more}
    return lambda c: Always(
        Cap(c.where(lambda e: e.offer.id == "olives"), count, window, **more), "a budget", id="budget"
    )


@pytest.fixture
def shop(policy):
    return attrs.evolve(policy, offers=(offer("olives", value=9.0), offer("bread"), offer("rice")))


@pytest.fixture
def centre(clock):
    return MemoryStrictCaps(clock)


@pytest.fixture
def branch(open_edge, shop, clock):
    """Give a function that opens an edge with a store of its own, in which Ann is known."""

    def opening(rule, **options):
        store = tactful.MemoryStore(clock=clock)
        store.put_profile(tactful.Snapshot("ann", clock(), {}))
        return open_edge(rule, changed=shop, store=store, **options)

    return opening


def sell(edge, times=1, who="ann"):
    """Decide and show so many times; return how often it was olives."""
    sold = 0
    for _ in range(times):
        decision = edge.decide("hero", who)
        sold += shown(decision) == ["olives"]
        edge.record(decision)
    return sold


@pytest.mark.parametrize(("strict", "sold"), [(True, 3), (False, 6)])
def test_edges_keep_a_strict_cap_together_and_others_each_alone(branch, centre, strict, sold):
    edges = [branch(budget(strict=strict), strict=centre) for _ in range(2)]

    assert sum(sell(edge) for _ in range(5) for edge in edges) == sold


def test_each_customer_and_household_has_room_of_its_own(branch, centre, clock):
    edges = [branch(budget(2, per="customer"), strict=centre) for _ in range(2)]
    for edge in edges:
        edge._store.put_profile(tactful.Snapshot("bob", clock(), {}))

    assert [sum(sell(edge, 3, who) for edge in edges) for who in ("ann", "bob")] == [2, 2]


def test_households_share_their_room(branch, centre):
    edges = [branch(budget(2, per="household"), strict=centre) for _ in range(2)]
    for edge in edges:
        for who in ("ann", "bob"):
            edge._store.link({"household": "h1"}, customer=who)

    assert sum(sell(edge, 2, who) for edge in edges for who in ("ann", "bob")) == 2


def test_what_is_not_confirmed_lapses_and_what_was_shown_counts_on(branch, centre, clock, shop):
    hold_s = 2 * shop.values.reserve_s
    edge, other = branch(budget(1), strict=centre), branch(budget(1), strict=centre)
    decision = edge.decide("hero", "ann")
    assert (shown(decision), shown(other.decide("hero", "ann"))) == (["olives"], ["bread"])

    clock.pass_s(hold_s - 1)
    assert shown(other.decide("hero", "ann")) == ["bread"]
    clock.pass_s(1)
    again = other.decide("hero", "ann")
    assert shown(again) == ["olives"]

    other.record(again)
    clock.pass_s(WEEK.length_s - 1)
    assert shown(edge.decide("hero", "ann", preview=True)) == ["bread"]
    clock.pass_s(1 + hold_s)
    assert shown(edge.decide("hero", "ann", preview=True)) == ["olives"]


def test_what_was_shown_and_told_late_counts_all_the_same(branch, centre, clock, shop):
    edge, other = branch(budget(1), strict=centre), branch(budget(1), strict=centre)
    decision = edge.decide("hero", "ann")
    clock.pass_s(2 * shop.values.reserve_s + 1)

    edge.record(decision)

    assert shown(other.decide("hero", "ann")) == ["bread"]


def test_a_token_confirms_in_any_process(branch, centre, clock, shop):
    edge = branch(budget(1), strict=centre)
    other = branch(budget(1), strict=centre, token_key=edge._seal.key)
    token = edge.decide("hero", "ann").token

    other.record(token)
    clock.pass_s(2 * shop.values.reserve_s + 1)

    assert shown(edge.decide("hero", "ann")) == ["bread"]


def test_a_preview_takes_no_room(branch, centre):
    edge = branch(budget(1), strict=centre)

    assert [shown(edge.decide("hero", "ann", preview=True)) for _ in range(3)] == [["olives"]] * 3
    assert edge.status()["strict_room_in_hand"] == 1


def test_a_page_takes_no_more_than_is_in_hand(open_edge, shop, clock, centre):
    wide = lambda c: Always(Cap(c.all, 2, WEEK, of="all", per="everyone", strict=True), "", id="budget")  # noqa: E731
    edge = open_edge(wide, changed=shop, strict=centre)
    assert len(shown(edge.decide("rows"))) == 2
    assert shown(edge.decide("rows")) == []


class Away(MemoryStrictCaps):
    """A centre that can be out of reach."""

    away = False

    def reserve(self, asks):
        self._reached()
        return super().reserve(asks)

    def confirm(self, units):
        self._reached()
        return super().confirm(units)

    def _reached(self):
        if self.away:
            raise tactful.StoreError("no way to the centre")


def eventually(holds):
    end_s = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_without_a_centre_strict_caps_are_reached(open_edge, shop, clock):
    class Plain:
        """A store that keeps no room."""

        def __init__(self):
            self._store = tactful.MemoryStore(clock=clock)

        def __getattr__(self, name):
            if name in ("reserve", "confirm", "release"):
                raise AttributeError(name)
            return getattr(self._store, name)

    edge = open_edge(budget(), changed=shop, store=Plain())
    assert shown(edge.decide("hero")) == ["bread"]
    assert "house.budget.strict" in reasons(edge.decide("hero"), "olives")


def test_a_centre_out_of_reach_withholds_and_comes_back(branch, clock):
    centre = Away(clock)
    centre.away = True
    edge = branch(budget(1), strict=centre)
    edge._rooms._inline = False

    assert shown(edge.decide("hero", "ann")) == ["bread"]
    centre.away = False

    def sold():
        clock.pass_s(2)
        return shown(edge.decide("hero", "ann", preview=True)) == ["olives"]

    eventually(sold)


def test_a_centre_in_the_process_that_raises_withholds_what_its_caps_limit_alone(branch, clock):
    class Broken(MemoryStrictCaps):
        def reserve(self, asks):
            raise ZeroDivisionError

    edge = branch(budget(), strict=Broken(clock))
    decision = edge.decide("hero", "ann")
    assert shown(decision) == ["bread"]
    assert reasons(decision, "olives") == ["house.budget.strict"]


def test_what_could_not_be_told_is_told_when_the_centre_is_back(branch, clock, shop):
    centre = Away(clock)
    edge = branch(budget(1), strict=centre)
    decision = edge.decide("hero", "ann")
    centre.away = True

    assert edge.record(decision)
    assert edge.status()["strict_confirmations_waiting"] == 1
    centre.away = False
    eventually(lambda: edge.status()["strict_confirmations_waiting"] == 0)

    clock.pass_s(2 * shop.values.reserve_s + 1)
    assert shown(branch(budget(1), strict=centre).decide("hero", "ann")) == ["bread"]


def test_an_edge_that_closes_gives_back_what_it_has_not_used(branch, centre):
    with branch(budget(1), strict=centre) as edge:
        edge.decide("hero", "ann", preview=True)
        assert shown(branch(budget(1), strict=centre).decide("hero", "ann")) == ["bread"]

    assert shown(branch(budget(1), strict=centre).decide("hero", "ann")) == ["olives"]


def test_a_forked_child_has_nothing_in_hand(branch, centre):
    edge = branch(budget(1), strict=centre)
    edge.decide("hero", "ann", preview=True)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"%d" % edge.status()["strict_room_in_hand"])
        os._exit(0)
    os.waitpid(child, 0)

    assert (os.read(reading, 9), edge.status()["strict_room_in_hand"]) == (b"0", 1)


def test_warming_reserves_before_anyone_decides(branch, clock):
    centre = MemoryStrictCaps(clock)
    edge = branch(budget(1, per="customer"), strict=centre)
    edge._rooms._inline = False

    assert edge.warm("ann")
    assert shown(edge.decide("hero", "ann")) == ["olives"]


@pytest.mark.parametrize("wrong", [{"counted": Counted("click")}, {"then": "replace"}, {"strict": "yes"}])
def test_what_cannot_be_strict_breaks_the_guardrail(open_edge, shop, wrong):
    edge = open_edge(budget(**wrong), changed=shop)

    assert shown(edge.decide("hero")) == []
    assert "guardrail house: rule 1: " in " ".join(edge.decide("hero").careful)


# What each process does: it waits until all are ready, then decides and shows as fast as it can.
CHILD = """
import sys, tactful
from tests_strict_shop import POLICY, REGISTRY
edge = tactful.open(POLICY[sys.argv[2]], registry=REGISTRY, store=sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
import time
sold = 0
for number in range(60):
    decision = edge.decide("hero")
    if decision.picks and decision.picks[0].offer == "olives":
        sold += 1
        edge.record(decision)
    time.sleep(0.02)
edge.close()
print(sold)
"""
SHOP = """
import attrs, tactful
from tactful import Always, Cap, Rolling
from tactful.offers import Channel, Field, FieldKind, Intent, Offer, Placement, Privacy, Treatment
from tactful.policy import PluginUse, Policy, Values
from tactful.topics import Topic

def offer(id_, value):
    told = Treatment("plain", (("en", (Field("title", FieldKind.TEXT, (id_,)),)),))
    return Offer(id_, Intent.SELL, "food", "offers", (told,), value=value)

@attrs.frozen
class House:
    name = "house"
    strict: bool = True
    def scope(self, catalog): return catalog.all
    def limits(self, catalog):
        olives = catalog.where(lambda e: e.offer.id == "olives")
        limit = Cap(olives, 20, Rolling(86400), of="offer", per="everyone", strict=self.strict)
        yield Always(limit, "a budget", id="budget")
    def sentence(self): return "A budget."

class Plugin:
    @staticmethod
    @tactful.hookimpl
    def tactful_guardrails(): return [House]

REGISTRY = tactful.Registry.of(Plugin())
POLICY = {
    word: Policy(
        name="shop", values=Values(), channels=(Channel("web", Privacy.PRIVATE),),
        placements=(Placement("hero", "web", 1, fallback=(("title", "Welcome"),)),), topics=(Topic("food"),),
        purposes=(tactful.Purpose("offers"),), attributes=(), offers=(offer("olives", 9.0), offer("bread", 1.0)),
        guardrails=(PluginUse("house", settings={"strict": word == "strict"}),),
    )
    for word in ("strict", "loose")
}
"""


@pytest.mark.parametrize("word", ["strict", "loose"])
def test_processes_keep_a_strict_budget_to_the_last_one_and_overshoot_another(tmp_path, word):
    (tmp_path / "tests_strict_shop.py").write_text(SHOP, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *(one for one in sys.path if one)])
    command = [sys.executable, "-c", CHILD, f"sqlite:///{tmp_path / 'edge.db'}", word]
    children = [
        subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    assert [child.stdout.readline() for child in children] == ["ready\n"] * 4
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()

    sold = sum(json.loads(child.communicate()[0]) for child in children)

    assert 0 < sold <= 20 if word == "strict" else sold > 20
