"""Laws of sealed evidence: what comes back, for how long, and that no look at it goes unseen."""
# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

from itertools import islice
from pathlib import Path

from ..clock import SECOND_US
from ..contacts import Contact
from ..decision_log import LogLimits
from ..evidence import Access, SealedEvidence
from ..pseudonyms import log_key, pseudonym
from .store_kit import HOSTILE, StoreMaking, refused

_LATEST = 2**62


def _row(id_: str, at_us: int, who: bytes = b"", until_us: int = _LATEST) -> SealedEvidence:
    return SealedEvidence(id_, at_us, who, until_us, b"sealed\x00 " + str(at_us).encode())


def _one(id_: str, at_us: int = 0) -> Access:
    return Access(at_us, "eve", "complaint 7", id_)


def _all(since_us: int = -_LATEST, until_us: int = _LATEST, at_us: int = 0) -> Access:
    return Access(at_us, "eve", "an audit", "", since_us, until_us)


class EvidenceLaws(StoreMaking):
    """Evidence is kept for its time, found by those who say why, and gone with the customer."""

    def test_evidence_comes_back(self, tmp_path: Path) -> None:
        """Equal, whatever the id, the newest of a decision first; from a moment to another the oldest first."""
        rows = [_row(id_, number) for number, id_ in enumerate(HOSTILE)]
        more = [_row(f"{number:04}", 100 + number) for number in range(700)]
        with self.opened(tmp_path) as store:
            assert store.keep_evidence([*more, *reversed(rows)]) == 700 + len(HOSTILE)
            assert store.keep_evidence(rows) == 0
            for row in rows:
                assert list(store.read_evidence(_one(row.id))) == [row]
            assert list(store.read_evidence(_one("never"))) == []
            assert list(store.read_evidence(_all())) == [*rows, *more]
            assert list(store.read_evidence(_all(3, 105))) == [*rows[3:], *more[:5]]
            again = _row(rows[0].id, 9_000)
            store.keep_evidence([again])
            assert list(store.read_evidence(_one(again.id))) == [again, rows[0]]

    def test_evidence_is_kept_all_or_none(self, tmp_path: Path) -> None:
        """A call that fails in the middle leaves no trace."""
        rows: list[SealedEvidence] = [_row("1", 5), Contact("2", "ada", "shown", 5)]  # type: ignore[list-item]
        with self.opened(tmp_path) as store:
            assert refused(lambda: store.keep_evidence(rows))
            assert list(store.read_evidence(_all())) == []

    def test_no_look_at_evidence_goes_unseen(self, tmp_path: Path) -> None:
        """Whoever looks is on record before anything is seen, also where there is nothing to see."""
        looks = [_one("1", 10), _one("never", 30), _all(3, 9, at_us=20)]
        with self.opened(tmp_path) as store:
            store.keep_evidence([_row("1", 5)])
            for look in looks:
                list(islice(store.read_evidence(look), 1))
            assert list(store.accesses(-_LATEST, _LATEST)) == [looks[0], looks[2], looks[1]]
            assert list(store.accesses(20, 30)) == [looks[2]]

    def test_evidence_ends_with_its_time(self, tmp_path: Path) -> None:
        """From that moment on nobody sees it; then it is forgotten, and no other."""
        rows = [_row("1", 5, until_us=50), _row("2", 6, until_us=60)]
        with self.opened(tmp_path) as store:
            store.keep_evidence(rows)
            assert list(store.read_evidence(_one("1", 49))) == [rows[0]]
            assert list(store.read_evidence(_one("1", 50))) == []
            assert list(store.read_evidence(_all(at_us=50))) == [rows[1]]
            assert store.forget_evidence(49) == 0
            assert store.forget_evidence(50) == 1
            assert list(store.read_evidence(_all())) == [rows[1]]

    def test_looks_at_evidence_are_kept_for_their_time(self, tmp_path: Path) -> None:
        """Who looked is known as long as the store's bounds say, whatever was looked at; then it is forgotten."""
        looks = [_one("1", at_us) for at_us in (0, 1, 5)]
        with self.opened(tmp_path, log=LogLimits(access_s=60)) as store:
            store.keep_evidence([_row("1", 5)])
            for look in looks:
                list(store.read_evidence(look))
            assert store.forget_evidence(60 * SECOND_US - 1) == 0
            assert list(store.accesses(-_LATEST, _LATEST)) == looks
            assert store.forget_evidence(60 * SECOND_US + 1) == 0
            assert list(store.accesses(-_LATEST, _LATEST)) == looks[2:]
            assert list(store.read_evidence(_one("1", 6))) == [_row("1", 5)]

    def test_an_erasure_takes_the_evidence(self, tmp_path: Path) -> None:
        """Of every merged id; others keep theirs, visitors too."""
        with self.opened(tmp_path) as store:
            key = log_key(store)
            store.merge("ada", "al")
            mine = [_row(name, at_us, pseudonym(key, name)) for at_us, name in enumerate(("ada", "al"))]
            others = [_row("bob", 3, pseudonym(key, "bob")), _row("visitor", 4)]
            store.keep_evidence([*mine, *others])
            assert store.erase("al")["evidence"] == 2
            assert store.erase("")["evidence"] == 0
            assert list(store.read_evidence(_all())) == others

    def test_evidence_has_a_bound(self, tmp_path: Path) -> None:
        """There is evidence of no more decisions than the log may hold; the oldest goes."""
        with self.opened(tmp_path, log=LogLimits(rows_max=3)) as store:
            store.keep_evidence([_row(str(at_us), at_us) for at_us in (50, 10, 40, 20, 30)])
            assert [row.at_us for row in store.read_evidence(_all())] == [30, 40, 50]
