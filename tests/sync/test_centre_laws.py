"""The centre that ships passes its kit."""

from tactful import MemoryCentre
from tactful.testing.centres import CentreConformance


class TestMemoryCentre(CentreConformance):
    keeps_edges = True

    def make_centre(self, where):
        return MemoryCentre()


class TestOneThatIsKept(CentreConformance):
    """The laws of centres that persist and are shared, on one that the folder names."""

    persistent = shared = True
    keeps_edges = True
    kept = {}  # noqa: RUF012 - for the class on purpose: what is opened again is the same

    def make_centre(self, where):
        centre = self.kept.setdefault(where, MemoryCentre())
        centre._closed = False
        return centre
