"""Threads that decide while customers say no and yes: none begins a personal decision once a no has been applied."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Final

import attrs

import tactful
from tactful import (
    Consent,
    ConsentState,
    How,
    MemoryCentre,
    MemoryStore,
    Observation,
    Snapshot,
    Source,
    SyncOptions,
    wall_clock,
)
from tactful.authoring import compile_files

from .soak import SHOP, until

THREADS: Final = 8
_CUSTOMERS: Final = ("ada", "bob", "cyd", "dan")
#: Where a no and the yes after it are said: at this edge, or at the centre that it follows.
_WHERE: Final = ("here", "at the centre")


@attrs.frozen
class AfterNo:
    """
    What was found.

    Attributes:
        withdrawals: So many were made and applied while the threads decided.
        decisions: So many were made.
        personal: So many of them used what is known of the customer: a yes stood.
        begun_after_no: So many began when a no had been applied and no yes was under way.
        violations: So many of those were personal.
    """

    withdrawals: int
    decisions: int
    personal: int
    begun_after_no: int
    violations: int


class _Said:
    """How often each customer's word has changed: odd while a no is applied and nothing newer is under way."""

    def __init__(self) -> None:
        self.turn = dict.fromkeys(_CUSTOMERS, 0)

    def applied(self, customer: str) -> None:
        self.turn[customer] += 1

    def lifting(self, customer: str) -> None:
        self.turn[customer] += 1


def decide_after_no(
    folder: Path, count: int, store: str = "sqlite", progress: Callable[[int], None] = lambda _: None
) -> AfterNo:
    """
    Let eight threads decide while so many withdrawals come, here and from the centre by turns.

    Args:
        folder: Takes the edge's file.
        count: So many withdrawals.
        store: "sqlite" or "memory".
        progress: Is told how many were made.
    """
    centre, said, over, counts = MemoryCentre(), _Said(), threading.Event(), Counter[str]()
    lock = threading.Lock()
    for name in _CUSTOMERS:
        centre.put_profile(
            Snapshot(name, wall_clock(), {"first_name": Observation("X", Source.OBSERVED, wall_clock())})
        )
        centre.add_consent(name, _word(ConsentState.GIVEN))
    with ExitStack() as stack:
        kept = MemoryStore() if store == "memory" else f"sqlite:///{folder / 'edge.db'}"
        edge = stack.enter_context(
            tactful.open(
                compile_files({"shop.yaml": SHOP.encode()}), store=kept, centre=centre, sync=SyncOptions(threads=False)
            )
        )
        edge.sync()

        def personal(name: str) -> bool:
            found = edge.decide("page", name, preview=True).content or {}
            return str(found.get("title", "")).endswith(", your olives")

        def decide(chance: Random) -> None:
            mine = Counter[str]()
            while not over.is_set():
                name = chance.choice(_CUSTOMERS)
                before = said.turn[name]
                used = personal(name)
                after_no = before % 2 == 1 and said.turn[name] == before
                mine.update(decisions=1, personal=used, begun_after_no=after_no, violations=used and after_no)
            with lock:
                counts.update(mine)

        for name in _CUSTOMERS:
            edge.warm(name)
        threads = [threading.Thread(target=decide, args=(Random(seed),)) for seed in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            for done, (name, where) in enumerate(_turns(count)):
                _withdraw(edge, centre, name, where)
                said.applied(name)
                time.sleep(0.002)
                said.lifting(name)
                _grant(edge, centre, name, where)
                edge.warm(name)
                until(lambda name=name: personal(name), 30)
                progress(done + 1)
        finally:
            over.set()
            for thread in threads:
                thread.join()
    return AfterNo(count, *(counts[one] for one in ("decisions", "personal", "begun_after_no", "violations")))


def _turns(count: int) -> list[tuple[str, str]]:
    names = cycle(_CUSTOMERS)
    return [(next(names), _WHERE[(number // len(_CUSTOMERS)) % 2]) for number in range(count)]


def _withdraw(edge: tactful.Edge, centre: MemoryCentre, name: str, where: str) -> None:
    if where == "here":
        edge.opt_out(name)
    else:
        centre.add_consent(name, _word(ConsentState.WITHDRAWN))
    edge.sync()


def _grant(edge: tactful.Edge, centre: MemoryCentre, name: str, where: str) -> None:
    if where == "here":
        edge.opt_in(name, "offers")
    else:
        centre.add_consent(name, _word(ConsentState.GIVEN))
    edge.sync()


def _word(state: ConsentState) -> Consent:
    return Consent("offers", state, How.EXPLICIT, wall_clock())
