"""What a store holds that can be asked for many customers at once: it says of each what it says of one."""
# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

from pathlib import Path
from typing import Final

from ..consent import Consents
from ..ports import ConsentsOfMany, ContactsOfMany, WritableStore
from .store_kit import HOSTILE, StoreMaking, contact, no, yes

#: More than any store asks for in one query, and most of them strangers.
_ASKED: Final = (*HOSTILE, "ada", "al", "bob", *(f"stranger {number}" for number in range(1_200)))


class ManyLaws(StoreMaking):
    """The laws of `ContactsOfMany` and `ConsentsOfMany`; a store that is neither is asked for each customer."""

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


def _fill(store: WritableStore) -> None:
    """Keep contacts and consents of hostile ids, and of two that are merged and disagree."""
    names = (*HOSTILE, "ada", "al", "bob")
    times = [(n, name, at_us) for n, name in enumerate(names) for at_us in (30, 10, 20 + n % 2)]
    store.record([contact(f"{n} {at_us}", name, at_us) for n, name, at_us in times])
    for n, name in enumerate(names):
        store.put_consents(name, Consents((yes(n),), n))
    store.put_consents("al", Consents((no(40),), 40))
    store.merge("ada", "al")
