"""One connection to NATS, on a loop in a thread of its own; safe under threads and fork. It knows no stream.

nats-py speaks asyncio alone, and a centre is called from threads. The connection is not mended behind anybody's back:
when it is lost, each call under way fails at once and the next one connects again, so that an edge's own pauses, with
jitter, decide how soon a server that comes back is asked.
"""

import asyncio
import concurrent.futures
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tactful import CentreError, UsageError

from .forks import begins_anew_in_a_child, leave_alone
from .nats_client import SERVER_MIN, client
from .nats_errors import explained, forbidden
from .nats_link import NATSLink
from .nats_tls import TLS

if TYPE_CHECKING:
    from .nats_address import Address

_T = TypeVar("_T")
_log = logging.getLogger("tactful")
#: A loop that hangs is given so much more than a call may take; then it is left to itself [s].
_GRACE_S: Final = 2.0
_END_S: Final = 1.0
#: The library itself knocks once more before it says that nobody is there [s].
_PAUSE_S: Final = 0.05


class NATSLoop:
    """Runs calls on its connection, each within the address's time."""

    def __init__(self, address: "Address", when_lost: Callable[[], None]) -> None:
        """
        Open nothing yet.

        Args:
            address: Where to connect.
            when_lost: Told, on the loop's thread, that a connection is gone.
        """
        self.address = address
        self._when_lost = when_lost
        self._closed = False
        self._forbidden = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._link: NATSLink | None = None
        self.begin_anew()
        begins_anew_in_a_child(self)

    def begin_anew(self) -> None:
        """Have no loop, no connection, and no lock that is held; what a parent process has open is left alone."""
        leave_alone(one for one in (self._loop, self._thread, self._link) if one is not None)
        self._lock = Lock()
        self._loop = self._thread = self._link = None

    @property
    def closed(self) -> bool:
        """Whether it takes no more calls."""
        return self._closed

    def call(self, work: Callable[[NATSLink], Awaitable[_T]]) -> _T:
        """
        Do some work with the connection, and return what it gives.

        Raises:
            CentreError: If the server cannot be reached, refuses, or does not answer in time.
            UsageError: After `close`.
        """
        future = self._submit(self._bounded(work))
        try:
            return future.result(self.address.timeout_s + _GRACE_S)
        except concurrent.futures.CancelledError:
            raise self._is_closed() from None
        except concurrent.futures.TimeoutError as error:
            future.cancel()
            raise explained(error, self.address.name) from None

    def close(self) -> None:
        """End the connection and the thread; calls that are under way come back. A second call does nothing."""
        with self._lock:
            self._closed = True
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        with suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._end(), loop).result(2 * _END_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_END_S)

    def _submit(self, coroutine: Coroutine[Any, Any, _T]) -> "concurrent.futures.Future[_T]":
        with self._lock:
            if self._closed:
                coroutine.close()
                raise self._is_closed()
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._connecting = asyncio.Lock()
                self._thread = Thread(target=_run, args=(self._loop,), name="tactful-nats", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def _is_closed(self) -> UsageError:
        return UsageError(f"{self.address.name}: the centre is closed; open another one")

    async def _bounded(self, work: Callable[[NATSLink], Awaitable[_T]]) -> _T:
        before = self._forbidden
        try:
            async with asyncio.timeout(self.address.timeout_s):
                link = await self._connected()
                return await link.unless_lost(work(link))
        except (CentreError, UsageError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever the library raises is told in our words
            if self._forbidden != before:
                raise forbidden(self.address.name) from None
            if isinstance(error, TimeoutError | OSError):
                self._let_go()
            raise explained(error, self.address.name) from None

    async def _connected(self) -> NATSLink:
        async with self._connecting:
            if self._link is None or self._link.is_lost:
                lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                lost.add_done_callback(lambda _: self._when_lost())
                self._link = NATSLink(await self._connection(lost), lost)
                version = self._link.server_version
                if version < SERVER_MIN:
                    self._let_go()
                    least = ".".join(map(str, SERVER_MIN))
                    raise CentreError(f"{self.address.name}: the server is older than {least}; a newer one is needed")
            return self._link

    async def _connection(self, lost: "asyncio.Future[None]") -> Any:
        async def lose() -> None:
            if not lost.done():
                lost.set_result(None)

        where, at = self.address, client().aio.client.Client()
        tls, secret = TLS(where), where.password
        known: dict[str, object] = {}
        if secret is not None:
            told = tls.guarded(secret)
            known = {"token": told} if where.user is None else {"user": where.user, "password": told}
        try:
            await at.connect(
                [where.server],
                name="tactful",
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=_PAUSE_S,
                connect_timeout=max(1, int(where.timeout_s)),
                error_cb=self._hear,
                closed_cb=lose,
                **known,
                **tls.options,
            )
            tls.check()
        except BaseException:
            with suppress(Exception):
                await asyncio.wait_for(at.close(), _END_S)
            raise
        return at

    async def _hear(self, error: Exception) -> None:
        """Count what the user may not do; the rest is met by calls. What the library would log can hold values."""
        self._forbidden += "permissions violation" in str(error).lower()

    def _let_go(self) -> None:
        """Have the next call connect again."""
        link, self._link = self._link, None
        if link is not None:
            link.let_go()

    async def _end(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            with suppress(Exception):
                await asyncio.wait_for(link.close(), _END_S)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=_END_S) if others else None


def _left_behind(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tell of what the library left behind when a connection was lost, without values: calls have told it already."""
    _log.debug("nats: %s", type(context.get("exception")).__name__)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(_left_behind)
    try:
        loop.run_forever()
    finally:
        loop.close()
