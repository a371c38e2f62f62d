"""Laws of consents that were said here alone, and of those that somebody told of. Part of `StoreConformance`."""
# ruff: noqa: S101 - to assert what is expected is what a kit is for

from pathlib import Path

from ..consent import Consents
from ..many_ports import ConsentsOfMany
from ..ports import WritableStore
from .store_kit import StoreMaking, no, yes


class FirstHandLaws(StoreMaking):
    """Only what nobody else ever told of is first-hand; all other consents are as old as they were told."""

    def test_what_is_said_here_alone_is_first_hand(self, tmp_path: Path) -> None:
        """Consents that `add_consent` alone brought say so, of one customer and of many, and anew after an erasure."""
        with self.opened(tmp_path) as store:
            store.add_consent("ada", yes(10))
            store.add_consent("ada", no(20, channel="email"))
            said = Consents.first_hand((yes(10), no(20, channel="email")), 10)
            assert store.consents("ada") == said
            assert _of_many(store, "ada", "bob") == {"ada": said}
            store.put_consents("ada", Consents((), 25))
            store.erase("ada")
            store.add_consent("ada", yes(30))
            assert store.consents("ada") == Consents.first_hand((yes(30),), 30)

    def test_what_somebody_told_is_first_hand_no_more(self, tmp_path: Path) -> None:
        """What is put has the time at which it was told, whatever is said before and after; a copy is told as well."""
        with self.opened(tmp_path) as store:
            store.add_consent("ada", yes(10))
            copied = store.consents("ada")
            assert copied is not None
            assert store.put_consents("bob", copied)
            assert store.consents("bob") == Consents((yes(10),), 10)
            store.put_many((), {"cyd": copied})
            assert store.consents("cyd") == Consents((yes(10),), 10)
            assert store.put_consents("ada", Consents((), 5))  # told before it was said: nothing here is older than it
            store.add_consent("ada", yes(30))
            told = Consents((yes(10), yes(30)), 5)
            assert store.consents("ada") == told
            assert _of_many(store, "ada") == {"ada": told}
            assert not store.put_consents("ada", Consents.first_hand((), 4))
            assert store.put_consents("ada", Consents.first_hand((), 40))
            assert store.consents("ada") == Consents((), 40)

    def test_what_is_told_of_one_bounds_what_is_merged_with_it(self, tmp_path: Path) -> None:
        """Merged ids are first-hand if all are; else as old as what was told, and with a centre's as the oldest."""
        with self.opened(tmp_path) as store:
            store.add_consent("ada", yes(10))
            store.add_consent("al", yes(20))
            store.merge("ada", "al")
            both = store.consents("al")
            assert both is not None
            assert (both.is_first_hand, both.at_us) == (True, 10)
            store.put_consents("al", Consents((yes(20),), 25))
            bounded = store.consents("ada")
            assert bounded is not None
            assert (bounded.epoch, bounded.at_us) == (0, 25)
            assert _of_many(store, "ada", "al") == {"ada": bounded, "al": bounded}
            store.put_consents("al", Consents((yes(20),), 30, epoch=3))
            unheard = store.consents("ada")
            assert unheard is not None
            assert (unheard.epoch, unheard.at_us) == (0, 10)  # the centre has not heard of ada's yes


def _of_many(store: WritableStore, *customers: str) -> dict[str, Consents]:
    """Return what a store says of customers at once; one that cannot is asked for each."""
    if isinstance(store, ConsentsOfMany):
        return dict(store.consents_of(customers))
    return {one: known for one in customers if (known := store.consents(one)) is not None}
