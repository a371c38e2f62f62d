"""Hints by Valkey beside a centre: the laws of centres hold, whatever the server does; and edges are woken up."""

import contextlib
import time
from threading import Thread
from urllib.parse import quote

import pytest
from tests.stores.shop import POLICY, offers

import tactful
from tactful import CentreError, Consent, Consents, ConsentState, How, MemoryCentre, StoreError, SyncOptions
from tactful.cli.wrong import wrong_of
from tactful.testing.centre_kit import opt_in, withdrawal
from tactful.testing.centres import CentreConformance
from tactful.testing.store_kit import contact
from tactful_adapters import valkey_hints
from tactful_adapters.valkey_hints import ValkeyHints

STREAM = "{tactful}:hints:consents"


class TestValkeyHints(CentreConformance):
    shared = keeps_edges = True

    @pytest.fixture(autouse=True)
    def _served(self, server):
        self._url = server.url()
        self._centres = {}

    def make_centre(self, where):
        return ValkeyHints(self._url, Shared(self._centres.setdefault(where, MemoryCentre())))

    def tell(self, centre, customer, told):
        super().tell(centre.centre.centre, customer, told)


class TestValkeyHintsWithoutAServer(TestValkeyHints):
    """All but the hints themselves."""

    @pytest.fixture(autouse=True)
    def _served(self, tmp_path):
        self._url = f"unix://{tmp_path}/none"
        self._centres = {}

    def test_a_hint_comes_back_whether_there_is_something_or_not(self, tmp_path):
        with self.opened(tmp_path) as centre, pytest.raises(CentreError, match="cannot be reached"):
            centre.wait("consents", 0, 0.01)


class Shared:
    """A connection of its own to one centre: closed, it takes no calls, and the centre goes on."""

    def __init__(self, centre):
        self.centre = centre
        self._closed = False

    def __getattr__(self, name):
        if self._closed:
            raise CentreError("closed")
        return getattr(self.centre, name)

    def close(self):
        self._closed = True


@pytest.fixture
def hints(server):
    with contextlib.closing(ValkeyHints(server.url(timeout_s=1), MemoryCentre())) as one:
        yield one


def test_who_waits_is_woken_by_what_another_one_delivered(server, hints):
    with contextlib.closing(ValkeyHints(server.url(), hints.centre)) as other:
        heard = []
        waiting = Thread(target=lambda: heard.append(hints.wait("consents", 0, 60)))
        waiting.start()
        other.deliver([withdrawal("1", "ada", 5, "offers")])
        waiting.join(30)
    assert heard == [True]


class Silent(ValkeyHints):
    """Tells nobody of what it delivers."""

    def deliver(self, events):
        return self.centre.deliver(events)


@pytest.mark.parametrize(("kind", "is_woken"), [(ValkeyHints, True), (Silent, False)])
def test_a_hint_is_there_once_something_was_delivered(server, hints, kind, is_woken):
    with contextlib.closing(kind(server.url(), hints.centre)) as other:
        other.deliver([withdrawal("1", "ada", 5, "offers")])
        assert hints.wait("consents", 0, 0.3) is is_woken


def test_who_waits_is_woken_by_how_far_another_one_has_come(server, hints):
    with contextlib.closing(ValkeyHints(server.url(), hints.centre)) as other:
        assert not hints.wait("consents", 7, 0.01)
        assert not other.wait("consents", 8, 0.01)  # it is there already, and tells so
    assert hints.wait("consents", 7, 60)
    assert not hints.wait("consents", 7, 0.01)  # nothing came of it: each is heard once
    assert not hints.wait("profiles", 7, 0.01)


def test_an_epoch_is_entered_once_and_few_are_kept(server, hints):
    for number in range(1, 500):
        hints.deliver([opt_in(str(number), f"customer {number}", 5)])
        hints.tell("consents")
    hints.deliver([contact("other", "ada", 1)])
    kept = server.run("XRANGE", STREAM, "-", "+")
    assert kept[-1][0] == b"499-0"
    assert len(kept) < 200
    assert len({id_ for id_, _ in kept}) == len(kept)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda server: server.run("SET", STREAM, "x"),
        lambda server: server.run("XADD", STREAM, f"{2**63}-0", "line", "consents"),
        lambda server: server.run("CONFIG", "SET", "maxmemory", "1"),
        lambda server: server.run("CLIENT", "PAUSE", "3000", "WRITE"),
        lambda server: server.stop(),
    ],
)
def test_whatever_the_server_does_what_counts_goes_through(serve, spoil):
    server = serve()
    with contextlib.closing(ValkeyHints(server.url(timeout_s=0.2), MemoryCentre())) as hints:
        hints.deliver([opt_in("1", "ada", 5)])
        spoil(server)
        assert hints.deliver([withdrawal("2", "ada", 9, "offers")]).accepted == {"2"}
        assert hints.changes("consents", 0, 9).epoch == 2
        with contextlib.suppress(CentreError):
            hints.wait("consents", 2, 0.3)


def test_an_evicted_stream_begins_anew(server, hints):
    hints.deliver([opt_in("1", "ada", 5)])
    server.run("DEL", STREAM)
    assert not hints.wait("consents", 1, 0.01)
    hints.deliver([opt_in("2", "bob", 5)])
    assert hints.wait("consents", 1, 60)


def test_edges_that_seldom_ask_hear_of_a_withdrawal_all_the_same(server):
    centre, now_us = MemoryCentre(), tactful.wall_clock()
    yes = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us)
    centre.put_consents("ada", Consents((yes,), now_us))
    seldom = SyncOptions(poll_s=600)

    def opened():
        return tactful.open(POLICY, centre=ValkeyHints(server.url(), Shared(centre)), sync=seldom)

    def epoch(edge):
        return edge.status()["centre"]["consents"]["epoch"]

    with opened() as shop, opened() as kiosk:
        _until(lambda: epoch(shop) == epoch(kiosk) == 1)
        shop.opt_out("ada")
        _until(lambda: epoch(kiosk) > 1)
        assert offers(kiosk, "ada") == []


def test_alone_it_is_no_centre(server):
    with pytest.raises(CentreError, match="can lose a withdrawal"):
        ValkeyHints.from_url(server.url())
    with pytest.raises(CentreError, match=r"there are: .*postgresql"):
        ValkeyHints.from_url(server.url(centre=quote("valkey://other", safe="")))
    with pytest.raises(StoreError, match="no URL"):
        ValkeyHints.from_url("valkey://cache:0:0")


class Beside:
    name, value = "memory", "somewhere:Centre"

    def load(self):
        return self

    def from_url(self, url):
        assert url == "memory://user:secret@there?a=1&b=2"
        return MemoryCentre()


def test_the_url_names_the_centre_beside(server, monkeypatch):
    monkeypatch.setattr(valkey_hints, "entry_points", lambda group: [Beside()])
    url = server.url(centre=quote("memory://user:secret@there?a=1&b=2", safe=""))
    with contextlib.closing(ValkeyHints.from_url(url)) as hints:
        assert hints.deliver([withdrawal("1", "ada", 5, "offers")]).accepted == {"1"}
        assert "secret" not in repr(hints)
    assert server.run("XLEN", STREAM) == 1


def _until(is_so):
    for _ in range(3_000):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to be so")


def test_a_server_of_hints_that_is_away_is_said_and_over_when_it_is_back(serve):
    server, centre = serve(), MemoryCentre()
    with (
        contextlib.closing(ValkeyHints(server.url(timeout_s=0.5), centre)) as hints,
        tactful.open(
            POLICY, store=tactful.MemoryStore(), centre=hints, sync=SyncOptions(poll_s=0.05, backoff_max_s=0.1)
        ) as edge,
    ):
        centre.put_consents("ann", Consents((), 5))  # an edge that has nothing to follow waits for nothing

        def told():
            edge.decide("page", "ann", preview=True)
            return edge.status()["centre"]["consents"]

        _until(lambda: told()["last_contact_age_s"] is not None)
        assert told()["hints_say"] == ""
        server.stop()
        _until(lambda: "cannot be reached" in told()["hints_say"])
        assert told()["hints_failing_s"] >= 0
        assert told()["last_error"] == ""  # the centre is well
        (wrong,) = [one for one in wrong_of(edge.status(), hints) if one.part == "hints"]
        assert "hear of changes when they ask" in wrong.says
        server.start()
        _until(lambda: told()["hints_say"] == "")
        assert [one for one in wrong_of(edge.status(), hints) if one.part == "hints"] == []
