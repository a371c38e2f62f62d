"""Centres in NATS that cut the corners that NATS offers: the laws of centres catch each."""

import attrs
import pytest

from tactful import Changes, Merges
from tactful.testing.centres import CentreConformance
from tactful_adapters import nats_lines, nats_link, nats_streams
from tactful_adapters.nats_centre import NATSCentre


class CountsByItself(NATSCentre):
    """Its epochs are numbers of this client's own, and not the server's."""

    def __init__(self, url):
        super().__init__(url)
        self.seen = {}

    def changes(self, line, after, count):
        answer = super().changes(line, 0, 10**6)
        numbers = [self.seen.setdefault((line, one.epoch), len(self.seen) + 1) for one in answer.changes]
        told = [attrs.evolve(one, epoch=n) for one, n in zip(answer.changes, numbers, strict=True) if n > after]
        return Changes(tuple(told[:count]), max([after, *numbers]), len(told) <= count, 0)


def puts_blindly(monkeypatch):
    """Writes what it has made of what it read, whoever wrote meanwhile."""
    put = nats_link.NATSLink.put

    async def blindly(self, stream, subject, body, *, after=None, id_=None):
        return await put(self, stream, subject, body, after=None, id_=id_)

    monkeypatch.setattr(nats_link.NATSLink, "put", blindly)


def keeps_all(monkeypatch):
    """A line that is a log, read from its end alone: the last message, and not the last of each key."""
    configs = nats_streams.Streams.configs

    def forgetful(self, first, replicas):
        return ({**one, "max_msgs": 1, "discard": "old"} for one in configs(self, first, replicas))

    monkeypatch.setattr(nats_streams.Streams, "configs", forgetful)
    monkeypatch.setattr("tactful_adapters.nats_making.trusted", lambda *_: None)
    monkeypatch.setattr(nats_lines, "trusted", lambda *_: None)


def hears_no_merges(monkeypatch):
    """A no for the id that it was said under, and no other."""

    async def nobody(_, customers):
        return dict.fromkeys(customers, Merges())

    monkeypatch.setattr("tactful_adapters.nats_events.merged", nobody)


def records_first(monkeypatch):
    """An event on record is taken for one that has taken effect; and so it is recorded, and nothing comes of it."""

    async def nothing(*_):
        return None

    monkeypatch.setattr("tactful_adapters.nats_events.NATSEvents._hear", nothing)


MUTANTS = {
    puts_blindly: "what_is_said_of_one_customer_at_once_is_all_kept",
    keeps_all: "changes_are_told_in_rising_epochs_and_the_newest_word_counts",
    hears_no_merges: "a_no_reaches_every_id_that_is_the_same_customer",
    records_first: "a_withdrawal_that_is_accepted_is_in_the_line",
}


@pytest.fixture
def kit(shared_server, name_of):
    class TheKit(CentreConformance):
        persistent = shared = True
        made = NATSCentre

        def make_centre(self, where):
            return self.made(shared_server.url(name_of(where)))

    return TheKit()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.__name__)
def test_a_mutant_breaks_a_law(mutant, kit, tmp_path, monkeypatch):
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        getattr(kit, f"test_{MUTANTS[mutant]}")(tmp_path)


def test_epochs_of_the_client_s_own_break_a_law(kit, tmp_path):
    kit.made = CountsByItself
    with pytest.raises(AssertionError):
        kit.test_who_follows_on_over_another_connection_passes_nothing_over(tmp_path)
