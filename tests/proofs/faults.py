"""What an edge does while its centre, clock or store has a fault, and after: by what it decides, says, sends, keeps."""

import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import attrs
from tests.stores.shop import SHOP

import tactful
from tactful import Consent, ConsentState, How, StoreError, wall_clock
from tactful.authoring import compile_files
from tactful.centre_ports import Centre
from tactful.sync.joining import centre_of

from .controls import Watched
from .place import Place, soon

#: Consents that were last known to be true so long ago count as not given [s].
FRESH_S: Final = 2
_HOLD_S: Final = 3.0
_POLL_S: Final = 0.25
#: Two lines, asked about every quarter of a second and more while all catches up, and batches of events.
_REQUESTS_MAX: Final = 60
_AHEAD_S: Final = 60
#: A decision takes a moment of its own, on a busy machine [s].
SLACK_S: Final = 0.25
#: Who is in memory is fetched anew well within that.
_OPTIONS: Final = tactful.Options(refresh_s=1)
_LIMIT: Final = f"guardrails: {{breaking_bonds: {{fresh_for: {FRESH_S}s}}}}\n"
POLICY: Final = compile_files({"shop.yaml": (SHOP + _LIMIT).encode()})
_PARTS: Final = ("consents", "profiles", "events")
_NAMES: Final = ("ann", "bob", "cleo", "dan")


@attrs.frozen
class Found:
    """
    What was found.

    Attributes:
        said: What the status said of the first part that failed; empty if none did.
        unclear: So often the status of a failing part told no words, or not for how long.
        raised: So many decisions raised.
        stale_s: The oldest truth by which a personal decision was made [s].
        after_no: So many personal decisions began after a withdrawal: here, or once the edge had caught up.
        acknowledged: So many events were taken by the edge.
        refused: So many were not, as its own store took none.
        set_aside: So many of them wait for somebody to look at them, as the centre failed at them and took others.
        lost: So many of them are neither there nor at the centre.
        doubled: So many too many it has.
        meanwhile: So many calls were made to the centre while the fault lasted.
        requests: So many were made from then on until all had gone well again.
        mended_s: So long that took [s]; None if it never did.
    """

    said: str
    unclear: int
    raised: int
    stale_s: float
    after_no: int
    acknowledged: int
    refused: int
    set_aside: int
    lost: int
    doubled: int
    meanwhile: int
    requests: int
    mended_s: float | None


def suffer(place: Place, fault: str, folder: Path, *, careless: bool = False, hold_s: float = _HOLD_S) -> Found:
    """
    Let an edge suffer one fault.

    Args:
        place: The centre.
        fault: One of the names of its faults.
        folder: Takes the edge's store.
        careless: Whether it is the control.
        hold_s: How long it suffers [s].
    """
    names = [f"{name} in {folder.name}" for name in _NAMES]
    _fill(place.straight, names)
    before = place.on_record()
    watched = Watched(centre_of(place.url))
    way: Centre = place.control(watched) if careless and place.control else watched
    sync = tactful.SyncOptions(poll_s=_POLL_S, backoff_max_s=1.0, ready_within_s=FRESH_S)
    with ExitStack() as stack:
        if isinstance(place.url, str):
            stack.enter_context(closing(way))
        own = None if place.own is None else stack.enter_context(place.own.open(folder, careless=careless))
        store = own or f"sqlite:///{folder}/edge.db"
        edge = stack.enter_context(
            tactful.open(POLICY, store=store, centre=way, sync=sync, clock=place.clock, options=_OPTIONS)
        )
        run = _Run(edge, watched, names)
        run.begin()
        with place.faults[fault]():
            run.hold(hold_s)
            run.ask_whether_it_shows()
        return run.end(place, before)


def _fill(centre: Any, names: list[str]) -> None:
    for name in names:
        now_us = wall_clock()
        likes = {"favourite": tactful.Observation("bread", tactful.Source.STATED, now_us)}
        centre.put_profile(tactful.Snapshot(name, now_us, likes))
        centre.put_consents(name, tactful.Consents((_word(ConsentState.GIVEN),), now_us))


def _word(state: ConsentState) -> Consent:
    return Consent("offers", state, How.EXPLICIT, wall_clock())


@attrs.define
class _Run:
    edge: tactful.Edge
    watched: Watched
    names: list[str]
    gone: set[str] = attrs.Factory(set)
    acknowledged: int = 0
    refused: int = 0
    raised: int = 0
    after_no: int = 0
    unclear: int = 0
    meanwhile: int = 0
    stale_s: float = 0.0
    said: str = ""

    def begin(self) -> None:
        """Wait until all customers are here."""
        for name in self.names:
            soon(lambda name=name: self.edge.warm(name, deadline_s=5) and self._sees(name))  # type: ignore[misc]

    def hold(self, seconds: float) -> None:
        """Decide, say no once, and keep events, for so long."""
        until_s, number, before_calls = time.monotonic() + seconds, 0, self._calls()
        while time.monotonic() < until_s:
            if number == 1:
                self._accept(lambda: self.edge.opt_out(self.names[0]))
                self.gone.add(self.names[0])
            for name in self.names:
                self._look(name)
            if number % 4 == 0:
                self._accept(lambda: self.edge.observe(self.names[1], "purchase", topic="food"))
            self._read()
            number += 1
            time.sleep(0.03)
        self.meanwhile = self._calls() - before_calls

    def ask_whether_it_shows(self) -> None:
        """Hold that a state which is not well says of some part what is wrong, or for how long it has been waiting."""
        if not self._is_well(waits_max=4) and not self.said:
            centre = self._status()
            hanging = [part for part in _PARTS if (centre[part]["under_way_s"] or 0) >= 1]
            under_way = [f"{part}: its pass is under way for {centre[part]['under_way_s']} s" for part in hanging]
            self.said = next(iter(under_way), "")
            self.unclear += not hanging

    def end(self, place: Place, before: int) -> Found:
        """Wait until all has gone well again; a no at the centre must then count here, and every event be there."""
        began_s, before_calls = time.monotonic(), self._calls()
        well = soon(self._is_well)
        mended_s = round(time.monotonic() - began_s, 1) if well else None
        requests = self._calls() - before_calls
        place.straight.add_consent(self.names[2], _word(ConsentState.WITHDRAWN))
        soon(lambda: not self._sees(self.names[2]))
        self.gone.add(self.names[2])
        for name in self.names:
            self._look(name)
        aside = self._status()["events"]["set_aside"]
        soon(lambda: place.on_record() - before + aside >= self.acknowledged, 2)
        there = place.on_record() - before + aside
        lost, doubled = max(self.acknowledged - there, 0), max(there - self.acknowledged, 0)
        told = (self.said, self.unclear, self.raised, round(self.stale_s, 2), self.after_no)
        counted = (self.acknowledged, self.refused, aside, lost, doubled, self.meanwhile, requests)
        return Found(*told, *counted, mended_s)

    def _calls(self) -> int:
        return self.watched.calls["changes"] + self.watched.calls["deliver"]

    def _status(self) -> dict[str, Any]:
        told = self.edge.status()["centre"]
        assert isinstance(told, dict)
        return told

    def _store(self) -> dict[str, Any]:
        """Return the accounts of the edge's own store, which are told last."""
        told = self.edge.status()["store"]
        assert isinstance(told, dict)
        return {f"store, {part}": told[part] for part in ("reads", "writes")}

    def _sees(self, name: str) -> bool:
        return bool(self.edge.decide("page", name, preview=True).picks)

    def _look(self, name: str) -> None:
        began_s = time.monotonic()
        try:
            personal = self._sees(name)
        except Exception:  # noqa: BLE001 - this is what must not be
            self.raised += 1
            return
        if personal:
            self.stale_s = max(self.stale_s, began_s - self.watched.true_s)
            self.after_no += name in self.gone

    def _accept(self, tell: Any) -> None:
        try:
            tell()
        except StoreError:
            self.refused += 1
        else:
            self.acknowledged += 1

    def _read(self) -> None:
        centre = self._status()
        if abs(centre["clock_ahead_s"] or 0) > _AHEAD_S:
            self.said = f"this clock is {centre['clock_ahead_s']:.0f} s ahead of the centre's"
        for part, one in (*((part, centre[part]) for part in _PARTS), *self._store().items()):
            if one["last_error"]:
                self.unclear += not one["says"] or one["failing_s"] is None
                self.said = f"{part}: {one['says']}"
            elif one.get("hints_say") and not self.said:
                self.unclear += one["hints_failing_s"] is None
                self.said = f"{part}, hints: {one['hints_say']}"

    def _is_well(self, waits_max: int = 0) -> bool:
        centre = self._status()
        parts = [centre[part] for part in _PARTS]
        waits = sum(centre["events"]["waiting"].values())
        well = centre["ready"] and not any(one["last_error"] for one in self._store().values())
        return well and waits <= waits_max and not any(one["last_error"] for one in parts)


def verdict(found: Found) -> list[str]:
    """Return what was promised and not held, in words; none if all was."""
    broken = {
        "unclear": found.unclear,
        "silent": found.refused and not found.said.startswith("store, "),
        "raised": found.raised,
        "stale": found.stale_s > FRESH_S + SLACK_S,
        "after a no": found.after_no,
        "lost": found.lost,
        "doubled": found.doubled,
        "never mended": found.mended_s is None,
        "a storm": max(found.meanwhile, found.requests) > _REQUESTS_MAX,
    }
    return [name for name, is_so in broken.items() if is_so]
