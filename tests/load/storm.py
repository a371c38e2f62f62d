"""Threads decide while profiles change, consents are withdrawn and plans are swapped; what went wrong is told.

Nothing is timed: each thread decides so many times, and until all the rest is over.
"""

import sys
import threading
from collections import Counter

import attrs

from .conftest import COUNT, known, letters, policy

THREADS, DECISIONS, SWAPS, CUSTOMERS = 8, 120, 6, 12
LETTERS = "ABCDEFG"


@attrs.frozen
class Made:
    """A decision, and what had surely happened before it was asked for."""

    customer: str
    decision: object
    plans_before: int
    gone_before: bool


class Storm:
    """What goes on at once; `made` and `errors` tell what came of it."""

    def __init__(self, edge):
        self.edge = edge
        self.count = COUNT
        self.is_over = threading.Event()
        self.plans = [edge.plan]
        self.gone = set()  # those who have withdrawn, or whose profile forbids everything
        self.made = []
        self.errors = []

    def blow(self):
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        others = [self._swap, self._change, self._withdraw]
        works = [*others, *(lambda n=n: self._decide(n) for n in range(THREADS))]
        threads = [threading.Thread(target=self._noted, args=(work,)) for work in works]
        try:
            for thread in threads:
                thread.start()
            for thread in threads[: len(others)]:
                thread.join()
            self.is_over.set()
            for thread in threads:
                thread.join()
        finally:
            sys.setswitchinterval(before)
        return self

    def _noted(self, work):
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            self.errors.append(error)

    def _decide(self, first):
        number = 0
        while number < DECISIONS or not self.is_over.is_set():
            customer = f"c{(first + number) % CUSTOMERS}"
            number += 1
            plans, gone = len(self.plans), customer in self.gone
            self.made.append(Made(customer, self.edge.decide("home", customer), plans, gone))

    def _swap(self):
        for letter in LETTERS[1 : SWAPS + 1]:
            self.edge.update(policy(letter, count=self.count))
            self.plans.append(self.edge.plan)

    def _change(self):
        for number in range(60):
            customer = f"c{number % 4}"  # these stay eligible
            self.edge._store.put_many([known(customer, visits=1 + number)])
            self.edge.warm(customer)
        self.edge._store.put_many([known("c4", visits=0)])
        self.edge.warm("c4")
        self.gone.add("c4")

    def _withdraw(self):
        for customer in ("c5", "c6"):
            self.edge.opt_out(customer)
            self.gone.add(customer)


def wrongs(storm):
    """What must not have happened, in words."""
    found = [f"{type(error).__name__} was raised" for error in storm.errors]
    shown = Counter()
    for one in storm.made:
        plan = one.decision.plan
        if "failed" in " ".join(one.decision.careful):
            found.append("a decision failed")
        if plan not in storm.plans:
            found.append("a plan that never was")
        elif storm.plans.index(plan) < one.plans_before - 1:
            found.append("an old plan after an update had returned")
        elif letters(one.decision) - {LETTERS[storm.plans.index(plan)]}:
            found.append("what another plan shows")
        if one.gone_before and one.decision.picks:
            found.append("something was sold to one who had said no")
        shown[one.customer] += len(one.decision.picks)
    found += [f"more than {COUNT} for {customer}" for customer, count in sorted(shown.items()) if count > COUNT]
    if not any(shown.values()):
        found.append("nothing was shown at all")
    return found
