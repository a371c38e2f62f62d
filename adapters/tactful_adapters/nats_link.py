"""What a connection to NATS is asked for: a stream's state, pages of it, last values, and puts. It knows no meaning.

No consumer is made on the server, so that none is left behind: a page is one request, and what is asked again is
asked from an epoch that the asker knows.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self, TypeVar

import attrs

from tactful import CentreError

from .nats_client import client
from .nats_errors import gone, is_conflict, is_gone

_T = TypeVar("_T")
#: A page is at most so large, so that a client never holds more of it [bytes].
_PAGE_BYTES: Final = 8 * 2**20
#: So many keys are asked for at once; the server answers no more than 1,024 with one request.
_KEYS_AT_ONCE: Final = 256
_API: Final = "$JS.API"
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: The library may wait for so long: each call as a whole is bounded by the loop that runs it [s].
_PATIENCE_S: Final = 3_600.0
_WATCH_EVERY_S: Final = 0.5


@attrs.frozen(repr=False)
class Message:
    """
    A message of a stream.

    Attributes:
        subject: Its subject.
        epoch: Its sequence number in the stream, which the server gives in the order of commits.
        body: What it holds.
        is_marker: Whether it is a marker with which tools of NATS delete a key.
    """

    subject: str
    epoch: int
    body: bytes
    is_marker: bool = False

    @classmethod
    def of(cls, subject: str, epoch: int, body: bytes | None, headers: Mapping[str, str]) -> Self:
        """Return a message as the server gives it."""
        marked = any(name in headers for name in ("KV-Operation", "Nats-Marker-Reason"))
        return cls(subject, epoch, body or b"", marked)


@attrs.frozen
class State:
    """
    How a stream is, by the word of its leader.

    Attributes:
        config: Its settings, as the server tells them.
        epoch: The sequence number of its newest message, ever; 0 if there never was one.
        at_us: The server's moment [us since 1970].
    """

    config: Mapping[str, Any]
    epoch: int
    at_us: int


class NATSLink:
    """A connection; everything runs on its loop."""

    def __init__(self, connection: Any, lost: "asyncio.Future[None]") -> None:
        """
        Begin with what is connected.

        Args:
            connection: A client of nats-py.
            lost: Done once the connection is gone.
        """
        self._connection = connection
        self._js = connection.jetstream(timeout=_PATIENCE_S)
        self._lost = lost
        self._heard: set[str] = set()
        self._watching = asyncio.ensure_future(self._watch())

    @property
    def is_lost(self) -> bool:
        """Whether the connection is gone."""
        return self._lost.done() or bool(self._connection.is_closed)

    @property
    def server_version(self) -> tuple[int, int]:
        """The server's version, without its last number."""
        version = self._connection.connected_server_version
        return int(version.major), int(version.minor)

    @property
    def payload_max(self) -> int:
        """The server takes no message that is larger [bytes]."""
        return int(self._connection.max_payload)

    async def unless_lost(self, work: Awaitable[_T]) -> _T:
        """Do some work; if the connection is lost meanwhile, raise at once rather than when its time is over."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(_take_note)
        try:
            either: set[asyncio.Future[Any]] = {task, self._lost}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ConnectionResetError
            return task.result()
        finally:
            task.cancel()

    async def state(self, stream: str) -> State:
        """
        Return a stream's state.

        Raises:
            CentreError: With the code "centre-went-back" if there is no such stream.
        """
        answer = await self._ask(f"STREAM.INFO.{stream}")
        if is_gone(answer_error := Refusal(answer.get("error"))):
            raise gone(stream)
        if answer_error.err_code is not None:
            raise answer_error
        config, last = answer["config"], int(answer["state"]["last_seq"])
        epoch = 0 if last < int(config.get("first_seq", 1)) else last
        return State(config, epoch, (datetime.fromisoformat(answer["ts"]) - _1970) // timedelta(microseconds=1))

    async def page(self, stream: str, subjects: str, first: int, count: int) -> tuple[Sequence[Message], int]:
        """Return at most so many messages from an epoch on, in rising epochs, and how many more there are."""
        request = {"seq": first, "batch": count, "next_by_subj": subjects, "max_bytes": _PAGE_BYTES}
        return await self._get(stream, request)

    async def newest(self, stream: str, subjects: Iterable[str]) -> Mapping[str, Message]:
        """Return the last message of each subject that has one; a subject may have wildcards."""
        asked, found = list(dict.fromkeys(subjects)), dict[str, Message]()
        for start in range(0, len(asked), _KEYS_AT_ONCE):
            messages, _ = await self._get(stream, {"multi_last": asked[start : start + _KEYS_AT_ONCE]})
            found.update((message.subject, message) for message in messages)
        return found

    async def last(self, stream: str, subject: str) -> Message | None:
        """Return the last message of a subject by the word of the stream's leader, to change it; None without one."""
        try:
            raw = await self._js.get_msg(stream, subject=subject, direct=False)
        except client().js.errors.NotFoundError as error:
            if is_gone(error):
                raise gone(stream) from None
            return None
        return Message.of(subject, raw.seq, raw.data, raw.headers or {})

    async def put(
        self, stream: str, subject: str, body: bytes, *, after: int | None = None, id_: str | None = None
    ) -> int | None:
        """
        Append a message; return its epoch, or None if its subject has another last message than the one that is told.

        Args:
            stream: The stream that is to take it; no other may.
            subject: Its subject.
            body: What it holds.
            after: The epoch of the subject's last message, 0 for none; None for whichever.
            id_: What the server knows it by, should it come twice within the stream's window.
        """
        headers = {} if after is None else {"Nats-Expected-Last-Subject-Sequence": str(after)}
        if id_ is not None:
            headers["Nats-Msg-Id"] = id_
        try:
            acknowledged = await self._js.publish(
                subject, body, stream=stream, headers=headers or None, timeout=_PATIENCE_S
            )
        except client().js.errors.APIError as error:
            if is_conflict(error):
                return None
            raise
        return int(acknowledged.seq)

    async def make(self, config: Mapping[str, Any]) -> None:
        """Make a stream; if there is one with the same settings, it stays."""
        answer = Refusal((await self._ask(f"STREAM.CREATE.{config['name']}", config)).get("error"))
        if answer.err_code is not None:
            raise answer

    async def purge(self, stream: str, subjects: str) -> None:
        """Take all messages of some subjects out of a stream."""
        answer = Refusal((await self._ask(f"STREAM.PURGE.{stream}", {"filter": subjects})).get("error"))
        if answer.err_code is not None:
            raise answer

    async def listen(self, subjects: str, hear: Callable[[Mapping[str, str]], None]) -> None:
        """Call back for each message on some subjects with its headers, from now on; once a connection."""
        if subjects in self._heard:
            return

        async def heard(message: Any) -> None:  # as the library awaits it
            hear(message.headers or {})

        await self._connection.subscribe(subjects, cb=heard)
        await self._connection.flush(timeout=_PATIENCE_S)
        self._heard.add(subjects)

    def let_go(self) -> None:
        """Count as lost, and close in the background."""
        self._mark_lost()
        self._closing = asyncio.ensure_future(self.close())

    async def close(self) -> None:
        """Close the connection."""
        with suppress(Exception):
            await self._connection.close()

    async def _watch(self) -> None:
        """Notice that the connection is closed: the library does not always tell, if that itself meets an error."""
        while not self.is_lost:  # noqa: ASYNC110 - there is nothing else to wait for
            await asyncio.sleep(_WATCH_EVERY_S)
        self._mark_lost()
        if (transport := self._connection._transport) is not None:  # noqa: SLF001 - the library then leaves it open
            with suppress(Exception):
                transport.close()

    def _mark_lost(self) -> None:
        if not self._lost.done():
            self._lost.set_result(None)

    async def _ask(self, what: str, request: object = None) -> dict[str, Any]:
        body = b"" if request is None else json.dumps(request).encode()
        answer = await self._connection.request(f"{_API}.{what}", body, timeout=_PATIENCE_S)
        told = json.loads(answer.data)
        if not isinstance(told, dict):
            raise CentreError("the server's answer makes no sense", code="centre-nonsense")
        return told

    async def _get(self, stream: str, request: object) -> tuple[Sequence[Message], int]:
        inbox, found = self._connection.new_inbox(), list[Message]()
        waiting = await self._connection.subscribe(inbox)
        try:
            body = json.dumps(request).encode()
            await self._connection.publish(f"{_API}.DIRECT.GET.{stream}", body, reply=inbox)
            while True:
                message = await waiting.next_msg(timeout=_PATIENCE_S)
                headers = message.headers or {}
                if (status := headers.get("Status")) is not None:
                    return found, _pending(status, headers)
                found.append(Message.of(headers["Nats-Subject"], int(headers["Nats-Sequence"]), message.data, headers))
        finally:
            with suppress(Exception):
                await waiting.unsubscribe()


class Refusal(Exception):
    """What JetStream said of a request that it refuses; its code is None if it refuses nothing."""

    def __init__(self, error: Mapping[str, Any] | None) -> None:
        self.err_code = None if error is None else error.get("err_code", error.get("code"))
        super().__init__(self.err_code)


def _take_note(task: "asyncio.Future[Any]") -> None:
    """Take note of how work ended that nobody waits for any more, or asyncio would log it."""
    if not task.cancelled():
        task.exception()


def _pending(status: str, headers: Mapping[str, str]) -> int:
    """Return how many messages a page left out, by the status that ends it; 404 is that there was none."""
    if status == "204":
        return int(headers.get("Nats-Num-Pending", "0"))
    if status == "404":
        return 0
    if status == "503":
        raise client().errors.NoRespondersError
    raise CentreError(f"the server's answer makes no sense: it ends with status {status}", code="centre-nonsense")
