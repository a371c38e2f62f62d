"""Canaries in stores and centres on servers, each made to fail in ways in which its own errors tell values of rows."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
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
from tactful.sync.joining import centres_of
from tactful_adapters.mapping import Column, MappedConsents, MappedProfiles

from .canary import CARD, SHOP, WHO
from .overhearing import CANARY

Ways = Mapping[str, Callable[[], object]]


def _raising(name: str, using: str) -> str:
    """Return a trigger's function that raises an error which names the customer."""
    raising = f"BEGIN RAISE EXCEPTION 'no % here', NEW.customer USING {using}; END"
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {raising} $$"


#: Each makes the server refuse, in words that hold what it was given.
_BREAKS: Final[Mapping[str, tuple[str, ...]]] = {
    "a constraint of somebody else's": ("ALTER TABLE profile ADD CONSTRAINT c CHECK (length(customer) < 3) NOT VALID",),
    "a column of another type": ("ALTER TABLE profile DROP COLUMN body", "ALTER TABLE profile ADD COLUMN body int"),
    "a constraint on another table": ("ALTER TABLE consent ADD CONSTRAINT c CHECK (customer IS NULL) NOT VALID",),
    "a trigger that tells": (
        _raising("tells", "DETAIL = NEW.customer"),
        "CREATE TRIGGER tells BEFORE INSERT OR UPDATE ON contact FOR EACH ROW EXECUTE FUNCTION tells()",
    ),
    "a serialization failure": (
        _raising("fails", "ERRCODE = '40001'"),
        "CREATE TRIGGER fails BEFORE INSERT OR UPDATE ON link FOR EACH ROW EXECUTE FUNCTION fails()",
    ),
    "a table that is gone": ("DROP TABLE link CASCADE",),
}


def _snapshot(now_us: int) -> Snapshot:
    return Snapshot(WHO, now_us, {"first_name": Observation(CANARY, Source.OBSERVED, now_us)})


def filled(store: Any) -> None:
    now_us = wall_clock()
    store.link(CARD, customer=WHO)
    store.put_profile(_snapshot(now_us))
    store.put_consents(WHO, Consents((Consent("offers", ConsentState.GIVEN, How.EXPLICIT, now_us),), now_us))


def postgresql_ways(server: Any, folder: Path, stack: ExitStack, breaks: int | None = None) -> Ways:
    """
    Return what is done with a store in PostgreSQL while somebody breaks its tables, and with tables of others.

    Args:
        server: The server, which runs.
        folder: Stands for a schema of its own.
        stack: Ends what is opened.
        breaks: So many ways of breaking them; None takes all.
    """
    from tactful_adapters.postgresql import PostgreSQLStore  # noqa: PLC0415 - an extra
    from tactful_adapters.postgresql_query import PostgreSQLQuery  # noqa: PLC0415 - an extra

    ways: dict[str, Callable[[], object]] = {}
    for number, (name, statements) in enumerate([*_BREAKS.items()][:breaks]):
        where = folder / str(number)
        store = stack.enter_context(PostgreSQLStore.from_url(server.url(where, timeout_s=2)))
        stack.callback(server.drop, where)
        filled(store)
        server.inside(where, *statements)
        ways |= {f"postgresql, {name}: {what}": way for what, way in store_ways(store).items()}
    url = server.url(folder, timeout_s=2)
    store = stack.enter_context(PostgreSQLStore.from_url(url))
    stack.callback(server.drop, folder)
    filled(store)

    def killed() -> object:
        server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        return store.put_profile(_snapshot(wall_clock()))

    def damaged() -> object:
        server.inside(folder, f"UPDATE profile SET body = '{CANARY}'")  # noqa: S608 - a word of ours
        return store.profile(WHO)

    def asked(query: str) -> object:
        with PostgreSQLQuery(url, query) as rows:
            return MappedProfiles(rows, {"first_name": Column("n")}, at="at").profile(WHO)

    ways |= {f"postgresql: {what}": way for what, way in store_ways(store).items()}
    ways["postgresql, the connection is killed"] = killed
    ways["postgresql, a row is damaged"] = damaged
    ways["a query that casts"] = partial(asked, "SELECT %(customer)s::int AS n, 1 AS at")
    ways["a query whose moment is none"] = partial(asked, "SELECT 'x' AS n, %(customer)s::text AS at")
    ways["a query without a column"] = partial(asked, "SELECT %(customer)s::text AS m")
    ways["postgresql, no such role"] = lambda: PostgreSQLStore.from_url(
        server.uri.replace("://postgres", f"://nobody:{CANARY}", 1)
    )
    return ways


def store_ways(store: Any) -> Ways:
    """Return what an edge does with a store, and what only a mistake does."""
    now_us = wall_clock()
    return {
        "a profile": lambda: store.put_profile(_snapshot(now_us)),
        "a consent": lambda: store.add_consent(WHO, Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, now_us)),
        "a link": lambda: store.link({"card": f"new {CANARY}"}, customer=WHO) == WHO,
        "a contact": lambda: store.record([Contact(CANARY, WHO, "shown", now_us)]),
        "an id with a null": lambda: store.record([Contact(f"{CANARY}\0", WHO, "shown", now_us)]),
        "an id that is no Unicode": lambda: store.put_profile(Snapshot(f"{CANARY}\ud800", now_us, {})),
        "an id that is too long": lambda: store.link({"card": CANARY + "x" * 10_000_000}, customer=WHO),
        "a number that is too large": lambda: store.record([Contact(CANARY, WHO, "shown", 2**70)]),
        "objects": lambda: (store, store.profile(WHO), store.consents(WHO), store.identify(CARD), store.links(WHO)),
    }


def mapped_ways() -> Ways:
    """Return mappings of rows that do not fit, as a table of a shop has them."""
    whole: dict[str, Any] = {"purpose": "p", "state": "s", "states": {}, "at": "at", "how": "how", "hows": {}}

    def profile(**row: object) -> object:
        return MappedProfiles(lambda _: [row], {"first_name": Column("n")}, at="at").profile(WHO)

    def consents(**row: object) -> object:
        return MappedConsents(lambda _: [row], **whole).consents(WHO)

    return {
        "a mapped row": partial(profile, n=CANARY, at=5),
        "a mapped row of another type": partial(profile, n={CANARY: 1}, at=5),
        "a mapped moment that is none": partial(profile, n=1, at=CANARY),
        "a mapped row without a column": partial(profile, m=CANARY),
        "two mapped rows": lambda: MappedProfiles(
            lambda _: [{"n": CANARY, "at": 1}] * 2, {"a": Column("n")}, at="at"
        ).profile(WHO),
        "a mapped consent of another word": partial(consents, p="offers", s=CANARY, at=5, how=CANARY),
        "a mapped consent that lacks a column": partial(consents, x=CANARY),
    }


def centre_ways(url: str, folder: Path, broken: Ways, stack: ExitStack) -> Ways:
    """
    Return what an edge does that follows a centre, whole and then broken in one way after the other.

    Args:
        url: The centre's.
        folder: Takes the edge's file.
        broken: What breaks the centre, by name.
        stack: Ends what is opened.
    """
    centre = stack.enter_context(_closing(centres_of(url)))
    with suppress(AttributeError):  # a relay tells what its own centre has
        filled(centre[0])
    edge = stack.enter_context(
        tactful.open(
            compile_files({"shop.yaml": SHOP.encode()}),
            store=f"sqlite:///{folder / 'edge.db'}",
            centre=url,
            sync=SyncOptions(threads=False),
        )
    )

    def used() -> object:
        edge.sync()
        edge.warm(CARD)
        edge.record(edge.decide("page", CARD))
        edge.opt_out(WHO)
        edge.sync()
        return edge, edge.status()

    def threads() -> object:
        policy, often = compile_files({"shop.yaml": SHOP.encode()}), SyncOptions(poll_s=0.05)
        with tactful.open(policy, centre=url, sync=often) as one:
            one.opt_out(WHO)
            time.sleep(0.3)
            return one, one.status()

    def told() -> object:
        return centre[0].deliver([Contact(CANARY, WHO, "withdrawal", wall_clock(), tags=("offers",))])

    def asked() -> object:
        return centre[0], centre[1].changes("profiles", 0, 9).epoch

    plain = {"used": used, "by threads": threads, "told": told, "asked": asked}
    after = [("whole", lambda: None), *broken.items()]
    return {
        f"{how}: {what}": (lambda way=way, first=first: (first(), way())[1])
        for how, first in after
        for what, way in plain.items()
    }


class _closing(ExitStack):  # noqa: N801 - as contextlib has it
    """Closes several."""

    def __init__(self, several: Any) -> None:
        super().__init__()
        self._several = several

    def __enter__(self) -> Any:
        for one in self._several:
            self.callback(one.close)
        return self._several


def strict_ways(server: Any, stack: ExitStack) -> Ways:
    """Return what is asked of strict caps in Valkey, whose keys somebody alters, and that goes away."""
    from tactful.strict import Ask  # noqa: PLC0415 - beside the adapter
    from tactful_adapters.valkey_snapshots import ValkeySnapshots  # noqa: PLC0415 - an extra
    from tactful_adapters.valkey_strict import ValkeyStrictCaps  # noqa: PLC0415 - an extra

    caps = ValkeyStrictCaps.from_url(server.url(timeout_s=1))
    stack.callback(caps.close)
    caps.begin()
    ask = Ask("once", "", "customer", WHO, 3, 1, 60_000_000, 60_000_000)

    def altered() -> object:
        for key in server.run("KEYS", "*"):
            server.run("DEL", key)
            server.run("SET", key, CANARY)
        return caps.reserve([ask])

    def shared(how: str) -> object:
        store = tactful.MemoryStore()
        filled(store)
        snapshots = ValkeySnapshots(server.url(timeout_s=0.5), own=store, profiles=store, consents=store)
        if how == "altered":
            for key in server.run("KEYS", "*"):
                server.run("SET", key, CANARY)
        no = Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, wall_clock())
        found = snapshots.profile(WHO), snapshots.consents(WHO), snapshots.add_consent(WHO, no)
        snapshots.close()
        return snapshots, found

    def kept() -> object:
        caps.confirm([one for units in caps.reserve([ask]) for one in units])
        return server.run("KEYS", "*")

    return {
        "valkey: reserve": lambda: caps.reserve([ask]),
        "valkey: keys": kept,
        "valkey: confirm what is none": lambda: caps.confirm([CANARY]),
        "valkey: objects": lambda: (caps, ask),
        "valkey: keys altered": altered,
        **{f"valkey, snapshots, {how}": partial(shared, how) for how in ("empty", "there", "altered")},
        "valkey: away": lambda: (server.stop(), caps.reserve([ask])),
        "valkey, snapshots, away": partial(shared, "away"),
    }


def memory_centre() -> MemoryCentre:
    """Return a centre within the process that knows the canary."""
    centre = MemoryCentre()
    filled(centre)
    return centre
