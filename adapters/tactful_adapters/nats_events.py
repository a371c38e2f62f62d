"""Events into a centre in NATS: each once by its id, and what they say of consents by compare-and-set.

What an event says takes effect first, and then the event is put on record; that it is on record means that it has
taken effect. Who dies in between, or hears no answer, delivers it again, to no further effect.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Final

import attrs

from tactful import CentreError, Consents, Contact, Delivery, Disclosure, StoreError, after_telling, tells_consent

from .nats_graph import merged
from .nats_lines import Amend, NATSLines
from .nats_link import NATSLink
from .nats_messages import Told, digest, event_key, key_of, packed_event
from .nats_streams import Streams

_Event = Contact | Disclosure
#: A message's headers and subject take no more than this [bytes].
_BESIDE: Final = 1_024
_FEWEST: Final = 2
_NOBODY: Final = Consents((), 0)


class NATSEvents:
    """The stream of events, and what comes of them in the line of consents."""

    def __init__(self, link: NATSLink, streams: Streams) -> None:
        self._link = link
        self._streams = streams
        self._lines = NATSLines(link, streams)

    async def deliver(self, events: Sequence[_Event]) -> Delivery:
        """
        Keep events, each once by its id, and let what customers said in them take effect.

        What is damaged of one customer holds up that one's events alone; they are not named in what is returned.
        """
        try:
            return await self._deliver(events)
        except CentreError as error:
            if error.code != "centre-nonsense" or len(events) < _FEWEST:
                raise
        accepted, refused, failed = set[str](), dict[str, str](), list[CentreError]()
        for half in (events[: len(events) // 2], events[len(events) // 2 :]):
            try:
                answer = await self.deliver(half)
            except CentreError as error:
                failed.append(error)
            else:
                accepted |= answer.accepted
                refused.update(answer.refused)
        if failed and not accepted and not refused:
            raise failed[0]
        return Delivery(frozenset(accepted), refused)

    async def _deliver(self, events: Sequence[_Event]) -> Delivery:
        now_us = (await self._lines.state("consents")).at_us
        messages, refused = self._messages(events)
        taken = {event.id: event for event in events if event.id in messages}
        erased_us = await self._lines.erased_us({event.customer for event in taken.values() if event.customer})
        kept = [one for one in taken.values() if one.at_us > erased_us.get(one.customer or "", one.at_us - 1)]
        await self._hear(await self._new(one for one in kept if tells_consent(one)), now_us)
        # They are sent in this order over one connection, and so kept in this order.
        await _together(self._record(event, messages[event.id]) for event in kept)
        return Delivery(frozenset(taken), refused)

    def _messages(self, events: Iterable[_Event]) -> tuple[Mapping[str, bytes], Mapping[str, str]]:
        """Return events as messages, by id, and the codes of those that can never be kept."""
        messages, refused = dict[str, bytes](), dict[str, str]()
        for event in events:
            try:
                message = packed_event(event) if event.id else b""
            except StoreError:
                message = b""
            if not event.id:
                refused[event.id] = "no-id"
            elif not message or len(message) + _BESIDE > self._link.payload_max:
                refused[event.id] = "cannot-be-kept"
            else:
                messages[event.id] = message
        return {id_: one for id_, one in messages.items() if id_ not in refused}, refused

    async def _new(self, events: Iterable[_Event]) -> Sequence[Contact]:
        """Return those that are not on record: what the others said has taken effect."""
        asked = {self._streams.event(event_key(event)): event for event in events}
        known = await self._link.newest(self._streams.events, asked)
        return [one for subject, one in asked.items() if subject not in known and isinstance(one, Contact)]

    async def _hear(self, events: Sequence[Contact], now_us: int) -> None:
        """Let what events say of consents take effect; a no for every id that is merged with the customer's."""
        noes = [event.customer for event in events if event.event == "withdrawal"]
        groups = await merged(self._lines, noes)
        said: dict[str, list[Contact]] = {}
        for event in events:
            is_no = event.event == "withdrawal"
            for member in groups[event.customer].members(event.customer) if is_no else (event.customer,):
                said.setdefault(member, []).append(event)
        await _together(
            self._lines.amend("consents", member, key_of(member, _NOBODY), _telling(one, now_us))
            for member, one in said.items()
        )

    async def _record(self, event: _Event, message: bytes) -> None:
        """Put an event on record, unless it is: its subject is its own, and takes one message only."""
        subject = self._streams.event(event_key(event))
        await self._link.put(self._streams.events, subject, message, after=0, id_=digest(event.id))


async def _together(work: Iterable[Awaitable[object]]) -> None:
    """Do all of it at once, to its end; then raise the first error, if there was any."""
    for result in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def _telling(events: Iterable[Contact], now_us: int) -> Amend:
    """Return how consents are once events have come in."""

    def amend(known: Told | None) -> Told | None:
        before = known if isinstance(known, Consents) else None
        after = before
        for event in events:
            after = after_telling(after, event, now_us)
        if after is None or (before is not None and before.records == after.records):
            return None
        return attrs.evolve(after, at_us=now_us)

    return amend
