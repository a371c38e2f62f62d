"""Taking a bundle: the memory of its plan, how long it takes, and what decisions wait meanwhile. It judges nothing."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from ..bundle import make_keys, write
from .goals import Figure
from .load.swapping import swapped
from .load.world import World
from .shop import NOW_US, shop

#: A bundle of so many offers is taken while decisions go on, by an edge that so many customers are known to.
_OFFERS: Final = 10_000
_CUSTOMERS: Final = 1000
#: So long decisions go on before and after [s].
_SECONDS: Final = 2.0
_DAY_US: Final = 86_400_000_000
#: Says how much memory a plan takes [bytes]: in an interpreter of its own, once what it needs is loaded.
_PROGRAM: Final = """
import gc, json, os, sys
paths, file, key, now_us = json.loads(sys.argv[1])
sys.path[:0] = paths
from tactful.bundle import read
from tactful.plan.plan import Plan
from tactful.registry import Registry
with open(file, "rb") as bundle:
    raw = bundle.read()
def used():
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
registry, before = Registry.installed(), used()
plan = Plan.build(read(raw, keys=[key], tenant=None, now_us=now_us, highest_epoch=lambda _: 0).policy, registry)
print(used() - before)
"""


def taken(sizes: Sequence[int], progress: Callable[[str, int, int], None]) -> dict[str, Figure]:
    """
    Return what bundles of so many offers cost, by the names of the goals; memory where the system tells it.

    Args:
        sizes: Of these shops the plan is weighed.
        progress: Is told what is being done, how many parts of it are over, and how many there are.
    """
    found: dict[str, Figure] = {}
    for number, size in enumerate(sizes if Path("/proc/self/statm").exists() else ()):
        progress("weighing plans", number, len(sizes))
        found[f"plan {size:,}"] = Figure(_plan_bytes(size) / size / 1000)
    return {**found, **(_swap(progress) if _OFFERS in sizes else {})}


def _plan_bytes(offers: int) -> int:
    private, public = make_keys()
    times = {"issued_us": NOW_US - 1, "expires_us": NOW_US + _DAY_US}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bundle"
        file.write_bytes(write(shop(offers, 1).policy, private_key=private, tenant="bench", epoch=1, **times))
        paths = [str(Path(path).resolve()) for path in sys.path if path]
        asked = json.dumps([paths, str(file), public, NOW_US])
        told = subprocess.run(  # noqa: S603 - this interpreter, and a program of ours
            [sys.executable, "-c", _PROGRAM, asked], capture_output=True, check=True, text=True
        )
    return int(told.stdout)


def _swap(progress: Callable[[str, int, int], None]) -> Mapping[str, Figure]:
    progress("taking a bundle", 0, 1)
    with closing(World(_OFFERS, _CUSTOMERS)) as world:
        found = swapped(world, _SECONDS, updates=0, freeze=False)
    return {
        f"swap {_OFFERS:,}": Figure(found.update_s),
        f"wait {_OFFERS:,}": Figure(found.meanwhile.p999_us / 1000),
        f"pause {_OFFERS:,}": Figure(found.after.max_us / 1000),
    }
