"""Long work gives others their turn: how it does, and that no part of taking a bundle forgets it."""

import sys
import threading
from contextlib import ExitStack, contextmanager

import pytest

from tactful import asking, catalog, pieces
from tactful.bench.load.world import World
from tactful.pieces import in_pieces, unhurried


class Watch:
    """A clock on which each look takes a tenth of a piece; it goes on while somebody rests."""

    def __init__(self):
        self.now_ns, self.rests = 0, []

    def perf_counter_ns(self):
        self.now_ns += pieces.PIECE_NS // 10
        return self.now_ns

    def sleep(self, seconds):
        self.rests.append(self.now_ns)
        assert seconds > 0  # only then it leaves the core


@pytest.fixture
def watch(monkeypatch):
    found = Watch()
    monkeypatch.setattr(pieces, "time", found)
    return found


def test_who_hurries_goes_through_without_a_look_at_the_clock(watch):
    assert list(in_pieces(range(100))) == list(range(100))
    assert not watch.now_ns


def test_others_have_their_turn_once_in_a_piece_and_nothing_is_lost(watch):
    with unhurried():
        assert list(in_pieces(range(100))) == list(range(100))
    assert 9 <= len(watch.rests) <= 11
    assert max(late - early for early, late in zip(watch.rests, watch.rests[1:], strict=False)) < 1.3 * pieces.PIECE_NS
    watch.rests.clear()
    list(in_pieces(range(100)))
    assert not watch.rests


def test_loops_inside_one_another_rest_together(watch):
    with unhurried():
        assert sum(1 for _ in in_pieces(range(50)) for _ in in_pieces(range(1))) == 50
    assert 9 <= len(watch.rests) <= 11


def test_only_who_is_unhurried_rests(watch):
    with unhurried():
        other = threading.Thread(target=lambda: list(in_pieces(range(100))))
        other.start()
        other.join()
    assert not watch.rests


def test_a_plugin_that_is_asked_meanwhile_rests_too(watch):
    with unhurried():
        assert asking.ask(lambda: sum(in_pieces(range(100))), asking.Turn()) == 4950
    assert watch.rests


def longest(offers, *, control=None):
    """How many lines of Python are run at most between two looks at the clock, while a bundle is taken."""
    world, counts = World(offers, 5), [0]
    looks = pieces._Turns.between.__code__

    def trace(frame, event, _):
        if frame.f_code is looks:
            counts.append(0)
        elif event == "line":
            counts[-1] += 1
        return trace

    bundle, before = world.bundles.pop(), sys.gettrace()
    with ExitStack() as stack:
        stack.callback(world.close)
        if control is not None:
            stack.enter_context(control)
        threading.settrace(trace)
        sys.settrace(trace)
        try:
            world.edge.update(bundle)
        finally:
            sys.settrace(before)
            threading.settrace(before)
    return max(counts)


@contextmanager
def in_one_go():
    """A catalog that asks for all treatments at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "in_pieces", iter)
        yield


def test_no_part_of_taking_a_bundle_grows_with_the_offers_and_one_that_does_is_found():
    few, many = longest(150), longest(600)
    assert many < 1.5 * few
    with_one = longest(600, control=in_one_go())
    assert with_one > 1.5 * few
