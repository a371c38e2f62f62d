"""Canaries: a value that is in every field of a customer, looked for in all that an edge logs, raises and tells."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import tactful
from tactful import (
    Consent,
    Consents,
    ConsentState,
    Contact,
    How,
    MemoryCentre,
    Observation,
    Snapshot,
    Source,
    SyncOptions,
    wall_clock,
)
from tactful.authoring import compile_files
from tactful.events import Event, EventKind
from tactful.testing.faulty_centres import WrappedCentre
from tactful_adapters.sqlite import SQLiteStore

from .overhearing import CANARY, Overheard, listen

WHO: Final = f"who {CANARY}"
CARD: Final = {"card": f"card {CANARY}"}
SHOP: Final = """
channels: {web: private}
placements: {page: {channel: web, slots: 2}}
topics: {food: {}}
purposes: {offers: consent}
context: {query: text}
profile:
  shop: {all: {owner: crm, purpose: offers, source: observed}, first_name: text, visits: {type: int, say: visits}}
offers:
  all: {intent: sell, topic: food}
  olives: {treatments: [{title: Olives}, {title: "{profile.first_name}, your olives", lift: 9}]}
  soup: {when: "context.query == 'soup' && profile.visits > 3", treatments: Soup}
"""


class _Broken(WrappedCentre):
    """A centre whose errors hold what they should not."""

    def changes(self, *_: object) -> Any:
        raise ValueError(f"no row for {CANARY}")

    def deliver(self, *_: object) -> Any:
        raise KeyError(CANARY)


def overhear(folder: Path, also: Callable[[tactful.Edge], object] | None = None) -> Overheard:
    """
    Use an edge in every way, also wrongly, with a canary in every field; return where it was overheard.

    Args:
        folder: Takes the store.
        also: One more way, as the control has one that tells.
    """
    with _opened(folder) as (edge, ways):
        taken = {**ways, **({"also": also} if also else {})}
        return listen({name: partial(way, edge) for name, way in taken.items()})


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[tactful.Edge, Mapping[str, Callable[[tactful.Edge], object]]]]:
    now_us = wall_clock()
    with SQLiteStore(folder / "edge.db") as store:
        store.link(CARD, customer=WHO)
        store.link({"household": f"home {CANARY}"}, customer=WHO)
        store.put_profile(Snapshot(WHO, now_us, {"first_name": Observation(CANARY, Source.OBSERVED, now_us)}))
        yes = Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us)
        store.put_consents(WHO, Consents((yes,), now_us))
        by_hand, policy = SyncOptions(threads=False), compile_files({"shop.yaml": SHOP.encode()})
        with tactful.open(policy, store=store, centre=_Broken(MemoryCentre()), sync=by_hand, log=True) as edge:
            yield edge, _ways(store, now_us)


def _ways(store: SQLiteStore, now_us: int) -> Mapping[str, Callable[[tactful.Edge], object]]:
    """Return what is done, right and wrong; each gives what a program could print without asking for a value."""

    def decided(edge: tactful.Edge) -> object:
        edge.warm(CARD)
        decision = edge.decide("page", CARD, {"query": CANARY})
        edge.record(decision)
        return decision, decision.explain(), decision.careful

    def damaged(edge: tactful.Edge) -> object:
        with store._file.writing() as connection:
            connection.execute("UPDATE profile SET body = ?", (CANARY.encode(),))
        edge.forget(WHO)
        return edge.warm(WHO), edge.decide("page", WHO, {"query": CANARY})

    def full(edge: tactful.Edge) -> object:
        store._file._connection.execute("PRAGMA query_only = ON")
        try:
            return edge.opt_out(WHO)
        finally:
            store._file._connection.execute("PRAGMA query_only = OFF")

    return {
        "decide": decided,
        "status": lambda edge: (edge, edge.status(), store, edge.plan),
        "a context of another type": lambda edge: edge.decide("page", WHO, {"query": {CANARY: CANARY}}),
        "a context that is not known": lambda edge: edge.decide("page", WHO, {"nothing": CANARY}),
        "identifiers of another type": lambda edge: edge.decide("page", {"card": [CANARY]}),  # type: ignore[dict-item]
        "who is not known": lambda edge: edge.opt_out({"card": f"other {CANARY}"}),
        "an identifier that is not known": lambda edge: edge.opt_out({"nothing": CANARY}),
        "a token that is none": lambda edge: edge.record(CANARY),
        "a profile that is brought": lambda edge: edge.decide("page", WHO, profile={"visits": CANARY}),
        "observe what is none": lambda edge: edge.observe(WHO, "purchase", id="\ud800" + CANARY),
        "observe what is too long": lambda edge: edge.observe(CANARY * 100_000, "purchase"),
        "answer to what is no decision": lambda edge: edge.answer(CANARY, CANARY),
        "events": lambda edge: edge.hear(
            [Event(CANARY, EventKind.TRACK, now_us, WHO, name=CANARY, fields={CANARY: 1})]
        ),
        "opt in": lambda edge: edge.opt_in(WHO, "offers"),
        "a contact": lambda _: store.record([Contact(CANARY, WHO, "shown", 2**70)]),
        "a profile": lambda _: store.put_profile(Snapshot(WHO, now_us, {"x": object()})),  # type: ignore[dict-item]
        "objects": lambda _: (store.profile(WHO), store.consents(WHO), store.contacts(WHO, 0), store.links(WHO)),
        "sync with a centre that tells": lambda edge: edge.sync(),
        "the disk takes nothing": full,
        "a row that is damaged": damaged,
        "opt out": lambda edge: edge.opt_out(WHO),
        "closed": lambda edge: (edge.close(), edge.decide("page", WHO), edge.opt_out(WHO)),
    }
