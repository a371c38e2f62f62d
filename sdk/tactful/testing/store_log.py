"""Laws of the decision log: what comes back, in which order, how much, and what an erasure leaves."""
# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

from itertools import islice
from pathlib import Path

import attrs

from ..clock import wall_clock
from ..contacts import Contact
from ..decision_log import LoggedDecision, LogLimits
from ..evidence import Access, SealedEvidence
from ..pseudonyms import log_key, pseudonym
from .store_kit import HOSTILE, HOUR_US, StoreMaking, contact, logged, refused

_EVER = (-(2**62), 2**62)


class LogLaws(StoreMaking):
    """What was decided is told as it was; what leads to a person goes with the person."""

    def test_a_logged_decision_comes_back(self, tmp_path: Path) -> None:
        """Equal, whatever the id; a second one with the same id and moment has no effect, at another moment it has."""
        records = [logged(id_, number, b"who") for number, id_ in enumerate(HOSTILE)]
        with self.opened(tmp_path) as store:
            assert store.log_decisions(records) == len(HOSTILE)
            assert store.log_decisions([attrs.evolve(records[0], channel="email"), logged("new", 5)]) == 1
            for record in records:
                assert store.logged_decision(record.id) == record
            assert store.logged_decision("never") is None
            again = logged(records[0].id, 70, b"who")
            assert store.log_decisions([again]) == 1
            assert store.logged_decision(again.id) == again
            assert sum(record.id == again.id for record in store.logged(*_EVER)) == 2

    def test_the_log_tells_from_a_moment_to_another_oldest_first(self, tmp_path: Path) -> None:
        """Each once, however many there are, and whatever is logged or forgotten while it tells."""
        records = [logged(f"{number:04}", number // 3) for number in range(1_800)]
        with self.opened(tmp_path) as store:
            store.log_decisions(records[900:])
            store.log_decisions(records[:900])
            assert list(store.logged(*_EVER)) == records
            assert list(store.logged(10, 20)) == records[30:60]
            assert list(store.logged(20, 20)) == []
            told = store.logged(*_EVER)
            first = list(islice(told, 900))
            store.log_decisions([logged("late", 1), logged("later", 599)])
            assert store.forget_logged(200) == 601
            assert [one.id for one in [*first, *told]] == [*(one.id for one in records), "later"]
            assert next(store.logged(*_EVER)) == records[600]

    def test_decisions_are_logged_all_or_none(self, tmp_path: Path) -> None:
        """A call that fails in the middle leaves no trace."""
        records: list[LoggedDecision] = [logged("1", 5), Contact("2", "ada", "shown", 5)]  # type: ignore[list-item]
        with self.opened(tmp_path) as store:
            assert refused(lambda: store.log_decisions(records))
            assert list(store.logged(*_EVER)) == []

    def test_a_full_log_drops_the_oldest(self, tmp_path: Path) -> None:
        """By rows, whatever the order in which they came; what was dropped is counted."""
        with self.opened(tmp_path, log=LogLimits(rows_max=3)) as store:
            store.log_decisions([logged(str(at_us), at_us) for at_us in (50, 10, 40, 20, 30)])
            assert [one.at_us for one in store.logged(*_EVER)] == [30, 40, 50]
            assert store.log_dropped() == 2
            assert store.forget_logged(45) == 2
            store.log_decisions([logged("60", 60)])
            assert [one.at_us for one in store.logged(*_EVER)] == [50, 60]
            assert store.log_dropped() == 2

    def test_a_full_log_is_full_in_bytes_too(self, tmp_path: Path) -> None:
        """A few large decisions are too much as well."""
        with self.opened(tmp_path, log=LogLimits(bytes_max=5_000)) as store:
            store.log_decisions([logged(f"{n}" * 1_000, n) for n in range(9)])
            left = list(store.logged(*_EVER))
            assert [one.at_us for one in left] == list(range(9))[-len(left) :]
            assert 2 <= len(left) <= 4
            assert store.log_dropped() == 9 - len(left)

    def test_an_erasure_unlinks_what_was_logged(self, tmp_path: Path) -> None:
        """What was shown stays, and nothing that leads to the customer, whatever merged id it was logged under."""
        with self.opened(tmp_path) as store:
            key = log_key(store)
            assert log_key(store) == key
            store.record([contact("1", "ada", 5)])
            store.merge("ada", "al")
            mine = [logged(name, at_us, pseudonym(key, name)) for at_us, name in enumerate(("ada", "al"))]
            others = [logged("bob", 3, pseudonym(key, "bob")), logged("visitor", 4)]
            store.log_decisions([*mine, *others])
            assert store.erase("al")["decisions"] == 2
            assert list(store.logged(*_EVER)) == [*(one.unlink() for one in mine), *others]
            left = store.logged_decision("ada")
            assert left is not None
            assert (left.who, left.snapshot, left.consents, left.truths, left.unlinked) == (b"", b"", b"", b"", True)
            assert left.picks == mine[0].picks
            assert store.erase("ada")["decisions"] == 0

    def test_what_comes_in_after_an_erasure_is_unlinked(self, tmp_path: Path) -> None:
        """What was decided before and logged late leads to nobody, and its evidence is not kept; what came after is."""
        with self.opened(tmp_path) as store:
            key, before_us = log_key(store), wall_clock()
            who = pseudonym(key, "ada")
            store.erase("ada")
            late, later = logged("late", before_us, who), logged("later", before_us + HOUR_US, who)
            store.log_decisions([late, later])
            assert list(store.logged(*_EVER)) == [late.unlink(), later]
            rows = [SealedEvidence(one.id, one.at_us, one.who, _EVER[1], b"sealed") for one in (late, later)]
            assert store.keep_evidence(rows) == 1
            assert list(store.read_evidence(Access(0, "eve", "why", "", *_EVER))) == rows[1:]
