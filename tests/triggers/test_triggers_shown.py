"""Who writes and who reviews a policy sees its triggers, and no bundle has one that cannot be meant."""

import json

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from shoes.story import POLICY
from tactful.authoring import compile_folder
from tactful.authoring.document import document
from tactful.cli.app import app
from tactful.events import EventKind
from tactful.expr import Var
from tactful.plan.contradictions import contradictions
from tactful.schema import ValueType
from tactful_adapters.triggers import Journal
from tactful_adapters.triggers.journal import Waiting

SHOES = compile_folder(POLICY)
NEAR_THE_SHOP = (
    "track Fence Entered if size(context.in_stock) > 0 asks push.note on push, by the port push; "
    "of use for 30 minutes, at most 1 time within 1 day"
)


def test_the_policy_document_tells_of_each():
    (told,) = [one for tier in document(SHOES).tiers for one in tier.sections if one.title == "Triggers"]
    assert [row[0] for row in told.rows] == ["near_the_shop", "size_is_in", "ticket_answered"]
    assert told.rows[0][1:3] == ("track Fence Entered", "size(context.in_stock) > 0")
    assert told.rows[2][-1] == "at most 20 times within 1 hour"


def test_a_policy_without_any_tells_of_none():
    silent = document(attrs.evolve(SHOES, triggers=()))
    assert not [one for tier in silent.tiers for one in tier.sections if one.title == "Triggers"]


def test_explain_tells_who_asks_a_placement():
    asked = CliRunner().invoke(app, ["explain", str(POLICY), "push.note", "--json"])
    assert json.loads(asked.stdout)["triggers"]["near_the_shop"] == NEAR_THE_SHOP
    other = CliRunner().invoke(app, ["explain", str(POLICY), "web.home", "--json"])
    assert "triggers" not in json.loads(other.stdout)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"placement": "nowhere"}, "trigger near_the_shop: there is no 'nowhere' among the placements"),
        ({"placement": "web.home"}, "trigger near_the_shop: web.home is on no channel that is outbound"),
        ({"properties": (("a", "weather"),)}, "trigger near_the_shop: there is no 'weather' among the context"),
        ({"properties": (("a", "shop"), ("b", "shop"))}, "trigger near_the_shop: 'shop' is told twice"),
        ({"kind": EventKind.ALIAS}, "trigger near_the_shop: an event of kind alias has no name"),
        ({"when": Var("profile.wanted_size", ValueType.BOOL)}, "trigger near_the_shop"),
        ({"when": Var("channel.name", ValueType.TEXT)}, "trigger near_the_shop"),
        ({"lasts_s": 0}, "lasts of trigger near_the_shop is not from 1"),
        ({"count": 0}, "count of trigger near_the_shop is not from 1"),
        ({"within_s": -1}, "within of trigger near_the_shop is not from 1"),
    ],
)
def test_no_edge_takes_one_that_cannot_be_meant(change, words):
    assert list(contradictions(SHOES)) == []
    first, *others = SHOES.triggers
    found = list(contradictions(attrs.evolve(SHOES, triggers=(attrs.evolve(first, **change), *others))))
    assert any(words in why for why in found), found


def test_two_of_a_name_are_refused():
    assert any("near_the_shop" in why for why in contradictions(attrs.evolve(SHOES, triggers=SHOES.triggers[:1] * 2)))


@settings(max_examples=60, deadline=None)
@given(
    times=st.lists(st.integers(0, 30), max_size=25),
    count=st.integers(1, 3),
    within=st.integers(1, 10),
)
def test_never_more_than_so_many_within_the_time_however_late_events_come(tmp_path_factory, times, count, within):
    with Journal(tmp_path_factory.mktemp("journal") / "j.db") as journal:
        kept = [
            at
            for number, at in enumerate(times)
            if journal.add(Waiting(bytes([number]), "t", "ann", {}, at, 99), "ann", count, within) == "waiting"
        ]
    assert all(sum(start <= at < start + within for at in kept) <= count for start in kept)
    assert kept or not times
