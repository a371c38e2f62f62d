"""The tables of a SQLite store, by version of the schema. It holds no row and opens nothing."""

import sqlite3
from typing import Final

#: "tact": what `file` and `PRAGMA application_id` show of our files.
APPLICATION_ID: Final = 0x74616374
#: Tables whose columns keep their types; libraries older than 3.37 do without.
_STRICT: Final = "STRICT" if sqlite3.sqlite_version_info >= (3, 37) else ""
_STRICT_KEYED: Final = "WITHOUT ROWID, STRICT" if _STRICT else "WITHOUT ROWID"

_FIRST: Final = (
    f"""CREATE TABLE profile (
        customer TEXT PRIMARY KEY NOT NULL, epoch INTEGER NOT NULL, at_us INTEGER NOT NULL, body BLOB NOT NULL
    ) {_STRICT}""",
    # Heard: whether the centre has told of them; what was said here alone is not older than anything of its.
    f"""CREATE TABLE consent (
        customer TEXT PRIMARY KEY NOT NULL, heard INTEGER NOT NULL, at_us INTEGER NOT NULL, body BLOB NOT NULL
    ) {_STRICT}""",
    f"""CREATE TABLE link (
        name TEXT NOT NULL, value TEXT NOT NULL, customer TEXT NOT NULL,
        kind TEXT NOT NULL, confidence REAL NOT NULL, at_us INTEGER NOT NULL,
        PRIMARY KEY (name, value, customer)
    ) {_STRICT_KEYED}""",
    "CREATE INDEX link_customer ON link (customer)",
    # Who stands for an id follows from the merges, and is kept because every read needs it.
    f"CREATE TABLE merged (customer TEXT PRIMARY KEY NOT NULL, root TEXT NOT NULL) {_STRICT_KEYED}",
    "CREATE INDEX merged_root ON merged (root)",
    f"""CREATE TABLE merging (
        number INTEGER PRIMARY KEY,
        customer TEXT NOT NULL REFERENCES merged DEFERRABLE INITIALLY DEFERRED,
        other TEXT NOT NULL REFERENCES merged DEFERRABLE INITIALLY DEFERRED,
        at_us INTEGER NOT NULL
    ) {_STRICT}""",
    "CREATE INDEX merging_customer ON merging (customer)",
    "CREATE INDEX merging_other ON merging (other)",
    # A number is never given twice, so that a process that follows the ledger passes nothing over.
    f"""CREATE TABLE contact (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE, customer TEXT NOT NULL, at_us INTEGER NOT NULL, body BLOB NOT NULL
    ) {_STRICT}""",
    "CREATE INDEX contact_customer ON contact (customer, at_us)",
    # A number is never given twice, so that a late acknowledgement hits nothing else.
    f"""CREATE TABLE outbox (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        rank INTEGER NOT NULL, customer TEXT NOT NULL, size_bytes INTEGER NOT NULL, body BLOB NOT NULL
    ) {_STRICT}""",
    "CREATE INDEX outbox_rank ON outbox (rank, number)",
    # What waits is counted as it comes and goes; counting it anew for each record would read it all.
    f"""CREATE TABLE waiting (
        rank INTEGER PRIMARY KEY, contacts INTEGER NOT NULL, size_bytes INTEGER NOT NULL
    ) {_STRICT}""",
    "INSERT INTO waiting VALUES (0, 0, 0), (1, 0, 0), (2, 0, 0)",
    """CREATE TRIGGER waiting_more AFTER INSERT ON outbox BEGIN
        UPDATE waiting SET contacts = contacts + 1, size_bytes = size_bytes + new.size_bytes WHERE rank = new.rank;
    END""",
    """CREATE TRIGGER waiting_less AFTER DELETE ON outbox BEGIN
        UPDATE waiting SET contacts = contacts - 1, size_bytes = size_bytes - old.size_bytes WHERE rank = old.rank;
    END""",
    f"CREATE TABLE dropped (rank INTEGER PRIMARY KEY, contacts INTEGER NOT NULL) {_STRICT}",
    "INSERT INTO dropped VALUES (0, 0), (1, 0)",
    f"CREATE TABLE register (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) {_STRICT}",
    # Room under strict caps: it counts before `ends_us`; `reserved_us` is NULL once it was used.
    f"""CREATE TABLE strict (
        unit TEXT PRIMARY KEY NOT NULL, cap TEXT NOT NULL, value TEXT NOT NULL, per TEXT NOT NULL,
        subject TEXT NOT NULL, reserved_us INTEGER, leaves_us INTEGER NOT NULL, ends_us INTEGER NOT NULL
    ) {_STRICT}""",
    "CREATE INDEX strict_subject ON strict (subject, cap, value, per)",
)

_DECISIONS: Final = (
    # A page view that is decided again has the same id, at another moment.
    f"""CREATE TABLE decision (
        at_us INTEGER NOT NULL, id TEXT NOT NULL, who BLOB NOT NULL, size_bytes INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (at_us, id)
    ) {_STRICT_KEYED}""",
    "CREATE INDEX decision_id ON decision (id, at_us)",
    "CREATE INDEX decision_who ON decision (who)",
    # One row: what is kept is counted as it comes and goes.
    f"""CREATE TABLE logged (
        decisions INTEGER NOT NULL, size_bytes INTEGER NOT NULL, dropped INTEGER NOT NULL
    ) {_STRICT}""",
    "INSERT INTO logged VALUES (0, 0, 0)",
    """CREATE TRIGGER logged_more AFTER INSERT ON decision BEGIN
        UPDATE logged SET decisions = decisions + 1, size_bytes = size_bytes + new.size_bytes;
    END""",
    """CREATE TRIGGER logged_less AFTER DELETE ON decision BEGIN
        UPDATE logged SET decisions = decisions - 1, size_bytes = size_bytes - old.size_bytes;
    END""",
    """CREATE TRIGGER logged_changed AFTER UPDATE OF size_bytes ON decision BEGIN
        UPDATE logged SET size_bytes = size_bytes + new.size_bytes - old.size_bytes;
    END""",
)

_EVIDENCE: Final = (
    f"""CREATE TABLE evidence (
        at_us INTEGER NOT NULL, id TEXT NOT NULL, who BLOB NOT NULL, until_us INTEGER NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY (at_us, id)
    ) {_STRICT_KEYED}""",
    "CREATE INDEX evidence_id ON evidence (id, at_us)",
    "CREATE INDEX evidence_who ON evidence (who)",
    "CREATE INDEX evidence_until ON evidence (until_us)",
    # Who looked at evidence: it is only ever added to, until its time is over.
    f"""CREATE TABLE access (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at_us INTEGER NOT NULL, reader TEXT NOT NULL, reason TEXT NOT NULL, decision TEXT NOT NULL,
        since_us INTEGER NOT NULL, until_us INTEGER NOT NULL
    ) {_STRICT}""",
    "CREATE INDEX access_at ON access (at_us)",
)

_ERASED: Final = (
    # Who was erased a short while ago: what was decided before, and comes in late, is not kept.
    f"CREATE TABLE erased (who BLOB PRIMARY KEY NOT NULL, at_us INTEGER NOT NULL) {_STRICT_KEYED}",
)

_DISCLOSURES: Final = (
    # Whose they are is NULL once the customer was erased: a second word of them still changes nothing.
    f"""CREATE TABLE disclosure (
        decision TEXT NOT NULL, slot INTEGER NOT NULL, offer TEXT NOT NULL, customer TEXT,
        at_us INTEGER NOT NULL, until_us INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (decision, slot, offer)
    ) {_STRICT_KEYED}""",
    "CREATE INDEX disclosure_customer ON disclosure (customer, at_us)",
    "CREATE INDEX disclosure_until ON disclosure (until_us)",
    # In the outbox they are a class of their own, before the withdrawals.
    "UPDATE outbox SET rank = 3 WHERE rank = 2",
    "INSERT INTO waiting SELECT 3, contacts, size_bytes FROM waiting WHERE rank = 2",
    "UPDATE waiting SET contacts = 0, size_bytes = 0 WHERE rank = 2",
    "INSERT INTO dropped VALUES (2, 0)",
)

_CENTRE: Final = (
    # The epoch of the last change at the centre that the edge follows; 0 for what came in another way.
    "ALTER TABLE consent ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0",
    # What the centre refuses, out of the way of the rest, until somebody looks at it.
    f"""CREATE TABLE refused (
        number INTEGER PRIMARY KEY, rank INTEGER NOT NULL, customer TEXT NOT NULL, code TEXT NOT NULL,
        body BLOB NOT NULL
    ) {_STRICT}""",
)

_OWED: Final = (
    # Whom something beside the store has still to forget, by its name; a row goes once that is done.
    f"""CREATE TABLE owed (
        keeper TEXT NOT NULL, customer TEXT NOT NULL, PRIMARY KEY (keeper, customer)
    ) {_STRICT_KEYED}""",
)

_PASSED_OVER: Final = (
    # A withdrawal that the centre does not take has a code here. It waits on, and holds up no other customer's.
    "ALTER TABLE outbox ADD COLUMN passed TEXT",
    "CREATE INDEX outbox_fresh ON outbox (number) WHERE rank = 3 AND passed IS NULL",
    "CREATE INDEX outbox_passed ON outbox (number) WHERE passed IS NOT NULL",
    "CREATE INDEX outbox_stuck ON outbox (customer) WHERE passed IS NOT NULL",
)

#: By version: the statements that lead to it from the one before. They are only ever added to.
MIGRATIONS: Final = (_FIRST, _DECISIONS, _EVIDENCE, _ERASED, _DISCLOSURES, _CENTRE, _OWED, _PASSED_OVER)
