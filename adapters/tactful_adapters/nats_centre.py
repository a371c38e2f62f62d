"""A centre in NATS JetStream: what edges follow, and what takes their events. It decides nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import Final, Self, TypeVar

from tactful import Acknowledged, Changes, Contact, Delivery, Disclosure, Line, wall_clock

from .nats_address import Address
from .nats_edges import NATSEdges
from .nats_events import NATSEvents
from .nats_hints import NATSHints
from .nats_lines import NATSLines
from .nats_link import NATSLink
from .nats_loop import NATSLoop
from .nats_making import made
from .nats_streams import Streams
from .nats_telling import NATSTelling

_T = TypeVar("_T")
_LINES: Final[tuple[Line, ...]] = ("consents", "profiles")


class NATSCentre(NATSTelling):
    """
    A `Centre` in three streams of a NATS server, and the ways to change what it knows.

    Epochs are the sequence numbers of the streams: the server gives them in the order of commits. What it tells on its
    own account are hints; the truth is read from the streams. Safe under threads and fork.
    """

    def __init__(self, url: str, *, kinds: Mapping[str, str] | None = None) -> None:
        """
        Open it, and make its streams if none of them is there yet.

        Args:
            url: `nats://user:password@host:4222/shop?timeout_s=5`, or `tls://…`; see docs/nats.md.
            kinds: The kind of each identifier, by name: "person", "household" or "device".

        Raises:
            CentreError: If the server cannot be reached, or the streams are not ours or may not be made.
            ExtraMissing: If nats-py is not installed.
        """
        address = Address.of(url)
        super().__init__(kinds)
        self._streams = Streams(address.prefix)
        self._hints = NATSHints()
        self._loop = NATSLoop(address, self._hints.lose)
        try:
            self._call(lambda link: made(link, self._streams, wall_clock(), address.replicas))
        except BaseException:
            self.close()
            raise

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open the centre that a URL names, as `tactful.open(centre=…)` does."""
        return cls(url)

    def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch, at most so many changes."""
        return self._call(lambda link: NATSLines(link, self._streams).changes(line, after, count))

    def deliver(self, events: Sequence[Contact | Disclosure]) -> Delivery:
        """
        Keep events, each once by its id, and let what customers said in them take effect.

        One that can never be kept is refused, and the others are taken.
        """
        return self._call(lambda link: NATSEvents(link, self._streams).deliver(events))

    def wait(self, line: Line, after: int, timeout_s: float) -> bool:
        """Wait until there may be something newer than an epoch; return whether there may be."""
        until_s, losses = monotonic() + timeout_s, self._hints.losses

        async def is_newer(link: NATSLink) -> bool:
            await link.listen(self._streams.hints(line), self._hints.hear(line))
            return (await link.state(self._streams.line(line))).epoch > after

        return self._call(is_newer) or self._hints.wait(line, after, losses, until_s)

    def line_epochs(self) -> Mapping[str, int]:
        """Return the newest epoch of each line; after `erase`, who has acknowledged them has taken it in."""
        return self._call(lambda link: NATSEdges(link, self._streams).epochs())

    def acknowledge(self, edge: str, reached: Mapping[Line, int], keep_s: int) -> None:
        """Keep that an edge has each line up to an epoch."""
        replicas = self._loop.address.replicas
        self._call(lambda link: NATSEdges(link, self._streams).acknowledge(edge, reached, keep_s, replicas))

    def acknowledged(self) -> Mapping[tuple[str, str], Acknowledged]:
        """Return how far each edge is that was heard within its time."""
        return self._call(lambda link: NATSEdges(link, self._streams).acknowledged())

    def close(self) -> None:
        """Give back the connection; calls that wait come back. A second call does nothing."""
        self._hints.close()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<NATSCentre {'closed' if self._loop.closed else 'open'}>"

    def _call(self, work: Callable[[NATSLink], Awaitable[_T]]) -> _T:
        return self._loop.call(work)
