"""Laws of what a store keeps: profiles, consents, ledger, registers. Part of `StoreConformance`."""
# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

from pathlib import Path

import attrs

from ..consent import Consents, ConsentState, How
from ..contacts import Contact
from ..profile import Snapshot
from .store_kit import HOSTILE, StoreMaking, at_once, contact, full_snapshot, no, refused, stands, yes


class RecordLaws(StoreMaking):
    """What comes back, once, whole, in order, and to the right customer."""

    # Profiles and consents

    def test_what_is_put_comes_back(self, tmp_path: Path) -> None:
        """Snapshots and consents come back equal, whatever the types of their values."""
        snapshot, consents = full_snapshot("ada"), Consents((yes(3), no(9, channel="email")), 11)
        with self.opened(tmp_path) as store:
            assert store.put_profile(snapshot)
            assert store.put_consents("ada", consents)
            kept = store.profile("ada")
            assert kept is not None
            assert kept == snapshot
            assert _types(kept) == _types(snapshot)
            assert store.consents("ada") == consents
            at_once_said = Consents((yes(3), attrs.evolve(yes(3), state=ConsentState.UNKNOWN), no(3)), 3)
            assert store.put_consents("bob", at_once_said)
            assert store.consents("bob") == at_once_said

    def test_what_was_never_put_is_absent(self, tmp_path: Path) -> None:
        """Of a stranger nothing is known: None, and no contacts."""
        with self.opened(tmp_path) as store:
            store.put_profile(full_snapshot("ada"))
            assert store.profile("bob") is None
            assert store.consents("bob") is None
            assert store.identify({"card": "1"}) is None
            assert store.identify({}) is None
            assert store.register("key") is None
            assert list(store.contacts("bob", 0)) == []
            assert list(store.links("bob")) == []

    def test_customers_are_apart(self, tmp_path: Path) -> None:
        """What is kept of one customer is seen of that one alone, however odd the id."""
        with self.opened(tmp_path) as store:
            for number, customer in enumerate(HOSTILE):
                store.put_profile(Snapshot(customer, number, {}))
                store.put_consents(customer, Consents((yes(number),), number))
                store.record([contact(f"of {customer}", customer, number)])
                store.claim_register(customer, str(number).encode())
            for number, customer in enumerate(HOSTILE):
                assert store.profile(customer) == Snapshot(customer, number, {})
                assert store.consents(customer) == Consents((yes(number),), number)
                assert list(store.contacts(customer, 0)) == [contact(f"of {customer}", customer, number)]
                assert store.register(customer) == str(number).encode()

    def test_customers_are_listed_in_order(self, tmp_path: Path) -> None:
        """Who has a profile is listed once, in the order of ids, a few at a time."""
        names = sorted(name for name in HOSTILE if name)
        with self.opened(tmp_path) as store:
            assert list(store.customers("", 9)) == []
            for name in reversed(names):
                store.put_profile(Snapshot(name, 1, {}))
                store.put_profile(Snapshot(name, 2, {}))
            store.put_consents("no profile", Consents((yes(1),), 1))
            assert list(store.customers("", len(names) + 1)) == names
            assert list(store.customers("", 2)) == names[:2]
            assert list(store.customers(names[1], 2)) == names[2:4]
            assert list(store.customers(names[-1], 2)) == []
            store.erase(names[0])
            assert list(store.customers("", 1)) == names[1:2]

    def test_an_older_snapshot_changes_nothing(self, tmp_path: Path) -> None:
        """A snapshot that arrives late does not take the place of a newer one; the epoch decides before the time."""
        newest = Snapshot("ada", 5, {}, epoch=7)
        with self.opened(tmp_path) as store:
            store.put_profile(newest)
            assert not store.put_profile(Snapshot("ada", 9, {}, epoch=6))
            assert not store.put_profile(Snapshot("ada", 4, {}, epoch=7))
            assert store.profile("ada") == newest
            assert store.put_profile(Snapshot("ada", 1, {}, epoch=8))

    def test_consents_that_arrive_silence_nothing_newer(self, tmp_path: Path) -> None:
        """What was said here after the centre last heard stays when the centre's consents arrive; older ones do not."""
        with self.opened(tmp_path) as store:
            store.add_consent("ada", no(20))
            assert store.put_consents("ada", Consents((yes(10),), 15))
            known = store.consents("ada")
            assert known is not None
            assert set(known.records) == {yes(10), no(20)}
            assert known.at_us == 15
            assert not store.put_consents("ada", Consents((), 14))
            assert store.put_consents("ada", Consents((yes(10), no(20)), 30))
            assert store.consents("ada") == Consents((yes(10), no(20)), 30)

    def test_a_later_epoch_replaces_whatever_the_clocks_say(self, tmp_path: Path) -> None:
        """The centre's clock may be set back: its epochs tell which consents are newer, and they are kept with them."""
        with self.opened(tmp_path) as store:
            assert store.put_consents("ada", Consents((yes(10),), 90, epoch=3))
            assert store.put_consents("ada", Consents((yes(10), no(20)), 30, epoch=4))
            assert store.consents("ada") == Consents((yes(10), no(20)), 30, epoch=4)
            assert not store.put_consents("ada", Consents((yes(10),), 99, epoch=3))
            store.add_consent("ada", no(21))
            assert store.consents("ada") == Consents((yes(10), no(20), no(21)), 30, epoch=4)

    def test_only_a_newer_explicit_yes_lifts_a_no(self, tmp_path: Path) -> None:
        """Consents that lack a no, or have a lesser yes, leave it; an explicit yes that is newer ends it."""
        with self.opened(tmp_path) as store:
            store.add_consent("ada", no(20))
            for at_us, told in enumerate([(), (yes(10),), (yes(25, How.PRE_TICKED),)], 30):
                assert store.put_consents("ada", Consents(told, at_us))
                assert stands(store, "ada") == (False, True)
            assert store.put_consents("ada", Consents((yes(26),), 40))
            assert stands(store, "ada") == (True, False)

    # Ledger and outbox

    def test_a_contact_takes_effect_once(self, tmp_path: Path) -> None:
        """A second contact with the same id changes neither the ledger nor the outbox."""
        first, second = contact("1", "ada", 5), contact("2", "ada", 6)
        with self.opened(tmp_path) as store:
            assert store.record([first, first]) == 1
            assert store.record([contact("1", "bob", 9), second]) == 1
            assert list(store.contacts("ada", 0)) == [first, second]
            assert list(store.contacts("bob", 0)) == []
            assert [one for _, one in store.outbox_take(9)] == [first, second]

    def test_contacts_are_kept_all_or_none(self, tmp_path: Path) -> None:
        """A call that fails in the middle leaves no trace."""
        contacts: list[Contact] = [contact("1", "ada", 5), None]  # type: ignore[list-item]
        with self.opened(tmp_path) as store:
            assert refused(lambda: store.record(contacts))
            assert refused(lambda: store.put_many([Snapshot("ada", 1, {})], {}, contacts))
            assert list(store.contacts("ada", 0)) == []
            assert list(store.outbox_take(9)) == []
            assert store.profile("ada") is None

    def test_contacts_come_from_a_moment_oldest_first(self, tmp_path: Path) -> None:
        """The window begins with its first moment, and what was recorded late is in its place."""
        contacts = [contact(str(at_us), "ada", at_us) for at_us in (30, 10, 20, 40)]
        with self.opened(tmp_path) as store:
            store.record(contacts)
            assert [one.at_us for one in store.contacts("ada", 20)] == [20, 30, 40]
            assert store.forget_contacts(30) == 2
            assert [one.at_us for one in store.contacts("ada", 0)] == [30, 40]

    def test_the_tail_tells_all_in_the_order_of_recording(self, tmp_path: Path) -> None:
        """Each new contact once, of every customer, under rising numbers; none twice, even after one is gone."""
        with self.opened(tmp_path) as store:
            store.record([contact("1", "ada", 9), contact("2", "bob", 5)])
            store.put_many([], {}, [contact("3", "ada", 7)])
            store.record([contact("1", "ada", 8)])
            told = store.tail(0, 9)
            assert [one.id for _, one in told] == ["1", "2", "3"]
            assert list(store.tail(0, 2)) == list(told[:2])
            last = told[-1][0]
            assert list(store.tail(last, 9)) == []
            store.erase("ada")
            assert [one.id for _, one in store.tail(0, 9)] == ["2"]
            store.record([contact("4", "bob", 1)])
            newest = store.tail(last, 9)
            assert [one.id for _, one in newest] == ["4"]
            assert newest[0][0] > last

    def test_what_the_centre_knows_is_not_sent_to_it(self, tmp_path: Path) -> None:
        """Filling a store puts nothing into the outbox, and counts only what is new."""
        contacts = [contact("1", "ada", 5)]
        with self.opened(tmp_path) as store:
            assert store.put_many([full_snapshot("ada")], {"ada": Consents((), 1)}, contacts) == 3
            assert store.put_many([], {"ada": Consents((), 0)}, contacts) == 0
            assert list(store.outbox_take(9)) == []
            assert list(store.contacts("ada", 0)) == contacts
            assert store.profile("ada") == full_snapshot("ada")

    # Registers

    def test_a_register_is_claimed_once(self, tmp_path: Path) -> None:
        """However many threads claim it, all get the same value, and it stays."""
        with self.opened(tmp_path) as store:
            values = at_once(8, lambda number: store.claim_register("key", b"%d" % number))
            assert len(set(values)) == 1
            assert store.register("key") == values[0]
            assert store.claim_register("key", b"other") == values[0]

    def test_a_register_only_rises(self, tmp_path: Path) -> None:
        """However many threads raise it, it ends with the greatest number; nobody is told less than their own."""
        with self.opened(tmp_path) as store:
            answers = at_once(
                8, lambda number: [(own, store.raise_register("mark", own)) for own in range(number, 50, 10)]
            )
            assert all(kept >= own for pairs in answers for own, kept in pairs)
            assert store.register("mark") == b"47"
            assert store.raise_register("mark", 46) == 47
            assert store.register("mark") == b"47"
            assert store.raise_register("mark", 48) == 48


def _types(snapshot: Snapshot) -> list[type]:
    """Return the types of the values: to Python, 1 and 1.0 and true are equal."""
    return [type(observation.value) for observation in snapshot.attributes.values()]
