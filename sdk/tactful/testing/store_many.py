"""What a store holds that can be asked for many customers at once: it says of each what it says of one."""
# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

from pathlib import Path
from typing import Final

from ..consent import Consents
from ..many_ports import ConsentsOfMany, ContactsOfMany, HouseholdContactsOfMany, HouseholdsOfMany
from ..ports import WritableStore
from .store_kit import HOSTILE, StoreMaking, contact, no, yes

#: More than any store asks for in one query, and most of them strangers.
_ASKED: Final = (*HOSTILE, "ada", "al", "bob", *(f"stranger {number}" for number in range(1_200)))


class ManyLaws(StoreMaking):
    """The laws of what tells of many at once; a store that cannot is asked for each customer, or household."""

    def test_contacts_of_many_are_those_of_each(self, tmp_path: Path) -> None:
        """From a moment, oldest first, of all ids that are merged; who has none is not there."""
        with self.opened(tmp_path) as store:
            if not isinstance(store, ContactsOfMany):
                return
            _fill(store)
            for since_us in (0, 20, 99):
                each = {one: tuple(store.contacts(one, since_us)) for one in _ASKED}
                told = {one: tuple(theirs) for one, theirs in store.contacts_of(_ASKED, since_us).items()}
                assert told == {one: theirs for one, theirs in each.items() if theirs}
            assert len(store.contacts_of(["ada"], 20)["ada"]) == 4
            assert dict(store.contacts_of((), 0)) == {}

    def test_consents_of_many_are_those_of_each(self, tmp_path: Path) -> None:
        """With the more careful word of all ids that are merged; who is not known is not there."""
        with self.opened(tmp_path) as store:
            if not isinstance(store, ConsentsOfMany):
                return
            _fill(store)
            each = {one: store.consents(one) for one in _ASKED}
            known = {one: theirs for one, theirs in each.items() if theirs is not None}
            assert dict(store.consents_of(_ASKED)) == known
            assert dict(store.consents_of(())) == {}

    def test_households_of_many_are_those_of_each(self, tmp_path: Path) -> None:
        """As whoever is identified by the id is in one: surely enough, and in no other; the others are not there."""
        with self.opened(tmp_path) as store:
            if not isinstance(store, HouseholdsOfMany):
                return
            _settle(store)
            each = {one: store.identify({"customer": one}) for one in _ASKED}
            homes = {one: who.household for one, who in each.items() if who is not None and who.household is not None}
            assert dict(store.households_of(_ASKED)) == homes
            assert homes["al"] == homes["ada"] == "elm 1"
            assert "bob" not in homes
            assert dict(store.households_of(())) == {}

    def test_household_contacts_of_many_are_those_of_each(self, tmp_path: Path) -> None:
        """From a moment, oldest first, of all who belong to it and to no other; what has none is not there."""
        names = ("elm 1", "elm 2", "oak", *HOSTILE, *(f"house {number}" for number in range(1_200)))
        with self.opened(tmp_path) as store:
            if not isinstance(store, HouseholdContactsOfMany):
                return
            _settle(store)
            for since_us in (0, 20, 99):
                each = {one: {*store.household_contacts(one, since_us)} for one in names}
                told = store.household_contacts_of(names, since_us)
                expected = {one: theirs for one, theirs in each.items() if theirs}
                assert {one: {*theirs} for one, theirs in told.items()} == expected
                assert all(list(one) == sorted(one, key=lambda known: known.at_us) for one in told.values())
            assert {one.customer for one in store.household_contacts_of(["elm 1"], 0)["elm 1"]} == {"ada", "al", "cy"}
            assert dict(store.household_contacts_of((), 0)) == {}


def _settle(store: WritableStore) -> None:
    """Fill a store with people who live together: of hostile ids; one in two households; one who may be in one."""
    _fill(store)
    store.record([contact("of cy", "cy", 25)])
    for name in ("al", "bob", "cy"):
        store.link({"household": "elm 1"}, customer=name)
    store.link({"household": "elm 2"}, customer="bob")
    store.link({"household": "oak"}, customer="cy", confidence=0.1)
    store.link({"household": "oak"}, customer="dee", confidence=0.1)
    for name in HOSTILE:
        if name.strip():
            store.link({"household": name}, customer=name)


def _fill(store: WritableStore) -> None:
    """Keep contacts and consents of hostile ids, and of two that are merged and disagree."""
    names = (*HOSTILE, "ada", "al", "bob")
    times = [(n, name, at_us) for n, name in enumerate(names) for at_us in (30, 10, 20 + n % 2)]
    store.record([contact(f"{n} {at_us}", name, at_us) for n, name, at_us in times])
    for n, name in enumerate(names):
        store.put_consents(name, Consents((yes(n),), n))
    store.put_consents("al", Consents((no(40),), 40))
    store.merge("ada", "al")
