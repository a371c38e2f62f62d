"""Triggers over an edge: events start decisions, and what they choose goes out. It decides nothing itself.

Which event starts what is the policy's to say, so that a new bundle counts from its first event on.

The order is the whole of it. What an event starts is decided once when it comes, so that nothing is kept of who allows
nothing; and once more, with consents and contacts read anew, right before it is handed over. Between the second
decision and the hand-over it is reserved on disk, so that it goes out at most once.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import SystemRandom
from typing import Final

import tactful

from ..journal_file import ForgetIn
from ..whole_text import is_whole
from .journal import Journal, Waiting
from .outbound import Note, Outbound, Outcome
from .results import Sent, Started

_log = logging.getLogger("tactful")
_SECOND_US: Final = 1_000_000
#: The clocks of two hosts differ by less, as the edge has it.
_SKEW_US: Final = 300 * _SECOND_US
#: A note that was not taken waits so long [s], twice as long after each try, up to the most.
_RETRY_S: Final = 30
_RETRY_MAX_S: Final = 3_600
_DOUBLINGS_MAX: Final = 10

_JITTER = SystemRandom().random


def _listed(ports: Mapping[str, Outbound]) -> str:
    return ", ".join(sorted(ports)) or "none"


class Triggers:
    """
    Starts decisions by events, and sends what they choose. Safe under threads.

    An erasure at the edge reaches its journal too, also when all else of it is gone.

    Args:
        edge: What decides; it is not closed.
        ports: Where notes go, by the names of ports in the policy's section `triggers`.
        journal: The journal; it is not closed.
        address: Gives the opaque reference of where a customer gets notes, by customer id and channel; None is nowhere.
        clock: Gives the moment [us since 1970].
        jitter: Gives a number from 0 to 1, so that retries do not come all at once.

    Raises:
        UsageError: If the policy names a port that is not given.
    """

    def __init__(
        self,
        edge: tactful.Edge,
        ports: Mapping[str, Outbound],
        *,
        journal: Journal,
        address: Callable[[str, str], str | None],
        clock: tactful.Clock = tactful.wall_clock,
        jitter: Callable[[], float] = _JITTER,
    ) -> None:
        for one in edge.plan.policy.triggers:
            if one.port not in ports:
                told = f"trigger {one.name}: the policy sends by the port {one.port!r}; ports= has: {_listed(ports)}"
                raise tactful.UsageError(told)
        self._edge, self._ports, self._journal = edge, dict(ports), journal
        self._address, self._clock, self._jitter = address, clock, jitter
        self._sending = threading.Lock()
        edge.rights.attach("triggers", ForgetIn.of(journal.path, Journal))

    def heard(self, events: Iterable[tactful.Event]) -> Mapping[Started, int]:
        """
        Start what events start, after the edge has heard them; return what, and how often.

        Raises:
            StoreError: If the journal cannot keep it; tell the same events again.
            Exception: What the sources raise; likewise.
        """
        return dict(Counter(started for event in events for started in self.start(event)))

    def start(self, event: tactful.Event) -> Sequence[Started]:
        """
        Start what one event starts, by the policy as it is now; return what became of each trigger, at least one thing.

        Nothing is kept unless there is something that may be said, now or later.

        Raises:
            StoreError: If the journal cannot keep it; tell the same event again.
            Exception: What the sources raise; likewise.
        """
        who, asked = self._who(event), self._edge.starts(event)
        if who is None or not asked:
            return (Started.NOT_MAPPED,)
        return tuple(self._start(trigger, event, who, moment) for trigger, moment in asked)

    def _start(
        self,
        trigger: tactful.Trigger,
        event: tactful.Event,
        who: str | Mapping[str, str],
        moment: Mapping[str, object] | None,
    ) -> Started:
        if moment is None:
            return Started.UNMET
        if trigger.port not in self._ports:
            _log.warning("triggers: nothing is sent by the port %s, which is not given", trigger.port)
            return Started.NO_PORT
        now_us = self._clock()
        if event.at_us > now_us + _SKEW_US:
            return Started.AHEAD
        if now_us >= trigger.until_us(event):
            return Started.LATE
        self._edge.warm(who)
        decision = self._edge.decide(trigger.placement, who, moment, preview=True)
        customer = decision.receipt().customer
        if not customer:
            return Started.NOT_MAPPED
        if not decision.picks and not decision.deferred():
            return Started.NOTHING
        key = self._journal.key(trigger.name, event.id)
        note = Waiting(key, trigger.name, who, moment, event.at_us, trigger.until_us(event))
        kept = self._journal.add(note, customer, trigger.count, trigger.within_us)
        return Started(kept)

    def send_due(self) -> Sent:
        """
        Send what is due, each note after a second look; call it every second or so, or let `run` do it.

        Raises:
            StoreError: If the journal or the ledger fail; call it again.
        """
        with self._sending:  # one after the other, so that each counts under the caps before the next is decided
            for key, token in self._journal.unrecorded():
                self._record(key, token)
            now_us = self._clock()
            self._journal.forget_until(now_us - self._longest_us())
            return Sent(**Counter(self._send(note) for note in self._journal.due(now_us)))

    def run(self, stop: threading.Event, *, every_s: float = 1.0) -> None:
        """
        Send what is due until somebody stops it; for a thread of its own.

        Args:
            stop: Set to stop.
            every_s: How often it looks [s].
        """
        while not stop.wait(every_s):
            try:
                self.send_due()
            except Exception as error:  # noqa: BLE001 - the next time it may go better; its message can be personal
                _log.error("triggers: %s", type(error).__name__)

    def forget(self, customer: str) -> int:
        """Drop what is kept of a customer, such as at an erasure; return how many notes that were."""
        return self._journal.forget(customer)

    def _longest_us(self) -> int:
        """Return how long notes are remembered after their end, so that other events count as repeated [us]."""
        return max((trigger.within_us for trigger in self._edge.plan.policy.triggers), default=0)

    def _who(self, event: tactful.Event) -> str | Mapping[str, str] | None:
        kind = self._edge.plan.policy.events.anonymous
        if not is_whole(event.user + event.anonymous):
            return None
        return event.user or ({kind: event.anonymous} if kind and event.anonymous else None)

    def _named(self, name: str) -> tactful.Trigger | None:
        plan = self._edge.plan
        return plan.once("triggers by name", lambda: {one.name: one for one in plan.policy.triggers}).get(name)

    def _looked_again(self, trigger: tactful.Trigger, note: Waiting) -> tactful.Decision:
        """
        Decide once more, with consents and contacts as they are now, in whatever process they changed.

        It takes room under the caps, so that nobody else has it while the note goes out.
        """
        self._edge.forget(note.who)
        self._edge.warm(note.who)
        return self._edge.decide(trigger.placement, note.who, note.moment)

    def _send(self, note: Waiting) -> str:
        """Look again, reserve, hand over and settle one note; return what became of it, by the names of `Sent`."""
        trigger, now_us = self._named(note.trigger), self._clock()
        if trigger is None:
            return self._dropped(note, "held")
        if now_us >= note.until_us:
            return self._dropped(note, "late")
        port = self._ports.get(trigger.port)
        if port is None:
            return self._dropped(note, "nowhere")
        decision = None
        try:
            decision = self._looked_again(trigger, note)
            told = self._told(trigger, note, decision)
            token = "" if told is None else decision.token
        except UnicodeEncodeError:  # an id with half a character: no store and no token keeps it, now or later
            self._release(decision)
            return self._dropped(note, "nowhere")
        except Exception as error:  # noqa: BLE001 - a source of the user's can raise anything: then nobody knows
            _log.warning("triggers: what is known could not be read: %s", type(error).__name__)
            self._release(decision)
            self._journal.postpone(note.key, self._again_us(note, now_us))
            return "unknown"
        if not decision.picks:
            return self._waited(note, decision, now_us)
        if told is None:
            self._release(decision)
            return self._dropped(note, "nowhere")
        if not self._journal.reserve(note.key, token):
            return "already"
        outcome = self._handed_over(port, told)
        if outcome in (Outcome.LATER, Outcome.REFUSED):
            self._release(decision)
        return self._settled(note, outcome, token, now_us)

    def _release(self, decision: tactful.Decision | None) -> None:
        """Give back the room of what did not go out, or it would keep the next note away; what pages hold stays."""
        if decision is not None:
            self._edge.release(decision)

    def _told(self, trigger: tactful.Trigger, note: Waiting, decision: tactful.Decision) -> Note | None:
        """Return what goes out; None if nothing does, or there is no reference to send it to."""
        if not decision.picks:
            return None
        channel = decision.plan.placements[trigger.placement].placement.channel
        to = self._address(decision.receipt().customer, channel)
        if to is None:
            return None
        return Note(note.key.hex(), channel, to, dict(decision.picks[0].content), note.until_us)

    def _waited(self, note: Waiting, decision: tactful.Decision, now_us: int) -> str:
        """Let a note wait as long as a guardrail says; where none says until when, nothing is to be said any more."""
        due_us = min(decision.deferred().values(), default=note.until_us)
        if due_us >= note.until_us:
            return self._dropped(note, "held")
        self._journal.postpone(note.key, max(due_us, now_us + 1))
        return "deferred"

    def _dropped(self, note: Waiting, why: str) -> str:
        self._journal.settle(note.key, "dropped")
        return why

    def _handed_over(self, port: Outbound, note: Note) -> Outcome:
        try:
            return port.send(note)
        except Exception as error:  # noqa: BLE001 - it may have gone out before it failed
            _log.warning("triggers: a note is in doubt: %s", type(error).__name__)
            return Outcome.DOUBTFUL

    def _settled(self, note: Waiting, outcome: Outcome, token: str, now_us: int) -> str:
        if outcome is Outcome.LATER:
            self._journal.release(note.key, self._again_us(note, now_us))
        elif outcome is Outcome.REFUSED:
            self._journal.settle(note.key, "refused")
        else:  # one in doubt counts too: caps that hold back too much do less harm than those that hold back too little
            if outcome is Outcome.TAKEN:
                self._journal.settle(note.key, "sent")
            self._record(note.key, token)
        return "sent" if outcome is Outcome.TAKEN else outcome.value

    def _record(self, key: bytes, token: str) -> None:
        try:
            self._edge.record(token)
        except tactful.TokenError as error:
            _log.warning("triggers: what a note showed can be recorded no more: %s", error.code)
        except UnicodeEncodeError:
            _log.warning("triggers: what a note showed can be recorded by no store: an id has half a character")
        self._journal.recorded(key)

    def _again_us(self, note: Waiting, now_us: int) -> int:
        """Return when to try again [us since 1970]: twice as long after each try, and half to all of that."""
        wait_s = min(_RETRY_S * 2 ** min(note.tries, _DOUBLINGS_MAX), _RETRY_MAX_S)
        return now_us + int(wait_s * (0.5 + self._jitter() / 2) * _SECOND_US)
