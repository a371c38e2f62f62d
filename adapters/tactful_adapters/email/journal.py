"""A campaign's journal: who was mailed, in one SQLite file, so that a run that died goes on and nobody is mailed twice.

A mail is *reserved* on disk before it is handed over and *settled* after it. A process that dies in between leaves it
reserved: whether the server took it nobody knows. Such mails are never sent again, and are listed as doubtful.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import attrs

import tactful

from ..journal_file import Form, JournalFile, salted

#: What a mail is in the journal.
State = Literal["reserved", "sent", "refused"]
_AT_ONCE: Final = 500
_SCHEMA: Final = """
CREATE TABLE campaign (name TEXT NOT NULL, salt BLOB NOT NULL);
CREATE TABLE mails (
  customer TEXT PRIMARY KEY,
  mailbox BLOB NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('reserved', 'sent', 'refused')),
  message_id TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  token TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX mails_state ON mails (state);
CREATE INDEX mails_token ON mails (customer) WHERE token != '';
"""
_FORM: Final = Form("campaign's journal", 0x7461636D, _SCHEMA, "mails")  # "tacm"


@attrs.frozen(repr=False)
class Doubtful:
    """
    A mail of which nobody knows whether it was taken; the server's own log does, by the id of the message.

    Attributes:
        customer: Whose it is.
        message_id: Its id.
        at_us: When it was reserved [us since 1970].
    """

    customer: str
    message_id: str
    at_us: int


class Journal(JournalFile):
    """
    The journal of one campaign. Several processes may have it open; each mail is one's.

    Args:
        path: The file; it is made, for its owner alone.
        campaign: The campaign's name. Another campaign's file is refused.

    Raises:
        StoreError: If the file cannot be used.
        UsageError: If it is another campaign's, or something else.
    """

    def __init__(self, path: str | Path, campaign: str) -> None:
        named = "INSERT INTO campaign VALUES (?, ?)"
        super().__init__(path, _FORM, lambda file, salt: file.execute(named, (campaign, salt)))
        with self._reading() as file:
            name, salt = file.execute("SELECT name, salt FROM campaign").fetchone()
        self._salt = bytes(salt)
        if name != campaign:
            self.close()
            raise tactful.UsageError(f"{self.path}: it is the journal of {name!r}; each campaign has one of its own")

    def known(self, customers: Sequence[str]) -> frozenset[str]:
        """Return those of whom a mail is in the journal, whatever became of it."""
        found: set[str] = set()
        with self._reading() as file:
            for start in range(0, len(customers), _AT_ONCE):
                part = customers[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                query = f"SELECT customer FROM mails WHERE customer IN ({marks})"  # noqa: S608 - question marks alone
                found.update(row[0] for row in file.execute(query, part))
        return frozenset(found)

    def reserve(self, customer: str, address: str, message_id: str, at_us: int, token: str) -> bool:
        """
        Keep, on disk, that a mail is about to be handed over; return whether it may be: nobody else has it.

        Args:
            customer: Whose it is.
            address: The mailbox it goes to; a campaign comes to a mailbox once, whoever shares it.
            message_id: Its id.
            at_us: The moment [us since 1970].
            token: What records the exposure, once it has been handed over.
        """
        row = (customer, self._digest(address), "reserved", message_id, at_us, token)
        with self._writing() as file:
            return file.execute("INSERT OR IGNORE INTO mails VALUES (?, ?, ?, ?, ?, ?)", row).rowcount == 1

    def settle(self, customer: str, state: State) -> None:
        """Keep what became of a mail that was reserved."""
        with self._writing() as file:
            file.execute("UPDATE mails SET state = ? WHERE customer = ?", (state, customer))
            if state == "refused":  # nothing was exposed
                file.execute("UPDATE mails SET token = '' WHERE customer = ?", (customer,))

    def release(self, customer: str) -> None:
        """Forget a mail that surely was not taken, so that another run tries it."""
        with self._writing() as file:
            file.execute("DELETE FROM mails WHERE customer = ? AND state = 'reserved'", (customer,))

    def recorded(self, customer: str) -> None:
        """Keep that the exposure is on record; the token goes."""
        with self._writing() as file:
            file.execute("UPDATE mails SET token = '' WHERE customer = ?", (customer,))

    def forget(self, customer: str) -> bool:
        """
        Forget whom a mail was for, as an erasure must; return whether there was one.

        Who is in the recipients again would be mailed again; who was erased has agreed to nothing.
        """
        with self._writing() as file:
            return file.execute("DELETE FROM mails WHERE customer = ?", (customer,)).rowcount == 1

    def unrecorded(self) -> Iterator[tuple[str, str, str]]:
        """Yield customer, message id and token of mails that may have gone out, and are not on record as rendered."""
        last = ""
        waiting = "SELECT customer, message_id, token FROM mails WHERE token != '' AND customer > ?"
        query = f"{waiting} ORDER BY customer LIMIT 1"
        while True:
            with self._reading() as file:
                row = file.execute(query, (last,)).fetchone()
            if row is None:
                return
            yield row
            last = row[0]

    def doubtful(self, count: int = 1_000) -> Sequence[Doubtful]:
        """Return at most so many mails that were reserved and not settled, with what another process sends just now."""
        query = "SELECT customer, message_id, at_us FROM mails WHERE state = 'reserved' ORDER BY at_us LIMIT ?"
        with self._reading() as file:
            return [Doubtful(*row) for row in file.execute(query, (count,))]

    def _digest(self, address: str) -> bytes:
        return salted(self._salt, address.casefold().encode())
