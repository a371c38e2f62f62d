"""The ports of a store and a centre that can be tried. Whoever lacks them is known by its calls alone."""

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


@runtime_checkable
class ProbedCentre(Protocol):
    """A centre that can be asked whether it would take events, so that nobody waits for what never goes out."""

    def try_delivery(self) -> None:
        """
        Take a made-up event and take it back, so that nobody hears of it; raise what `deliver` would.

        Raises:
            CentreError: If it would not take any.
            StoreError: The same, where the centre is a store.
        """
        ...
