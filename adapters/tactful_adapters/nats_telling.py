"""What a centre in NATS is told: consents, profiles, who is who, and whom to forget. It follows nobody."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from tactful import (
    Consent,
    Consents,
    Erased,
    IdentityRules,
    Line,
    Link,
    Merge,
    Snapshot,
    Split,
    Unlinked,
    UsageError,
)

from .nats_graph import merged
from .nats_lines import Amend, NATSLines, renewed
from .nats_link import NATSLink
from .nats_messages import Told, digest, key_of, link_key
from .nats_streams import Streams

_T = TypeVar("_T")


class NATSTelling:
    """The ways to change what a centre knows; each returns the epoch of its last change."""

    _streams: Streams

    def __init__(self, kinds: Mapping[str, str] | None) -> None:
        self._rules = IdentityRules() if kinds is None else IdentityRules(kinds)

    def put_consents(self, customer: str, consents: Consents) -> int:
        """Let a customer's consents be these from now on; a no stays until a newer explicit yes."""
        return self._tell(lambda lines: _amend(lines, "consents", customer, consents, renewed(consents)))

    def add_consent(self, customer: str, consent: Consent) -> int:
        """Add what a customer said; a no for every id that is merged with the customer's."""

        async def add(lines: NATSLines) -> int:
            at_us = (await lines.state("consents")).at_us
            members = (await merged(lines, [customer]))[customer].members(customer)
            epoch = 0
            for member in members if consent.refuses else (customer,):
                plus = _plus(consent, at_us)
                epoch = await lines.amend("consents", member, key_of(member, Consents((), 0)), plus)
            return epoch

        return self._tell(add)

    def put_profile(self, snapshot: Snapshot) -> int:
        """Let a customer's profile be this from now on, unless a newer one is known."""

        def newest(known: Told | None) -> Told | None:
            if not isinstance(known, Snapshot):
                return snapshot
            is_older = (snapshot.epoch, snapshot.at_us) < (known.epoch, known.at_us)
            after = known.renewed(snapshot)
            return None if is_older or after == known else after

        return self._tell(lambda lines: _amend(lines, "profiles", snapshot.customer, snapshot, newest))

    def link(
        self, identifiers: Mapping[str, str], customer: str, *, kind: str = "stated", confidence: float = 1.0
    ) -> int:
        """Let identifiers stand for a customer; of several statements of the same, the surest stays."""

        async def tell(lines: NATSLines) -> int:
            at_us, epoch = (await lines.state("profiles")).at_us, 0
            for name, value in self._rules.clean(identifiers):
                if name != self._rules.customer:
                    link = Link(name, value, customer, kind, confidence, at_us)
                    epoch = await self._link(lines, link)
            return epoch

        return self._tell(tell)

    def unlink(self, identifiers: Mapping[str, str]) -> int:
        """Let identifiers stand for nobody any more."""

        async def tell(lines: NATSLines) -> int:
            epoch = 0
            for name, value in self._rules.clean(identifiers):
                epoch = await lines.tell("profiles", "", Unlinked(name, value))
            return epoch

        return self._tell(tell)

    def merge(self, customer: str, other: str) -> int:
        """Let two ids be one customer; if they are already, nothing changes."""
        if customer == other:
            raise UsageError("a customer cannot be merged with itself")

        async def tell(lines: NATSLines) -> int:
            state = await lines.state("profiles")
            known = (await merged(lines, [customer]))[customer]
            if other in known.members(customer):
                return state.epoch
            return await lines.tell("profiles", customer, Merge(customer, other, state.at_us))

        return self._tell(tell)

    def split(self, customer: str) -> int:
        """Undo every merge in which an id was named."""
        return self._tell(lambda lines: lines.tell("profiles", customer, Split()))

    def erase(self, customer: str) -> int:
        """
        Forget a customer and every id that is merged with it; return the newest epoch of consents.

        Its events go too. What it says is told last, so that a call that fails is to be made again.
        """

        async def tell(link: NATSLink) -> int:
            lines = NATSLines(link, self._streams)
            epoch, erased = 0, Erased((await lines.state("consents")).at_us)
            members = (await merged(lines, [customer]))[customer].members(customer)
            for member in members:
                of = digest(member)
                await lines.empty("consents", [f"c.{of}"])
                epoch = await lines.tell("consents", member, erased)
                await link.purge(self._streams.events, self._streams.event(f"{of}.*"))
                await lines.empty("profiles", [f"p.{of}", f"l.*.{of}"])
                await lines.tell("profiles", member, erased)
            # Merges go when all else has gone, else the next call would not find the rest of the customer; and splits
            # after them, else it would take somebody who was split off for the customer.
            for member in members:
                await lines.empty("profiles", [f"m.{digest(member)}.*", f"m.*.{digest(member)}"])
            await lines.empty("profiles", [f"s.{digest(member)}" for member in members])
            return epoch

        return self._call(tell)

    async def _link(self, lines: NATSLines, link: Link) -> int:
        """Tell a link, unless it is known as surely, and nothing has undone it since."""
        undone = (await lines.known("profiles", [key_of("", Unlinked(link.name, link.value))])).values()
        key = link_key(link.name, link.value, digest(link.customer))
        since = max((one.epoch for one in undone), default=0)
        known = (await lines.known("profiles", [key])).get(key)

        def surest(before: Told | None) -> Told | None:
            stands = known is not None and known.epoch > since
            return None if stands and isinstance(before, Link) and before.confidence >= link.confidence else link

        return await lines.amend("profiles", link.customer, key, surest)

    def _tell(self, tell: Callable[[NATSLines], Awaitable[int]]) -> int:
        return self._call(lambda link: tell(NATSLines(link, self._streams)))

    def _call(self, work: Callable[[NATSLink], Awaitable[_T]]) -> _T:
        """Do some work with the connection."""
        raise NotImplementedError


def _plus(consent: Consent, at_us: int) -> Amend:
    def amend(known: Told | None) -> Told | None:
        before = known if isinstance(known, Consents) else Consents((), at_us)
        after = before.plus(consent)
        return None if known is not None and after.records == before.records else Consents(after.records, at_us)

    return amend


async def _amend(lines: NATSLines, line: Line, customer: str, told: Told, amend: Amend) -> int:
    return await lines.amend(line, customer, key_of(customer, told), amend, mend=True)
