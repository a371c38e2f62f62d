"""A relay is a centre like any other: the laws of centres hold behind it, over real HTTP."""

import pytest

from tactful import MemoryCentre
from tactful.relay.client import RelayCentre
from tactful.testing.centres import CentreConformance


class TestRelayCentre(CentreConformance):
    persistent = shared = True

    @pytest.fixture(autouse=True)
    def _served(self, serve):
        self._by_folder = {}
        self._serve = serve

    def make_centre(self, where):
        if where not in self._by_folder:
            self._by_folder[where] = self._serve(MemoryCentre())
        return RelayCentre.from_url(self._by_folder[where].url())

    def tell(self, centre, customer, told):
        (served,) = self._by_folder.values()
        super().tell(served.centre, customer, told)
