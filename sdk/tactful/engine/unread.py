"""Unread: who was fetched lately. Until something is decided for them their profiles are objects, which take room."""

from typing import Final

from cachetools import FIFOCache

from .here import Here

#: So many at most; who was fetched before them is unpacked when something is decided.
_UNREAD_MAX: Final = 256


class Unread(FIFOCache[str, Here]):
    """The customers who were fetched last; whoever has to go lets go of the objects."""

    def __init__(self, customers_max: int) -> None:
        """Begin with nobody, at an edge that holds so many customers."""
        super().__init__(min(_UNREAD_MAX, customers_max))

    def popitem(self) -> tuple[str, Here]:
        """Take out who was fetched first."""
        customer, here = super().popitem()
        here.release()
        return customer, here
