"""Power cuts: what a store has acknowledged is there after any of them, and the file is whole."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import attrs

import tactful
from tactful import Consent, ConsentState, Contact, How, StoreError
from tactful_adapters.sqlite import SQLiteStore

from .disk import after_cut, recorded

#: How a store is told to work: as it does by itself, alone with its file, and too carelessly.
SETTINGS = ("shared", "alone", "careless")
CALLS = 30


@attrs.define
class Figures:
    """
    What power cuts did.

    Attributes:
        cuts: So many there were.
        acknowledged: What had been acknowledged by then, added up.
        lost: What of that was not there.
        corrupt: Files that SQLite found damaged, or that could not be opened.
    """

    cuts: int = 0
    acknowledged: int = 0
    lost: int = 0
    corrupt: int = 0


def cut_power(
    folder: Path, cuts: int, setting: str, seed: int = 1, progress: Callable[[int], None] = lambda _: None
) -> Figures:
    """
    Let a store work once, cut its power at random moments, and look at what is left.

    Args:
        folder: An empty folder.
        cuts: So many cuts.
        setting: One of `SETTINGS`; the careless one never syncs, and is the control that must lose something.
        seed: Of the moments.
        progress: Is told how many cuts are over.
    """
    chance, figures = Random(seed), Figures()
    happened = _work(folder / "work", setting)
    first = next(number for number, one in enumerate(happened) if one[0] == "said")
    for number in range(cuts):
        moment = chance.randrange(first, len(happened) + 1)
        left = folder / "left"
        left.mkdir()
        for name, content in after_cut(happened[:moment], chance).items():
            (left / name).write_bytes(content)
        said = {one[1] for one in happened[:moment] if one[0] == "said"}
        kept = _kept(left / "edge.db", setting)
        figures.cuts += 1
        figures.acknowledged += len(said)
        figures.lost += len(said - (kept or set()))
        figures.corrupt += kept is None
        for file in left.iterdir():
            file.unlink()
        left.rmdir()
        progress(number + 1)
    return figures


def _work(folder: Path, setting: str) -> list[tuple]:
    """Have a store do what edges do, and return what happened to its files."""
    folder.mkdir()
    with recorded() as recorder, SQLiteStore(folder / "edge.db", shared=setting != "alone") as store:
        if setting == "careless":
            store._file._connection.execute("PRAGMA synchronous = OFF")
        for number in range(CALLS):
            store.record([Contact(f"{number}/{half}", "ada", "shown", number + 1) for half in "ab"])
            recorder.said(f"{number}/a")
            recorder.said(f"{number}/b")
            if number % 5 == 0:
                store.add_consent("ada", Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, number + 1))
                recorder.said(f"withdrawn {number}")
            if number % 7 == 0:
                waiting = [one for one, _ in store.outbox_take(3)]
                store.outbox_ack(waiting)
    return recorder.happened


def _kept(path: Path, setting: str) -> set[str] | None:
    """Return what a store has after a cut; None if it is damaged."""
    try:
        with SQLiteStore(path, shared=setting != "alone") as store:
            contacts = {one.id for one in store.contacts("ada", 0)}
            consents = store.consents("ada") or tactful.Consents((), 0)
            sound = store._file._connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    except (StoreError, sqlite3.DatabaseError):
        return None
    return contacts | {f"withdrawn {one.at_us - 1}" for one in consents.records} if sound else None
