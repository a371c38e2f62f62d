"""A campaign: a mail for each recipient for whom there is something that they agreed to hear. It hands nothing over.

A recipient gets a mail only if something in it was chosen for the campaign's purpose. On a channel that is `outbound`
nothing is chosen for a purpose without its ground; so who took the consent back, or never gave it, gets none.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from email.headerregistry import Address
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

import tactful

from .addresses import mailbox, sender_of
from .mail import Mail
from .message import message_id
from .recipients import ADDRESS, CUSTOMER, batches
from .templates import Templates
from .tokens import Registers
from .unsubscribe import Unsubscribing

if TYPE_CHECKING:
    import pyarrow as pa

_KEY_REGISTER: Final = "message-id-key"
_NAME_MAX_CHARS: Final = 100


def _names(placements: str | Sequence[str]) -> tuple[str, ...]:
    return (placements,) if isinstance(placements, str) else tuple(placements)


def _templates(given: Templates | str | Path) -> Templates:
    return given if isinstance(given, Templates) else Templates(given)


@attrs.frozen
class Chance:
    """
    A recipient, and the mail if there is one.

    Attributes:
        customer: Who it is.
        mail: The mail; None without one.
        why: Why there is none: "nothing" to say for the purpose, an "address" that is none, or it is "unrendered".
        error: Which template failed for this recipient, and where; without any value.
    """

    customer: str = attrs.field(repr=False)
    mail: Mail | None = attrs.field(repr=False)
    why: str = ""
    error: str = ""


@attrs.frozen(kw_only=True, slots=False, eq=False, repr=False)
class Campaign:
    """
    What a campaign is.

    Attributes:
        name: Its name; each campaign has one of its own, and comes to a mailbox once.
        edge: What decides; consents come from where it has them.
        store: The edge's store, which keeps the key of message ids.
        placements: What is decided for each mail, together; all of one channel, which is `outbound`.
        purpose: What its mails are for: one of the policy's purposes, which one click takes back.
        sender: Who writes, as `Corner Shop <letters@shop.example>`.
        templates: The folder of its templates.
        unsubscribing: Makes the links by which customers leave; None only for a purpose that stands on a contract.
        context: What is known of the moment, the same for all.
        reply_to: Where answers go, if not to the sender.
        event: The event that is recorded for each mail, so that caps can count letters.
        words: What templates have beside what is decided; the same for all.
        at_once: So many recipients are decided at once.
    """

    name: str
    edge: tactful.Edge
    store: Registers
    placements: tuple[str, ...] = attrs.field(converter=_names)
    purpose: str
    sender: Address = attrs.field(converter=sender_of)
    templates: Templates = attrs.field(converter=_templates)
    unsubscribing: Unsubscribing | None = None
    context: Mapping[str, object] = attrs.field(factory=dict)
    reply_to: Address | None = attrs.field(default=None, converter=attrs.converters.optional(sender_of))
    event: str = "letter"
    words: Mapping[str, str] = attrs.field(factory=dict)
    at_once: int = attrs.field(default=1_000, validator=attrs.validators.ge(1))

    def __attrs_post_init__(self) -> None:
        """
        Check the campaign, and render a mail for nobody, so that a mistake in a template is told before the first mail.

        Raises:
            UsageError: If something of it cannot be meant; it names what.
        """
        if not self.name or len(self.name) > _NAME_MAX_CHARS or not self.name.isprintable():
            raise tactful.UsageError(f"name: a campaign's name has 1 to {_NAME_MAX_CHARS} printable characters")
        self._check_policy()
        self.templates.render(self.edge.decide(self.placements, None, self.context, preview=True), *self._words("#"))

    def _check_policy(self) -> None:
        policy = self.edge.plan.policy
        _known("purpose", self.purpose, [one.name for one in policy.purposes])
        for name in self.placements:
            _known("placement", name, list(self.edge.plan.placements))
        channels = {self.edge.plan.placements[name].placement.channel for name in self.placements}
        if len(channels) != 1:
            raise tactful.UsageError("placements: name those of one channel")
        if not next(one for one in policy.channels if one.name in channels).outbound:
            raise tactful.UsageError(f"channel {self.channel!r}: say `outbound: true` in the policy, as we begin there")
        asks = next(one for one in policy.purposes if one.name == self.purpose).asks
        if asks and self.unsubscribing is None:
            raise tactful.UsageError(f"unsubscribing: mails for {self.purpose!r} need a link by which customers leave")
        if not asks and self.unsubscribing is not None:
            raise tactful.UsageError(f"unsubscribing: {self.purpose!r} stands on a contract, which no click takes back")

    @property
    def channel(self) -> str:
        """The channel of its placements."""
        return str(self.edge.plan.placements[self.placements[0]].placement.channel)

    @cached_property
    def _key(self) -> bytes:
        return self.store.claim_register(_KEY_REGISTER, os.urandom(32))

    def _words(self, link: str) -> tuple[tuple[str, ...], Mapping[str, str]]:
        return self.placements, {**self.words, "campaign": self.name, "unsubscribe_url": link}

    def mails(self, recipients: object) -> Iterator[Chance]:
        """
        Yield, for each recipient in order, the mail or why there is none; decided and rendered when it is asked for.

        Args:
            recipients: A table with a row for each recipient: `customer`, `address`, and what `edge.decide_many` takes
                but consents; or rows of a query (see docs/email.md).

        Raises:
            UsageError: If the recipients are not what they should be.
            StoreError: If the ledger or the consents cannot be read.
        """
        for table in batches(recipients, self.at_once):
            yield from self.batch(table)

    def batch(self, table: "pa.Table") -> Iterator[Chance]:
        """Yield the same for one table."""
        customers, addresses = (table.column(name).to_pylist() for name in (CUSTOMER, ADDRESS))
        decisions = self.edge.decide_many(self.placements, table.drop_columns([ADDRESS]), self.context)
        ours = self._for_us(decisions.table)
        for row, (customer, address) in enumerate(zip(customers, addresses, strict=True)):
            recipient = mailbox(address)
            if recipient is None:
                yield Chance(customer, None, "address")
            elif row not in ours:
                yield Chance(customer, None, "nothing")
            else:
                yield self._chance(customer, recipient, decisions[row])

    def _chance(self, customer: str, recipient: Address, decision: tactful.Decision) -> Chance:
        """Return the mail, unless a template fails for this recipient, which keeps nobody else's back."""
        try:
            return Chance(customer, self.rendered(customer, recipient, decision))
        except tactful.UsageError as error:
            return Chance(customer, None, "unrendered", str(error))

    def one(self, customer: str, address: str, profile: tactful.Snapshot | Mapping[str, object] | None = None) -> Mail:
        """
        Return the mail for one customer, such as after an order; it is always rendered.

        An edge that is not ready, or does not know the customer, decides nothing personal: what needs nobody stands
        there, or the placements' fallbacks. `Run.deliver` sends it only if there is something for the purpose.

        Args:
            customer: The customer's id.
            address: The mailbox.
            profile: The profile, where the caller has it already.

        Raises:
            UsageError: If the address is none, or a template cannot be rendered.
        """
        recipient = mailbox(address)
        if recipient is None:
            raise tactful.UsageError("address: it names no mailbox")
        decision = self.edge.decide(self.placements, customer, self.context, profile=profile)
        return self.rendered(customer, recipient, decision)

    def rendered(self, customer: str, recipient: Address, decision: tactful.Decision) -> Mail:
        """
        Return the mail of one decision, whatever it holds.

        Raises:
            UsageError: If a template cannot be rendered.
        """
        leaving, link = self.unsubscribing, ""
        if leaving is not None:
            link = leaving.link(customer, self.purpose, self.channel, self.name)
        parts = self.templates.render(decision, *self._words(link))
        id_ = message_id(self._key, self.name, customer, self.sender.domain)
        headers = leaving.headers(link) if leaving is not None else {}
        return Mail.of(
            customer, self.sender, recipient, decision, parts, id=id_, reply_to=self.reply_to, headers=headers
        )

    def still_holds(self, mail: Mail) -> tuple[str, ...]:
        """
        Return what now speaks against a mail that was rendered: the ids of limits; empty if it may still be sent.

        Consents and contacts are read anew, and the same is decided once more at this moment. What would not be shown
        again is not sent.

        Raises:
            Exception: What the sources raise; then nobody knows, and nothing may be sent.
        """
        edge, then, ours = self.edge, mail.decision, self._offers
        if not any(pick.offer in ours for pick in then.picks):
            return self._against(then) or ("nothing for the purpose",)
        edge.forget(mail.customer)
        edge.warm(mail.customer)
        snapshot = then.evidence(None).snapshot
        now = edge.decide(self.placements, mail.customer, self.context, profile=snapshot or {}, preview=True)
        if {*map(_what, then.picks)} <= {*map(_what, now.picks)}:
            return ()
        return self._against(now, self._against(then)) or ("something else would be shown now",)

    def _against(self, decision: tactful.Decision, known: Collection[str] = ()) -> tuple[str, ...]:
        """Return the limits that keep offers of ours away, without those that are known; no rule of an offer's own."""
        losses = (loss for loss in decision.explain().losses if loss.offer in self._offers)
        limits = {reason.id for loss in losses for reason in loss.reasons if ":" not in reason.id}
        return tuple(sorted(limits.difference(known)))

    def _for_us(self, picks: "pa.Table") -> frozenset[int]:
        """Return the rows of recipients for whom something was chosen for the campaign's purpose."""
        ours = self._offers
        pairs = zip(picks.column("row").to_pylist(), picks.column("offer").to_pylist(), strict=True)
        return frozenset(row for row, offer in pairs if offer in ours)

    @property
    def _offers(self) -> frozenset[str]:
        """The offers that are chosen for the campaign's purpose, or one under it."""
        policy = self.edge.plan.policy
        under = {self.purpose}
        while more := {one.name for one in policy.purposes if one.under in under} - under:
            under |= more
        return frozenset(one.id for one in policy.offers if one.purpose in under)


def _what(pick: tactful.Pick) -> tuple[str, str, str]:
    return pick.placement, pick.offer, pick.treatment


def _known(what: str, name: str, names: Sequence[str]) -> None:
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
        raise tactful.UsageError(f"the policy has no {what} {name!r}; {hint}")
