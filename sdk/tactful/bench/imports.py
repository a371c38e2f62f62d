"""What importing costs: each time in an interpreter of its own, in turn. It judges nothing."""

import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from .goals import Figure

#: What is imported, by name. The first is what tactful needs, and nothing of tactful.
_IMPORTS: Final[Mapping[str, str]] = {
    "libraries": "import attrs, cachetools, cryptography, msgpack, pluggy",
    "import": "import tactful",
    "everything": "import tactful; tactful.open",
}
#: Says how much of the processor it took [ms], and how much memory it added [MB]; without /proc the second is missing.
_PROGRAM: Final = """
import time
try:
    from os import sysconf
    def pages():
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * sysconf("SC_PAGE_SIZE")
    before = pages()
except (ImportError, OSError):
    pages = None
start = time.process_time()
{imports}
print((time.process_time() - start) * 1e3)
if pages:
    print((pages() - before) / 1e6)
"""


def imports(rounds: int, progress: Callable[[int, int], None] = lambda *_: None) -> dict[str, Figure]:
    """
    Return what importing costs: processor time [ms], and memory [MB] where the system tells it.

    Args:
        rounds: So often each is imported.
        progress: Is told how many imports of all are done.
    """
    taken: dict[str, list[float]] = {name: [] for name in _IMPORTS}
    added: dict[str, list[float]] = {name: [] for name in _IMPORTS}
    for turn in range(rounds):
        for number, (name, line) in enumerate(_IMPORTS.items(), 1):
            took_ms, *memory_mb = _alone(line)
            taken[name].append(took_ms)
            added[name] += memory_mb
            progress(turn * len(_IMPORTS) + number, rounds * len(_IMPORTS))
    found = {name: Figure(statistics.median(times)) for name, times in taken.items()}
    return found | {f"{name} memory": Figure(statistics.median(mbs)) for name, mbs in added.items() if mbs}


def _alone(line: str) -> list[float]:
    """Return the figures of an interpreter that finds the modules where this one does."""
    paths = f"import sys; sys.path[:0] = {[str(Path(path).resolve()) for path in sys.path if path]}\n"
    told = subprocess.run(  # noqa: S603 - this interpreter, and a program of ours
        [sys.executable, "-c", paths + _PROGRAM.format(imports=line)], capture_output=True, check=True, text=True
    )
    return [float(figure) for figure in told.stdout.split()]
