"""An edge's word to its centre: how far it is, now and then, and never in the way of anything."""

import itertools
import time
from contextlib import contextmanager

import pytest
from tests.differential.mutating import twin
from typer.testing import CliRunner

import tactful
from tactful import CentreError, Consents, MemoryCentre, MemoryStore, SyncOptions, UsageError, acknowledging
from tactful.acknowledging import KEPT_IN_MEMORY_S, KEPT_S, behind, edges_in, keeps
from tactful.authoring import compile_files
from tactful.cli.app import app
from tactful.relay.folder import FolderCentre
from tactful.sync import acknowledge
from tactful.sync.account import Account
from tactful.sync.late_centre import LateCentre
from tactful.testing.store_kit import yes
from tactful_adapters.sqlite import SQLiteStore

POLICY = compile_files(
    {
        "shop.yaml": b"""\
name: shop
channels: {web: private}
placements: {page: {channel: web, slots: 1}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}}
offers: {bread: {intent: sell, topic: food, purpose: offers, treatments: Bread}}
"""
    }
)


class Hears(MemoryCentre):
    """A centre that counts what it is told of edges, and may refuse it."""

    def __init__(self):
        super().__init__()
        self.heard, self.refuses = [], False

    def acknowledge(self, edge, reached, keep_s):
        self.heard.append((edge, dict(reached), keep_s))
        if self.refuses:
            raise CentreError("the account may only read", code="centre-forbidden")
        super().acknowledge(edge, reached, keep_s)


class Teller:
    """What tells, with a clock and lines of its own."""

    def __init__(self, module=acknowledge, store=None, name="till"):
        self.centre, self.now_s, self.epochs = Hears(), 0.0, {"consents": 0, "profiles": 0}
        for who in range(50):
            self.centre.put_consents(str(who), Consents((yes(1),), 1))
        self.account = Account(lambda: int(self.now_s * 10**6))
        self.tells = module.Acknowledge(
            store or MemoryStore(), self.centre, self.account, name, clock_s=lambda: self.now_s
        )

    def at(self, now_s, consents=None, *, by_hand=False):
        self.now_s = now_s
        self.epochs["consents"] = self.epochs["consents"] if consents is None else consents
        before = len(self.centre.heard)
        self.tells.tell(self.epochs.__getitem__, by_hand=by_hand)
        return len(self.centre.heard) - before


def what_is_new_is_told_seldom(module):
    """At most every five seconds, and then the newest."""
    one = Teller(module)
    told = [one.at(tenth / 10, consents=tenth // 7) for tenth in range(300)]
    assert sum(told) == 6
    assert one.centre.acknowledged()["till", "consents"].epoch == 250 // 7


def what_is_not_new_is_told_once_a_minute(module):
    one = Teller(module)
    assert sum(one.at(float(second)) for second in range(600)) == 10


def by_hand_what_is_new_is_told_at_once(module):
    one = Teller(module)
    assert [one.at(0.0, n, by_hand=True) for n in (0, 1, 1, 2)] == [1, 1, 0, 1]


def what_goes_back_is_told(module):
    """A store that was restored has the erased customer again."""
    one = Teller(module)
    assert [one.at(0.0, 3), one.at(6.0, 1)] == [1, 1]
    assert one.centre.acknowledged()["till", "consents"].epoch == 1


def who_may_not_is_left_alone(module):
    """It is tried seldom, says why, harms nothing, and goes on when it may."""
    one = Teller(module)
    one.centre.refuses = True
    tries = [second for second in range(0, 4 * 3_600, 2) if one.at(float(second))]
    assert 4 < len(tries) < 20
    assert one.at(float(tries[-1] + 1), 7, by_hand=True) == 0
    assert all(later - earlier >= 60 for earlier, later in itertools.pairwise(tries))
    status = one.tells.status()
    assert (status["kept"], status["last_error"], status["says"]) == (
        True,
        "centre-forbidden",
        "the account may only read",
    )
    one.centre.refuses = False
    assert one.at(10**5) == 1
    assert one.tells.status()["last_error"] == ""


def a_store_in_memory_is_gone_sooner(module):
    """Else each start of a process would be on the list for three months."""
    keep_s = []
    for name in ("", "till"):
        one = Teller(module, name=name)
        one.at(0.0)
        keep_s.append(one.centre.heard[0][2])
    assert keep_s == [KEPT_IN_MEMORY_S, KEPT_S]


PROMISES = [
    what_is_new_is_told_seldom,
    what_is_not_new_is_told_once_a_minute,
    by_hand_what_is_new_is_told_at_once,
    what_goes_back_is_told,
    who_may_not_is_left_alone,
    a_store_in_memory_is_gone_sooner,
]


@pytest.mark.parametrize("promise", PROMISES)
def test_an_edge_says_how_far_it_is(promise):
    promise(acknowledge)


MUTANTS = {
    "each step": ("now_s < self._next_s and not by_hand", "False"),
    "never when nothing is new": ("and now_s < self._idle_s", ""),
    "always": ("if epochs == self._told and now_s < self._idle_s:", "if False:"),
    "not by hand": (" and not by_hand", ""),
    "the highest": ("{line: reached(line)", "{line: max(reached(line), (self._told or {}).get(line, 0))"),
    "raises": ("            self._account.failed(error)\n", "            raise\n"),
    "tries on": ("max(IDLE_S, self._backoff.after(error))", "EVERY_S"),
    "says nothing": ("            self._account.failed(error)\n", ""),
    "for ever": ("KEPT_IN_MEMORY_S if", "KEPT_S if"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_promise_is_seen_to_be_broken(name):
    old, new = MUTANTS[name]
    mutant = twin(acknowledge, old, new)
    assert any(breaks(promise, mutant) for promise in PROMISES)


def breaks(promise, mutant):
    try:
        promise(mutant)
    except (AssertionError, CentreError):
        return True
    return False


# In an edge


def test_an_erasure_is_pending_until_the_edge_has_it(tmp_path):
    centre = MemoryCentre()
    for who in ("ann", "bob"):
        centre.put_consents(who, Consents((yes(1),), 1))
    store = SQLiteStore(tmp_path / "edge.db")
    options = SyncOptions(threads=False, edge="till 3")
    with store, tactful.open(POLICY, store=store, centre=centre, sync=options) as edge:
        edge.sync()
        centre.erase("ann")
        epochs = centre.line_epochs()
        assert behind("till 3", centre.acknowledged(), epochs) == f"consents 2 of {epochs['consents']}"
        edge.sync()
        assert behind("till 3", centre.acknowledged(), epochs) == ""
        assert store.consents("ann") is None
        assert edge.status()["centre"]["acknowledging"]["edge"] == "till 3"


def test_a_line_that_fails_is_not_said_to_be_there(tmp_path):
    class Torn(Hears):
        def changes(self, line, after, count):
            if line == "profiles":
                raise CentreError("torn")
            return super().changes(line, after, count)

    centre = Torn()
    with tactful.open(POLICY, store=MemoryStore(), centre=centre, sync=SyncOptions(threads=False)) as edge:
        edge.sync()
        assert centre.heard == []


def test_a_centre_that_refuses_the_word_is_followed_all_the_same(caplog):
    centre = Hears()
    centre.refuses = True
    centre.put_consents("ann", Consents((yes(1),), 1))
    with tactful.open(POLICY, store=MemoryStore(), centre=centre, sync=SyncOptions(threads=False)) as edge:
        assert (dict(edge.sync().errors), edge.sync().consents) == ({}, 0)
        state = edge.status()["centre"]
        assert (state["ready"], state["consents"]["epoch"], state["consents"]["last_error"]) == (True, 1, "")
        assert state["acknowledging"]["last_error"] == "centre-forbidden"
    assert caplog.text == ""


def test_threads_say_it_by_themselves(tmp_path):
    centre = MemoryCentre()
    centre.put_consents("ann", Consents((yes(1),), 1))
    with tactful.open(POLICY, store=MemoryStore(), centre=centre, sync=SyncOptions(poll_s=0.05, edge="till")):
        until = time.monotonic() + 20
        while not edges_in(centre.acknowledged()) and time.monotonic() < until:
            time.sleep(0.01)
        assert edges_in(centre.acknowledged()) == ("till",)


@contextmanager
def opened(path, centre):
    """Give an edge with a file, which follows by hand."""
    with (
        SQLiteStore(path) as store,
        tactful.open(POLICY, store=store, centre=centre, sync=SyncOptions(threads=False)) as edge,
    ):
        yield edge


def test_the_name_that_was_drawn_stays_with_the_store_and_tells_nothing(tmp_path):
    centre, names = Hears(), set()
    for _ in range(2):
        with opened(tmp_path / "edge.db", centre) as edge:
            edge.sync()
            names.add(edge.status()["centre"]["acknowledging"]["edge"])
    (name,) = names
    assert name.startswith("edge-")
    assert set(name[5:]) <= set("0123456789abcdef")
    with opened(tmp_path / "other.db", centre) as edge:
        edge.sync()
    assert len(edges_in(centre.acknowledged())) == 2


@pytest.mark.parametrize("name", ["two\nlines", "x" * 101])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(UsageError, match="edge has at most 100 printable characters"):
        SyncOptions(edge=name)


def test_a_folder_keeps_nobody_and_the_status_says_so(tmp_path):
    centre = FolderCentre(tmp_path)
    assert keeps(centre) is None
    with tactful.open(POLICY, store=MemoryStore(), centre=centre, sync=SyncOptions(threads=False)) as edge:
        edge.sync()
        told = edge.status()["centre"]["acknowledging"]
        assert (told["kept"], told["says"]) == (False, "this centre keeps no record of who follows it")
    centre.close()


def test_a_folder_has_no_list_and_the_command_says_so(tmp_path):
    ended = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["fleet", "--centre", f"file://{tmp_path}"])
    assert (ended.exit_code, "FolderCentre keeps no record of who follows it" in ended.output) == (2, True)


def test_a_centre_that_is_opened_later_is_told_then():
    inner, late = MemoryCentre(), LateCentre(lambda: inner)
    assert keeps(late) is None
    late.changes("consents", 0, 1)
    assert keeps(late) is inner


def test_edges_are_bounded(monkeypatch):
    monkeypatch.setattr("tactful.memory_centre.EDGES_MAX", 3)
    ticks = iter(range(1, 99))
    centre = MemoryCentre(clock=lambda: next(ticks))
    for name in ("a", "b", "a", "c", "d"):
        centre.acknowledge(name, {"consents": 0, "profiles": 0}, KEPT_S)
    assert edges_in(centre.acknowledged()) == ("a", "c", "d")
    assert acknowledging.EDGES_MAX == 10_000
