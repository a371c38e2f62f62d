"""Offence per treatment: counted right, the worst first, to its owner, and about nobody in particular."""

import json
import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tactful import Contact, MemoryStore
from tactful.authoring import compile_folder, init
from tactful.cli.app import app
from tactful.governance import Figures, figures_of, offences, wilson
from tactful.opening import store_of


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    init(folder := tmp_path_factory.mktemp("policy") / "policy")
    found = compile_folder(folder)
    offers = tuple(attrs.evolve(one, owner=("crm", "deli")[n % 2]) for n, one in enumerate(found.offers))
    return attrs.evolve(found, offers=offers)


def contacts(offer, event, count, **more):
    return [
        Contact(f"{offer}{event}{number}{more}", f"customer-{number}", event, number, offer=offer, **more)
        for number in range(count)
    ]


def filled(*several):
    store = MemoryStore()
    store.record([one for some in several for one in some])
    return store


def test_counts_rates_and_order(policy):
    mine, theirs = (offer.id for offer in policy.offers[:2])
    store = filled(
        contacts(mine, "shown", 1000, treatment="a"),
        contacts(mine, "complaint", 10, treatment="a"),
        contacts(mine, "shown", 1000, treatment="b"),
        contacts(mine, "too_personal", 40, treatment="b"),
        contacts(theirs, "shown", 500, treatment="a"),
        contacts(theirs, "dismissed", 100, treatment="a"),
        contacts(theirs, "click", 100, treatment="a"),
    )
    found = offences(policy, figures_of(store))

    assert [(one.owner, one.offer, one.treatment, one.shown) for one in found] == [
        ("deli", theirs, "a", 500),
        ("crm", mine, "b", 1000),
        ("crm", mine, "a", 1000),
    ]
    assert found[0].events == {"dismissed": 100, "too_personal": 0, "complaint": 0, "unsubscribe": 0}
    assert (found[0].rate.share, found[1].rate.share) == (0.2, 0.04)


def test_an_offer_that_is_gone_belongs_to_whom_the_ledger_says(policy):
    found = offences(policy, figures_of(filled(contacts("gone", "shown", 60, owner="garden"))))

    assert [(one.owner, one.offer) for one in found] == [("garden", "gone")]


def test_what_was_shown_seldom_is_told_together_or_not_at_all(policy):
    mine, theirs = (offer.id for offer in policy.offers[:2])
    seldom = [contacts(mine, "shown", 30, treatment=t) for t in "ab"] + [contacts(mine, "complaint", 1)]
    found = offences(policy, figures_of(filled(*seldom, contacts(theirs, "shown", 49))))

    assert [(one.owner, one.offer, one.shown, one.events["complaint"]) for one in found] == [("crm", "", 60, 1)]


def test_no_customer_is_in_it(policy):
    found = offences(policy, figures_of(filled(contacts(policy.offers[0].id, "shown", 100))))

    assert found
    assert "customer-" not in repr(found)


def test_reservations_are_no_exposures():
    store = filled(contacts("o", "shown", 3, until_us=10), contacts("o", "shown", 2))

    assert figures_of(store).total("shown") == 2


def test_a_ledger_is_read_in_pages_and_to_its_end(monkeypatch):
    import tactful.governance.figures as module  # noqa: PLC0415 - to read in smaller pages

    monkeypatch.setattr(module, "_PAGE", 7)

    assert figures_of(filled(contacts("o", "shown", 100))).total("shown") == 100


def test_what_is_not_read_is_not_nothing():
    assert figures_of(object()) == Figures(None, None)
    assert figures_of(MemoryStore()) == Figures({}, 0)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(pair):
    """Its ends are where the share is z standard deviations, of the end itself, away."""
    hits, count = pair
    found = wilson(hits, count)

    assert -1e-12 <= found.low <= found.share + 1e-12
    assert found.share - 1e-12 <= found.high <= 1
    for end in (found.low, found.high):
        if 1e-9 < end < 1 - 1e-9:
            distance = 1.959963984540054 * math.sqrt(end * (1 - end) / count)
            assert math.isclose(abs(end - found.share), distance, rel_tol=1e-6, abs_tol=1e-9)


def test_the_command(tmp_path):
    folder, url = tmp_path / "policy", f"sqlite:///{tmp_path / 'edge.db'}"
    assert CliRunner().invoke(app, ["init", str(folder)]).exit_code == 0
    offer = compile_folder(folder).offers[0].id
    store = store_of(url)
    store.record([*contacts(offer, "shown", 100), *contacts(offer, "complaint", 5)])
    store.close()
    told = CliRunner().invoke(app, ["offence", str(folder), "--store", url, "--json"])
    words = CliRunner().invoke(app, ["offence", str(folder), "--store", url])

    assert told.exit_code == words.exit_code == 0
    assert json.loads(told.stdout)[0]["rate"]["share"] == 0.05
    assert offer in words.stdout
    assert CliRunner().invoke(app, ["offence", str(folder), "--store", "none:///x"]).exit_code == 2
