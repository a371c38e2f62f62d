"""What decisions ask for in the background is bounded, harms no decision, and ends with the edge."""

import queue
import threading

from tactful.engine import questions as module
from tactful.engine.questions import Questions


class Full(queue.Queue):
    """A queue with no room, at which another thread asks the same, and in vain too."""

    questions = None

    def put_nowait(self, item):
        self.questions._asked.pop(item[0], None)
        raise queue.Full


def test_two_threads_that_ask_the_same_while_too_many_wait_are_told_so():
    questions = Questions(lambda who, wanted: None)
    questions._waiting = Full()
    questions._waiting.questions = questions
    assert questions.ask("ann") is None


def test_what_waits_when_it_ends_is_dropped():
    fetched, begun, go_on = [], threading.Event(), threading.Event()

    def load(who, wanted):
        fetched.append(who)
        begun.set()
        assert go_on.wait(30)

    questions = Questions(load)
    asked = [questions.ask(who) for who in ("ann", "bob", "cem")]
    assert begun.wait(30)
    closing = threading.Thread(target=questions.close)
    closing.start()
    while not questions._closed:
        pass
    go_on.set()
    closing.join(30)
    assert not questions._thread.is_alive()
    assert fetched == ["ann"]
    assert all(done.is_set() for done in asked)  # nobody waits for what does not come


def test_a_source_that_hangs_does_not_hold_up_the_end_though_all_places_are_taken(monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def load(who, wanted):
        begun.set()
        assert go_on.wait(30)

    monkeypatch.setattr(module, "_QUESTIONS_MAX", 2)
    questions = Questions(load)
    questions.ask("ann")
    assert begun.wait(30)
    asked = [questions.ask(who) for who in ("bob", "cem", "dan")]
    assert asked[2] is None  # there is no place
    closing = threading.Thread(target=questions.close)
    closing.start()
    assert all(done.wait(30) for done in asked[:2])
    go_on.set()
    closing.join(30)
    assert not closing.is_alive()
    assert not questions._thread.is_alive()
