"""Several threads decide what one decides, in the same order; what fails is told, and nothing half done comes out."""

import threading

import pytest
from tests.batch.test_decide_many import HEAD, NOW_US, ROWS, opened, table
from tests.differential.mutating import Mutant, mutated

import tactful
from tactful import MemoryStore, StoreError
from tactful.authoring import compile_files
from tactful.engine.batch import many, parts
from tactful.errors import UsageError

CAP = "caps: {daily: {of: topic, count: 1, within: 1d}, budget: {per: everyone, of: all, count: 9999, within: 1d}}\n"


def crowd(count=200):
    rows = [{**ROWS[number % len(ROWS)], "customer": f"c{number}"} for number in range(count)]
    rows[7]["consent.offers"] = "sure"  # a word that is no consent
    return table(rows)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(many, "CHUNK", 16)


@pytest.mark.parametrize("workers", [2, 3, 8])
@pytest.mark.parametrize("place", ["rows", ("rows", "pair")])
@pytest.mark.usefixtures("small")
def test_several_decide_what_one_decides(workers, place):
    with opened(CAP) as edge:
        for number in range(0, 200, 3):
            edge.observe(f"c{number}", "shown", topic="food", id=f"{number}")
        heard = []
        one = edge.decide_many(place, crowd(), {"page": "food"})
        more = edge.decide_many(
            place, crowd(), {"page": "food"}, workers=workers, progress=lambda *told: heard.append(told)
        )
        assert one.one_by_one == ""
        assert more.table.equals(one.table)
        assert more.careful == one.careful == ("consent to offers is not understood in some rows: refused",)
        assert heard == [(min(done, 200), 200) for done in range(16, 216, 16)]
        assert one.table.num_rows > len(ROWS)


@pytest.mark.usefixtures("small")
def test_more_than_one_thread_decides():
    seen, both = set(), threading.Barrier(2, timeout=60)

    def consents(customer):
        if customer in ("c0", "c16"):  # each waits until the other is there
            both.wait()
        seen.add(threading.current_thread())
        return {"offers": "explicit"}

    policy = compile_files({"policy.yaml": HEAD.encode()})
    with tactful.open(policy, consents=consents, clock=lambda: NOW_US) as edge:
        edge.decide_many("rows", crowd().drop_columns(["consent.offers"]), workers=2)
    assert len(seen) == 2
    assert threading.main_thread() not in seen


class Fails(MemoryStore):
    def consents_of(self, customers):
        if "c40" in customers:
            raise StoreError("the consents are away")
        return super().consents_of(customers)


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.usefixtures("small")
def test_what_fails_is_raised_and_nothing_comes_out(workers):
    with opened("", Fails(clock=lambda: NOW_US)) as edge:
        heard = []
        with pytest.raises(StoreError, match="the consents are away"):
            edge.decide_many(
                "rows",
                crowd().drop_columns(["consent.offers"]),
                workers=workers,
                progress=lambda done, _: heard.append(done),
            )
        assert heard == [16, 32]  # the parts before it
    assert not any(one.name.startswith("tactful-many") for one in threading.enumerate())


@pytest.mark.usefixtures("small")
def test_who_hears_of_the_progress_can_end_it():
    def ends(done, _):
        if done >= 32:
            raise KeyboardInterrupt

    with opened() as edge, pytest.raises(KeyboardInterrupt):
        edge.decide_many("rows", crowd(), workers=2, progress=ends)
    assert not any(one.name.startswith("tactful-many") for one in threading.enumerate())


@pytest.mark.parametrize("workers", [0, -1, 1.5, "2", None])
def test_what_is_no_number_of_workers_is_refused(workers):
    with opened() as edge, pytest.raises(UsageError, match="workers is a whole number from 1"):
        edge.decide_many("rows", table(), workers=workers)


class Counts(MemoryStore):
    asked = 0

    def contacts(self, customer, since_us):
        self.asked += 1
        return super().contacts(customer, since_us)

    def consents(self, customer):
        self.asked += 1
        return super().consents(customer)


class CannotTellOfMany(Counts):
    contacts_of = None
    consents_of = None


def test_a_store_that_can_tell_of_many_is_not_asked_for_each():
    asked, tables = [], []
    for kind in (Counts, CannotTellOfMany):
        with opened(CAP, kind(clock=lambda: NOW_US)) as edge:
            for number in range(0, 200, 3):
                edge.observe(f"c{number}", "shown", topic="food", id=f"{number}")
                edge.opt_in(f"c{number}", "offers")
            before = edge._fetch.sources.ledger.asked
            tables.append(edge.decide_many("rows", crowd().drop_columns(["consent.offers"])).table)
            asked.append(edge._fetch.sources.ledger.asked - before)
    assert asked == [0, 400]
    assert tables[0].equals(tables[1])
    assert set(tables[0]["basis"].to_pylist()) > {"GENERIC"}


def bounded(workers, count=50):
    """Return what comes out, and the most parts that were asked for and not yet taken."""
    taken, most = 0, 0

    def given():
        nonlocal most
        for number in range(count):
            most = max(most, number + 1 - taken)
            yield number

    found = []
    for one in parts.in_order(lambda number: number * 2, given(), workers):
        taken += 1
        found.append(one)
    return found, most


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_parts_keep_their_order_and_few_are_under_way(workers):
    found, most = bounded(workers)
    assert found == [2 * number for number in range(50)]
    assert most <= workers + 1


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("if len(waiting) > workers:", "if len(waiting) > 40:"),
        (
            "> workers:\n                    yield waiting.popleft()",
            "> workers:\n                    yield waiting.pop()",
        ),
        ("while waiting:", "while False:"),
    ],
)
def test_a_mistake_with_parts_is_caught(right, wrong):
    with mutated(Mutant("engine.batch.parts", right, wrong)):
        found, most = bounded(2)
    assert found != [2 * number for number in range(50)] or most > 3
