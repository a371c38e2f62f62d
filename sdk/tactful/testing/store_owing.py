"""Laws of the erasures that something beside a store still owes: remembered until they are done, and no longer."""
# ruff: noqa: S101 - to assert what is expected is what a kit is for

from pathlib import Path

from .store_kit import HOSTILE, StoreMaking


class OwingLaws(StoreMaking):
    """The laws of `Owing`."""

    def test_an_erasure_is_owed_until_it_is_settled(self, tmp_path: Path) -> None:
        """Each keeper owes its own; twice is as once; who owes nobody any more is not named."""
        with self.opened(tmp_path) as store:
            assert dict(store.owed_erasures()) == {}
            ids = (*HOSTILE, "ada")
            store.owe_erasure("a", ids)
            store.owe_erasure("b", ["ada"])
            store.owe_erasure("b", ["ada", "bob"])
            assert dict(store.owed_erasures()) == {"a": frozenset(ids), "b": frozenset({"ada", "bob"})}
            assert store.settle_erasure("b", ["bob", "eve"]) == 1
            assert store.settle_erasure("a", ids) == len(ids)
            assert dict(store.owed_erasures()) == {"b": frozenset({"ada"})}

    def test_an_erasure_settles_nothing_that_is_owed_beside(self, tmp_path: Path) -> None:
        """The rows of the store are gone, and what is beside it has to forget all the same."""
        with self.opened(tmp_path) as store:
            store.link({"card": "4711"}, customer="ada")
            store.owe_erasure("a", ["ada"])
            store.erase("ada")
            assert dict(store.owed_erasures()) == {"a": frozenset({"ada"})}

    def test_what_is_owed_is_there_again(self, tmp_path: Path) -> None:
        """A store that is opened again knows it; for stores that persist."""
        if not self.persistent:
            return
        with self.opened(tmp_path) as store:
            store.owe_erasure("a", ["ada"])
        with self.opened(tmp_path) as store:
            assert dict(store.owed_erasures()) == {"a": frozenset({"ada"})}
