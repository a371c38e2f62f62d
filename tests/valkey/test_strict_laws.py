"""The laws of strict caps, on a server of Valkey."""

import pytest

from tactful import LogLimits, MemoryStore, OutboxLimits
from tactful.testing.store_strict import StrictLaws
from tactful_adapters.valkey_strict import ValkeyStrictCaps


class CappedStore(MemoryStore):
    """A store whose strict caps are kept in Valkey."""

    def __init__(self, caps, **options):
        super().__init__(**options)
        self._caps = caps
        caps._members = lambda customer: self._graph.merges(customer).members(customer)

    def reserve(self, asks):
        return self._caps.reserve(asks)

    def confirm(self, units):
        return self._caps.confirm(units)

    def release(self, units):
        return self._caps.release(units)

    def close(self):
        self._caps.close()
        super().close()


class TestValkeyStrictCaps(StrictLaws):
    @pytest.fixture(autouse=True)
    def _served(self, server):
        self._url = server.url()

    def make_store(self, where, outbox=OutboxLimits(), log=LogLimits()):  # noqa: B008 - frozen
        caps = ValkeyStrictCaps(self._url)
        caps.begin()
        return CappedStore(caps, outbox=outbox, log=log)
