"""Eight processes of one host that share a store: whether they keep one cap together, and what becomes of events."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Final

import attrs

import tactful
from tactful import Consent, Consents, ConsentState, How, MemoryCentre, SyncOptions, wall_clock
from tactful.authoring import compile_files
from tactful_adapters.sqlite import SQLiteStore

PROCESSES: Final = 8
CAP: Final = 3
#: The processes of a host hear of each other within about a second (docs/contact-policy.md).
HEARS_WITHIN_S: Final = 1.5
SHOP: Final = f"""
channels: {{web: private}}
placements: {{page: web}}
topics: {{food: {{}}}}
purposes: {{offers: consent}}
offers:
  olives: {{intent: sell, topic: food, purpose: offers, value: 9, treatments: Olives}}
caps:
  few: {{per: customer, of: offer, count: {CAP}, within: 7d}}
"""


@attrs.frozen
class HostFigures:
    """
    What the processes did together.

    Attributes:
        processes: So many, each with an edge of its own on one SQLite file.
        customers: So many; each visits every process twice.
        shown: So many exposures were recorded.
        most: The most exposures of the offer to one customer.
        over: So many customers saw more of it than the cap allows.
        lost: Exposures that were recorded and did not reach the centre.
        doubled: Those that reached it twice.
    """

    processes: int
    customers: int
    shown: int
    most: int
    over: int
    lost: int
    doubled: int


def run_host(
    folder: Path,
    customers: int,
    *,
    processes: int = PROCESSES,
    apart: bool = True,
    shared: bool = True,
    progress: Callable[[int], None] = lambda _: None,
) -> HostFigures:
    """
    Let customers visit all processes of a host in turn, then deliver what was recorded.

    Args:
        folder: Takes the stores.
        customers: So many.
        processes: So many.
        apart: Whether a customer's visits are so far apart that the processes have heard of each other; if not, all
            processes are visited at once.
        shared: Whether the processes share a store; the control's do not.
        progress: Is told how many rounds of visits are over.
    """
    spawned = multiprocessing.get_context("spawn")
    barrier, told = spawned.Barrier(processes + 1), spawned.Queue()
    stores = [f"sqlite:///{folder / ('edge.db' if shared else f'edge{number}.db')}" for number in range(processes)]
    _fill(set(stores), customers)
    children = [
        spawned.Process(target=_visited, args=(number, processes, customers, store, apart, barrier, told), daemon=True)
        for number, store in enumerate(stores)
    ]
    for child in children:
        child.start()
    try:
        for turn in range(2 * processes):
            barrier.wait(100)
            progress(turn * customers // (2 * processes))
        recorded = sum(told.get(timeout=100) for _ in children)
    finally:
        for child in children:
            child.join(30)
            child.terminate()
    return _counted(set(stores), recorded, processes, customers)


def _fill(stores: set[str], customers: int) -> None:
    now_us = wall_clock()
    yes = Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us),), now_us)
    for store in stores:
        with SQLiteStore.from_url(store) as one:
            one.put_many((), {f"c{number}": yes for number in range(customers)})


def _visited(number: int, processes: int, customers: int, store: str, apart: bool, barrier: Barrier, told: Any) -> None:  # noqa: FBT001 - a process's arguments
    """Be one process: in each turn the customers come whose turn it is, or all of them."""
    recorded = 0
    with tactful.open(compile_files({"shop.yaml": SHOP.encode()}), store=store) as edge:
        for customer in range(customers):
            edge.warm(f"c{customer}")
        edge.decide("page", "c0", preview=True)  # from here on it hears of the others
        for turn in range(2 * processes):
            barrier.wait(300)
            for customer in range(customers):
                if not apart or (customer + turn) % processes == number:
                    decision = edge.decide("page", f"c{customer}")
                    recorded += bool(decision.picks) and edge.record(decision)
            if apart:
                time.sleep(HEARS_WITHIN_S)
    told.put(recorded)


def _counted(stores: set[str], recorded: int, processes: int, customers: int) -> HostFigures:
    """Deliver what waits in the stores, and count what arrived."""
    centre = MemoryCentre()
    policy = compile_files({"shop.yaml": SHOP.encode()})
    for store in stores:
        with tactful.open(policy, store=store, centre=centre, sync=SyncOptions(threads=False)) as edge:
            while edge.sync().events:
                pass
    exposures = [event for event in centre.events if getattr(event, "event", "") == "shown"]
    each = Counter(event.customer for event in exposures)
    return HostFigures(
        processes,
        customers,
        recorded,
        max(each.values(), default=0),
        sum(count > CAP for count in each.values()),
        max(recorded - len(exposures), 0),
        max(len(exposures) - recorded, 0),
    )
