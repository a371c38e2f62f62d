"""Asks a plugin's code, and waits only so long. What the code raises ends here; a hang costs a thread, not a page.

No decision waits for it: plugins are asked when a plan is built, while the last good plan goes on deciding. Code that
never lets go of the interpreter, or that changes the library itself, cannot be held inside one process.
"""

import os
import weakref
from collections.abc import Callable
from contextvars import copy_context
from threading import Lock, Thread
from typing import Final, TypeVar

from .errors import PluginError

#: The longest that a plugin is waited for [s]: many times what our slowest needs for a hundred thousand offers.
PATIENCE_S: Final = 60.0
_WORDS_MAX_CHARS: Final = 500
_Answer = TypeVar("_Answer")
_turns: "weakref.WeakSet[Turn]" = weakref.WeakSet()


class Unanswered(PluginError):
    """A plugin's code has not come back; what it raises itself is never this one."""


class Turn:
    """Held while one plugin's code runs. In a forked child none of it runs, so there nobody holds it."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        """Begin with nobody's turn."""
        self.reset()
        _turns.add(self)

    def reset(self) -> None:
        """Begin anew, in a forked child."""
        self._lock = Lock()

    def acquire(self, timeout: float) -> bool:
        """Wait for the turn for so long [s]; return whether it has come."""
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        """Let the next one have the turn."""
        self._lock.release()


def ask(question: Callable[[], _Answer], turn: Turn, patience_s: float = PATIENCE_S) -> _Answer:
    """
    Return the answer to a question that runs a plugin's code.

    The code runs in a thread of its own, so that it can be left behind, and so that a `SystemExit` of the plugin is
    not the program's while a user's Ctrl-C is.

    Args:
        question: Runs the code, and gives plain values alone.
        turn: Held while the code runs: a plugin that hangs is left behind once, and not asked again.
        patience_s: The longest wait [s].

    Raises:
        Unanswered: If the code does not come back in time.
        PluginError: If it raises anything. Of an error that is no `PluginError` it names the class, never the message,
            which may hold anything.
    """
    if not turn.acquire(timeout=patience_s):
        raise Unanswered("it has not come back from an earlier question")
    answers: list[_Answer | PluginError] = []
    here = copy_context()  # whether the work goes in pieces, for one

    def run() -> None:
        try:
            answers.append(here.run(_outcome, question))
        finally:
            turn.release()

    thread = Thread(target=run, name="tactful-plugin", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        turn.release()
        raise PluginError("it could not be asked: no thread can be started") from None
    thread.join(patience_s)
    if not answers:
        raise Unanswered(f"it did not come back within {patience_s:g} s")
    answer = answers[0]
    if isinstance(answer, PluginError):
        raise answer
    return answer


def _outcome(question: Callable[[], _Answer]) -> _Answer | PluginError:
    try:
        try:
            return question()
        except PluginError as error:  # its words are for people, and may be a plugin's
            return PluginError(_line(str(error)))
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, even SystemExit
        return PluginError(f"it raised {_line(type(error).__name__)}")


def _line(words: str) -> str:
    """Return words as one line that can stand in a log."""
    return "".join(char if char.isprintable() else " " for char in words[:_WORDS_MAX_CHARS]).strip()


def _in_child() -> None:
    for turn in list(_turns):
        turn.reset()


os.register_at_fork(after_in_child=_in_child)
