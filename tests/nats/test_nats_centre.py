"""A centre in NATS: the laws of centres."""

import pytest

from tactful.testing.centres import CentreConformance
from tactful_adapters.nats_centre import NATSCentre


class TestNATSCentre(CentreConformance):
    persistent = shared = True
    keeps_edges = True

    @pytest.fixture(autouse=True)
    def _started(self, shared_server, name_of):
        self.url = lambda where: shared_server.url(name_of(where))

    def make_centre(self, where):
        return NATSCentre.from_url(self.url(where))
