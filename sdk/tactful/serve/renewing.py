"""Takes a policy anew when its bundle or folder has changed, while the old one goes on deciding. It opens nothing."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from ..engine.edge import Edge
from ..errors import TactfulError

_log = logging.getLogger("tactful")
#: It is looked at so often [s].
LOOK_S: Final = 2.0
_ENTRIES_MAX: Final = 20_000
_SUFFIXES: Final = {".yaml", ".yml", ".csv"}  # what else lies in a policy's folder, such as a store, changes nothing
#: What tells one state of the files from another.
State = tuple[tuple[str, int, int, int], ...]


@contextmanager
def renewing(edge: Edge, source: Path, before: State) -> Iterator[None]:
    """
    Follow a bundle or a folder within this context.

    What is refused, or gone, changes nothing: the last good one decides, `edge.status()["last_refused"]` says why, and
    it is tried again when it has changed once more.

    Args:
        edge: What takes it.
        source: Where the edge was opened from.
        before: Its state before the edge was opened, so that no change falls in between.
    """
    ended = threading.Event()
    thread = threading.Thread(target=_follow, args=(edge, source, before, ended), name="tactful-renewing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _follow(edge: Edge, source: Path, taken: State, ended: threading.Event) -> None:
    seen = taken
    while not ended.wait(LOOK_S):
        before, seen = seen, state_of(source)
        if seen in {taken, ()} or seen != before:  # what still changes is half a policy, perhaps without its caps
            continue
        taken = seen
        try:
            edge.update(source)
            _log.info("serve: a new policy decides")
        except TactfulError as error:
            _log.warning("serve: the new policy is refused: %s; the last good one goes on", error.code)
        except Exception as error:  # noqa: BLE001 - a file can vanish meanwhile; the next look sees what is there
            _log.warning("serve: the new policy cannot be read: %s", type(error).__name__)


def state_of(source: Path) -> State:
    """Return what tells one state of the files from another; empty if they cannot be looked at."""
    try:
        files = [source]
        if source.is_dir():
            files = [one for one in sorted(islice(source.rglob("*"), _ENTRIES_MAX)) if one.suffix in _SUFFIXES]
        found = ((str(file), file.stat()) for file in files)
        return tuple((name, it.st_ino, it.st_mtime_ns, it.st_size) for name, it in found)
    except OSError:
        return ()
