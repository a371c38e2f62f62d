"""The same on a server of Redis, if there is one: what works with it, and what an older one is told."""

import contextlib
import tempfile
from pathlib import Path

import pytest

from tactful import Consent, Consents, ConsentState, How, MemoryCentre, MemoryStore, StoreError
from tactful.testing.store_strict import StrictLaws, ask
from tactful_adapters.valkey_hints import ValkeyHints
from tactful_adapters.valkey_snapshots import ValkeySnapshots
from tactful_adapters.valkey_strict import ValkeyStrictCaps

from .server import Server, redis_program, version_of
from .test_strict_laws import CappedStore

#: The first that tells whether a promise is on its disk (WAITAOF).
STRICT = (7, 2)
#: The first that takes scripts as they are written here.
SNAPSHOTS = (7, 0)

pytestmark = pytest.mark.skipif(redis_program() is None, reason="there is no redis-server")
VERSION = version_of(redis_program()) if redis_program() else (0, 0)
keeps_caps = pytest.mark.skipif(VERSION < STRICT, reason=f"strict caps need Redis 7.2, and this is {VERSION}")


@pytest.fixture(scope="module")
def _redis():
    pytest.importorskip("valkey", reason="the extra valkey is not installed")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = Server(redis_program(), Path(folder) / "0")
        yield server
        server.stop()


@pytest.fixture
def redis(_redis):
    _redis.run("FLUSHALL")
    return _redis


@keeps_caps
class TestRedisStrictCaps(StrictLaws):
    @pytest.fixture(autouse=True)
    def _served(self, redis):
        self._url = redis.url()

    def make_store(self, where, outbox=None, log=None):
        caps = ValkeyStrictCaps(self._url)
        caps.begin()
        given = {name: one for name, one in (("outbox", outbox), ("log", log)) if one is not None}
        return CappedStore(caps, **given)


@keeps_caps
def test_a_restart_loses_no_promise(redis):
    with contextlib.closing(ValkeyStrictCaps(redis.url())) as caps:
        caps.begin()
        assert caps.confirm(caps.reserve([ask(count=3, wanted=2)])[0]) == 2
        redis.restart()
        assert len(caps.reserve([ask(count=3, wanted=9)])[0]) == 1


@pytest.mark.skipif(VERSION >= STRICT, reason=f"Redis {VERSION} is new enough")
def test_an_older_redis_gives_no_room_and_is_refused_when_it_is_opened(redis):
    with pytest.raises(StoreError, match=r"it is too old; Valkey 7\.2 or Redis 7\.2 is needed"):
        ValkeyStrictCaps.from_url(redis.url())
    with contextlib.closing(ValkeyStrictCaps(redis.url())) as caps, pytest.raises(StoreError, match="too old"):
        caps.reserve([ask()])


def test_it_wakes_edges_up(redis):
    centre = MemoryCentre()
    centre.put_consents("ann", Consents((), 5))
    with contextlib.closing(ValkeyHints(redis.url(), centre)) as hints:
        assert not hints.wait("consents", 0, 0.1)
        assert hints.tell("consents")
        assert hints.wait("consents", 0, 2)


def test_it_shares_consents_or_says_that_it_is_too_old_and_costs_nothing(redis, caplog):
    crm, own = MemoryStore(), MemoryStore()
    crm.put_consents("ann", Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, 5),), 5))
    with contextlib.closing(ValkeySnapshots(redis.url(), own=own, profiles=crm, consents=crm)) as shared:
        for _ in range(2):
            assert shared.consents("ann") == crm.consents("ann")
        assert shared._read("ann").is_whole is (VERSION >= SNAPSHOTS)
    assert ["too old" in one.getMessage() for one in caplog.records] == [True] * (VERSION < SNAPSHOTS)
