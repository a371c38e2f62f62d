"""Laws of a centre that keeps how far the edges are that follow it: what each said last, within its time, of itself."""
# ruff: noqa: S101 - to assert what is expected is what a kit is for

from pathlib import Path
from typing import Any

from ..acknowledging import EDGE_NAME_MAX, edges_in, keeps
from ..consent import Consents
from .centre_kit import CentreMaking
from .store_kit import yes

#: Names that are alike to who is careless.
_NAMES = ("till 3, Zürich", "till 3", "Till 3", "till.*", "till >", "'; --", "é", "e\u0301", "x" * EDGE_NAME_MAX)
_KEEP_S = 3_600


class EdgesLaws(CentreMaking):
    """The laws of `Acknowledging`; a centre that keeps nobody says so by not having its calls."""

    def test_what_an_edge_said_last_is_kept_by_its_name(self, tmp_path: Path) -> None:
        """Each its own, with both lines; what is less than before counts as well; another connection sees the same."""
        with self.opened(tmp_path) as centre:
            self._know(centre)
            if not self._keeps(centre):
                return
            epochs = kept(centre).line_epochs()
            assert epochs == {line: centre.changes(line, 0, 99).epoch for line in ("consents", "profiles")}
            assert kept(centre).acknowledged() == {}
            for name in _NAMES:
                kept(centre).acknowledge(name, {"consents": epochs["consents"], "profiles": 0}, _KEEP_S)
            first = kept(centre).acknowledged()
            assert edges_in(first) == tuple(sorted(_NAMES))
            assert {one.epoch for (_, line), one in first.items() if line == "consents"} == {epochs["consents"]}
            assert {one.epoch for (_, line), one in first.items() if line == "profiles"} == {0}
            assert all(one.at_us > 0 for one in first.values())
            kept(centre).acknowledge(_NAMES[0], {"consents": 0, "profiles": 0}, _KEEP_S)
            after = kept(centre).acknowledged()
            assert after[_NAMES[0], "consents"].epoch == 0
            assert {key: one for key, one in after.items() if key[0] != _NAMES[0]} == {
                key: one for key, one in first.items() if key[0] != _NAMES[0]
            }
            if self.shared:
                with self.opened(tmp_path) as other:
                    assert kept(other).acknowledged() == after

    def test_who_is_ahead_of_the_centre_has_nothing(self, tmp_path: Path) -> None:
        """It follows another history, such as that of a centre before it was restored."""
        with self.opened(tmp_path) as centre:
            self._know(centre)
            if not self._keeps(centre):
                return
            epochs = kept(centre).line_epochs()
            kept(centre).acknowledge("a", {**epochs, "consents": epochs["consents"] + 1}, _KEEP_S)
            said = {line: one.epoch for (_, line), one in kept(centre).acknowledged().items()}
            assert said == {**epochs, "consents": 0}

    def test_an_edge_that_is_silent_for_its_time_is_forgotten(self, tmp_path: Path) -> None:
        """Who says something is heard anew."""
        with self.opened(tmp_path) as centre:
            self._know(centre)
            if not self._keeps(centre):
                return
            nothing = {"consents": 0, "profiles": 0}
            for name, keep_s in (("a", _KEEP_S), ("b", _KEEP_S), ("a", 0)):
                kept(centre).acknowledge(name, nothing, keep_s)
            assert edges_in(kept(centre).acknowledged()) == ("b",)
            kept(centre).acknowledge("a", nothing, _KEEP_S)
            assert edges_in(kept(centre).acknowledged()) == ("a", "b")

    def _know(self, centre: Any) -> None:
        self.tell(centre, "ada", Consents((yes(1),), 1))

    def _keeps(self, centre: object) -> bool:
        assert (keeps(centre) is not None) is self.keeps_edges, "keeps_edges= says whether it keeps how far edges are"
        return self.keeps_edges


def kept(centre: object) -> Any:
    """Return what keeps how far edges are: the centre, or one that it asks."""
    return keeps(centre)
