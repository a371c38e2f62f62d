"""The corridor: one decision from the caller's words to what is shown. It decides nothing itself.

identify -> snapshot -> (mask -> qualify -> guard -> rank -> compose) -> record
"""

import itertools
import logging
import os
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from threading import Lock
from time import perf_counter_ns
from typing import TYPE_CHECKING, Self

from ..changes import Synced
from ..clock import NEVER_US, SECOND_US, Clock
from ..consent import Consents
from ..contacts import Contact
from ..disclosures import Disclosure
from ..errors import ExtraMissing, TactfulError, UsageError
from ..events import Event, Fate
from ..memory import MemoryStore
from ..pieces import unhurried
from ..plan.pages import named
from ..plan.plan import Plan
from ..plan.starting import moments
from ..policy import Policy
from ..ports import Store, StrictCaps
from ..profile import Snapshot
from ..strict import MemoryStrictCaps
from ..triggers import Trigger
from . import middle, record
from .arrive import NOTHING_BROUGHT, Arrivals, Brought
from .attached import Attached
from .customer import Who
from .decision import Decision
from .disclosing import Disclosing
from .exchange import Exchange
from .fetch import Fetch, Sources
from .from_pack import FromPack
from .giving_way import giving_way
from .hearing import Elsewhere, Hearing
from .here import strict_subject
from .identify import Identities
from .listening import Listening
from .log import Log
from .miscalled import miscalled
from .objecting import Objecting
from .options import Options
from .overtaking import Following, Overtaking
from .rehearsing import rehearse
from .renewing import let_go, parts_of, renew
from .room import shown_id
from .snapshot import Snapshots
from .store_account import StoreAccount
from .strict import Rooms
from .tail import Tail
from .tally import Moved
from .token import Receipt, Seal
from .views import Views, id_of

if TYPE_CHECKING:
    from ..readiness import Lack
    from .batch.decisions import Decisions
    from .rights import SubjectRights

_log = logging.getLogger("tactful")
_UNHELD = nullcontext()
_edges: "weakref.WeakSet[Edge]" = weakref.WeakSet()


class Edge:
    """
    Decides, in this process, what to show; from a policy, and the customers that are here.

    It is safe under threads, asyncio and fork. Make one with `tactful.open`.
    """

    def __init__(  # noqa: PLR0913 - made in one place
        self,
        plan: Plan,
        *,
        store: Store,
        owned: bool,
        sources: Sources,
        graph: bool,
        immediate: bool,
        clock: Clock,
        read: Callable[[object], Plan],
        strict: StrictCaps | None = None,
        close_strict: Callable[[], None] | None = None,
        token_key: bytes | None = None,
        options: Options = Options(),  # noqa: B008 - frozen
        log: Log | None = None,
        following: Following | None = None,
        packed: FromPack | None = None,
        listening: Listening | None = None,
    ) -> None:
        self._plan = plan
        self._store, self._owned = store, owned
        self._close_strict = close_strict
        self._clock = clock
        self._read = read
        self._refused = ""
        self._options = options
        self._closed = False
        self._log, self._following, self._packed, self._listening = log, following, packed, listening
        self._account, self._seal = StoreAccount(store, clock), Seal(store, token_key)
        kinds = dict(plan.policy.identifiers)
        self._identities = Identities(store if graph else None, kinds, maxsize=options.customers_max)
        self._fetch = Fetch(sources, self._identities, lambda: self._plan, clock, self._look)
        self._snapshots = Snapshots(self._fetch, options.customers_max)
        inline = isinstance(strict, MemoryStore | MemoryStrictCaps)
        self._rooms = Rooms(self._account.of_caps(strict), clock, options.customers_max, inline=inline)
        disclosing = Disclosing(store, options.disclosures_s, self._account)
        elsewhere = Elsewhere(self._snapshots, self._identities)
        self._tail = Tail(store, plan, elsewhere, self._account, clock, inline=isinstance(store, MemoryStore))
        self._recorder = record.Recorder(
            store, disclosing, self._seal, self._snapshots.heard, self._tail.hold, self._rooms.confirm, clock
        )
        budgets_of, refresh_s = self._tail.budgets_of, options.refresh_s
        self._arrivals = Arrivals(
            self._identities, self._snapshots, budgets_of, self._rooms, refresh_s, immediate=immediate
        )
        self._views, self._attached = Views(options.views_max), Attached(store)
        self._listen(sources)
        self._reset()
        _edges.add(self)

    def _listen(self, sources: Sources) -> None:
        """Make what keeps the customer's own word, for the methods that take it; and hear what the centre has of it."""
        self._account.wake = self._look
        if self._log is not None:
            self._log.tell(self._account)
        plan, resolve, clock = (lambda: self._plan), self._identities.resolve, self._clock
        self._opting = Objecting(plan, sources.consents, self._store, resolve, self._snapshots, self._seal, clock)
        self._exchange = Exchange(plan, sources.profiles, self._store, self._recorder, resolve, self._snapshots, clock)
        decided = self._recorder.decided
        self._hearing = Hearing(
            plan, sources.profiles, sources.consents, self._store, decided, self._identities, self._snapshots, clock
        )
        if self._following is not None:
            self._following.attach(Overtaking(self._snapshots, self._identities))

    def _look(self) -> None:
        self._tail.look()

    def _reset(self) -> None:
        """Begin anew what a forked child must not share with its parent."""
        self._updating = Lock()
        self._prefix = os.urandom(6).hex()
        self._numbers = itertools.count()
        self._counting, self._failed = Lock(), 0

    def decide(  # noqa: PLR0913 - all that is known of a call
        self,
        placements: str | Sequence[str],
        who: Who = None,
        context: Mapping[str, object] | None = None,
        *,
        profile: Snapshot | Mapping[str, object] | None = None,
        consents: Consents | Mapping[str, object] | None = None,
        contacts: Iterable[Contact] | None = None,
        refused: Iterable[str] = (),
        view: str | None = None,
        preview: bool = False,
    ) -> Decision:
        """
        Decide what to show in the placements of a page. It does no I/O, waits for nothing and never raises.

        Args:
            placements: The placement, or those of one page; all of one channel.
            who: The persistent customer id, or identifiers by name, such as `{"card": "4711"}`; None for a visitor.
            context: What is known of the moment, by the names that the policy declares.
            profile: The profile, where the caller has it already: a `Snapshot`, or values by attribute name.
            consents: The consents, in place of those on record: `Consents`, or a word by purpose, such as "explicit".
            contacts: The customer's contacts, in place of those on record, for the caps.
            refused: Purposes that a signal of the moment refuses, whatever is on record; `*` is all of them. One that
                the policy does not know is taken for all.
            view: An id of the page view; the same view decides the same and takes room under the caps once, while
                that room is kept.
            preview: Whether to leave no trace: no room is taken.
        """
        names: tuple[str, ...] = ()
        try:
            names = (placements,) if isinstance(placements, str) else tuple(map(named, placements))
            known = profile is None and consents is None and contacts is None
            contacts = None if contacts is None else tuple(contacts)
            refused = frozenset(refused)
            brought = NOTHING_BROUGHT if known else Brought(profile, consents, contacts)
            if self._listening is None or preview:
                return self._decide(names, who, context, brought, refused, view, preview=preview)
            began_ns = perf_counter_ns()
            return self._listening.tell(
                self._decide(names, who, context, brought, refused, view, preview=False), began_ns
            )
        except Moved:  # the plan was swapped, and what counts for the customer is counted under the new one already
            same = partial(self.decide, names, who, context, profile=profile, consents=consents, contacts=contacts)
            return same(refused=refused, view=view, preview=preview)
        except Exception as error:  # noqa: BLE001 - a page never breaks because of us
            failed = self._fail(names, miscalled(names, who, context), type(error).__name__)
            return failed if self._listening is None or preview else self._listening.tell(failed, perf_counter_ns())

    def _decide(
        self,
        names: tuple[str, ...],
        who: Who,
        context: Mapping[str, object] | None,
        brought: Brought,
        refused: frozenset[str],
        view: str | None,
        *,
        preview: bool,
    ) -> Decision:
        now_us, plan = self._clock(), self._plan
        page, wrong = plan.page(names)
        if page is None or self._closed:
            return self._nothing(names, *wrong, *(["the edge is closed"] if self._closed else []))
        self._tail.look()
        if self._following is not None:
            self._following.look()
        gone = "" if self._packed is None else self._packed.why_not(now_us)
        whom = self._arrivals.whom(plan, None if gone else who, brought, now_us)
        if refused:
            whom = whom.refusing(plan, refused, now_us)
        values, misfits = plan.slots.context_values(context)
        careful = plan.careful(now_us)
        if wrong or misfits or whom.careful or gone:
            told = (f"context.{name} does not fit its type" for name in misfits)
            careful = (*careful, *((gone,) if gone else ()), *wrong, *whom.careful, *told)
        seen_as = None if view is None else (view, whom.id, names)
        if seen_as is not None and (known := self._views.seen(seen_as, whom.customer, now_us)) is not None:
            return known
        name = page.placements[0].placement.channel
        channel = plan.channels[name]
        id_ = self._number() if seen_as is None else id_of(seen_as, plan, now_us, self._seal.key)
        tally = whom.tally
        with _UNHELD if tally is None else tally.held():
            if tally is not None and tally.is_left():
                raise Moved
            limited = whom.limited(plan, name, now_us)
            caps = None if tally is None else tally.room(name, page.slots, now_us)
            moment = middle.decide(plan, channel, page, whom.customer, values, limited, caps, now_us)
            counted = None if self._log is None else self._log.counted(tally, plan, now_us)
            if tally is not None and moment.chosen and not preview:
                record.reserve(tally, moment, id_)
        decision = Decision(id_, names, moment, whom.id, careful, self._seal)
        if self._log is not None and not preview:
            self._log.append(decision, counted)
        if seen_as is not None and not preview:
            self._views.keep(seen_as, decision)
        return decision

    def _number(self) -> str:
        return f"{self._prefix}{next(self._numbers):x}"

    def decide_many(
        self,
        placements: str | Sequence[str],
        customers: object,
        context: Mapping[str, object] | None = None,
        *,
        contacts: Mapping[str, Sequence[Contact]] | None = None,
        progress: Callable[[int, int], None] = lambda done, count: None,  # noqa: ARG005 - it says nothing
        workers: int = 1,
    ) -> "Decisions":
        """
        Decide for many customers at one moment, such as for a campaign; each gets what `decide` would say.

        It takes no room under the caps: record what you send. Where the customers could use up a budget for everyone,
        or caps count for households, each is decided as after those before; and room is taken, but for households
        within the table alone. Under strict caps room is taken at the centre.

        Args:
            placements: As for `decide`.
            customers: An Arrow table, or what gives one (Polars, pandas): a row for each customer, its columns as
                docs/batch.md says.
            context: As for `decide`; the same for all.
            contacts: The customers' contacts within the windows of the caps, by customer id; None asks the ledger.
            progress: Told now and then how many customers are done, of how many; by the thread that calls.
            workers: How many threads decide, >= 1. The decisions are the same; it helps where sources make them wait.

        Raises:
            ExtraMissing: Without the extra `batch`.
            UsageError: If the table, a column or a placement is not what it should be, or after `close`.
            StoreError: If the ledger or the consents cannot be read.
        """
        self._open()
        try:
            from .batch.around import Inside, decided  # noqa: PLC0415 - numpy and Arrow, for those who decide for many
        except ImportError as error:
            raise ExtraMissing("edge.decide_many", "batch") from error
        names = (placements,) if isinstance(placements, str) else tuple(map(named, placements))
        self._tail.catch_up()
        plan, prefix = self._plan, f"{self._prefix}{next(self._numbers):x}"
        budgets, now_us = self._tail.budgets_of(plan), self._clock()
        inside = Inside(self, plan, self._fetch, budgets, self._rooms, self._seal, prefix, now_us)
        return decided(inside, names, customers, context, contacts, progress, workers)

    def _nothing(self, names: tuple[str, ...], *careful: str) -> Decision:
        """Return the decision that shows fallbacks alone."""
        plan = self._plan
        nothing = middle.nothing(plan, self._snapshots.nobody(None, plan), self._clock())
        return Decision("", names, nothing, "", careful, self._seal)

    def _fail(self, names: tuple[str, ...], wrong: tuple[str, ...], kind: str) -> Decision:
        """Count a decision that failed, and return one that shows fallbacks and says why: the call, or the error."""
        _log.error("a decision failed: %s; the fallback is shown", "; ".join(wrong) or kind)
        with self._counting:
            self._failed += 1
        return self._nothing(names, *(wrong or (f"it failed: {kind}; the fallback is shown",)))

    def warm(self, who: Who, *, deadline_s: float | None = None) -> bool:
        """
        Fetch a customer, for callers who can wait; return whether the profile is here.

        Args:
            who: As for `decide`.
            deadline_s: Wait at most this long [s]; the fetch goes on in the background. None waits for the source.

        Raises:
            UsageError: After `close`.
            Exception: What the sources raise, without a deadline.
        """
        self._open()
        if deadline_s is None:
            here = self._snapshots.load(who)
        else:
            done = self._snapshots.ask(who)
            if done is not None:
                done.wait(deadline_s)
            identity, _ = self._identities.here(who)
            here = None if identity is None else self._snapshots.here(identity.customer)
        identity, _ = self._identities.here(who)
        if here is None or identity is None:
            return False
        customer = here.customer(identity, self._plan)
        if deadline_s is None:
            self._rooms.warm(self._arrivals.strict(self._plan, customer, here))
        return customer.made_us is not None

    async def awarm(self, who: Who, *, deadline_s: float | None = None) -> bool:
        """Fetch a customer without holding up the event loop; otherwise as `warm`."""
        import asyncio  # noqa: PLC0415 - 45 ms that only async callers pay

        return await asyncio.to_thread(self.warm, who, deadline_s=deadline_s)

    def is_fresh(self, who: Who, within_s: float) -> bool:
        """
        Return whether a customer is in memory, by a fetch that is less than so long ago; then `warm` brings little new.

        Args:
            who: As for `decide`.
            within_s: So long a fetch counts as fresh [s].
        """
        return self._arrivals.is_fresh(who, round(within_s * SECOND_US), self._clock())

    def record(self, decision: Decision | str, event: str = "shown", *, slot: int | None = None) -> bool:
        """
        Record what became of a decision, durably and once in effect; return whether it was new.

        Args:
            decision: The decision, or its token from any process that shares the store.
            event: "shown" makes the reserved room an exposure; others, such as "click", are outcomes.
            slot: Which filled slot, from 0; None means all of them for "shown", else the only one.

        Raises:
            TokenError: If the token is not ours, was altered, or is too old.
            UsageError: If the slot is not filled or must be named, or after `close`.
            StoreError: If the store cannot keep it.
        """
        self._open()
        with self._account.writing(surely=False):  # of an empty page nothing is kept
            receipt = decision if isinstance(decision, str) else decision.receipt()
            return self._account.told(kept=self._recorder.decided(receipt, event, slot))

    def release(self, decision: Decision | str) -> None:
        """
        Give back the room that a decision took, where it is sure that nobody is shown it; else the room lapses in time.

        What was recorded stays, and so does the room of all other decisions.

        Args:
            decision: The decision, or its token. Of one from another process only strict room is given back.

        Raises:
            TokenError: If the token is not ours, was altered, or is too old.
            UsageError: After `close`.
        """
        self._open()
        receipt = self._receipt(decision)
        ids = frozenset(shown_id(receipt.decision, one.slot, one.offer) for one in receipt.shown)
        self._views.forget_decision(receipt.decision)
        if receipt.customer:
            self._snapshots.release(receipt.customer, ids)
        self._tail.release(ids)
        self._rooms.release([unit for one in receipt.shown for unit in one.units])

    def observe(
        self,
        who: Who,
        event: str,
        *,
        topic: str = "",
        offer: str = "",
        channel: str = "",
        id: str | None = None,  # noqa: A002 - what a contact calls it
    ) -> bool:
        """
        Record what a customer did apart from any decision, such as a purchase; return whether it was new.

        Args:
            who: As for `decide`; identifiers that stand for nobody are refused.
            event: Such as "purchase" or "complaint".
            topic: What it was about.
            offer: The offer's id, if one was concerned.
            channel: Where it happened.
            id: Its id at its source, so that it takes effect once.

        Raises:
            UsageError: If nobody is meant, or after `close`.
            StoreError: If the store cannot keep it.
        """
        self._open()
        with self._account.writing():
            identity = self._identities.resolve(who)
            if identity is None:
                raise UsageError("observe: the identifiers stand for nobody; link them first")
            return self._recorder.observed(identity.customer, event, topic, offer, channel, id)

    def answer(self, decision: Decision | str, value: object, *, slot: int | None = None) -> bool:
        """
        Record a customer's answer to an offer that asks: a stated attribute, from the next decision on; return if new.

        Args:
            decision: The decision that asked, or its token from any process that shares the store.
            value: The answer, of the attribute's type.
            slot: Which filled slot asked, from 0; None means the only one.

        Raises:
            ValueRefused: If the value does not fit; the message does not hold it.
            TokenError: If the token is not ours, was altered, or is too old.
            UsageError: If nothing or nobody was asked, if profiles cannot be changed here, or after `close`.
            StoreError: If the store cannot keep it.
        """
        self._open()
        with self._account.writing(surely=False):
            return self._account.told(kept=self._exchange.answer(self._receipt(decision), value, slot))

    def gave(
        self,
        what: str,
        decision: Decision | str | None = None,
        *,
        who: Who = None,
        attributes: Sequence[str] | None = None,
        slot: int | None = None,
    ) -> bool:
        """
        Record that a customer got value for attributes, so that their leases begin anew; return if any is on record.

        Args:
            what: What was given, such as "200 points"; no personal value.
            decision: The decision that gave it, or its token; then the attributes are those that it read.
            who: The customer, without a decision.
            attributes: The attributes for which it was given, and with them what they are derived from.
            slot: Which filled slot gave it, from 0; None means the only one.

        Raises:
            TokenError: If the token is not ours, was altered, or is too old.
            UsageError: If nobody or nothing is meant, if profiles cannot be changed here, or after `close`.
            StoreError: If the store cannot keep it.
        """
        self._open()
        with self._account.writing(surely=False):
            receipt = None if decision is None else self._receipt(decision)
            return self._account.told(kept=self._exchange.gave(what, who, receipt, attributes, slot))

    def _receipt(self, decision: Decision | str) -> Receipt:
        return self._seal.open(decision, self._clock()) if isinstance(decision, str) else decision.receipt()

    def hear(self, events: Iterable[Event]) -> Mapping[Fate, int]:
        """
        Keep what clients' events tell of customers, as the policy's section `events` takes it, durably and once.

        It counts for the next decision. An event whose customer allows no purpose for it is not kept.

        Args:
            events: The events, in the order in which they are to be taken. What came before one that fails stays.

        Returns:
            What became of them and their parts, and how often.

        Raises:
            UsageError: If profiles cannot be changed here, or after `close`.
            StoreError: If the store cannot keep it; hear them once more.
        """
        self._open()
        heard = tuple(events)
        with self._account.writing(surely=False):
            fates = self._hearing.hear(heard)
        if self._following is not None and not all(all(event.preferences.values()) for event in heard):
            self._following.nudge()  # the centre, and all other edges, are to hear of a no now
        return fates

    def starts(self, event: Event) -> tuple[tuple[Trigger, Mapping[str, object] | None], ...]:
        """
        Return what an event starts by the policy's section `triggers`, before anything is known of its customer.

        Args:
            event: The event, after `hear`.

        Returns:
            Each trigger of the event with the attributes of the context that it tells, of which one is None if its
            value does not fit its type; None where the trigger's condition does not surely hold.
        """
        return tuple(moments(self.plan, event, self._clock()))

    def opt_out(self, who: Who, purpose: str | None = None, *, channel: str | None = None) -> tuple[str, ...]:
        """
        Leave a customer in peace: take back all consents at once, durably, on every channel and merged id.

        From the next decision on nothing is sold, and nothing told but for a contract. Each partner's notice waits in
        the outbox until it is acknowledged. A later `opt_in` to a purpose opens that purpose again.

        Args:
            who: As for `decide`; identifiers that stand for nobody are refused.
            purpose: Only this purpose, and those under it; None means all. A contract's cannot be taken back.
            channel: Only on this channel, as who unsubscribes from letters; None means all.

        Returns:
            The partners that get a notice.

        Raises:
            UsageError: If nobody, no such purpose or channel is meant, if consents come from where none can be kept,
                or after `close`.
            StoreError: If the store cannot keep it. It counts in this process all the same; ask again to keep it.
        """
        self._open()
        with self._account.writing():
            partners = self._opting.out(who, purpose, channel)
        if self._following is not None:
            self._following.nudge()  # the centre, and all other edges, are to hear of it now
        return partners

    def opt_in(self, who: Who, purpose: str, *, how: str = "explicit", channel: str | None = None) -> str | None:
        """
        Record that a customer agrees to a purpose; with `how="double_opt_in"`, only once it is confirmed.

        Args:
            who: As for `decide`; identifiers that stand for nobody are refused.
            purpose: A purpose of the policy that is not a contract's.
            how: As it was given, honestly: "explicit", "double_opt_in", "implied", "pre_ticked", "forced", "unknown".
            channel: The one channel that it is for; None means all.

        Returns:
            With "double_opt_in" the token that `confirm` takes within 7 days, for a link in a message; else None.

        Raises:
            UsageError: If nobody, no such purpose or way is meant, or as for `opt_out`.
            StoreError: If the store cannot keep it.
        """
        self._open()
        with self._account.writing():
            return self._opting.in_(who, purpose, how, channel)

    def confirm(self, token: str) -> bool:
        """
        Record the confirmation of a double opt-in, once in effect; return whether it was new.

        Raises:
            TokenError: If the token is not ours, was altered, is too old, or the customer has said no since.
            UsageError: As for `opt_in`.
            StoreError: If the store cannot keep it.
        """
        self._open()
        with self._account.writing(surely=False):
            return self._account.told(kept=self._opting.confirm(token))

    def disclosures(self, who: Who) -> tuple[Disclosure, ...]:
        """
        Return what was passed on of a customer to partners, oldest first: to whom, when, for what, by which attributes.

        It has the names of attributes alone, no value, and nothing whose time is over (`Options.disclosures_s`).

        Args:
            who: As for `decide`; identifiers that stand for nobody are refused.

        Raises:
            UsageError: If nobody is meant, or after `close`.
            StoreError: If the store cannot tell.
        """
        self._open()
        identity = self._identities.resolve(who)
        if identity is None:
            raise UsageError("disclosures: the identifiers stand for nobody; link them first")
        return tuple(self._store.disclosures(identity.customer, self._clock()))

    @property
    def rights(self) -> "SubjectRights":
        """What a customer may ask for: `export`, `erase`, `object_to`, `restrict`, `lift`; docs/subject-rights.md."""
        from .rights import SubjectRights  # noqa: PLC0415 - for the few who ask

        self._open()
        return SubjectRights(
            opting=self._opting,
            store=self._store,
            profiles=self._exchange.profiles,
            identities=self._identities,
            rooms=self._rooms,
            log=self._log,
            following=self._following,
            attached=self._attached,
            forget_views=self._views.forget,
            look=partial(self.decide, preview=True),
            refresh_s=self._options.refresh_s,
        )

    def forget(self, who: Who) -> None:
        """Let go of what is held of a customer, so that it is fetched anew."""
        identity, _ = self._identities.here(who)
        if identity is not None:
            self._snapshots.forget(identity.customer)

    def let_go(self, who: Who) -> None:
        """
        Let go of all that memory holds of a customer: profile, page views, room in hand, and who the identifiers are.

        What was recorded stays in the store, and under caps per household the room that pages hold stays taken, by a
        mark that names nobody. It is what the end of a visit on a shared screen needs.
        """
        identity = self._identities.here(who)[0]
        ids = set[str]() if identity is None else self._snapshots.same(identity.customer)
        self._views.forget_of(ids)
        homes = self._snapshots.let_go_of(who, ids, self._clock())  # a fetch that goes on tidies up after itself
        self._identities.forget(ids, () if isinstance(who, str) or not who else who.items())
        self._rooms.forget(frozenset({*ids, *map(strict_subject, homes)}))

    def take_pack(self, path: str | Path, *, keep_as: str | Path | None = None) -> None:
        """
        Know customers by another pack from now on, a newer one; decisions under way end by the old one.

        Args:
            path: The pack's file.
            keep_as: Where the file is put once it is verified and before it counts, so that the next start finds it;
                None leaves it where it is.

        Raises:
            PackError: If it is refused; its code says at which check. The last good one stays.
            UsageError: If the edge was opened without `pack`, or after `close`.
        """
        self._open()
        if self._packed is None:
            raise UsageError("this edge knows customers by no pack: give tactful.open(…, pack=…)")
        self._packed.take(Path(path), keep_as=None if keep_as is None else Path(keep_as))
        self._forget_customers()

    def destroy_pack(self) -> tuple[str, ...]:
        """
        Destroy the device key and the pack of this kiosk, for good: from now on, also after a start, nobody is known.

        What waits here for the centre cannot be read any more either, and is lost.

        Returns:
            What could not be destroyed from here: "device-key" if it comes from an environment variable or a command,
            or its file could not be removed; "pack" likewise.

        Raises:
            StoreError: If the kiosk's own store cannot keep that it is to be so; nothing is destroyed then.
            UsageError: If the edge was opened without `pack`, or after `close`.
        """
        self._open()
        if self._packed is None:
            raise UsageError("this edge knows customers by no pack: give tactful.open(…, pack=…)")
        kept = self._packed.destroy()
        if self._following is not None:
            self._following.close()
        self._rooms.reset()
        self._forget_customers()
        return kept

    def _forget_customers(self) -> None:
        self._views.forget()
        self._identities.reset()
        self._snapshots.forget_all()

    def update(self, source: str | Path | bytes | Policy) -> None:
        """
        Decide by another bundle from now on; decisions under way end by the old one.

        It gives way to threads that decide meanwhile: it rests a moment again and again, and changes two settings of
        the interpreter until it is done (docs/speed.md). What is kept with the 500 customers who were fetched last is
        then worked out anew.

        Args:
            source: As for `tactful.open`, under the same key and tenant.

        Raises:
            BundleError: If it is refused; its code says at which check. The last good one stays.
            PolicyError: If a folder's policy has mistakes. The last good one stays.
            StoreError: If the store cannot tell or keep the highest epoch. The last good one stays.
            UsageError: If an edge with a key is given what has no signature, or after `close`.
        """
        self._open()
        with giving_way, unhurried():
            with self._updating:  # of two bundles the newer one stays, whichever is ready first
                try:
                    plan = self._read(source)
                except TactfulError as error:
                    self._refused = error.code
                    raise
                self._refused = ""
                rehearse(plan, self._arrivals, self._clock())
                before, self._plan = parts_of(self._plan), plan
                self._tail.follow(plan)
                self._renew(plan)
            let_go(before)

    def _renew(self, plan: Plan) -> None:
        """Bring what is held of customers under the new plan; page views were decided by the one of before."""
        places = {one.placement.channel: name for name, one in plan.placements.items()}

        def make_ready(customer: str, channels: tuple[str, ...]) -> None:
            for channel in places.keys() & channels:
                self.decide(places[channel], customer, preview=True)

        self._views.forget()
        renew(self._snapshots, plan, make_ready)

    def sync(self) -> Synced:
        """
        Follow the centre once, in this thread: consents in, profiles in, events out; each whatever the others do.

        Returns:
            What was done, and the codes of what failed; what failed is tried again the next time.

        Raises:
            UsageError: If it was opened without `centre`, or after `close`.
        """
        self._open()
        if self._following is None:
            raise UsageError("there is no centre to follow: give tactful.open(…, centre=…)")
        return self._following.sync()

    def status(self) -> Mapping[str, object]:
        """Return the edge's state for people and monitors: names and counts, nothing personal."""
        plan, now_us = self._plan, self._clock()
        return {
            "policy": plan.policy.name,
            "open": not self._closed,
            "offers": len(plan.offers),
            "treatments": len(plan.catalog.entries),
            "guardrails": [use.name for use in plan.policy.guardrails],
            "enrichers": plan.enrichers.status(),
            "careful": list(plan.careful(now_us)),
            "epoch": plan.epoch,
            "expires_in_s": None if plan.until_us == NEVER_US else (plan.until_us - now_us) // SECOND_US,
            "last_refused": self._refused,
            "decisions_failed": self._failed,
            **self._account.status(),
            **self._snapshots.status(now_us),
            **self._attached.status(),
            **({} if self._log is None else self._log.status(plan)),
            **(self._rooms.status() if plan.strict_per else {}),
            **({} if self._following is None else {"centre": self._following.status()}),
            **({} if self._packed is None else {"pack": self._packed.status(now_us)}),
        }

    def readiness(self) -> "tuple[Lack, ...]":
        """
        Return why the edge is not ready; nothing if it is. It may wait for the store's disk, which it tries at times.

        Ready means that what it knows is young enough, and that it can keep what it must; no open socket counts.
        """
        from ..readiness import lacks  # noqa: PLC0415 - for monitors

        if not self._closed:
            self._account.look()
        return tuple(lacks(self.status()))

    @property
    def plan(self) -> Plan:
        """The plan that is decided by."""
        return self._plan

    @property
    def closed(self) -> bool:
        """Whether it was closed: decisions show fallbacks, and all else is refused."""
        return self._closed

    def close(self) -> None:
        """
        Log what waits, and give back the threads, and the store if `open` made it. Twice does nothing.

        Later decisions show fallbacks.
        """
        if not self._closed:
            self._closed = True
            if self._following is not None:
                self._following.close()
            self._snapshots.close()
            self._tail.close()
            self._attached.close()
            if self._log is not None:
                self._log.close()
            self._rooms.close()
            if self._close_strict is not None:
                self._close_strict()
            if self._owned:
                self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<Edge {self._plan.policy.name!r} {state}, {len(self._plan.offers)} offers>"

    def _open(self) -> None:
        if self._closed:
            raise UsageError("the edge is closed; open another one")

    def _in_child(self) -> None:
        self._reset()
        apart = (self._identities, self._snapshots, self._tail, self._rooms, self._views, self._attached)
        for part in (self._account, *apart, self._log, self._following, self._packed):
            if part is not None:
                part.reset()


def _in_child() -> None:
    giving_way.reset()
    for edge in list(_edges):
        edge._in_child()  # noqa: SLF001 - the same module


os.register_at_fork(after_in_child=_in_child)
