"""Every law of the kit catches a centre that breaks it: a mutant each, and the kit is complete in this."""

import attrs
import pytest

from tactful import Changes, Contact, Delivery, Erased, MemoryCentre
from tactful.graph import MemoryGraph
from tactful.testing import centres
from tactful.testing.centres import CentreConformance

MUTANTS = {}


def breaks(law):
    def keep(mutant):
        MUTANTS[f"test_{law}"] = mutant
        return mutant

    return keep


@breaks("changes_are_told_in_rising_epochs_and_the_newest_word_counts")
class TellsTheFirstWord(MemoryCentre):
    def _tell(self, line, customer, told, *key):
        if key in self._lines[line]:
            told = self._lines[line][key].told
        return super()._tell(line, customer, told, *key)


@breaks("an_answer_is_no_longer_than_asked_and_says_whether_that_is_all")
class AlwaysSaysThatIsAll(MemoryCentre):
    def changes(self, line, after, count):
        return attrs.evolve(super().changes(line, after, count), is_complete=True)


@breaks("lines_are_apart")
class OneLine(MemoryCentre):
    def _tell(self, line, customer, told, *key):
        super()._tell("consents" if line == "profiles" else "profiles", customer, told, *key)
        return super()._tell(line, customer, told, *key)


@breaks("who_is_who_is_told_in_order")
class ForgetsWhatIsUndone(MemoryCentre):
    def unlink(self, identifiers):
        self._graph.unlink(identifiers)
        return self._epochs["profiles"]


@breaks("an_erasure_is_told_in_both_lines_and_nothing_else_of_the_customer")
class ErasesConsentsAlone(MemoryCentre):
    def _tell(self, line, customer, told, *key):
        if isinstance(told, Erased) and line == "profiles":
            return 0
        return super()._tell(line, customer, told, *key)


@breaks("a_withdrawal_that_is_accepted_is_in_the_line")
class KeepsWithdrawalsToItself(MemoryCentre):
    def _hear(self, event):
        if event.event != "withdrawal":
            super()._hear(event)


@breaks("a_yes_is_in_the_line_as_it_was_given")
class TakesAnyTickForAYes(MemoryCentre):
    def _hear(self, event):
        super()._hear(attrs.evolve(event, tags=(event.tags[0], "explicit")) if event.event == "opt_in" else event)


@breaks("events_take_effect_once_and_in_any_order")
class TakesTheTimeOfArrival(MemoryCentre):
    def deliver(self, events):
        now_us = max((one.at_us for one in self.events), default=0) + 1
        return super().deliver([attrs.evolve(event, at_us=now_us) for event in events])


@breaks("a_time_that_is_ahead_counts_from_its_arrival")
class BelievesEveryClock(MemoryCentre):
    def _hear(self, event):
        self._clock = lambda: event.at_us
        super()._hear(event)


@breaks("what_is_said_of_one_customer_at_once_is_all_kept")
class KeepsTheLastWordAlone(MemoryCentre):
    def _hear(self, event):
        self._consents.pop(event.customer, None)
        super()._hear(event)


@breaks("a_no_reaches_every_id_that_is_the_same_customer")
class HearsOneIdAlone(MemoryCentre):
    def _hear(self, event):
        graph, self._graph = self._graph, MemoryGraph(self._rules)
        super()._hear(event)
        self._graph = graph


@breaks("a_partner_s_notice_is_no_word_on_consents")
class TakesNoticesForWithdrawals(MemoryCentre):
    def _hear(self, event):
        super()._hear(attrs.evolve(event, owner="") if isinstance(event, Contact) else event)


@breaks("an_event_that_is_refused_holds_up_no_other")
class RefusesAllOrNone(MemoryCentre):
    def deliver(self, events):
        if any(not event.id for event in events):
            return Delivery(frozenset(), {event.id: "bad" for event in events})
        return super().deliver(events)


@breaks("a_hint_comes_back_whether_there_is_something_or_not")
class AnswersHintsWithNothing(MemoryCentre):
    def wait(self, line, after, timeout_s):
        return None


@breaks("who_follows_while_others_change_passes_nothing_over")
class CommitsOutOfOrder(MemoryCentre):
    """Every third change is told a while after the epochs that follow it."""

    def changes(self, line, after, count):
        answer = super().changes(line, after, count)
        told = tuple(one for one in answer.changes if one.epoch % 3 or one.epoch <= answer.epoch - 5)
        last = told[-1].epoch if told else after
        return Changes(told, last if answer.is_complete else answer.epoch, answer.is_complete or not told, 0)


@breaks("a_closed_centre_takes_no_calls")
class StaysOpen(MemoryCentre):
    def close(self):
        pass


@breaks("what_was_kept_is_there_again")
class BeginsEpochsAnew(MemoryCentre):
    def __init__(self, folder):
        super().__init__()
        self._consents = folder.setdefault("consents", self._consents)
        for customer, consents in self._consents.items():
            self.put_consents(customer, consents)


@breaks("two_connections_are_one_centre")
class Island(MemoryCentre):
    pass


@breaks("who_follows_on_over_another_connection_passes_nothing_over")
class CountsByItself(MemoryCentre):
    """One of several connections to a centre, with numbers of its own for what it sees."""

    def __init__(self, folder):
        super().__init__()
        self.centre = folder.setdefault("centre", MemoryCentre())
        self.put_consents = self.centre.put_consents
        self.seen = {}

    def changes(self, line, after, count):
        answer = self.centre.changes(line, 0, 10**6)
        numbers = [self.seen.setdefault(one.epoch, len(self.seen) + 1) for one in answer.changes]
        told = [attrs.evolve(one, epoch=n) for one, n in zip(answer.changes, numbers, strict=True) if n > after]
        return Changes(tuple(told[:count]), max([after, *numbers]), len(told) <= count, 0)


@breaks("what_an_edge_said_last_is_kept_by_its_name")
class KeepsTheHighest(MemoryCentre):
    def acknowledge(self, edge, reached, keep_s):
        known = {line: one.epoch for (name, line), one in self.acknowledged().items() if name == edge}
        super().acknowledge(edge, {line: max(n, known.get(line, 0)) for line, n in reached.items()}, keep_s)


@breaks("who_is_ahead_of_the_centre_has_nothing")
class BelievesAnything(MemoryCentre):
    def acknowledge(self, edge, reached, keep_s):
        known = dict(self._epochs)
        self._epochs.update(reached)
        super().acknowledge(edge, reached, keep_s)
        self._epochs.update(known)


@breaks("an_edge_that_is_silent_for_its_time_is_forgotten")
class ForgetsNobody(MemoryCentre):
    def acknowledge(self, edge, reached, keep_s):
        super().acknowledge(edge, reached, 10**6)


class TheKit(CentreConformance):
    persistent = shared = keeps_edges = True

    def __init__(self, mutant):
        self.mutant, self.folder = mutant, {}

    def make_centre(self, where):
        return self.mutant(self.folder) if self.mutant in (BeginsEpochsAnew, CountsByItself) else self.mutant()


@pytest.mark.parametrize("law", sorted(MUTANTS))
def test_a_mutant_breaks_its_law(law, tmp_path, monkeypatch):
    monkeypatch.setattr(centres, "PATIENCE_S", 1.0)
    with pytest.raises(AssertionError):
        getattr(TheKit(MUTANTS[law]), law)(tmp_path)


def test_every_law_has_its_mutant():
    assert {name for name in dir(CentreConformance) if name.startswith("test_")} == set(MUTANTS)
