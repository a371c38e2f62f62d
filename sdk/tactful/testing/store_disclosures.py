"""Laws of disclosures: kept once beside their exposure, for their time, unlinked with the customer."""
# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

from pathlib import Path
from typing import Final

import attrs

from ..contacts import Contact
from ..disclosures import Disclosure, Passed
from ..outbox import OutboxLimits
from .store_kit import HOSTILE, StoreMaking, contact, refused

_LATEST: Final = 2**62
_PASSED: Final = Passed("citybank", "bank", "consent", ("card", "income"))


def _disclosure(decision: str, customer: str, at_us: int, until_us: int = _LATEST, slot: int = 0) -> Disclosure:
    return Disclosure(decision, slot, customer, at_us, until_us, "bank_card", "web", _PASSED)


class DisclosureLaws(StoreMaking):
    """What was passed on to partners is on record, once, to the right customer, and no longer than it may be."""

    def test_a_disclosure_comes_back(self, tmp_path: Path) -> None:
        """Equal, of that customer or that decision alone, oldest first, however odd the ids."""
        rows = [_disclosure(f"of {customer}", customer, 99 - n) for n, customer in enumerate(HOSTILE)]
        more = [_disclosure("again", "ada", 7, slot=slot) for slot in (2, 0)]
        with self.opened(tmp_path) as store:
            store.record([], [*rows, *more, _disclosure("first", "ada", 5)])
            for row in rows:
                assert row.customer is not None
                assert list(store.disclosures(row.customer, 0)) == [row]
                assert list(store.disclosures_of(row.decision, 0)) == [row]
            assert [(one.decision, one.slot) for one in store.disclosures("ada", 0)] == [
                ("first", 0),
                ("again", 0),
                ("again", 2),
            ]
            assert list(store.disclosures_of("again", 0)) == more[::-1]
            assert list(store.disclosures("bob", 0)) == []
            assert list(store.disclosures_of("never", 0)) == []

    def test_a_disclosure_takes_effect_once(self, tmp_path: Path) -> None:
        """A second one with the same id changes neither the record nor the outbox; another offer there is another."""
        first = _disclosure("1", "ada", 5)
        other = attrs.evolve(first, offer="insurance", at_us=6)
        with self.opened(tmp_path) as store:
            assert store.record([contact("1/0/shown", "ada", 5)], [first, first]) == 1
            assert store.record([contact("1/0/shown", "ada", 9)], [attrs.evolve(first, at_us=9), other]) == 0
            assert list(store.disclosures("ada", 0)) == [first, other]
            assert [one.id for _, one in store.outbox_take(9)] == ["1/0/shown", first.id, other.id]
            assert [one for _, one in store.outbox_take(9)][1:] == [first, other]

    def test_a_disclosure_is_kept_with_its_exposure_or_not_at_all(self, tmp_path: Path) -> None:
        """A call that fails in the middle leaves neither of them."""
        shown, passed = contact("1", "ada", 5), _disclosure("1", "ada", 5)
        wrong: list[Contact] = [shown, None]  # type: ignore[list-item]
        with self.opened(tmp_path) as store:
            assert refused(lambda: store.record(wrong, [passed]))
            assert refused(lambda: store.record([shown], [passed, shown]))  # type: ignore[list-item]
            assert list(store.disclosures("ada", 0)) == []
            assert list(store.contacts("ada", 0)) == []
            assert list(store.outbox_take(9)) == []

    def test_a_disclosure_is_no_contact(self, tmp_path: Path) -> None:
        """Neither the contacts nor the tail have it, so no cap counts it; to forget contacts leaves it."""
        with self.opened(tmp_path) as store:
            assert store.record([contact("1", "ada", 5)], [_disclosure("1", "ada", 5)]) == 1
            assert [one.id for one in store.contacts("ada", 0)] == ["1"]
            assert [one.id for _, one in store.tail(0, 9)] == ["1"]
            assert store.forget_contacts(_LATEST) == 1
            assert len(store.disclosures("ada", 0)) == 1

    def test_a_disclosure_ends_with_its_time(self, tmp_path: Path) -> None:
        """From that moment on nobody sees it; then it is forgotten, and no other."""
        ends, stays = _disclosure("1", "ada", 5, until_us=50), _disclosure("2", "ada", 6, until_us=60)
        with self.opened(tmp_path) as store:
            store.record([], [ends, stays])
            assert list(store.disclosures("ada", 49)) == [ends, stays]
            assert list(store.disclosures("ada", 50)) == [stays]
            assert list(store.disclosures_of("1", 50)) == []
            assert store.forget_disclosures(49) == 0
            assert store.forget_disclosures(50) == 1
            assert list(store.disclosures("ada", 0)) == [stays]

    def test_an_erasure_takes_the_customer_off_disclosures(self, tmp_path: Path) -> None:
        """Of every merged id; what was passed on stays, leads to nobody, and a late second word changes nothing."""
        mine = [_disclosure("1", "ada", 5), _disclosure("2", "al", 6)]
        others = [_disclosure("3", "bob", 7), _disclosure("4", "", 8)]
        with self.opened(tmp_path) as store:
            store.record([], [*mine, *others])
            store.merge("ada", "al")
            assert list(store.disclosures("al", 0)) == mine
            assert store.erase("al")["disclosures"] == 2
            assert list(store.disclosures("ada", 0)) == list(store.disclosures("al", 0)) == []
            for one in (*mine, *mine[:1]):
                assert list(store.disclosures_of(one.decision, 0)) == [attrs.evolve(one, customer=None)]
                store.record([], [one])
            assert list(store.disclosures("bob", 0)) == others[:1]
            assert [one.id for _, one in store.outbox_take(9)] == [one.id for one in others]
            assert store.erase("")["disclosures"] == 0
            assert list(store.disclosures("", 0)) == others[1:]

    def test_a_full_outbox_drops_disclosures_last(self, tmp_path: Path) -> None:
        """They go after exposures and outcomes, are counted, and stay on record; no withdrawal goes for them."""
        events = ("click", "shown", "withdrawal")
        passed = [_disclosure(str(n), "ada", n) for n in range(3)]
        with self.opened(tmp_path, OutboxLimits(rows_max=2)) as store:
            store.record([contact(str(n), "ada", n, event) for n, event in enumerate(events)], passed)
            assert [one.id for _, one in store.outbox_take(9)] == ["2", passed[1].id, passed[2].id]
            assert dict(store.outbox_dropped()) == {"exposure": 1, "outcome": 1, "disclosure": 1}
            assert len(store.disclosures("ada", 0)) == 3

    def test_disclosures_are_there_again(self, tmp_path: Path) -> None:
        """A store that is opened again has them, in its outbox too; for stores that persist."""
        if not self.persistent:
            return
        with self.opened(tmp_path) as store:
            store.record([contact("1", "ada", 5)], [_disclosure("1", "ada", 5)])
        with self.opened(tmp_path) as store:
            assert list(store.disclosures("ada", 0)) == [_disclosure("1", "ada", 5)]
            assert [one for _, one in store.outbox_take(9)][1:] == [_disclosure("1", "ada", 5)]
            assert store.record([], [_disclosure("1", "ada", 9)]) == 0
            assert len(store.disclosures("ada", 0)) == 1
