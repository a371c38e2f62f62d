"""What installed adapters open by URL: stores, and centres of strict caps. It loads one when it is named."""

from collections.abc import Callable
from typing import Any, cast

from .errors import StoreError
from .memory import MemoryStore
from .names import meant
from .ports import Store, StrictCaps


def store_of(store: Store | str | None, *, make: bool = True) -> Store:
    """
    Return the store that is meant.

    Args:
        store: A store; a URL whose scheme is the name of an installed adapter; or None for memory.
        make: Whether one that is not there may be made; who only looks wants to hear that it is not.

    Raises:
        StoreError: If no adapter has that name, it cannot open, or the store is not there and may not be made.
    """
    if store is None:
        return MemoryStore()
    if not isinstance(store, str):
        return store
    adapter = _installed("adapter", "tactful.adapters", store)
    if not make and (refuse_missing := getattr(adapter, "refuse_missing", None)) is not None:
        refuse_missing(store)
    return cast("Store", adapter.from_url(store))


def strict_of(strict: StrictCaps | str | None, store: Store) -> tuple[StrictCaps | None, Callable[[], None] | None]:
    """
    Return the centre of strict caps that is meant, and what closes it if it was opened here.

    Args:
        strict: A centre; a URL whose scheme is the name of an installed one; or None for the store, if it is one.
        store: The edge's store.

    Raises:
        StoreError: If no centre has that name, or it cannot open.
    """
    if isinstance(strict, str):
        found = _installed("centre of strict caps", "tactful.strict", strict).from_url(strict)
        return found, found.close
    return strict or (store if isinstance(store, StrictCaps) else None), None


def _installed(what: str, group: str, url: str) -> Any:
    """Return what an installed entry point has for the scheme of a URL."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow, and needed for a URL alone

    scheme = url.partition(":")[0].lower() if ":" in url else ""
    points = {point.name: point for point in entry_points(group=group)}
    if scheme not in points:
        raise StoreError(f"no {what} is named {scheme!r}; {meant(scheme, points)}")
    return points[scheme].load()
