"""Consents of a table and of a store together: a no of either counts, and what is said here is kept here."""

from itertools import product

import pytest

import tactful
from tactful import Consent, Consents, ConsentState, How, MemoryStore
from tactful.consent import standing
from tactful_adapters.beside import ConsentsBeside
from tactful_adapters.consent_columns import ConsentColumn, consents_of

from .shop import POLICY

NO, YES = ConsentState.WITHDRAWN, ConsentState.GIVEN


def said(state, at_us, how=How.EXPLICIT):
    return Consent("offers", state, how, at_us)


class Table:
    def __init__(self, *records):
        self.found = Consents(records, 100) if records else None

    def consents(self, customer):
        return self.found


def newest(table, *kept):
    store = MemoryStore()
    for one in kept:
        store.add_consent("ada", one)
    found = ConsentsBeside(table, store).consents("ada")
    return None if found is None else max(found.records, key=lambda one: (one.at_us, one.refuses)).state


def test_each_side_speaks_where_the_other_is_silent():
    assert newest(Table()) is None
    assert newest(Table(said(YES, 5))) is YES
    assert newest(Table(), said(NO, 5)) is NO


@pytest.mark.parametrize("how", How)
def test_a_no_of_the_store_gives_way_to_a_newer_explicit_yes_alone(how):
    is_own = how in (How.EXPLICIT, How.DOUBLE_OPT_IN)
    assert newest(Table(said(YES, 9, how)), said(NO, 5)) is (YES if is_own else NO)
    assert newest(Table(said(YES, 4, how)), said(NO, 5)) is NO


def test_a_no_of_the_table_is_new_whenever_it_is_read():
    column = ConsentColumn("ok", "offers", how="explicit", at="at")
    for value, moment in product((False, 0, "no", "", [1]), (None, 3)):
        (record,) = consents_of({"ok": value, "at": moment}, [column], 100).records
        assert (record.refuses, record.at_us) == (True, 100)
    assert consents_of({"ok": None, "at": 3}, [column], 100).records == ()
    noes = consents_of({"ok": False, "at": 3}, [column], 100).records
    assert newest(Table(*noes), said(YES, 50)) is ConsentState.REFUSED


def test_a_yes_without_a_moment_is_as_old_as_can_be_and_how_is_unknown_unless_it_is_said():
    (record,) = consents_of({"ok": True}, [ConsentColumn("ok", "offers")], 100).records
    assert (record.state, record.how, record.at_us) == (YES, How.UNKNOWN, 0)
    (word,) = consents_of({"ok": "Y"}, [ConsentColumn("ok", "offers", channel="mail", yes={"Y"})], 100).records
    assert (word.state, word.channel) == (YES, "mail")
    with pytest.raises(tactful.UsageError, match="sure"):
        ConsentColumn("ok", "offers", how="sure")


def test_an_edge_keeps_in_the_store_what_is_said_at_it():
    store, table = MemoryStore(), Table(said(YES, 5))
    with tactful.open(POLICY, store=store, profiles=lambda _: {}, consents=ConsentsBeside(table, store)) as edge:
        edge.opt_out("ada", "offers")
        assert [one.state for one in store.consents("ada").records] == [NO]
        assert not standing(edge.rights.consents("ada"), ("offers",), "web", tactful.wall_clock()).given
        edge.opt_in("ada", "offers")
        assert {one.state for one in store.consents("ada").records} == {NO, YES}
