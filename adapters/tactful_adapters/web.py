"""One request of a web site: who asks, what their browser refuses, what is shown, and that it was. No framework here.

A `Site` says how a site is asked; each request is a `Page` of it. Middleware for ASGI and WSGI makes the pages, and
whatever handles the request has its own by `page()`.
"""

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from types import MappingProxyType
from typing import Final, Literal, TypeVar

import attrs

import tactful
from tactful import Signals

from .reordering import PLACES_MAX, Reordered
from .web_calls import PageCalls
from .web_control import Control
from .web_reorder import Lifting
from .web_request import Request, Who, from_cookie, from_header, from_session

__all__ = ["OptOut", "Page", "Request", "Site", "Who", "current", "from_cookie", "from_header", "from_session", "page"]

_log = logging.getLogger("tactful")
#: What GPP strings can opt out of.
OptOut = Literal["sale", "sharing", "advertising"]
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_FAILED: Final = 400
_Told = TypeVar("_Told")
_Item = TypeVar("_Item")


def _nobody(request: Request) -> Who:
    del request
    return None


def _no_moment(request: Request) -> Mapping[str, object]:
    del request
    return _NOTHING


@attrs.frozen(kw_only=True)
class Site:
    """
    How a site is personalized.

    Attributes:
        edge: What decides; the site does not close it.
        who: Tells who asks: `from_session`, `from_cookie`, `from_header`, or a function of the request.
        moment: Tells what is known of the moment, by the names that the policy declares.
        deadline_s: So long a request waits until the customer is here [s].
        fresh_s: A customer who was fetched less than so long ago is not fetched again for a request [s]; what changed
            in your source meanwhile, without a word to the edge, counts that much later.
        tcf: Which purposes of IAB's framework each purpose of the policy needs, where a browser sends a TC string.
        vendor: The site's number in the framework's list of vendors; None asks for the publisher itself.
        gpp: Which purposes of the policy are refused where somebody opts out of "sale", "sharing" or "advertising",
            by a GPP string or by Global Privacy Control.
        keeps_gpc: Whether Global Privacy Control of a customer who is known is kept, in the background, as a withdrawal
            of all purposes that `gpp` names: it then holds on every channel, and for later visits.
        tc_cookie: The cookie that holds the TC string.
        gpp_cookie: The cookie that holds the GPP string.
    """

    edge: tactful.Edge
    who: Callable[[Request], Who] = _nobody
    moment: Callable[[Request], Mapping[str, object]] = _no_moment
    deadline_s: float = 0.05
    fresh_s: float = 1.0
    tcf: Mapping[str, Sequence[int]] = attrs.field(factory=dict)
    vendor: int | None = None
    gpp: Mapping[OptOut, Sequence[str]] = attrs.field(factory=dict)
    keeps_gpc: bool = False
    tc_cookie: str = "euconsent-v2"
    gpp_cookie: str = "gpp"
    control: Control | None = attrs.field(init=False, default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        """
        Check that every purpose is one of the policy's.

        Raises:
            UsageError: If one is not, `gpp` names what nobody can opt out of, or `keeps_gpc` has nothing to take back.
        """
        known = {purpose.name for purpose in self.edge.plan.policy.purposes}
        named = {*self.tcf, *(purpose for purposes in self.gpp.values() for purpose in purposes)}
        if unknown := sorted(named - known):
            raise tactful.UsageError(f"the policy has no purpose {unknown[0]!r}; it has: {', '.join(sorted(known))}")
        if odd := sorted({*self.gpp} - {"sale", "sharing", "advertising"}):
            raise tactful.UsageError(f"gpp= names {odd[0]!r}; one opts out of sale, sharing or advertising")
        if self.keeps_gpc:
            ends = frozenset(purpose for purposes in self.gpp.values() for purpose in purposes)
            if not ends:
                raise tactful.UsageError("keeps_gpc= needs gpp=, which says what Global Privacy Control takes back")
            object.__setattr__(self, "control", Control(self.edge, ends))

    def page(self, request: Request) -> "Page":
        """Return a request as a page; what cannot be told of it bounds what is shown, and nothing is raised."""
        signals = Signals.of(
            request.headers,
            tc_string=request.cookie(self.tc_cookie),
            gpp_string=request.cookie(self.gpp_cookie),
        )
        who = self._told(self.who, request)
        if signals.gpc and (control := self.control) is not None:
            self._told(lambda _: control.heard(who), request)
        return Page(self, request, who, self._told(self.moment, request) or {}, signals)

    def refused(self, signals: Signals) -> frozenset[str]:
        """Return the purposes of the policy that a browser refuses."""
        refused = {name for name, needs in self.tcf.items() for one in needs if signals.refuses(one, self.vendor)}
        out = signals.out
        for what, purposes in self.gpp.items():
            if getattr(out, what):
                refused.update(purposes)
        return frozenset(refused)

    def _told(self, tell: Callable[[Request], _Told], request: Request) -> _Told | None:
        try:
            return tell(request)
        except Exception as error:  # noqa: BLE001 - a page is shown all the same, to somebody who is not known
            _log.error("a request could not be read: %s", type(error).__name__)
            return None


class Page(PageCalls):
    """
    One request, as those see it who render the answer.

    Attributes:
        who: Who asks; None for a visitor.
        signals: What the browser says of privacy.
        is_personal: Whether anything was decided for who asks, so that the answer is for nobody else.
        is_gpc_honoured: Whether Global Privacy Control came and takes purposes back, for a page that says so.
    """

    def __init__(self, site: Site, request: Request, who: Who, moment: Mapping[str, object], signals: Signals) -> None:
        self._site = site
        self._request = request
        self._context = {**moment, "gpc": signals.gpc}
        self._refused = site.refused(signals)
        self._view = secrets.token_hex(12)
        self._decided: dict[str, tactful.Decision] = {}
        self._shown: dict[tuple[str, int], tactful.Decision] = {}
        self._sent = False
        self.who = who
        self.signals = signals
        self.is_personal = False
        self.is_gpc_honoured = signals.gpc and any(site.gpp.values())

    def warm(self) -> None:
        """Wait until the customer is here, no longer than the site's deadline."""
        if self._is_awaited():
            self._quietly(lambda: self._site.edge.warm(self.who, deadline_s=self._site.deadline_s))

    async def awarm(self) -> None:
        """Likewise, without holding up the event loop."""
        import asyncio  # noqa: PLC0415 - 45 ms that only async callers pay

        if self._is_awaited():
            await asyncio.to_thread(self.warm)

    def _is_awaited(self) -> bool:
        try:
            return self.who is not None and not self._site.edge.is_fresh(self.who, self._site.fresh_s)
        except Exception:  # noqa: BLE001 - a site can tell anything of who asks; `warm` says what is wrong with it
            return True

    def decide(self, *placements: str) -> tactful.Decision:
        """
        Return what to show in placements, decided together; each placement is decided once in a page.

        Once the headers are out without saying that the answer is personal, it is decided for nobody: a cache that is
        shared may keep it.

        Args:
            placements: All of one channel. Name those of a page in one call, so that they agree with one another.
        """
        known = self._decided.get(placements[0]) if placements else None
        if known is not None and all(self._decided.get(one) is known for one in placements):
            return known
        late = self._sent and not self.is_personal
        if late:
            _log.warning("decided after the headers were sent: for nobody; call decide() before the answer begins")
        who, context = (None, _NOTHING) if late else (self.who, self._context)
        decision = self._site.edge.decide(placements, who, context, refused=self._refused, view=self._view)
        self._decided |= dict.fromkeys(placements, decision)
        self.is_personal = not late
        return decision

    def slots(self, placement: str) -> tuple[Mapping[str, str], ...]:
        """Return what to render in a placement, slot by slot, its fallback where slots stay empty; it is then shown."""
        decision = self._of(placement)
        for slot, pick in enumerate(decision.picks):
            if pick.placement == placement:
                self._shown[decision.id, slot] = decision
        return decision.at(placement)

    def content(self, placement: str) -> Mapping[str, str]:
        """Return what to render in a placement's first slot, or nothing; it is then shown."""
        decision = self._of(placement)
        for slot, pick in enumerate(decision.picks):
            if pick.placement == placement:
                self._shown[decision.id, slot] = decision
                return pick.content
        return next(iter(decision.at(placement)), {})

    def reorder(
        self,
        placement: str,
        items: Iterable[_Item],
        topic: Callable[[_Item], str | None],
        *,
        places_max: int = PLACES_MAX,
    ) -> Reordered[_Item]:
        """
        Return a list of the site's own, such as search results or a menu, with what suits the customer a bit earlier.

        What suits are the topics of the offers that the placement is decided for. Each item stays in the list. A
        failure leaves the order as it was.

        Args:
            placement: Whose offers say which topics come earlier, the first one's most.
            items: The items, the best first.
            topic: Tells what an item is about, as a topic of the policy; what is about no topic is not lifted.
            places_max: So many places an item moves at most, >= 0.
        """
        whole = tuple(items)
        try:
            decision = self._of(placement)
            lifting = Lifting(self._site.edge, decision, placement)
            found, slots = lifting.reorder(whole, [topic(item) for item in whole], places_max)
        except Exception as error:  # noqa: BLE001 - a page never breaks because of us
            _log.error("a list stays in its order: %s", type(error).__name__)
            return Reordered(whole)
        self._shown |= {(decision.id, slot): decision for slot in slots}
        return found

    def _of(self, placement: str) -> tactful.Decision:
        return self._decided.get(placement) or self.decide(placement)

    @property
    def has_shown(self) -> bool:
        """Whether anything is to be recorded once the answer is out."""
        return bool(self._shown)

    def is_escaped(self, placement: str) -> bool:
        """Return whether the placement's channel escapes its texts for HTML already."""
        plan = self._site.edge.plan
        place = plan.placements.get(placement)
        return place is not None and plan.channels[place.placement.channel].channel.escape.value == "html"

    def sent_headers(self) -> Iterator[tuple[str, str]]:
        """Yield the headers that a personal answer needs, as the headers go out: no shared cache may keep it."""
        self._sent = True
        if self.is_personal:
            yield "Cache-Control", "private, no-store"
            yield "Vary", "Cookie, Sec-GPC"

    def confirm(self, status: int) -> None:
        """
        Record that what was rendered has been shown, after the answer; a failure is logged by its kind.

        Args:
            status: The answer's; what failed, what a browser fetched ahead, and what was not a page, showed nothing.
        """
        if status < _FAILED and self._request.is_seen:
            for (_, slot), decision in self._shown.items():
                self._quietly(partial(self._site.edge.record, decision, "shown", slot=slot))

    def _quietly(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - a page never breaks because of us
            _log.error("a page could not be served as it should be: %s", type(error).__name__)

    def __repr__(self) -> str:  # who asks is personal
        return f"<Page, {len(self._decided)} placements decided>"


#: The page of the request that is being handled; middleware sets it.
current: ContextVar[Page] = ContextVar("tactful_page")


def page() -> Page:
    """
    Return the page of the request that is being handled.

    Raises:
        UsageError: Outside a request, or without the middleware.
    """
    try:
        return current.get()
    except LookupError:
        raise tactful.UsageError("there is no page here: add the middleware, and call it within a request") from None
