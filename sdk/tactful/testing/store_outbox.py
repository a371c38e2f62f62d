"""Laws of what waits in a store's outbox. Part of `StoreConformance`."""

# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

from pathlib import Path

from ..outbox import OutboxLimits
from ..outbox_ports import Waiting
from .store_kit import StoreMaking, contact


class OutboxLaws(StoreMaking):
    """What a store holds to of what waits for the centre."""

    def test_the_outbox_keeps_the_order_until_it_is_acknowledged(self, tmp_path: Path) -> None:
        """Withdrawals first, then oldest first; taking leaves everything, acknowledging takes it out once."""
        events = ("shown", "click", "withdrawal", "shown")
        with self.opened(tmp_path) as store:
            store.record([contact(str(n), "ada", 9 - n, event) for n, event in enumerate(events)])
            taken = store.outbox_take(9)
            assert [one.id for _, one in taken] == ["2", "0", "1", "3"]
            assert [one.id for _, one in store.outbox_take(2)] == ["2", "0"]
            numbers = [number for number, _ in taken]
            assert store.outbox_ack(numbers[:2]) == 2
            assert store.outbox_ack(numbers[:2]) == 0
            assert [one.id for _, one in store.outbox_take(9)] == ["1", "3"]
            assert len(store.contacts("ada", 0)) == len(events)

    def test_a_withdrawal_that_is_passed_over_holds_up_nobody_else(self, tmp_path: Path) -> None:
        """The customer's other withdrawals come all the same; what else the customer said and did waits behind it."""
        sent = (
            ("ada", "opt_in"),
            ("bob", "shown"),
            ("ada", "withdrawal"),
            ("bob", "withdrawal"),
            ("ada", "withdrawal"),
        )
        with self.opened(tmp_path) as store:
            store.record([contact(str(n), who, n, event) for n, (who, event) in enumerate(sent)])
            assert [one.id for _, one in store.outbox_take(9)] == ["2", "3", "4", "0", "1"]
            first, exposure = store.outbox_take(1)[0], store.outbox_take(9)[-1][0]
            store.outbox_pass_over({first[0]: "refused", exposure: "none", 2**40: "nobody"})
            assert [one.id for _, one in store.outbox_take(9)] == ["3", "4", "1"]
            assert [one.id for _, one in store.outbox_take(2)] == ["3", "4"]
            assert [one.id for _, one in store.outbox_withdrawals(0, 9)] == ["2", "3", "4"]
            assert store.outbox_waiting()["withdrawal"] == Waiting(3, 2)
            store.outbox_ack([first[0]])
            assert [one.id for _, one in store.outbox_take(9)] == ["3", "4", "0", "1"]

    def test_what_is_passed_over_is_kept_and_told_of_until_it_has_arrived(self, tmp_path: Path) -> None:
        """In order, with the newest code of each; another process says the same, and so does the next one."""
        with self.opened(tmp_path) as store:
            store.record([contact(str(n), f"customer {n}", n, "withdrawal") for n in range(4)])
            numbers = [number for number, _ in store.outbox_take(9)]
            assert dict(store.outbox_passed_counts()) == {}
            store.outbox_pass_over(dict.fromkeys(numbers[1:], "first"))
            store.outbox_pass_over({numbers[1]: "second"})
        with self.opened(tmp_path) as store:
            if not self.persistent:
                return
            assert [one.id for _, one in store.outbox_take(9)] == ["0"]
            assert [one.id for _, one in store.outbox_passed_over(0, 2)] == ["1", "2"]
            assert [one.id for _, one in store.outbox_passed_over(numbers[1], 9)] == ["2", "3"]
            assert dict(store.outbox_passed_counts()) == {"first": Waiting(2, 2), "second": Waiting(1, 1)}
            store.outbox_ack(numbers[1:])
            assert list(store.outbox_passed_over(0, 9)) == []
            assert dict(store.outbox_passed_counts()) == {}

    def test_any_number_can_be_passed_over(self, tmp_path: Path) -> None:
        """What comes behind thousands of them is what is taken."""
        with self.opened(tmp_path) as store:
            store.record([contact(str(n), f"customer {n}", n, "withdrawal") for n in range(2_000)])
            store.outbox_pass_over({number: "refused" for number, _ in store.outbox_take(2_000)})
            store.record([contact("new", "ada", 0, "withdrawal")])
            assert [one.id for _, one in store.outbox_take(9)] == ["new"]
            assert store.outbox_passed_counts() == {"refused": Waiting(2_000, 0)}

    def test_withdrawals_can_be_read_from_where_one_left_off(self, tmp_path: Path) -> None:
        """Those with higher numbers, lowest first, and nothing else; what comes later has a higher number."""
        events = ("withdrawal", "shown", "withdrawal", "withdrawal")
        with self.opened(tmp_path) as store:
            store.record([contact(str(n), "ada", 9 - n, event) for n, event in enumerate(events)])
            found = store.outbox_withdrawals(0, 2)
            assert [one.id for _, one in found] == ["0", "2"]
            newer = store.outbox_withdrawals(found[-1][0], 9)
            assert [one.id for _, one in newer] == ["3"]
            third = newer[0]
            assert list(store.outbox_withdrawals(third[0], 9)) == []
            store.outbox_ack([third[0]])
            store.record([contact("new", "ada", 0, "withdrawal")])
            assert [one.id for _, one in store.outbox_withdrawals(third[0], 9)] == ["new"]
            assert [one.id for _, one in store.outbox_withdrawals(0, 9)] == ["0", "2", "new"]

    def test_a_full_outbox_drops_exposures_first_and_no_withdrawal(self, tmp_path: Path) -> None:
        """The oldest exposures go, then the oldest outcomes, and are counted; the ledger keeps them all."""
        events = ("click", "shown", "withdrawal", "shown", "click", "withdrawal", "shown")
        with self.opened(tmp_path, OutboxLimits(rows_max=3)) as store:
            store.record([contact(str(n), "ada", n, event) for n, event in enumerate(events)])
            assert [one.id for _, one in store.outbox_take(9)] == ["2", "5", "0", "4", "6"]
            assert dict(store.outbox_dropped()) == {"exposure": 2, "outcome": 0, "disclosure": 0}
            store.record([contact(f"late {n}", "ada", n, "click") for n in range(3)])
            assert [c.id for _, c in store.outbox_take(9)] == ["2", "5", "late 0", "late 1", "late 2"]
            assert dict(store.outbox_dropped()) == {"exposure": 3, "outcome": 2, "disclosure": 0}
            assert len(store.contacts("ada", 0)) == len(events) + 3

    def test_a_full_outbox_is_full_in_bytes_too(self, tmp_path: Path) -> None:
        """A few large contacts are too much as well."""
        limits = OutboxLimits(bytes_max=4_000)
        with self.opened(tmp_path, limits) as store:
            store.record([contact(f"{n}" * 1_000, "ada", n) for n in range(9)])
            left = [one for _, one in store.outbox_take(9)]
            assert [one.at_us for one in left] == [6, 7, 8]
            assert sum(map(limits.size_bytes, left)) <= limits.bytes_max

    def test_what_waits_is_counted_by_class(self, tmp_path: Path) -> None:
        """So many of each class, and when the first of them happened."""
        events = ("shown", "click", "withdrawal", "shown")
        with self.opened(tmp_path) as store:
            store.record([contact(str(n), "ada", n + 3, event) for n, event in enumerate(events)])
            assert dict(store.outbox_waiting()) == {
                "exposure": Waiting(2, 3),
                "outcome": Waiting(1, 4),
                "disclosure": Waiting(),
                "withdrawal": Waiting(1, 5),
            }

    def test_what_is_refused_holds_nothing_up_and_can_be_tried_again(self, tmp_path: Path) -> None:
        """It is set aside with its code; the newest are kept, and every withdrawal; what goes is counted."""
        events = ("shown", "withdrawal", "click", "shown", "withdrawal", "shown")
        with self.opened(tmp_path, OutboxLimits(refused_max=2)) as store:
            store.record([contact(str(n), "ada", n, event) for n, event in enumerate(events)])
            codes = {number: f"code {one.id}" for number, one in store.outbox_take(9) if one.id != "5"}
            assert store.outbox_refuse({**codes, 2**40: "nobody"}) == 5
            assert [one.id for _, one in store.outbox_take(9)] == ["5"]
            refused_now = {one.id: code for one, code in store.outbox_refused()}
            assert refused_now == {id_: f"code {id_}" for id_ in ("1", "2", "3", "4")}
            assert dict(store.outbox_dropped()) == {"exposure": 1, "outcome": 0, "disclosure": 0}
            assert store.outbox_retry() == 4
            assert [one.id for _, one in store.outbox_take(9)] == ["1", "4", "5", "2", "3"]
            assert list(store.outbox_refused()) == []
            store.outbox_refuse(dict.fromkeys((number for number, _ in store.outbox_take(9)), "again"))
            store.erase("ada")
            assert [one.id for one, _ in store.outbox_refused()] == ["1", "4"]
