"""Laws of the centre of strict caps: what is promised once is promised to nobody else. Part of `StoreConformance`."""
# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

from pathlib import Path

from ..clock import DAY_US
from ..strict import Ask
from .store_kit import HOSTILE, StoreMaking, at_once, refused


def ask(subject: str = "ada", *, value: str = "", count: int = 3, wanted: int = 1, hold_us: int = DAY_US) -> Ask:
    """Return a question for room under a cap per customer that counts for two days."""
    return Ask("overcrowding.wine", value, "customer", subject, count, wanted, 2 * DAY_US, hold_us)


class StrictLaws(StoreMaking):
    """Room is given once, counts while it is held, and for good once it was used."""

    def test_no_more_room_is_given_than_the_cap_allows(self, tmp_path: Path) -> None:
        """As much as is left, and then nothing; each unit has a name of its own."""
        with self.opened(tmp_path) as store:
            first, second, third = store.reserve([ask(wanted=2), ask(wanted=2), ask(wanted=2)])
            assert (len(first), len(second), len(third)) == (2, 1, 0)
            assert len({*first, *second}) == 3
            assert store.reserve([ask()]) == ((),)

    def test_subjects_and_values_have_room_apart(self, tmp_path: Path) -> None:
        """Ids and values that look alike are not the same."""
        with self.opened(tmp_path) as store:
            given = store.reserve([ask(one, value=value, count=1) for one in HOSTILE for value in ("", "a")])
            assert [len(units) for units in given] == [1] * (2 * len(HOSTILE))

    def test_room_lapses_unless_it_is_confirmed(self, tmp_path: Path) -> None:
        """What is held too long is free again; what was confirmed counts on, also if that came late."""
        with self.opened(tmp_path) as store:
            (used, unused) = store.reserve([ask(count=2, hold_us=1), ask(count=2, hold_us=1)])
            assert store.confirm(used) == 1
            assert store.confirm(used) == 1
            (again,) = store.reserve([ask(count=2, wanted=9, hold_us=1)])
            assert len(again) == 1
            assert store.confirm(unused) == 1
            assert store.reserve([ask(count=2)]) == ((),)
            assert store.confirm(["unheard of"]) == 0

    def test_room_that_is_given_back_is_free(self, tmp_path: Path) -> None:
        """What was not used can be given back, once; what was used cannot."""
        with self.opened(tmp_path) as store:
            ((used, unused),) = store.reserve([ask(count=2, wanted=2)])
            store.confirm([used])
            assert store.release([used, unused]) == 1
            assert store.release([used, unused]) == 0
            assert [len(units) for units in store.reserve([ask(count=2, wanted=2)])] == [1]

    def test_merged_ids_have_one_cap(self, tmp_path: Path) -> None:
        """What was used under one id counts under the other."""
        with self.opened(tmp_path) as store:
            store.link({"card": "4711"}, customer="al")
            store.confirm(store.reserve([ask("ada", count=2)])[0])
            store.merge("ada", "al")
            assert [len(units) for units in store.reserve([ask("al", count=2, wanted=2), ask("ada", count=2)])] == [
                1,
                0,
            ]

    def test_many_that_ask_at_once_get_no_more_together(self, tmp_path: Path) -> None:
        """Threads that all want everything get the cap's count among them."""
        with self.opened(tmp_path) as store:
            given = at_once(4, lambda _: sum(len(store.reserve([ask(count=10)])[0]) for _ in range(9)))
            assert sum(given) == 10

    def test_a_closed_store_gives_no_room(self, tmp_path: Path) -> None:
        """Asking says that it is closed."""
        store = self.make_store(tmp_path)
        store.close()
        assert refused(lambda: store.reserve([ask()]))
