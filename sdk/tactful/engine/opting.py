"""Opting in and out: what a customer says about being sold to, kept durably and heard at once.

A no reaches every purpose, merged id and partner. It decides nothing: the limits read what is kept here.
"""

import difflib
import logging
import os
from collections.abc import Callable, Sequence
from functools import partial

import attrs

from ..clock import DAY_US, Clock
from ..consent import EVERYTHING, GIVEN, OWN_YES, Consent, Consents, ConsentState, How, Purpose, standing
from ..contacts import Contact
from ..errors import TokenError, UsageError
from ..plan.plan import Plan
from ..ports import ConsentSink, ConsentSource, Ledger
from ..profile import Identity
from .customer import Who
from .here import WITHDRAWAL
from .snapshot import Snapshots
from .token import Seal

_log = logging.getLogger("tactful")
_FORMAT = 1
_BOUND_TO = b"tactful opt-in"
_CONFIRM_US = 7 * DAY_US


@attrs.frozen
class Opting:
    """
    Keeps what customers say about purposes.

    Attributes:
        plan: Gives the plan of the moment.
        consents: Where consents come from, and go to.
        ledger: Where what was said is on record, and partners' notices wait.
        resolve: Gives whom a caller means.
        snapshots: The customers that are here.
        seal: Seals the tokens of confirmations.
        clock: Gives the moment [us since 1970].
    """

    plan: Callable[[], Plan]
    consents: object
    ledger: Ledger
    resolve: Callable[[Who], Identity | None]
    snapshots: Snapshots
    seal: Seal
    clock: Clock

    def out(self, who: Who, purpose: str | None = None, channel: str | None = None) -> tuple[str, ...]:
        """Take back a purpose, or every one but contracts; return the partners that are told. See `Edge.opt_out`."""
        sink, customer = self._sink("opt_out"), self._customer("opt_out", who)
        now_us, asked = self.clock(), self._taken_back(purpose, channel)
        # The one that stands for all comes first: if the store fails after it, nothing is sold all the same.
        purposes = (*(() if purpose else (EVERYTHING,)), *(one.name for one in asked))
        same = self.snapshots.same(customer)
        # It counts here, whether or not the store can be reached.
        self.snapshots.withdraw(same, purposes, now_us, channel)
        # A yes whose clock was ahead of ours must not come after this no.
        at_us = max([now_us, *(one.at_us for one in self._records(customer).records if one.state in GIVEN)])
        for one in purposes:
            sink.add_consent(customer, Consent(one, ConsentState.WITHDRAWN, How.EXPLICIT, at_us, channel=channel))
        partners = tuple(dict.fromkeys(one.partner for one in asked if one.partner is not None))
        id_ = f"opt_out/{customer}/{now_us}" + (f"/{purpose or ''}/{channel or ''}" if purpose or channel else "")
        notice = partial(_notice, id_, customer, at_us, channel or "", purposes, asked)
        self.ledger.record([notice(partner) for partner in ("", *partners)])
        self.snapshots.withdraw(same, purposes, at_us, channel)
        self._fetch(who)
        return partners

    def in_(self, who: Who, purpose: str, how: str, channel: str | None) -> str | None:
        """Keep a yes, or ask for its confirmation; return the confirmation's token. See `Edge.opt_in`."""
        sink, customer = self._sink("opt_in"), self._customer("opt_in", who)
        way, now_us = self._way(how), self.clock()
        self._know("opt_in", purpose, channel)
        known = self._records(customer)
        if way is How.DOUBLE_OPT_IN:
            id_ = os.urandom(12).hex()
            if all(one.purpose != purpose for one in known.records):  # a question takes no yes away, and no no
                asked = Consent(purpose, ConsentState.REQUESTED, way, now_us, channel=channel, evidence=id_)
                sink.add_consent(customer, asked)
            self.ledger.record([Contact(id_, customer, "opt_in_asked", now_us, channel=channel or "", tags=(purpose,))])
            return self.seal.close([_FORMAT, id_, customer, purpose, channel, now_us], _BOUND_TO)
        at_us = _after_noes(known, purpose, now_us) if way in OWN_YES else now_us
        if way in OWN_YES or not self._refused(known, purpose, channel, now_us):  # a ticked box takes no no back
            sink.add_consent(customer, Consent(purpose, ConsentState.GIVEN, way, at_us, channel=channel))
        id_ = f"opt_in/{customer}/{purpose}/{channel}/{now_us}"
        self.ledger.record([Contact(id_, customer, "opt_in", at_us, channel=channel or "", tags=(purpose, way.value))])
        self._hear(who, customer)
        return None

    def confirm(self, token: str) -> bool:
        """Keep the yes that a token confirms; return whether it was new. See `Edge.confirm`."""
        sink = self._sink("confirm")
        fields = self.seal.fields(token, _BOUND_TO)
        if fields[0] != _FORMAT:
            raise TokenError(f"the token has format {fields[0]}, this version reads {_FORMAT}", code="token-format")
        _, id_, customer, purpose, channel, asked_us = fields
        now_us = self.clock()
        if now_us >= asked_us + _CONFIRM_US:
            raise TokenError("the token is too old; ask again with opt_in", code="token-expired")
        self._know("confirm", purpose, channel)
        known = self._records(customer).records
        if any(one.evidence == id_ and one.state is ConsentState.GIVEN for one in known):
            return False
        about = [one for one in known if one.purpose in (purpose, EVERYTHING) and one.channel in (None, channel)]
        if any(one.refuses and one.at_us >= asked_us for one in about):
            raise TokenError("the customer said no after this was asked; ask again with opt_in", code="token-expired")
        yes = Consent(purpose, ConsentState.GIVEN, How.DOUBLE_OPT_IN, now_us, channel=channel, evidence=id_)
        sink.add_consent(customer, yes)
        done = Contact(f"{id_}/yes", customer, "opt_in", now_us, channel=channel or "", tags=(purpose, yes.how.value))
        self.ledger.record([done])
        self._hear(customer, customer)
        return True

    def _taken_back(self, purpose: str | None, channel: str | None) -> list[Purpose]:
        """Return the purposes that are taken back with one, the one first; None means all."""
        purposes = [one for one in self.plan().policy.purposes if one.asks]
        if purpose is None and channel is None:
            return purposes
        self._know("opt_out", purpose, channel)
        if purpose is None:
            return purposes
        lineages = dict(zip(self.plan().slots.purposes, self.plan().lineages, strict=True))
        return sorted((one for one in purposes if purpose in lineages[one.name]), key=lambda one: one.name != purpose)

    def _sink(self, what: str) -> ConsentSink:
        if not isinstance(self.consents, ConsentSink):
            raise UsageError(f"{what}: consents come from a source of yours that takes none: change them there")
        return self.consents

    def _customer(self, what: str, who: Who) -> str:
        identity = self.resolve(who)
        if identity is None:
            raise UsageError(f"{what}: the identifiers stand for nobody; link them first", code="nobody")
        return identity.customer

    @staticmethod
    def _way(how: str) -> How:
        try:
            return How(how)
        except ValueError:
            raise UsageError(f"opt_in: how is one of {', '.join(way.value for way in How)}") from None

    def _know(self, what: str, purpose: str | None, channel: str | None) -> None:
        """Refuse a purpose that cannot be agreed to, and a channel that is not there."""
        policy = self.plan().policy
        asked = [one.name for one in policy.purposes if one.asks]
        if purpose is not None and purpose not in asked:
            near = difflib.get_close_matches(str(purpose), asked, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(asked) or 'none'}"
            raise UsageError(f"{what}: {purpose!r} is no purpose that a customer is asked for{hint}")
        if channel is not None and channel not in {one.name for one in policy.channels}:
            raise UsageError(f"{what}: there is no channel {channel!r}")

    def _records(self, customer: str) -> Consents:
        found = self.consents.consents(customer) if isinstance(self.consents, ConsentSource) else None
        return Consents((), 0) if found is None else found

    def _refused(self, known: Consents, purpose: str, channel: str | None, now_us: int) -> bool:
        plan = self.plan()
        lineages = ((EVERYTHING,), plan.lineages[plan.slots.purposes.index(purpose)])
        return any(standing(known, lineage, channel or "", now_us).refused for lineage in lineages)

    def _hear(self, who: Who, customer: str) -> None:
        """Let a yes count for the next decision, under every id that stands for the customer."""
        self.snapshots.forget_others(self.snapshots.same(customer), customer)
        self._fetch(who)

    def _fetch(self, who: Who) -> None:
        try:
            self.snapshots.load(who)
        except Exception as error:  # noqa: BLE001 - a source may raise anything; what was said is kept all the same
            _log.warning("a customer could not be fetched anew: %s", type(error).__name__)


def _after_noes(known: Consents, purpose: str, now_us: int) -> int:
    """Return the moment of an own yes: now, and after every no to the purpose that was known when it was said."""
    noes = [one.at_us for one in known.records if one.refuses and one.purpose in (purpose, EVERYTHING)]
    return max([now_us, *(at_us + 1 for at_us in noes)])


def _notice(
    id_: str, customer: str, at_us: int, channel: str, names: Sequence[str], purposes: Sequence[Purpose], partner: str
) -> Contact:
    """Return the notice of a withdrawal to a partner, or (empty) to the centre: the outbox never drops one."""
    # Who hears of the one that stands for all has given yeses elsewhere to take back.
    tags = tuple(one.name for one in purposes if one.partner == partner) if partner else tuple(names)
    return Contact(f"{id_}/{partner}", customer, WITHDRAWAL, at_us, channel=channel, owner=partner, tags=tags)
