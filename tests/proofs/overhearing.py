"""Listens while something is used and misused: all that is logged, raised and returned is searched for a canary.

Of an error it reads what a traceback prints: its words, its cause, its context unless that was suppressed, its notes;
and what is kept on the error itself. Locals of frames are not read: they are the caller's values.
"""

import base64
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import attrs

CANARY: Final = "canary-b41d7e"
#: The client and the mail server of the tests themselves.
_UNSAID: Final = ("httpx", "httpcore", "mail.log", "aiosmtpd")


@attrs.define
class Overheard:
    """
    What was told while something was used and misused.

    Attributes:
        paths: So many ways to use it were taken.
        errors: So many of them ended in an error.
        lines: So many lines were logged.
        found: Where the canary was, by the way that was taken.
    """

    paths: int = 0
    errors: int = 0
    lines: int = 0
    found: list[str] = attrs.field(factory=list)


class _Lines(logging.Handler):
    """Keeps all that is logged, with what would be printed of errors; a test's own client and server are left out."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, and what it was made of."""
        if not record.name.startswith(_UNSAID):
            self.kept.append(f"{self.format(record)} {record.args}")


def listen(ways: Mapping[str, Callable[[], object]], overheard: Overheard | None = None) -> Overheard:
    """
    Take ways, right and wrong; return where the canary was overheard.

    Args:
        ways: What is done, by name; each returns what a program could print without asking for a value.
        overheard: What was told so far.
    """
    found, lines = overheard or Overheard(), _Lines()
    with _all_logs(lines):
        for name, way in ways.items():
            found.paths += 1
            try:
                told = f"{way()!r}"
            except Exception as error:  # noqa: BLE001 - whatever it is, it is read
                found.errors += 1
                told = f"{error!r} {error} {''.join(traceback.format_exception(error))} {error.__dict__}"
            if holds(told) or any(holds(line) for line in lines.kept):
                found.found.append(name)
            found.lines += len(lines.kept)
            lines.kept.clear()
    return found


def forms(word: str = CANARY) -> frozenset[bytes]:
    """
    Return the forms in which a word may stand among bytes.

    They are UTF-8, and so msgpack, JSON and URLs; UTF-16; hex; base64, wherever the word begins in it. What is
    compressed or encrypted is not seen.
    """
    plain = word.encode()
    found = {plain, word.encode("utf-16-le"), word.encode("utf-16-be"), plain.hex().encode()}
    found.add(plain.hex().upper().encode())
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + plain)
        found.add(whole[-(-before * 4 // 3) : len(whole) // 4 * 4 - 4])  # without what its neighbours change
    return frozenset(found)


_FORMS: Final = forms()


def holds(told: str | bytes) -> bool:
    """Return whether the canary stands in something, in any form."""
    raw = told.encode("utf-8", "surrogatepass") if isinstance(told, str) else told
    return any(form in raw for form in _FORMS)


@contextmanager
def _all_logs(lines: _Lines) -> Iterator[None]:
    """Have every logger tell everything."""
    root, ours = logging.getLogger(), logging.getLogger("tactful")
    before = root.level, ours.level
    root.setLevel(logging.DEBUG)
    ours.setLevel(logging.DEBUG)
    root.addHandler(lines)
    try:
        yield
    finally:
        root.removeHandler(lines)
        root.setLevel(before[0])
        ours.setLevel(before[1])
