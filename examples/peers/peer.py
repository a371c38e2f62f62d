"""What a peer does here, and which peers there are; each is in a file of its own, imported when it is asked for."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Final, Protocol

from .rules import Customer, Rule

#: The packages by the name of the file that knows them.
PACKAGES: Final[Mapping[str, str]] = {
    "eppo": "eppo-server-sdk",
    "flagd": "openfeature-flagd-core",
    "growthbook": "growthbook",
    "launchdarkly": "launchdarkly-server-sdk",
    "optimizely": "optimizely-sdk",
    "statsig": "statsig-python-core",
    "unleash": "UnleashClient",
}


class Peer(Protocol):
    """
    A library that evaluates rules in this process, opened with some, without network and events.

    Both methods make a call ready; whatever can be made beforehand, such as a context object, is not timed.
    """

    def one(self, customer: Customer, rule: Rule) -> Callable[[], object]:
        """Return a call that evaluates one flag."""
        ...

    def every(self, customer: Customer) -> Callable[[], Sequence[object]]:
        """Return a call that evaluates all flags, in the order of the rules."""
        ...

    def close(self) -> None:
        """End its threads."""
        ...


def opened(name: str, given: Sequence[Rule]) -> Peer:
    """Return a peer with rules; ImportError where its package is not installed, whatever it raises where it fails."""
    peer: Peer = importlib.import_module(f".{name}", __package__).opened(given)
    return peer


def named(name: str) -> str:
    """Return a peer's package and its version."""
    return f"{PACKAGES[name]} {version(PACKAGES[name])}"
