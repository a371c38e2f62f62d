"""The lines of a centre in NATS, as a connection sees them: what has changed, what is so, and how it is changed."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from random import SystemRandom
from typing import Final

from tactful import CentreError, Change, Changes, Consents, Erased, Line

from .nats_link import Message, NATSLink, State
from .nats_messages import GONE, Told, change, digest, key_of, packed
from .nats_streams import Streams, trusted

#: Who finds a key changed under its hands tries again so often; then the edge does, later.
_TRIES: Final = 20
_PAUSE_MAX_S: Final = 0.05

#: Gets what is known of a customer, and returns what is to be known, or None to leave it.
Amend = Callable[[Told | None], Told | None]


class NATSLines:
    """Both lines."""

    def __init__(self, link: NATSLink, streams: Streams) -> None:
        self._link = link
        self._streams = streams

    async def state(self, line: Line, after: int = 0) -> State:
        """Return a line's state if it is to be believed by who knows an epoch."""
        state = await self._link.state(self._streams.line(line))
        trusted(state.config, after)
        return state

    async def changes(self, line: Line, after: int, count: int) -> Changes:
        """Return what has changed since an epoch, at most so many changes."""
        state = await self.state(line, after)
        told, position, left, epoch = list[Change](), after, 0, state.epoch
        while position < epoch and len(told) < count:
            subjects = self._streams.subject(line, ">")
            wanted = count - len(told)
            messages, left = await self._link.page(self._streams.line(line), subjects, position + 1, wanted)
            if not messages:  # the leader has more than the replica that answered
                if told:
                    break
                raise CentreError(f"a replica of {self._streams.line(line)} is behind", retry_after_s=0.2)
            position, is_whole = self._take(line, messages, told)
            if not is_whole:
                left = 1
                break
        if position > after:  # else the epoch is what the leader says, also if that is lower than what was known
            epoch = max(epoch, position)
        return Changes(tuple(told), epoch, left == 0 and position >= epoch, state.at_us)

    def _take(self, line: Line, messages: Iterable[Message], told: list[Change]) -> tuple[int, bool]:
        """Take changes in up to the first that is damaged; if that is the first of all, say so."""
        position = told[-1].epoch if told else 0
        for message in messages:
            try:
                found = self._read(line, message)
            except CentreError:
                if told:
                    return position, False
                raise
            position = message.epoch
            told.extend(() if found is None else (found,))
        return position, True

    async def known(self, line: Line, keys: Iterable[str]) -> Mapping[str, Change]:
        """Return what is so now, by key; a key may have wildcards."""
        subjects = (self._streams.subject(line, key) for key in keys)
        found = await self._link.newest(self._streams.line(line), subjects)
        read = (self._read(line, message) for message in found.values())
        return {key_of(one.customer, one.told): one for one in read if one is not None}

    async def erased_us(self, customers: Iterable[str]) -> Mapping[str, int]:
        """Return when customers were erased, as far as they were [us since 1970]."""
        known = await self.known("consents", (f"e.{digest(one)}" for one in customers))
        return {one.customer: one.told.at_us for one in known.values() if isinstance(one.told, Erased)}

    async def tell(self, line: Line, customer: str, told: Told) -> int:
        """Let something be so from now on, whatever was; return the epoch."""
        subject = self._streams.subject(line, key_of(customer, told))
        epoch = await self._link.put(self._streams.line(line), subject, packed(customer, told))
        return epoch or 0

    async def amend(self, line: Line, customer: str, key: str, amend: Amend, *, mend: bool = False) -> int:
        """
        Change what is so under a key by compare-and-set; return the epoch of what is so then, 0 for nothing.

        Args:
            line: The line.
            customer: Whom it concerns.
            key: The key.
            amend: Says what is to be so.
            mend: Whether a damaged message counts as none, and is replaced.

        Raises:
            CentreError: If others change it all the time, or what is there is damaged.
        """
        stream, subject = self._streams.line(line), self._streams.subject(line, key)
        for _ in range(_TRIES):
            message = await self._link.last(stream, subject)
            before = None if message is None else self._read(line, message, mend=mend)
            after = amend(None if before is None else before.told)
            if after is None:
                return 0 if before is None else before.epoch
            known = 0 if message is None else message.epoch
            epoch = await self._link.put(stream, subject, packed(customer, after), after=known)
            if epoch is not None:
                return epoch
            await asyncio.sleep(SystemRandom().uniform(0, _PAUSE_MAX_S))
        raise CentreError(f"others change the same key of {stream} all the time", retry_after_s=1.0)

    async def empty(self, line: Line, keys: Iterable[str]) -> None:
        """Leave nothing of what is so under some keys, which may have wildcards."""
        stream = self._streams.line(line)
        found = await self._link.newest(stream, (self._streams.subject(line, key) for key in keys))
        for message in found.values():
            if message.body != GONE or message.is_marker:
                await self._link.put(stream, message.subject, GONE)

    def _read(self, line: Line, message: Message, *, mend: bool = False) -> Change | None:
        try:
            if message.is_marker:
                raise ValueError("a message was deleted by hand")  # noqa: TRY301 - one place tells of all
            return change(
                line, message.subject.removeprefix(self._streams.subject(line, "")), message.epoch, message.body
            )
        except ValueError as error:
            if mend:
                return None
            said = f"{self._streams.line(line)}, revision {message.epoch}: {error}; put there again what is so"
            raise CentreError(said, code="centre-nonsense") from None


def renewed(consents: Consents) -> Amend:
    """Return how what the centre is told of consents joins what it knew: a no stays until a newer explicit yes."""
    told = consents.as_told

    def amend(known: Told | None) -> Told | None:
        after = known.renewed(told) if isinstance(known, Consents) else told
        return None if after == known else after

    return amend
