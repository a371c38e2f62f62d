"""The part of `MemoryStore` that lists whom it knows. It keeps nothing."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from .profile import Snapshot


class MemoryListing:
    """A `CustomerList` over the profiles of a store."""

    _profiles: dict[str, Snapshot]

    def customers(self, after: str, count: int) -> Sequence[str]:
        """Return at most so many ids with a profile that come after an id, in the order of ids; "" is before all."""
        with self._open():
            return sorted(id_ for id_ in self._profiles if id_ > after)[: max(0, count)]

    def _open(self) -> AbstractContextManager[None]:
        """Return what gives the store to one call at a time."""
        raise NotImplementedError
