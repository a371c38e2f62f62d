"""How often threads wake while nobody asks anything: what Linux counts of them. It knows no work."""

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .goals import Figure

_TASKS: Final = Path("/proc/self/task")
_WOKEN: Final = re.compile(r"^voluntary_ctxt_switches:\s*(\d+)$", re.MULTILINE)


def idle(seconds: float) -> dict[str, Figure]:
    """Return how often a second the thread wakes that wakes most, this one aside; nothing where it is not counted."""
    before = _wakes()
    time.sleep(seconds)
    after = _wakes()
    own = str(os.getpid())
    woken = [after[task] - count for task, count in before.items() if task in after and task != own]
    return {"idle": Figure(max(woken, default=0) / seconds)} if before else {}


def _wakes() -> Mapping[str, int]:
    """Return how often each thread gave up the processor to wait, by its number."""
    found: dict[str, int] = {}
    for task in _TASKS.glob("*") if _TASKS.is_dir() else ():
        try:
            counted = _WOKEN.search((task / "status").read_text(encoding="ascii", errors="replace"))
        except OSError:  # it has ended
            continue
        if counted is not None:
            found[task.name] = int(counted[1])
    return found
