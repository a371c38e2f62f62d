"""The port of a store that can be tried. Whoever lacks it is known by its calls alone."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class ProbedStore(Protocol):
    """A store that can be tried, so that an edge knows how it does while nobody has anything kept."""

    def probe(self) -> None:
        """
        Write a little and take it back, without waiting for others; raise what a call would.

        Raises:
            StoreError: If it cannot be written.
        """
        ...
