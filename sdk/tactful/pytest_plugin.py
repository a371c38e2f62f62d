"""Fixtures for who tests policies and plugins: pytest finds them where tactful is installed. It tests nothing."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from . import Edge


class ManualClock:
    """
    A clock that stands until it is moved.

    Attributes:
        now_us: The moment [us since 1970].
    """

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        """Return the moment [us since 1970]."""
        return self.now_us

    def forward(self, seconds: float) -> None:
        """Let so much time pass [s]."""
        self.now_us += round(seconds * 1_000_000)


@pytest.fixture
def tactful_clock() -> ManualClock:
    """Return a clock that stands at noon of a Thursday until it is moved."""
    return ManualClock(1_728_000_000_000_000)


@pytest.fixture
def tactful_edge(tactful_clock: ManualClock) -> Iterator[Callable[..., "Edge"]]:
    """
    Return what opens an edge by a policy: its YAML in one text, or its folder; edges are closed after the test.

    `tactful_edge(policy, Pause, …)` takes these guardrails, else all that are installed.
    """
    from types import SimpleNamespace  # noqa: PLC0415 - of this fixture alone

    import tactful  # noqa: PLC0415 - a session that tests something else pays nothing
    from tactful.authoring import compile_files, compile_folder  # noqa: PLC0415 - likewise

    opened: list[Edge] = []

    def made(policy: str | Path, *guardrails: type, **options: Any) -> "Edge":
        plugin = SimpleNamespace(__name__="tests", tactful_guardrails=tactful.hookimpl(lambda: list(guardrails)))
        registry = tactful.Registry.of(plugin) if guardrails else tactful.Registry.installed()
        if isinstance(policy, Path):
            compiled = compile_folder(policy, registry=registry)
        else:
            compiled = compile_files({"policy.yaml": policy.encode()}, registry=registry)
        edge = tactful.open(compiled, registry=registry, clock=tactful_clock, **options)
        opened.append(edge)
        return edge

    yield made
    for edge in opened:
        edge.close()


@pytest.fixture
def tactful_shows() -> Callable[..., list[str]]:
    """
    Return what tells which offers an edge shows in a placement, best first.

    `tactful_shows(edge, "home", {"visits": 8}, {"offers": "explicit"})`: a profile, and consents by purpose.
    """

    def shown(
        edge: "Edge",
        placement: str,
        profile: Mapping[str, object] | None = None,
        consents: Mapping[str, object] | None = None,
        **context: object,
    ) -> list[str]:
        brought: dict[str, Any] = {"profile": profile or {}, "consents": consents or {}, "contacts": ()}
        return [pick.offer for pick in edge.decide(placement, "somebody", context, **brought).picks]

    return shown
