"""How far the edges are that follow a centre in NATS: a stream beside the lines, made when the first one says so.

What is in it may be lost: an edge says it again within a minute. So it is none of the streams that a centre stands on.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgpack

from tactful import EDGES_MAX, Acknowledged, CentreError, Line

from .nats_errors import is_other
from .nats_link import Message, NATSLink, Refusal, State
from .nats_messages import digest
from .nats_streams import LINES, Streams

_AT_ONCE: Final = 1_000
#: The stream keeps nothing for longer [s].
_KEPT_S: Final = 90 * 86_400


class NATSEdges:
    """The stream of edges, as a connection sees it."""

    def __init__(self, link: NATSLink, streams: Streams) -> None:
        self._link, self._streams = link, streams

    async def epochs(self) -> Mapping[str, int]:
        """Return the newest epoch of each line."""
        return {str(line): state.epoch for line, state in (await self._lines()).items()}

    async def acknowledge(self, edge: str, reached: Mapping[Line, int], keep_s: int, replicas: int) -> None:
        """Keep that an edge has each line up to an epoch; of one that has more, nothing."""
        lines = await self._lines()
        at_us = lines["consents"].at_us
        said = {line: reached[line] if reached[line] <= lines[line].epoch else 0 for line in LINES}
        body = msgpack.packb([edge, said["consents"], said["profiles"], at_us, at_us + keep_s * 10**6])
        if await self._state() is None:
            await self._made(replicas)
        await self._link.put(self._streams.edges, self._streams.edge(digest(edge)), body)

    async def acknowledged(self) -> Mapping[tuple[str, str], Acknowledged]:
        """Return how far each edge is that was heard within its time."""
        state = await self._state()
        if state is None:  # nobody has said so yet
            return {}
        found: dict[tuple[str, str], Acknowledged] = {}
        position, left = 0, 1
        while left:
            subjects = self._streams.edge("*")
            messages, left = await self._link.page(self._streams.edges, subjects, position + 1, _AT_ONCE)
            for message in messages:
                position = message.epoch
                found.update(_read(message, state.at_us))
            if not messages:
                break
        return found

    async def _state(self) -> State | None:
        try:
            return await self._link.state(self._streams.edges)
        except CentreError as error:
            if error.code != "centre-went-back":
                raise
            return None

    async def _made(self, replicas: int) -> None:
        try:
            await self._link.make(self._config(replicas))
        except Refusal as error:
            if not is_other(error):  # another one made it just now
                raise

    async def _lines(self) -> Mapping[Line, State]:
        states = await asyncio.gather(*(self._link.state(self._streams.line(line)) for line in LINES))
        return dict(zip(LINES, states, strict=True))

    def _config(self, replicas: int) -> Mapping[str, Any]:
        return {
            "name": self._streams.edges,
            "subjects": [self._streams.edge("*")],
            "retention": "limits",
            "discard": "old",
            "storage": "file",
            "num_replicas": replicas,
            "allow_direct": True,
            "max_msgs_per_subject": 1,
            "max_msgs": EDGES_MAX,
            "max_age": _KEPT_S * 10**9,
        }


def _read(message: Message, now_us: int) -> Mapping[tuple[str, str], Acknowledged]:
    """Return what an edge said; nothing of one whose time is over, nor of what nobody of ours has written."""
    try:
        edge, consents, profiles, at_us, until_us = msgpack.unpackb(message.body)
        is_ours = isinstance(edge, str) and all(type(n) is int for n in (consents, profiles, at_us, until_us))
    except (ValueError, TypeError, msgpack.UnpackException):
        return {}
    if not is_ours or until_us <= now_us:
        return {}
    epochs = {"consents": consents, "profiles": profiles}
    return {(edge, line): Acknowledged(epochs[line], at_us) for line in LINES}
