"""The journal of triggers, in one SQLite file: what waits and what went out, so that nothing goes out twice.

A note is *reserved* on disk before it is handed over and *settled* after it. A process that dies in between leaves it
reserved: whether it was taken nobody knows, and it is never sent again.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import attrs

from ..journal_file import Form, JournalFile, salted

#: What becomes of a note that waited.
Settled = Literal["sent", "refused", "dropped"]
_SCHEMA: Final = """
CREATE TABLE journal (salt BLOB NOT NULL);
CREATE TABLE notes (
  key BLOB PRIMARY KEY,
  trigger TEXT NOT NULL,
  subject BLOB NOT NULL,
  at_us INTEGER NOT NULL,
  until_us INTEGER NOT NULL,
  due_us INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'reserved', 'sent', 'refused', 'dropped')),
  who TEXT NOT NULL,
  moment TEXT NOT NULL,
  token TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX notes_due ON notes (state, due_us);
CREATE INDEX notes_subject ON notes (subject, trigger);
CREATE INDEX notes_token ON notes (key) WHERE token != '';
"""
_FORM: Final = Form("journal of triggers", 0x74616374, _SCHEMA, "notes")  # "tact"


@attrs.frozen(repr=False)
class Waiting:
    """
    A note that waits.

    Attributes:
        key: Stands for the event and the trigger.
        trigger: The trigger's name.
        who: Who is meant, as `Edge.decide` takes it.
        moment: The attributes of the moment.
        at_us: When the event happened [us since 1970].
        until_us: After this it is dropped [us since 1970].
        tries: How often it was handed over in vain.
    """

    key: bytes
    trigger: str
    who: str | Mapping[str, str]
    moment: Mapping[str, object]
    at_us: int
    until_us: int
    tries: int = 0


class Journal(JournalFile):
    """
    The journal. Several processes may have it open; each note is one's.

    Args:
        path: The file; it is made, for its owner alone.
        waiting_max: No more notes wait at a time.

    Raises:
        StoreError: If the file cannot be used.
        UsageError: If it is something else.
    """

    def __init__(self, path: str | Path, *, waiting_max: int = 100_000) -> None:
        super().__init__(path, _FORM, lambda file, salt: file.execute("INSERT INTO journal VALUES (?)", (salt,)))
        self._waiting_max = waiting_max
        with self._reading() as file:
            self._salt = bytes(file.execute("SELECT salt FROM journal").fetchone()[0])

    def key(self, trigger: str, event: str) -> bytes:
        """Return what stands for an event and a trigger, and tells nothing of them."""
        return self._digest(trigger, event)

    def add(self, note: Waiting, customer: str, count: int, within_us: int) -> str:
        """
        Keep a note that waits; return "waiting", "repeated" or "full".

        Args:
            note: The note.
            customer: Whose it is.
            count: So many of the trigger may be the customer's, this one included, >= 1.
            within_us: Less than this before and after it [us].
        """
        subject = self._digest(customer)
        with self._writing() as file:
            near = "SELECT count(*) FROM notes WHERE subject = ? AND trigger = ? AND abs(at_us - ?) < ?"
            (others,) = file.execute(near, (subject, note.trigger, note.at_us, within_us)).fetchone()
            if others >= count or file.execute("SELECT 1 FROM notes WHERE key = ?", (note.key,)).fetchone():
                return "repeated"
            (waiting,) = file.execute("SELECT count(*) FROM notes WHERE state = 'waiting'").fetchone()
            if waiting >= self._waiting_max:
                return "full"
            who, moment = json.dumps(note.who), json.dumps(note.moment)
            row = (note.key, note.trigger, subject, note.at_us, note.until_us, note.at_us, who, moment)
            places = "key, trigger, subject, at_us, until_us, due_us, who, moment"
            file.execute(f"INSERT INTO notes ({places}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - ours
        return "waiting"

    def due(self, now_us: int, count: int = 500) -> Sequence[Waiting]:
        """Return at most so many notes whose time has come, the longest waiting first."""
        query = (
            "SELECT key, trigger, who, moment, at_us, until_us, tries FROM notes"
            " WHERE state = 'waiting' AND due_us <= ? ORDER BY due_us LIMIT ?"
        )
        with self._reading() as file:
            rows = file.execute(query, (now_us, count)).fetchall()
        return [Waiting(row[0], row[1], json.loads(row[2]), json.loads(row[3]), *row[4:]) for row in rows]

    def postpone(self, key: bytes, due_us: int) -> None:
        """Let a note wait until a moment [us since 1970]."""
        with self._writing() as file:
            file.execute("UPDATE notes SET due_us = ? WHERE key = ? AND state = 'waiting'", (due_us, key))

    def reserve(self, key: bytes, token: str) -> bool:
        """Keep, on disk, that a note is about to be handed over; return whether it may be: nobody else has it."""
        with self._writing() as file:
            query = "UPDATE notes SET state = 'reserved', token = ? WHERE key = ? AND state = 'waiting'"
            return file.execute(query, (token, key)).rowcount == 1

    def release(self, key: bytes, due_us: int) -> None:
        """Let a note that surely was not taken wait for another try [us since 1970]."""
        query = (
            "UPDATE notes SET state = 'waiting', token = '', due_us = ?, tries = tries + 1"
            " WHERE key = ? AND state = 'reserved'"
        )
        with self._writing() as file:
            file.execute(query, (due_us, key))

    def settle(self, key: bytes, state: Settled) -> None:
        """Keep what became of a note; whose it was is forgotten, and of one that never went out its token."""
        token = "token" if state == "sent" else "''"
        query = f"UPDATE notes SET state = ?, who = '', moment = '', token = {token} WHERE key = ?"  # noqa: S608 - ours
        with self._writing() as file:
            file.execute(query, (state, key))

    def recorded(self, key: bytes) -> None:
        """Keep that a note counts as shown; its token goes, and whose it was."""
        with self._writing() as file:
            file.execute("UPDATE notes SET token = '', who = '', moment = '' WHERE key = ?", (key,))

    def unrecorded(self) -> Sequence[tuple[bytes, str]]:
        """Return keys and tokens of notes that may have gone out and do not count as shown yet."""
        with self._reading() as file:
            return file.execute("SELECT key, token FROM notes WHERE token != '' LIMIT 500").fetchall()

    def forget(self, customer: str) -> int:
        """Drop what is kept of a customer; return how many notes that were."""
        with self._writing() as file:
            return file.execute("DELETE FROM notes WHERE subject = ?", (self._digest(customer),)).rowcount

    def forget_until(self, at_us: int) -> int:
        """Drop notes that nobody wants to hear since before a moment [us since 1970]; return how many."""
        with self._writing() as file:
            return file.execute("DELETE FROM notes WHERE until_us < ?", (at_us,)).rowcount

    def _digest(self, *parts: str) -> bytes:
        return salted(self._salt, json.dumps(parts).encode())
