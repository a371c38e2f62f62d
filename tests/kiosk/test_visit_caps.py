"""Nothing of a visit stays in memory where caps count strictly, or for households, and for those who are fetched."""

import time

import pytest
from tests.kiosk.conftest import NOON_US, SHOP, told, yes
from tests.kiosk.remains import remains

from tactful import Consents, MemoryStore, ScreenVisit, Snapshot
from tactful.authoring import compile_files

#: The id, the card, the name and the household, each written backwards: the search does not find itself.
BACKWARDS = [b"9reMotsuCqZ", b"9draCqZ", b"9maNqZ", b"9esuoHqZ"]
CAPS = """
caps:
  home: {per: household, of: offer, count: 9, within: 30d}
  one: {per: customer, of: offer, count: 90, within: 30d, strict: true}
  all: {per: everyone, of: offer, count: 9000, within: 30d, strict: true}
"""


def word(at):
    return BACKWARDS[at][::-1].decode()


@pytest.fixture(scope="module", params=["", "strict: true, "])
def policy(request):
    caps = CAPS.replace("home: {", "home: {" + request.param)
    return compile_files({"policy.yaml": (SHOP + caps).encode()})


@pytest.fixture
def shop():
    store = MemoryStore()
    store.put_profile(Snapshot(word(0), NOON_US, {"first_name": told(word(2)), "city": told("Bern")}, 1))
    store.put_consents(word(0), Consents((yes(),), NOON_US))
    store.link({"card": word(1), "household": word(3)}, customer=word(0))
    return store


@pytest.fixture
def edge(opened, make, tmp_path):
    pack = make(customers=(word(0),), share=(0, 1, 1))
    store = f"sqlite:///{tmp_path / 'kiosk.db'}"
    return opened(pack, store=store)


@pytest.mark.parametrize("by_id", [False, True])
def test_nothing_remains_of_who_was_asked_for_and_whose_room_was_in_hand(edge, by_id):
    before = remains(BACKWARDS)
    visit = ScreenVisit(edge, word(0) if by_id else {"card": word(1)})
    decision = visit.decide("screen")
    assert word(2) in decision.content["title"]
    assert edge.record(decision.token)
    edge.decide("screen", word(0), view="page")
    assert remains(BACKWARDS) > before
    visit.end()
    del visit, decision
    assert is_gone(before)


def test_nothing_comes_back_with_what_is_recorded_after_the_visit(edge):
    before = remains(BACKWARDS)
    visit = ScreenVisit(edge, word(0))
    token = visit.decide("screen").token
    visit.end()
    del visit
    assert edge.record(token)
    assert is_gone(before)


def is_gone(before):
    """Return whether no more is left than before; threads that were asked need a moment to go back to sleep."""
    for _ in range(10):
        if remains(BACKWARDS) <= before:
            return True
        time.sleep(0.2)
    return False


@pytest.mark.parametrize("who", [word(0), {"card": word(1)}])
def test_a_fetch_that_is_under_way_when_the_visit_ends_remembers_nobody(edge, who, monkeypatch):
    asked, ended = edge._store.profile, []

    def ends_meanwhile(customer):
        ended.append(customer)
        edge.let_go(who)
        return asked(customer)

    monkeypatch.setattr(edge._store, "profile", ends_meanwhile)
    edge.warm(who)
    assert ended
    assert not edge._identities._known
    assert edge.status()["customers_here"] == 0
