"""Parts: one function over the parts of a table, by several threads; what it gives keeps the order of the parts.

It helps where sources make a thread wait; the code between NumPy and Arrow runs in one thread at a time.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")


def in_order(work: Callable[[_Part], _Done], parts: Iterable[_Part], workers: int) -> Iterator[_Done]:
    """
    Yield what is made of each part, in the order of the parts; no more than `workers` + 1 of them are under way.

    Args:
        work: Makes it; with more than one worker it is called by several threads at once.
        parts: The parts; they are asked for one by one.
        workers: How many threads work, >= 1; with one it is the caller's own.

    Raises:
        Exception: What `work` raises, for the first part for which it does; parts that wait are not begun.
    """
    if workers == 1:
        yield from map(work, parts)
        return
    waiting: deque[Future[_Done]] = deque()
    with ThreadPoolExecutor(workers, "tactful-many") as pool:
        try:
            for part in parts:
                waiting.append(pool.submit(work, part))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()
